{{ config(access='protected') }}
-- To whom each message went, and on which channel: an unsubscription that comes after the publication names a message.
with

contacts as (
    select * from {{ ref('audience_contacts') }}
),

messages as (
    select * from {{ ref('fct_messages') }}
),

people as (
    select distinct profile_id
    from contacts
)

select
    messages.message_id,
    messages.profile_id,
    messages.channel,
    messages.sent_at
from messages
inner join people
    on messages.profile_id = people.profile_id
