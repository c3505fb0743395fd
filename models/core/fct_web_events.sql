with

web_events as (
    select * from {{ ref('intake_web_events') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

profile_web_events as (
    select
        web_events.event_id,
        contact_profiles.profile_id,
        web_events.product_id,
        web_events.campaign_id,
        web_events.source_system,
        web_events.event_type,
        web_events.platform,
        web_events.route,
        web_events.category,
        web_events.form_type,
        web_events.occurred_date,
        web_events.occurred_at
    from web_events
    inner join contact_profiles
        on
            web_events.source_system = contact_profiles.source_system
            and web_events.contact_id = contact_profiles.contact_id
)

select
    event_id,
    profile_id,
    product_id,
    campaign_id,
    source_system,
    event_type,
    platform,
    route,
    category,
    form_type,
    occurred_date,
    occurred_at
from profile_web_events
