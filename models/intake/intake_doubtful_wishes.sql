-- Rejected rows that may be a wish for fewer messages, as far as they can be read: an id or a type in other letters, or
-- a missing stamp, lets nobody be written to oftener. Words are no number (rejected_contact_preferences).
with

preferences as (
    select * from {{ judged_input('contact_preferences') }} as input_rows
),

valid_preferences as (
    select * from {{ ref('intake_contact_preferences') }}
    where preference_type = 'max_frequency'
),

contacts as (
    select * from {{ ref('input_contacts') }}
),

erased_contacts as (
    select * from {{ ref('intake_erased_contacts') }}
),

wishes as (
    select
        *,
        {{ try_cast('preference_value', 'integer') }} as max_messages,
        -- as noes: at its stamp, else when it was extracted
        coalesce({{ readable_stamp('declared_at', 'extracted_at') }}, extracted_at) as said_at
    from preferences
    where
        {{ folded_name('preference_type') }} = 'maxfrequency'
        and contact_id is not null
),

doubtful_wishes as (
    select wishes.*
    from wishes
    {{ anti_join() }} valid_preferences
        on
            wishes.source_system = valid_preferences.source_system
            and wishes.contact_id = valid_preferences.contact_id
            and wishes.preference_type = valid_preferences.preference_type
            and wishes.preference_value = valid_preferences.preference_value
            and wishes.declared_at = valid_preferences.declared_at
    where wishes.max_messages is not null
),

{{ spellings() }},

named_wishes as (
    {{ each_spelling('doubtful_wishes', ['max_messages', 'said_at']) }}
)

-- nor does an id with a blank bring back that of somebody who was erased
select
    named_wishes.source_system,
    named_wishes.contact_id,
    named_wishes.max_messages,
    named_wishes.said_at
from named_wishes
{{ anti_join() }} erased_contacts
    on
        named_wishes.source_system = erased_contacts.source_system
        and named_wishes.contact_id = erased_contacts.contact_id
