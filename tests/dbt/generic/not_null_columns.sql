{#
  None of the columns is ever null. One node for all columns of a model.
  Fails with the name of the first column that is null, once per row.
#}
{% test not_null_columns(model, columns) %}

select
    case
        {% for column in columns -%}
            when {{ column }} is null then '{{ column }}'
        {% endfor %}
    end as column_name
from {{ model }}
where
    {% for column in columns -%}
        {% if not loop.first %}or {% endif %}{{ column }} is null
    {% endfor %}

{% endtest %}
