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
        contacts.email_verified_at is not null as has_verified_email
    from contact_records
    inner join contacts
        on
            contact_records.source_system = contacts.source_system
            and contact_records.contact_id = contacts.contact_id
),

described as (
    select
        pairs.elder,
        pairs.younger,
        pairs.links = 1 as is_by_link,
        pairs.cards = 1 as is_by_loyalty_card,
        pairs.emails = 1 as is_by_email,
        pairs.phones = 1 as is_by_phone,
        pairs.links + pairs.cards + pairs.emails = 0 as is_by_phone_alone,
        elders.has_verified_email and youngers.has_verified_email as is_verified,
        elders.first_name as elder_first_name,
        elders.last_name as elder_last_name,
        youngers.first_name as younger_first_name,
        youngers.last_name as younger_last_name
    from pairs
    inner join details as elders
        on pairs.elder = elders.seniority
    inner join details as youngers
        on pairs.younger = youngers.seniority
),

-- unknown names and e-mails differ from nothing
compared as (
    select
        described.*,
        described.is_by_phone_alone
        and coalesce(elder_emails.identifier_id <> younger_emails.identifier_id, false)
        and (
            coalesce({{ folded_name('described.elder_first_name') }} <> {{ folded_name('described.younger_first_name') }}, false)
            or coalesce({{ folded_name('described.elder_last_name') }} <> {{ folded_name('described.younger_last_name') }}, false)
        ) as are_strangers
    from described
    left join emails as elder_emails
        on described.elder = elder_emails.seniority
    left join emails as younger_emails
        on described.younger = younger_emails.seniority
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
)

select
    compared.elder,
    compared.younger,
    -- what a person said, then what a person carries, then what a person proved, then what anybody may have typed
    case
        when compared.is_by_link then 5
        when compared.is_by_loyalty_card then 4
        when compared.is_by_email and compared.is_verified then 3
        when compared.is_by_email then 2
        else 1
    end as strength,
    compared.is_by_link,
    compared.is_by_loyalty_card,
    compared.is_by_email,
    compared.is_by_phone,
    not (
        compared.is_by_phone_alone
        and (households.elder is not null{{ '' if setting('identity_phone_joins_strangers') else ' or compared.are_strangers' }})
    ) as is_joining
from compared
left join households
    on
        compared.elder = households.elder
        and compared.younger = households.younger
