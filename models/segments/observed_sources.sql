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
),

-- an archive of some customers records what these did, not that the others did nothing
recorded as (
    select
        interaction_kind,
        channel,
        is_from_person,
        case
            when interaction_kind = 'order' then greatest(first_date, {{ orders_complete_from() }})
            else first_date
        end as first_date
    from first_seen
)

select
    recorded.interaction_kind,
    recorded.channel,
    recorded.is_from_person,
    coalesce(declared.observed_from, recorded.first_date) as observed_from_date
from recorded
left join declared
    on
        recorded.interaction_kind = declared.interaction_kind
        and recorded.channel = declared.channel
