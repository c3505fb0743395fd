-- Can be written to for the first time, by e-mail or else by text message.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'became_contactable'
),

profiles as (
    select * from {{ ref('profiles') }}
),

consents as (
    select * from {{ ref('fct_consents') }}
),

hub_profiles as (
    select * from {{ ref('dim_profiles') }}
),

web_events as (
    select * from {{ ref('fct_web_events') }}
),

first_grants as (
    select
        profile_id,
        min(valid_from) as granted_at
    from consents
    where
        is_granted
        and purpose = 'marketing'
        and channel in ('email', 'sms')
        and {{ happened_by('valid_from') }}
    group by profile_id
),

-- a yes that is older than the record, brought along from another silo, counts from the day the person is known
contactable_since as (
    select
        first_grants.profile_id,
        {{ local_date('profiles.created_at') }} as first_contact_date,
        {{ local_date('greatest(first_grants.granted_at, profiles.created_at)') }} as triggered_date,
        greatest(first_grants.granted_at, profiles.created_at) as contactable_at
    from first_grants
    inner join profiles
        on first_grants.profile_id = profiles.profile_id
    where {{ happened_by('profiles.created_at') }}
),

-- Whoever has been a customer for long is not welcomed for saying yes at last. A yes is often said at the till or with
-- an order: what belongs to the same visit is no sign that a welcome is not needed any more.
newcomers as (
    select
        contactable_since.profile_id,
        contactable_since.triggered_date,
        {{ add_seconds('contactable_since.contactable_at', 60 * setting('welcome_same_visit_minutes')) }}
            as triggered_at
    from contactable_since
    inner join moment_windows
        on contactable_since.triggered_date >= moment_windows.oldest_date
    where
        {{ days_between('contactable_since.first_contact_date', 'contactable_since.triggered_date') }}
        <= {{ setting('welcome_max_days_after_first_contact') }}
),

category_views as (
    select
        web_events.profile_id,
        web_events.category,
        count(*) as views
    from web_events
    inner join newcomers
        on web_events.profile_id = newcomers.profile_id
    where
        web_events.category is not null
        and {{ happened_by('web_events.occurred_at') }}
    group by
        web_events.profile_id,
        web_events.category
),

ranked_views as (
    select
        profile_id,
        category,
        row_number() over (
            partition by profile_id
            order by views desc nulls last, category asc nulls last
        ) as place
    from category_views
),

-- what somebody says counts before what was seen of them
targets as (
    select
        newcomers.*,
        coalesce(hub_profiles.declared_interests, ranked_views.category) as interest,
        case
            when hub_profiles.declared_interests is not null then 'declared'
            when ranked_views.category is not null then 'observed'
        end as interest_source,
        hub_profiles.preferred_store_id,
        hub_profiles.first_silo
    from newcomers
    inner join hub_profiles
        on newcomers.profile_id = hub_profiles.profile_id
    left join ranked_views
        on
            newcomers.profile_id = ranked_views.profile_id
            and ranked_views.place = 1
)

select
    profile_id,
    'became_contactable' as moment,
    'first_contact' as moment_key,
    first_silo as moment_reference,
    cast(null as string) as subject,
    {{ json_object({'first_silo': 'first_silo'}) }} as reason_parameters,
    {{ json_object({
        'interest': 'interest',
        'interest_source': 'interest_source',
        'preferred_store_id': 'preferred_store_id',
    }) }} as personalisation,
    cast(null as decimal(18, 2)) as moment_value,
    cast(null as decimal(18, 2)) as expected_value_amount,
    triggered_date as moment_date,
    triggered_at as moment_at
from targets
