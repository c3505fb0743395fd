-- For reverse-ETL tools: the people of today's audiences. An address is hers on every channel that takes one of its
-- kind, or it is left out: a yes is about an address and a channel, and a tool may write to it on any of hers.
with

members as (
    select * from {{ ref('audience_members') }}
),

people as (
    select
        profile_id as person_id,
        case
            when
                min(email) = max(email)
                and count(email) = sum(case when channel in ('email', 'ads') then 1 else 0 end)
                then max(email)
        end as email,
        case
            when
                min(phone) = max(phone)
                and count(phone) = sum(case when channel in ('sms', 'phone', 'ads') then 1 else 0 end)
                then max(phone)
        end as phone,
        max(first_name) as first_name,
        max(last_name) as last_name,
        max(language_code) as language_code,
        max(country_code) as country_code
    from members
    group by profile_id
)

select
    person_id,
    email,
    phone,
    first_name,
    last_name,
    language_code,
    country_code
from people
