{#
  Every value of the column exists in another model's column; null means "none" and passes.
  Fails with the keys that lead nowhere. An anti join: as `not exists` DuckDB would copy the big side first.
#}
{% test relationship(model, column, to, field) %}

select distinct children.{{ column }}
from {{ model }} as children
anti join {{ to }} as parents on children.{{ column }} = parents.{{ field }}
where children.{{ column }} is not null

{% endtest %}
