{#
  Every value of the column exists in another model's column; null means "none" and passes.
  Fails with the keys that lead nowhere.
#}
{% test relationship(model, column, to, field) %}

select distinct children.{{ column }}
from {{ model }} as children
where
    children.{{ column }} is not null
    and not exists (
        select 1
        from {{ to }} as parents
        where parents.{{ field }} = children.{{ column }}
    )

{% endtest %}
