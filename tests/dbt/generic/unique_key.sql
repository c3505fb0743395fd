{#
  The columns together name one row: no null in any of them and no two rows alike. One node instead of one per column.
  Fails with the keys (never other columns) and how often each occurs.
#}
{% test unique_key(model, columns) %}

select
    {{ columns | join(',\n    ') }},
    count(*) as copies
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {% for column in columns -%}
        or {{ column }} is null
    {% endfor %}

{% endtest %}
