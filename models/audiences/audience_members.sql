{{ config(access='protected') }}
-- Whoever was selected as of the date, with the contact details of the chosen channel and what is to be said.
with

decisions as (
    select *
    from {{ ref('decisions') }}
    where outcome = 'selected'
),

scenarios as (
    select * from {{ ref('scenarios') }}
),

triggers as (
    select * from {{ ref('scenario_triggers') }}
),

profile_contacts as (
    select * from {{ ref('profile_contacts') }}
),

permissions as (
    select *
    from {{ ref('channel_permissions') }}
    where is_contactable
),

-- A message leaves once, on its date. A list that a platform mirrors stands as long as its trigger does. Nothing leaves
-- without content: when late data take a trigger back on a date that is sealed, there is nothing to say any more.
-- A scenario that is switched off disappears the same day, sealed or not.
live_decisions as (
    select
        decisions.*,
        triggers.content
    from decisions
    inner join scenarios
        on
            decisions.scenario_id = scenarios.scenario_id
            and scenarios.is_enabled
    inner join triggers
        on
            decisions.scenario_id = triggers.scenario_id
            and decisions.profile_id = triggers.profile_id
            and decisions.entry_key = triggers.entry_key
    where
        triggers.content <> '{}'
        and (
            decisions.as_of_date = {{ as_of_date() }}
            or (
                scenarios.kind = 'media'
                and decisions.as_of_date < {{ as_of_date() }}
            )
        )
)

select
    live_decisions.decision_id,
    live_decisions.scenario_id,
    live_decisions.profile_id,
    live_decisions.entry_key,
    live_decisions.step,
    live_decisions.variant,
    live_decisions.template,
    live_decisions.purpose,
    live_decisions.channel,
    case
        when live_decisions.channel = 'email' then profile_contacts.email
        when live_decisions.channel = 'ads' then profile_contacts.ads_email
    end as email,
    case
        when live_decisions.channel = 'sms' then profile_contacts.sms_phone
        when live_decisions.channel = 'phone' then profile_contacts.call_phone
        when live_decisions.channel = 'ads' then profile_contacts.ads_phone
    end as phone,
    profile_contacts.first_name,
    profile_contacts.last_name,
    profile_contacts.language_code,
    profile_contacts.country_code,
    case when live_decisions.channel = 'post' then profile_contacts.street_address end as street_address,
    case when live_decisions.channel = 'post' then profile_contacts.postal_code end as postal_code,
    case when live_decisions.channel = 'post' then profile_contacts.city end as city,
    live_decisions.offer_type,
    live_decisions.offer_id,
    live_decisions.content,
    live_decisions.offer_amount,
    {{ as_of_date() }} as as_of_date,
    live_decisions.send_date,
    permissions.consented_at,
    live_decisions.send_at
from live_decisions
inner join profile_contacts
    on live_decisions.profile_id = profile_contacts.profile_id
-- no row without a permission that holds today: a sealed date is no excuse
inner join permissions
    on
        live_decisions.profile_id = permissions.profile_id
        and live_decisions.channel = permissions.channel
        and live_decisions.purpose = permissions.purpose
