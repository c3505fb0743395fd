{{ config(access='protected') }}
-- To whom each message went, and on which channel: an unsubscription that comes after the publication names a message.
with

permissions as (
    select * from {{ ref('audience_permissions') }}
),

messages as (
    select * from {{ ref('fct_messages') }}
),

people as (
    select distinct profile_id
    from permissions
)

select
    messages.message_id,
    messages.profile_id,
    messages.channel
from messages
inner join people
    on messages.profile_id = people.profile_id
