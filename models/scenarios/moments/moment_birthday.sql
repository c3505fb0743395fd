-- Has a birthday. Subject: the tier of engagement, so that who is silent may be wished something else. The date of
-- birth stays where it is: what is kept of a birthday is its year and the day of the wish.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'birthday'
),

contacts as (
    select * from {{ ref('profile_contacts') }}
),

profiles as (
    select * from {{ ref('dim_profiles') }}
),

-- a window is shorter than a year, so it lies in one calendar year or in two
calendar_years as (
    select
        oldest_date,
        newest_date,
        extract(year from oldest_date) as calendar_year
    from moment_windows
    union distinct
    select
        oldest_date,
        newest_date,
        extract(year from newest_date) as calendar_year
    from moment_windows
),

-- Who was born on 29 February is wished well on the 28th of other years. An implausible date of birth has no age band.
birthdays as (
    select
        contacts.profile_id,
        profiles.engagement_tier,
        calendar_years.oldest_date,
        calendar_years.newest_date,
        cast(cast(calendar_years.calendar_year as integer) as string) as birthday_year,
        {{ add_months(
            'contacts.birth_date',
            '12 * cast(calendar_years.calendar_year - extract(year from contacts.birth_date) as integer)'
        ) }} as birthday_date
    from contacts
    inner join profiles
        on contacts.profile_id = profiles.profile_id
    cross join calendar_years
    where profiles.age_band is not null
)

select
    profile_id,
    'birthday' as moment,
    birthday_year as moment_key,
    birthday_year as moment_reference,
    engagement_tier as subject,
    '{}' as reason_parameters,
    '{}' as personalisation,
    cast(null as decimal(18, 2)) as moment_value,
    cast(null as decimal(18, 2)) as expected_value_amount,
    birthday_date as moment_date,
    cast(null as timestamp) as moment_at
from birthdays
where birthday_date between oldest_date and newest_date
