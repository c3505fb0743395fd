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

unknown_people as (
    select * from {{ ref('audience_unknown_people') }}
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
    union
    select contact_id
    from unknown_people
),

-- an id with white space around it is somebody's, too, who has it without
meant_records as (
    select
        *,
        contact_id as meant_contact_id
    from doubted_messages
    union
    select
        *,
        {{ meant_id('contact_id') }} as meant_contact_id
    from doubted_messages
)

-- a message without a system may be of every record of its id
select distinct
    meant_records.message_id,
    meant_records.source_system,
    meant_records.contact_id,
    meant_records.channel,
    meant_records.sent_at
from meant_records
inner join record_ids
    on meant_records.meant_contact_id = record_ids.contact_id
