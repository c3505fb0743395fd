with

contact_identifiers as (
    select * from {{ ref('contact_identifiers') }}
),

mailbox_providers as (
    select * from {{ ref('mailbox_providers') }}
),

mailboxes as (
    select
        source_system,
        contact_id,
        {{ email_domain('identifier_value') }} as email_domain
    from contact_identifiers
    where identifier_type = 'email'
),

counted as (
    select
        *,
        count(*) over (partition by email_domain) as contact_count
    from mailboxes
),

-- a domain of few people (a family, a small firm) would tell who they are
provided as (
    select
        counted.source_system,
        counted.contact_id,
        counted.email_domain,
        case
            when mailbox_providers.mailbox_provider is not null then mailbox_providers.mailbox_provider
            when counted.contact_count >= {{ setting('mailbox_provider_min_contacts') }} then counted.email_domain
            else 'other'
        end as mailbox_provider
    from counted
    left join mailbox_providers
        on counted.email_domain = mailbox_providers.email_domain
)

select
    source_system,
    contact_id,
    email_domain,
    mailbox_provider
from provided
