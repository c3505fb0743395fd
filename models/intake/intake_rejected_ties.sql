-- What ties contact records that intake does not keep, or does not know, to others, or parts them: such a record is
-- nobody, but what it refused, the person refused whose it is. A link that ties is read as a no is: its ids in whatever
-- letters, and a type that is none of the list says the same, since nothing says another. One that parts opens, so that
-- it counts as it is written.
with

contacts as (
    select * from {{ ref('intake_contacts') }}
),

delivered_contacts as (
    select * from {{ judged_input('contacts') }} as delivered
),

rejected_contacts as (
    select distinct
        source_system,
        contact_id
    from {{ ref('rejected_contacts') }}
    where
        is_row_rejected
        and reason <> 'duplicate_key'
),

erased_contacts as (
    select * from {{ ref('intake_erased_contacts') }}
),

links as (
    select
        source_system,
        contact_id,
        linked_source_system,
        linked_contact_id,
        case
            when {{ folded_name('link_type') }} in ('different', 'household') then {{ folded_name('link_type') }}
            else 'same'
        end as link_type
    from {{ judged_input('identity_links') }} as delivered
    where
        contact_id is not null
        and linked_contact_id is not null
),

-- nearly all links are of two records that are known as they are written, and tie nobody else
links_to_nobody as (
    select links.*
    from links
    left join contacts
        on
            links.source_system = contacts.source_system
            and links.contact_id = contacts.contact_id
    left join contacts as linked_contacts
        on
            links.linked_source_system = linked_contacts.source_system
            and links.linked_contact_id = linked_contacts.contact_id
    where
        contacts.contact_id is null
        or linked_contacts.contact_id is null
),

ties as (
    select * from links_to_nobody
    where link_type = 'same'
),

{{ spellings() }},

named_ties as (
    {{ each_spelling('ties', ['linked_source_system', 'linked_contact_id', 'link_type']) }}
),

turned_ties as (
    select
        linked_source_system as source_system,
        linked_contact_id as contact_id,
        source_system as named_system,
        contact_id as named_id,
        link_type
    from named_ties
),

meant_ties as (
    {{ each_spelling('turned_ties', ['named_system', 'named_id', 'link_type']) }}
),

tie_or_part as (
    select
        source_system,
        contact_id,
        named_system as linked_source_system,
        named_id as linked_contact_id,
        link_type
    from meant_ties
    union all
    select
        source_system,
        contact_id,
        linked_source_system,
        linked_contact_id,
        link_type
    from links_to_nobody
    where
        link_type = 'different'
        and source_system is not null
        and linked_source_system is not null
),

both_ways as (
    select * from tie_or_part
    union
    select
        linked_source_system as source_system,
        linked_contact_id as contact_id,
        source_system as linked_source_system,
        contact_id as linked_contact_id,
        link_type
    from tie_or_part
),

-- nor does an id with a blank bring back that of somebody who was erased
links_of_nobody as (
    select both_ways.*
    from both_ways
    {{ anti_join() }} contacts
        on
            both_ways.source_system = contacts.source_system
            and both_ways.contact_id = contacts.contact_id
    {{ anti_join() }} erased_contacts
        on
            both_ways.source_system = erased_contacts.source_system
            and both_ways.contact_id = erased_contacts.contact_id
),

cards_of_nobody as (
    select distinct
        rejected_contacts.source_system,
        rejected_contacts.contact_id,
        nullif(trim(delivered_contacts.loyalty_card_id), '') as loyalty_card_id
    from rejected_contacts
    inner join delivered_contacts
        on
            rejected_contacts.source_system = delivered_contacts.source_system
            and rejected_contacts.contact_id = delivered_contacts.contact_id
)

select
    source_system,
    contact_id,
    linked_source_system,
    linked_contact_id,
    link_type,
    cast(null as string) as loyalty_card_id
from links_of_nobody
union all
select
    source_system,
    contact_id,
    cast(null as string) as linked_source_system,
    cast(null as string) as linked_contact_id,
    cast(null as string) as link_type,
    loyalty_card_id
from cards_of_nobody
where loyalty_card_id is not null
