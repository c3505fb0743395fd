-- Went up one or more RFM segments in a month that was published, is still there, and has had no trouble lately.
-- Subject: the segment reached; value: the steps up.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'went_up'
),

moves as (
    select * from {{ ref('segment_moves') }}
),

rfm_current as (
    select * from {{ ref('rfm_current') }}
),

service_events as (
    select * from {{ ref('fct_service_events') }}
),

climbs as (
    select
        moves.profile_id,
        moves.from_segment,
        moves.to_segment,
        moves.to_rung - moves.from_rung as steps_up,
        moves.segment_month,
        {{ add_months('moves.segment_month', 1) }} as published_date
    from moves
    inner join moment_windows
        on {{ add_months('moves.segment_month', 1) }} >= moment_windows.oldest_date
    where moves.direction in ('up', 'back')
),

-- whoever complained, got money back or gave a low rating is not in the mood
troubled as (
    select distinct profile_id
    from service_events
    where
        occurred_date > {{ add_days(as_of_date(), '-' ~ setting('trouble_days')) }}
        and {{ happened_by('occurred_at') }}
        and (event_type in ('complaint', 'refund') or rating <= 2)
)

select
    climbs.profile_id,
    'went_up' as moment,
    cast(climbs.segment_month as string) as moment_key,
    cast(climbs.segment_month as string) as moment_reference,
    climbs.to_segment as subject,
    {{ json_object({
        'from_segment': 'climbs.from_segment',
        'to_segment': 'climbs.to_segment',
        'steps_up': 'climbs.steps_up',
    }) }} as reason_parameters,
    '{}' as personalisation,
    climbs.steps_up as moment_value,
    rfm_current.monetary_amount as expected_value_amount,
    climbs.published_date as moment_date,
    cast(null as timestamp) as moment_at
from climbs
inner join rfm_current
    on
        climbs.profile_id = rfm_current.profile_id
        and climbs.to_segment = rfm_current.segment
left join troubled
    on climbs.profile_id = troubled.profile_id
where troubled.profile_id is null
