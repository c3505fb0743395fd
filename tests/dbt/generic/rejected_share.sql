{#
  Intake rejected no more than max_rejected_share of an entity's input rows. Attached to rejected_<entity>, so that dbt
  skips everything downstream when a feed is broken, instead of publishing a month that lacks a third of its orders.
  Values put aside inside a row that stays (is_row_rejected = false) do not count.
  Fails with one row of counts.
#}
{% test rejected_share(model, to) %}

with

rejected as (
    select cast(coalesce(sum(rejected_rows), 0) as bigint) as rejected_rows
    from {{ model }}
    where is_row_rejected
),

input_rows as (
    select count(*) as input_rows
    from {{ to }}
)

select
    rejected.rejected_rows,
    input_rows.input_rows
from rejected
cross join input_rows
where rejected.rejected_rows > {{ setting('max_rejected_share') }} * input_rows.input_rows

{% endtest %}
