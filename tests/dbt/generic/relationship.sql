{#
  Every value of the column exists in another model's column; null means "none" and passes.
  Fails with the keys that lead nowhere.
#}
{% test relationship(model, column, to, field) %}

select distinct children.{{ column }}
from {{ model }} as children
{{ anti_join() }} {{ to }} as parents on children.{{ column }} = parents.{{ field }}
where children.{{ column }} is not null

{% endtest %}
