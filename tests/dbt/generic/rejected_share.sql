{#
  Intake rejected no more than max_rejected_share of an entity's input rows. When a feed is broken, dbt skips what reads
  both these rows and people, instead of publishing a month that lacks a third of its orders. It names contact_records
  for that reason: dbt skips what depends on everything that a failed test reads, and quality.rejected_row_summary,
  which says what is wrong, reads no people.
  Values set aside inside a row that stays (is_row_rejected = false) do not count, nor do rows of erased people: no
  fault of the feed.
  Fails with one sentence: how many, of what, mostly why.
#}
{% test rejected_share(model, to) %}
{{ config(meta={'reason_column': 'reason'}) }}
-- depends_on: {{ ref('contact_records') }}

with

reasons as (
    select
        entity,
        reason,
        column_name,
        cast(sum(rejected_rows) as bigint) as reason_rows
    from {{ model }}
    where is_row_rejected and reason <> 'erased'
    group by
        entity,
        reason,
        column_name
),

ranked_reasons as (
    select
        reasons.*,
        cast(sum(reason_rows) over () as bigint) as rejected_rows,
        row_number() over (
            order by reason_rows desc nulls last, reason asc nulls last, column_name asc nulls last
        ) as reason_number
    from reasons
),

input_counts as (
    select count(*) as input_rows
    from {{ to }}
)

select
    {{ dbt.concat([
        "cast(ranked_reasons.rejected_rows as string)",
        "' of '",
        "cast(input_counts.input_rows as string)",
        "' rows of input_'",
        "ranked_reasons.entity",
        "' cannot be used, more than max_rejected_share (" ~ setting('max_rejected_share') ~ ") allows, '",
        "cast(ranked_reasons.reason_rows as string)",
        "' of them for '",
        "ranked_reasons.reason",
        "' of '",
        "ranked_reasons.column_name",
        "': see intake.rejected_'",
        "ranked_reasons.entity",
        "' and docs/connector-guide.md, mend the feed or the connector, and run again.'",
    ]) }} as reason
from ranked_reasons
cross join input_counts
where
    ranked_reasons.reason_number = 1
    and ranked_reasons.rejected_rows > {{ setting('max_rejected_share') }} * input_counts.input_rows

{% endtest %}
