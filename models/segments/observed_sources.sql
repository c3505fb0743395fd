-- Since when each kind of sign of life is recorded: before that nobody was silent by it, and whoever shows up in it for
-- the first time has not returned.
with

interactions as (
    select * from {{ ref('fct_interactions') }}
),

declared as (
    select * from {{ ref('source_observed_from') }}
),

first_seen as (
    select
        interaction_kind,
        channel,
        max(case when is_from_person then 1 else 0 end) = 1 as is_from_person,
        min(occurred_date) as first_date
    from interactions
    group by interaction_kind, channel
)

select
    first_seen.interaction_kind,
    first_seen.channel,
    first_seen.is_from_person,
    coalesce(declared.observed_from, first_seen.first_date) as observed_from_date
from first_seen
left join declared
    on
        first_seen.interaction_kind = declared.interaction_kind
        and first_seen.channel = declared.channel
