{{ config(access='protected') }}
-- Messages of which intake kept none, or one of several by the same id: an unsubscription that comes after the
-- publication may be of whoever any of them went to.
with

contacts as (
    select * from {{ ref('audience_contacts') }}
),

unknown_records as (
    select * from {{ ref('audience_unknown_records') }}
),

doubted_messages as (
    select * from {{ ref('intake_doubted_messages') }}
),

record_ids as (
    select contact_id
    from contacts
    union
    select contact_id
    from unknown_records
)

-- a message without a system may be of every record of its id
select
    doubted_messages.message_id,
    doubted_messages.source_system,
    doubted_messages.contact_id,
    doubted_messages.channel
from doubted_messages
inner join record_ids
    on doubted_messages.contact_id = record_ids.contact_id
