{{ config(materialized='view') }}
-- Of records that are nobody's - not delivered any more, or kept out by intake - the people whose each was, or is said
-- to be: whom it was last seen with, whom a link names, and who has its card.
with

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

contact_profile_history as (
    select * from {{ ref('contact_profile_history') }}
),

profile_split_history as (
    select * from {{ ref('profile_split_history') }}
),

contact_identifiers as (
    select * from {{ ref('contact_identifiers') }}
),

rejected_ties as (
    select * from {{ ref('intake_rejected_ties') }}
),

ids_of_records as (
    select
        source_system,
        contact_id,
        profile_id,
        first_as_of_date,
        max(first_as_of_date) over (partition by source_system, contact_id) as last_as_of_date
    from contact_profile_history
),

gone_ids as (
    select ids_of_records.*
    from ids_of_records
    {{ anti_join() }} contact_profiles
        on
            ids_of_records.source_system = contact_profiles.source_system
            and ids_of_records.contact_id = contact_profiles.contact_id
),

-- whoever had an id once that it had is the same person, unless they were seen apart: by a build that knew them both,
-- or because the record has gone on to another id
seen_together as (
    select
        gone_ids.source_system,
        gone_ids.contact_id,
        contact_profiles.profile_id,
        coalesce(
            profile_split_history.split_as_of_date,
            case when gone_ids.first_as_of_date < gone_ids.last_as_of_date then gone_ids.last_as_of_date end
        ) as apart_since_date
    from gone_ids
    inner join contact_profile_history
        on gone_ids.profile_id = contact_profile_history.profile_id
    inner join contact_profiles
        on
            contact_profile_history.source_system = contact_profiles.source_system
            and contact_profile_history.contact_id = contact_profiles.contact_id
    left join profile_split_history
        on
            gone_ids.profile_id = profile_split_history.profile_id
            and contact_profiles.profile_id = profile_split_history.sibling_profile_id
),

linked as (
    select
        rejected_ties.source_system,
        rejected_ties.contact_id,
        contact_profiles.profile_id,
        cast(null as date) as apart_since_date
    from rejected_ties
    inner join contact_profiles
        on
            rejected_ties.linked_source_system = contact_profiles.source_system
            and rejected_ties.linked_contact_id = contact_profiles.contact_id
),

-- a card that many share is nobody's in particular
with_one_card as (
    select
        rejected_ties.source_system,
        rejected_ties.contact_id,
        contact_profiles.profile_id,
        cast(null as date) as apart_since_date
    from rejected_ties
    inner join contact_identifiers
        on rejected_ties.loyalty_card_id = contact_identifiers.identifier_value
    inner join contact_profiles
        on
            contact_identifiers.source_system = contact_profiles.source_system
            and contact_identifiers.contact_id = contact_profiles.contact_id
    where
        contact_identifiers.identifier_type = 'loyalty_card'
        and not contact_identifiers.is_over_shared
),

people as (
    select * from seen_together
    union all
    select * from linked
    union all
    select * from with_one_card
)

select
    source_system,
    contact_id,
    profile_id,
    case when count(*) = count(apart_since_date) then max(apart_since_date) end as apart_since_date
from people
group by
    source_system,
    contact_id,
    profile_id
