with

contact_identifiers as (
    select * from {{ ref('contact_identifiers') }}
),

contact_records as (
    select * from {{ ref('contact_records') }}
),

contacts as (
    select * from {{ ref('intake_contacts') }}
),

links as (
    select * from {{ ref('intake_identity_links') }}
),

shared as (
    select
        elders.seniority as elder,
        youngers.seniority as younger,
        elders.identifier_type
    from contact_identifiers as elders
    inner join contact_identifiers as youngers
        on
            elders.identifier_id = youngers.identifier_id
            and elders.seniority < youngers.seniority
    where
        elders.contact_count > 1
        and not elders.is_over_shared
),

pairs as (
    select
        elder,
        younger,
        max(case when identifier_type = 'identity_link' then 1 else 0 end) as links,
        max(case when identifier_type = 'loyalty_card' then 1 else 0 end) as cards,
        max(case when identifier_type = 'email' then 1 else 0 end) as emails,
        max(case when identifier_type in ('phone', 'phone_extension') then 1 else 0 end) as phones
    from shared
    group by
        elder,
        younger
),

emails as (
    select
        seniority,
        identifier_id
    from contact_identifiers
    where identifier_type = 'email'
),

details as (
    select
        contact_records.seniority,
        contacts.first_name,
        contacts.last_name,
        contacts.email_verified_at
    from contact_records
    inner join contacts
        on
            contact_records.source_system = contacts.source_system
            and contact_records.contact_id = contacts.contact_id
),

verified as (
    select seniority
    from details
    where email_verified_at is not null
),

people as (
    select
        details.seniority,
        details.first_name,
        details.last_name,
        emails.identifier_id as email_id
    from details
    left join emails on details.seniority = emails.seniority
),

sharing_a_phone_only as (
    select
        elder,
        younger
    from pairs
    where links + cards + emails = 0
),

-- with another name and another e-mail; what is unknown differs from nothing. Asked of each pair after outer joins: as
-- conditions of joins that may be reordered, DuckDB (1.5) may begin with all pairs of people
strangers as (
    select
        sharing_a_phone_only.elder,
        sharing_a_phone_only.younger
    from sharing_a_phone_only
    left join people as elders
        on sharing_a_phone_only.elder = elders.seniority
    left join people as youngers
        on sharing_a_phone_only.younger = youngers.seniority
    group by
        sharing_a_phone_only.elder,
        sharing_a_phone_only.younger
    having
        max(case
            when
                elders.email_id <> youngers.email_id
                and (
                    {{ folded_name('elders.first_name') }} <> {{ folded_name('youngers.first_name') }}
                    or {{ folded_name('elders.last_name') }} <> {{ folded_name('youngers.last_name') }}
                )
                then 1
            else 0
        end) = 1
),

households as (
    select distinct
        least(records.seniority, linked_records.seniority) as elder,
        greatest(records.seniority, linked_records.seniority) as younger
    from links
    inner join contact_records as records
        on
            links.source_system = records.source_system
            and links.contact_id = records.contact_id
    inner join contact_records as linked_records
        on
            links.linked_source_system = linked_records.source_system
            and links.linked_contact_id = linked_records.contact_id
    where links.link_type = 'household'
),

-- a phone alone joins neither strangers nor a household
kept_apart as (
    select
        elder,
        younger
    from households
    {%- if not setting('identity_phone_joins_strangers') %}
        union
        select
            elder,
            younger
        from strangers
    {%- endif %}
)

select
    pairs.elder,
    pairs.younger,
    -- what a person said, then what a person carries, then what a person proved, then what anybody may have typed
    case
        when pairs.links = 1 then 5
        when pairs.cards = 1 then 4
        when pairs.emails = 1 and verified_elders.seniority + verified_youngers.seniority is not null then 3
        when pairs.emails = 1 then 2
        else 1
    end as strength,
    pairs.links = 1 as is_by_link,
    pairs.cards = 1 as is_by_loyalty_card,
    pairs.emails = 1 as is_by_email,
    pairs.phones = 1 as is_by_phone,
    pairs.links + pairs.cards + pairs.emails > 0 or kept_apart.elder is null as is_joining
from pairs
left join verified as verified_elders
    on pairs.elder = verified_elders.seniority
left join verified as verified_youngers
    on pairs.younger = verified_youngers.seniority
left join kept_apart
    on
        pairs.elder = kept_apart.elder
        and pairs.younger = kept_apart.younger
