with

messages as (
    select * from {{ ref('fct_messages') }}
),

mailbox_days as (
    select
        mailbox_provider,
        count(*) as sent,
        sum(case when first_delivered_at is not null then 1 else 0 end) as delivered,
        sum(case when first_bounced_hard_at is not null then 1 else 0 end) as bounced_hard,
        sum(case when first_bounced_soft_at is not null then 1 else 0 end) as bounced_soft,
        sum(case when first_complained_at is not null then 1 else 0 end) as complained,
        sum(case when first_unsubscribed_at is not null then 1 else 0 end) as unsubscribed,
        sent_date
    from messages
    where
        mailbox_provider is not null
        and first_not_sent_at is null
    group by mailbox_provider, sent_date
)

select
    mailbox_provider,
    cast(sent as bigint) as sent,
    cast(delivered as bigint) as delivered,
    cast(bounced_hard as bigint) as bounced_hard,
    cast(bounced_soft as bigint) as bounced_soft,
    cast(complained as bigint) as complained,
    cast(unsubscribed as bigint) as unsubscribed,
    sent_date
from mailbox_days
