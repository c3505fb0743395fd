with

messages as (
    select * from {{ ref('fct_messages') }}
),

-- as far as it had come back by then; what goes to many small domains is nobody's to pause
recent_mailboxes as (
    select
        mailbox_provider,
        sum(case when {{ happened_by('first_delivered_at') }} then 1 else 0 end) as delivered,
        sum(case when {{ happened_by('first_complained_at') }} then 1 else 0 end) as complained
    from messages
    where
        mailbox_provider <> 'other'
        and sent_date > {{ add_days(as_of_date(), '-' ~ setting('mailbox_health_days')) }}
        and {{ happened_by('sent_at') }}
    group by mailbox_provider
),

shares as (
    select
        mailbox_provider,
        cast(delivered as bigint) as delivered,
        cast(complained as bigint) as complained,
        cast(complained as double) / cast(nullif(delivered, 0) as double) as complaint_share
    from recent_mailboxes
)

select
    mailbox_provider,
    delivered,
    complained,
    complaint_share,
    {{ as_of_date() }} as as_of_date
from shares
where
    delivered >= {{ setting('mailbox_health_min_delivered') }}
    and complaint_share > {{ setting('mailbox_complaint_stop_share') }}
