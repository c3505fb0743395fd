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

scenario_texts as (
    select * from {{ ref('scenario_texts') }}
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
        scenarios.objective,
        triggers.personalisation
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
        decisions.as_of_date = {{ as_of_date() }}
        or (
            scenarios.kind = 'media'
            and decisions.as_of_date < {{ as_of_date() }}
        )
),

languages as (
    select distinct
        scenario_id,
        language_code
    from scenario_texts
),

worded_steps as (
    select distinct
        scenario_id,
        step
    from scenario_texts
),

-- What a message says follows from its decision: the words of its variant or step, where it has some of its own, and
-- the offer that the step gives, not the one its journey began with; it says so in the person's language, where the
-- scenario speaks it. A scenario that has no words on the day of sending writes to nobody.
said as (
    select
        live_decisions.*,
        {{ json_object({
            'objective': 'live_decisions.objective',
            'lever': 'coalesce(live_decisions.offer_type, scenario_texts.lever)',
            'cta': 'scenario_texts.cta',
        }) }} as purport,
        scenario_texts.texts,
        case
            when live_decisions.offer_id is not null
                then {{ json_object({'offer_amount': 'live_decisions.offer_amount'}) }}
        end as offer
    from live_decisions
    inner join profile_contacts
        on live_decisions.profile_id = profile_contacts.profile_id
    left join languages
        on
            live_decisions.scenario_id = languages.scenario_id
            and profile_contacts.language_code = languages.language_code
    left join worded_steps
        on
            live_decisions.scenario_id = worded_steps.scenario_id
            and live_decisions.step = worded_steps.step
    left join worded_steps as worded_variants
        on
            live_decisions.scenario_id = worded_variants.scenario_id
            and {{ dbt.concat(['live_decisions.step', "':'", 'live_decisions.variant']) }} = worded_variants.step
    inner join scenario_texts
        on
            live_decisions.scenario_id = scenario_texts.scenario_id
            and coalesce(worded_variants.step, worded_steps.step, '*') = scenario_texts.step
            and coalesce(languages.language_code, '*') = scenario_texts.language_code
),

messages as (
    select
        *,
        {{ json_objects_as_one(['purport', 'texts', 'personalisation', 'offer']) }} as content
    from said
)

select
    messages.decision_id,
    messages.scenario_id,
    messages.profile_id,
    messages.entry_key,
    messages.step,
    messages.variant,
    messages.template,
    messages.purpose,
    messages.channel,
    case
        when messages.channel = 'email' then profile_contacts.email
        when messages.channel = 'ads' then profile_contacts.ads_email
    end as email,
    case
        when messages.channel = 'sms' then profile_contacts.sms_phone
        when messages.channel = 'phone' then profile_contacts.call_phone
        when messages.channel = 'ads' then profile_contacts.ads_phone
    end as phone,
    profile_contacts.first_name,
    profile_contacts.last_name,
    profile_contacts.language_code,
    profile_contacts.country_code,
    case when messages.channel = 'post' then profile_contacts.street_address end as street_address,
    case when messages.channel = 'post' then profile_contacts.postal_code end as postal_code,
    case when messages.channel = 'post' then profile_contacts.city end as city,
    messages.offer_type,
    messages.offer_id,
    messages.content,
    messages.offer_amount,
    {{ as_of_date() }} as as_of_date,
    messages.send_date,
    permissions.consented_at,
    messages.send_at
from messages
inner join profile_contacts
    on messages.profile_id = profile_contacts.profile_id
-- no row without a permission that holds today: a sealed date is no excuse
inner join permissions
    on
        messages.profile_id = permissions.profile_id
        and messages.channel = permissions.channel
        and messages.purpose = permissions.purpose
