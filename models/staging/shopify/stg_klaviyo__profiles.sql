{{ config(enabled=is_connector('shopify')) }}

with

numbered_rows as (
    select
        *,
        {{ file_row_number() }} as row_number
    from {{ source('klaviyo', 'profiles') }}
),

profiles as (
    select
        row_number,
        file_name,
        {{ as_is(adapter.quote('Klaviyo ID')) }} as profile_id,
        {{ as_is('email') }} as email,
        {{ without_apostrophe(adapter.quote('Phone Number')) }} as phone,
        {{ as_is(adapter.quote('First Name')) }} as first_name,
        {{ as_is(adapter.quote('Last Name')) }} as last_name,
        {{ as_is('country') }} as country,
        coalesce({{ without_apostrophe(adapter.quote('Zip Code')) }}, {{ without_apostrophe('zip') }}) as postal_code,
        {{ as_is('city') }} as city,
        coalesce({{ as_is('address') }}, {{ as_is(adapter.quote('Address 1')) }}) as street_address,
        {{ as_is(adapter.quote('Email Marketing Consent')) }} as email_consent,
        {{ as_is(adapter.quote('SMS Marketing Consent')) }} as sms_consent,
        {{ as_is(adapter.quote('Email Suppressions')) }} as suppressions,
        {{ as_is(adapter.quote('Suppression Reason')) }} as listed_reason,
        {{ utc_unless_zoned(adapter.quote('Timestamp')) }} as listed_at,
        {{ normalised_email('email') }} as email_key,
        -- it does not say in which zone it writes: UTC, as its API and imports have it
        {{ utc_unless_zoned(adapter.quote('Email Marketing Consent Timestamp')) }} as email_consented_at,
        {{ utc_unless_zoned(adapter.quote('SMS Marketing Consent Timestamp')) }} as sms_consented_at,
        coalesce(
            {{ utc_unless_zoned(adapter.quote('Profile Created On')) }},
            {{ utc_unless_zoned(adapter.quote('Date Added')) }},
            {{ utc_unless_zoned(adapter.quote('First Active')) }}
        ) as created_at,
        {{ utc_unless_zoned(adapter.quote('Last Active')) }} as last_active_at,
        {{ exported_at('file_name') }} as exported_at,
        {{ download_number('file_name') }} as download_number
    from numbered_rows
    -- files may have been joined with their headers
    where coalesce(email, '') <> 'Email'
),

-- A file is no older than the newest stamp in it. A consent stamp counts unless it is of the future: some are typed in.
stamped_profiles as (
    select
        *,
        greatest(
            coalesce(last_active_at, created_at),
            case when {{ happened_by('listed_at') }} then listed_at end,
            case when {{ happened_by('email_consented_at') }} then email_consented_at end,
            case when {{ happened_by('sms_consented_at') }} then sms_consented_at end
        ) as newest_stamp,
        -- Klaviyo's own export of suppressed profiles: it gives reasons, or is called so and knows no profile's number
        (
            max(case when listed_reason is not null then 1 else 0 end) over (partition by file_name) = 1
            or (
                {{ regex_like('lower(file_name)', 'klaviyo_profiles_suppressed[^/]*$') }}
                and max(case when profile_id is not null then 1 else 0 end) over (partition by file_name) = 0
            )
        ) as is_listed
    from profiles
),

-- it has no identifiers: a profile is the one that another file gives the same e-mail. Whoever is in it is suppressed,
-- also where the reason is missing
listed_profiles as (
    select
        *,
        coalesce(
            profile_id,
            case when is_listed and email_key is not null then min(profile_id) over (partition by email_key) end
        ) as known_profile_id,
        coalesce(suppressions, listed_reason, case when is_listed then 'listed' end) as all_suppressions
    from stamped_profiles
)

select
    row_number,
    known_profile_id as profile_id,
    email,
    phone,
    first_name,
    last_name,
    country,
    postal_code,
    city,
    street_address,
    -- written in any case, with a space or an underscore
    lower({{ regex_replace_all('email_consent', '[ _]+', '_') }}) as email_consent,
    lower({{ regex_replace_all('sms_consent', '[ _]+', '_') }}) as sms_consent,
    all_suppressions as suppressions,
    -- A file without the column says nothing of suppressions, and looks like one in which nobody is suppressed
    max(case when all_suppressions is not null then 1 else 0 end) over (partition by file_name) = 1 as has_suppressions,
    is_listed,
    email_consented_at,
    sms_consented_at,
    -- who is suppressed has been there by then
    coalesce(created_at, case when is_listed then coalesce(listed_at, exported_at) end) as created_at,
    download_number,
    exported_at,
    coalesce(exported_at, max(newest_stamp) over (partition by file_name)) as extracted_at
from listed_profiles
