{{ config(materialized='view') }}
-- Of records that are nobody's - not delivered any more, or kept out by intake - the people whose each was, or is said
-- to be: whom it was last seen with, whom a link names, and who has its card. Where a link names no system the system
-- is empty: it may be any.
with

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

former_record_people as (
    select * from {{ ref('former_record_people') }}
),

contact_identifiers as (
    select * from {{ ref('contact_identifiers') }}
),

rejected_ties as (
    select * from {{ ref('intake_rejected_ties') }}
),

linked as (
    select distinct
        rejected_ties.source_system,
        rejected_ties.contact_id,
        contact_profiles.profile_id,
        rejected_ties.link_type
    from rejected_ties
    inner join contact_profiles
        on
            rejected_ties.linked_contact_id = contact_profiles.contact_id
            and coalesce(rejected_ties.linked_source_system, contact_profiles.source_system)
            = contact_profiles.source_system
),

counted_links as (
    select
        *,
        count(*) over (partition by source_system, contact_id, link_type) as people
    from linked
),

-- what many are linked to is a dummy, as a card that many share: nobody in particular
linked_to_one as (
    select
        source_system,
        contact_id,
        profile_id
    from counted_links
    where
        link_type = 'same'
        and people <= {{ setting('identity_max_contacts_per_identifier') }}
),

with_one_card as (
    select distinct
        rejected_ties.source_system,
        rejected_ties.contact_id,
        contact_profiles.profile_id
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

tied as (
    select * from linked_to_one
    union
    select * from with_one_card
),

told_apart as (
    select
        source_system,
        contact_id,
        profile_id
    from linked
    where link_type = 'different'
),

people as (
    select
        source_system,
        contact_id,
        profile_id,
        apart_since_date
    from former_record_people
    union all
    select
        coalesce(tied.source_system, '') as source_system,
        tied.contact_id,
        tied.profile_id,
        cast(null as date) as apart_since_date
    from tied
    {{ anti_join() }} told_apart
        on
            tied.source_system = told_apart.source_system
            and tied.contact_id = told_apart.contact_id
            and tied.profile_id = told_apart.profile_id
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
