{{ config(schema='hub_private', access='protected', tags=['pii']) }}

with

profiles as (
    select * from {{ ref('profiles') }}
),

contacts as (
    select * from {{ ref('intake_contacts') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

former_records as (
    select * from {{ ref('former_records') }}
),

contact_identifiers as (
    select * from {{ ref('contact_identifiers') }}
),

permitted_addresses as (
    select * from {{ ref('permitted_addresses') }}
),

channels as (
    select * from {{ ref('channels') }}
),

erasure_requests as (
    select * from {{ ref('intake_erasure_requests') }}
),

-- a wish to be forgotten may name a record that is not delivered any more
known_records as (
    select
        source_system,
        contact_id,
        profile_id
    from contact_profiles
    union all
    select
        source_system,
        contact_id,
        profile_id
    from former_records
),

-- whoever asked to be forgotten has no row here from that moment on, before the erasure itself has run
erased_profiles as (
    select distinct known_records.profile_id
    from erasure_requests
    inner join known_records
        on
            erasure_requests.source_system = known_records.source_system
            and erasure_requests.contact_id = known_records.contact_id
    where {{ happened_by('erasure_requests.requested_at') }}
),

existing_profiles as (
    select profiles.profile_id
    from profiles
    left join erased_profiles
        on profiles.profile_id = erased_profiles.profile_id
    where
        {{ happened_by('profiles.created_at') }}
        and erased_profiles.profile_id is null
),

-- of the addresses that may be written to, the one that is taken first
chosen_addresses as (
    select
        permitted_addresses.profile_id,
        permitted_addresses.channel,
        permitted_addresses.address_kind,
        contact_identifiers.identifier_value as address,
        permitted_addresses.is_valid,
        case when permitted_addresses.channel = 'post' then contacts.street_address end as street_address,
        case when permitted_addresses.channel = 'post' then contacts.postal_code end as postal_code,
        case when permitted_addresses.channel = 'post' then contacts.city end as city,
        case when permitted_addresses.channel = 'post' then contacts.country_code end as address_country_code
    from permitted_addresses
    inner join channels
        on
            permitted_addresses.channel = channels.channel
            and permitted_addresses.purpose = channels.purpose
    inner join contacts
        on
            permitted_addresses.source_system = contacts.source_system
            and permitted_addresses.contact_id = contacts.contact_id
    left join contact_identifiers
        on
            permitted_addresses.source_system = contact_identifiers.source_system
            and permitted_addresses.contact_id = contact_identifiers.contact_id
            and permitted_addresses.address_kind = contact_identifiers.identifier_type
    where
        permitted_addresses.is_open
        and permitted_addresses.preference = 1
),

profile_addresses as (
    select
        profile_id,
        max(case when channel = 'email' then address end) as email,
        max(case when channel = 'sms' then address end) as sms_phone,
        max(case when channel = 'phone' then address end) as call_phone,
        max(case when channel = 'ads' and address_kind = 'email' then address end) as ads_email,
        max(case when channel = 'ads' and address_kind = 'phone' then address end) as ads_phone,
        max(street_address) as street_address,
        max(postal_code) as postal_code,
        max(city) as city,
        max(address_country_code) as address_country_code,
        max(case when channel = 'email' and is_valid then 1 else 0 end) = 1 as is_email_valid,
        max(case when channel = 'sms' and is_valid then 1 else 0 end) = 1 as is_sms_phone_valid,
        max(case when channel = 'phone' and is_valid then 1 else 0 end) = 1 as is_call_phone_valid,
        max(case when channel = 'post' and is_valid then 1 else 0 end) = 1 as is_post_valid,
        max(case when channel = 'push' then 1 else 0 end) = 1 as has_push,
        max(case when channel = 'ads' and is_valid then 1 else 0 end) = 1 as is_ads_valid
    from chosen_addresses
    group by profile_id
),

records as (
    select
        contact_profiles.profile_id,
        contacts.first_name,
        contacts.last_name,
        contacts.language_code,
        contacts.country_code,
        contacts.time_zone,
        contacts.birth_date,
        contacts.first_name is not null or contacts.last_name is not null as has_name,
        row_number() over (
            partition by contact_profiles.profile_id
            order by
                coalesce(contacts.updated_at, contacts.created_at) desc nulls last,
                contacts.source_system asc nulls last,
                contacts.contact_id asc nulls last
        ) as age_rank
    from contacts
    inner join contact_profiles
        on
            contacts.source_system = contact_profiles.source_system
            and contacts.contact_id = contact_profiles.contact_id
    where {{ happened_by('contacts.created_at') }}
),

-- each trait comes from the newest record that knows it; first and last name from the same one
newest_records as (
    select
        profile_id,
        min(case when has_name then age_rank end) as name_rank,
        min(case when language_code is not null then age_rank end) as language_rank,
        min(case when country_code is not null then age_rank end) as country_rank,
        min(case when time_zone is not null then age_rank end) as zone_rank,
        min(case when birth_date is not null then age_rank end) as birth_rank
    from records
    group by profile_id
),

profile_traits as (
    select
        records.profile_id,
        max(case when records.age_rank = newest_records.name_rank then records.first_name end) as first_name,
        max(case when records.age_rank = newest_records.name_rank then records.last_name end) as last_name,
        max(case when records.age_rank = newest_records.language_rank then records.language_code end) as language_code,
        max(case when records.age_rank = newest_records.country_rank then records.country_code end) as country_code,
        max(case when records.age_rank = newest_records.zone_rank then records.time_zone end) as time_zone,
        max(case when records.age_rank = newest_records.birth_rank then records.birth_date end) as birth_date
    from records
    inner join newest_records
        on records.profile_id = newest_records.profile_id
    group by records.profile_id
),

profile_contacts as (
    select
        existing_profiles.profile_id,
        profile_addresses.email,
        profile_addresses.sms_phone,
        profile_addresses.call_phone,
        profile_addresses.ads_email,
        profile_addresses.ads_phone,
        profile_traits.first_name,
        profile_traits.last_name,
        profile_traits.language_code,
        profile_traits.country_code,
        profile_traits.time_zone,
        profile_addresses.street_address,
        profile_addresses.postal_code,
        profile_addresses.city,
        profile_addresses.address_country_code,
        coalesce(profile_addresses.is_email_valid, false) as is_email_valid,
        coalesce(profile_addresses.is_sms_phone_valid, false) as is_sms_phone_valid,
        coalesce(profile_addresses.is_call_phone_valid, false) as is_call_phone_valid,
        coalesce(profile_addresses.is_post_valid, false) as is_post_valid,
        coalesce(profile_addresses.has_push, false) as has_push,
        coalesce(profile_addresses.is_ads_valid, false) as is_ads_valid,
        profile_traits.birth_date
    from existing_profiles
    left join profile_addresses
        on existing_profiles.profile_id = profile_addresses.profile_id
    left join profile_traits
        on existing_profiles.profile_id = profile_traits.profile_id
)

select
    profile_id,
    email,
    sms_phone,
    call_phone,
    ads_email,
    ads_phone,
    first_name,
    last_name,
    language_code,
    country_code,
    time_zone,
    street_address,
    postal_code,
    city,
    address_country_code,
    is_email_valid,
    is_sms_phone_valid,
    is_call_phone_valid,
    is_post_valid,
    has_push,
    is_ads_valid,
    birth_date
from profile_contacts
