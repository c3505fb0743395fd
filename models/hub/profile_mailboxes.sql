with

profile_contacts as (
    select * from {{ ref('profile_contacts') }}
),

contact_mailboxes as (
    select * from {{ ref('contact_mailboxes') }}
),

domains as (
    select distinct
        email_domain,
        mailbox_provider
    from contact_mailboxes
),

profile_mailboxes as (
    select
        profile_contacts.profile_id,
        domains.mailbox_provider
    from profile_contacts
    inner join domains
        on {{ email_domain('profile_contacts.email') }} = domains.email_domain
)

select
    profile_id,
    mailbox_provider
from profile_mailboxes
