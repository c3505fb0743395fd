{{ config(access='protected') }}
-- Whoever was selected as of the date, with the contact details of the chosen channel and what is to be said.
with

decisions as (
    select * from {{ ref('standing_decisions') }}
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
        decisions.*,
        {{ json_object({
            'objective': 'decisions.objective',
            'lever': 'coalesce(decisions.offer_type, scenario_texts.lever)',
            'cta': 'scenario_texts.cta',
        }) }} as purport,
        scenario_texts.texts,
        case
            when decisions.offer_id is not null
                then {{ json_object({'offer_amount': 'decisions.offer_amount'}) }}
        end as offer
    from decisions
    inner join profile_contacts
        on decisions.profile_id = profile_contacts.profile_id
    left join languages
        on
            decisions.scenario_id = languages.scenario_id
            and profile_contacts.language_code = languages.language_code
    left join worded_steps
        on
            decisions.scenario_id = worded_steps.scenario_id
            and decisions.step = worded_steps.step
    left join worded_steps as worded_variants
        on
            decisions.scenario_id = worded_variants.scenario_id
            and {{ dbt.concat(['decisions.step', "':'", 'decisions.variant']) }} = worded_variants.step
    inner join scenario_texts
        on
            decisions.scenario_id = scenario_texts.scenario_id
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
