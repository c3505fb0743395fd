-- Something happened at the service desk: a survey was answered, a complaint or a ticket came in, money went back.
-- Subject: the type of event; value: the rating, where there is one.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'service_event'
),

service_events as (
    select * from {{ ref('fct_service_events') }}
),

open_events as (
    select service_events.*
    from service_events
    inner join moment_windows
        on service_events.occurred_date >= moment_windows.oldest_date
    where
        {{ happened_by('service_events.occurred_at') }}
        -- what was resolved needs nobody any more
        and not (service_events.event_type in ('complaint', 'ticket') and coalesce(service_events.is_resolved, false))
)

select
    profile_id,
    'service_event' as moment,
    event_id as moment_key,
    event_id as moment_reference,
    event_type as subject,
    {{ json_object({'rating': 'rating'}) }} as reason_parameters,
    {{ json_object({'order_id': 'order_id'}) }} as personalisation,
    rating as moment_value,
    cast(null as decimal(18, 2)) as expected_value_amount,
    occurred_date as moment_date,
    occurred_at as moment_at
from open_events
