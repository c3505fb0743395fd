with

service_events as (
    select * from {{ ref('intake_service_events') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

profile_service_events as (
    select
        service_events.event_id,
        contact_profiles.profile_id,
        service_events.order_id,
        service_events.source_system,
        service_events.event_type,
        service_events.rating,
        service_events.is_resolved,
        service_events.occurred_date,
        service_events.occurred_at
    from service_events
    inner join contact_profiles
        on
            service_events.source_system = contact_profiles.source_system
            and service_events.contact_id = contact_profiles.contact_id
)

select
    event_id,
    profile_id,
    order_id,
    source_system,
    event_type,
    rating,
    is_resolved,
    occurred_date,
    occurred_at
from profile_service_events
