-- For reverse-ETL tools: the people of today's audiences, with the addresses that their messages go to.
with

members as (
    select * from {{ ref('audience_members') }}
)

select
    profile_id as person_id,
    max(email) as email,
    max(phone) as phone,
    max(first_name) as first_name,
    max(last_name) as last_name,
    max(language_code) as language_code,
    max(country_code) as country_code
from members
group by profile_id
