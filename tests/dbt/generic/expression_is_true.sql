{#
  The expression is true in every row. Null is not true: say `x is null or …` where a missing value is fine.
  Fails with one empty-handed row per offending row: their number is all that is shown, values may be personal.
#}
{% test expression_is_true(model, expression) %}

select 1 as offending_row
from {{ model }}
where not coalesce(({{ expression }}), false)

{% endtest %}
