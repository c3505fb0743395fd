{{ config(access='protected') }}
-- To whom each message went, and on which channel: an unsubscription that comes after the publication names a message.
with

permissions as (
    select * from {{ ref('audience_permissions') }}
),

held_addresses as (
    select * from {{ ref('audience_held_addresses') }}
),

siblings as (
    select * from {{ ref('audience_siblings') }}
),

messages as (
    select * from {{ ref('fct_messages') }}
),

-- whoever may be written to, and whose no may be about an address of theirs or was theirs before a split
people as (
    select profile_id
    from permissions
    union
    select profile_id
    from held_addresses
    union
    select sibling_profile_id as profile_id
    from siblings
)

select
    messages.message_id,
    messages.profile_id,
    messages.channel
from messages
inner join people
    on messages.profile_id = people.profile_id
