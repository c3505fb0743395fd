{{ config(access='protected') }}
-- To whom each message went, and on which channel: an unsubscription that comes after the publication names a message.
with

permissions as (
    select * from {{ ref('audience_permissions') }}
),

shared_addresses as (
    select * from {{ ref('audience_shared_addresses') }}
),

messages as (
    select * from {{ ref('fct_messages') }}
),

-- whoever may be written to, and whose no is about an address of theirs
people as (
    select profile_id
    from permissions
    union
    select profile_id
    from shared_addresses
)

select
    messages.message_id,
    messages.profile_id,
    messages.channel
from messages
inner join people
    on messages.profile_id = people.profile_id
