-- How mailbox providers take what they are sent, month by month. What became of a message counts in the month in which
-- it was sent; the state is judged as the pause of a provider is (paused_mailboxes), of a month instead of 28 days.
{%- set counts = ['sent', 'delivered', 'bounced_hard', 'bounced_soft', 'complained', 'unsubscribed'] -%}
{%- set reactions = ['open_observed', 'opened', 'click_observed', 'clicked'] %}

with

mailbox_health as (
    select * from {{ ref('mailbox_health') }}
),

messages as (
    select * from {{ ref('fct_messages') }}
),

provider_months as (
    select
        mailbox_provider,
        {%- for name in counts %}
            sum({{ name }}) as {{ name }},
        {%- endfor %}
        {{ month_start('sent_date') }} as sent_month
    from mailbox_health
    group by
        mailbox_provider,
        {{ month_start('sent_date') }}
),

-- of people, not of machines, and only where it may be known
readers as (
    select
        mailbox_provider,
        count(distinct profile_id) as people,
        sum(case when first_delivered_at is not null and is_open_observed then 1 else 0 end) as open_observed,
        sum(case when is_open_observed and first_opened_at is not null then 1 else 0 end) as opened,
        sum(case when first_delivered_at is not null and is_click_observed then 1 else 0 end) as click_observed,
        sum(case when is_click_observed and first_clicked_at is not null then 1 else 0 end) as clicked,
        {{ month_start('sent_date') }} as sent_month
    from messages
    where
        mailbox_provider is not null
        and first_not_sent_at is null
    group by
        mailbox_provider,
        {{ month_start('sent_date') }}
),

described as (
    select
        provider_months.*,
        readers.people,
        {%- for name in reactions %}
            readers.{{ name }},
        {%- endfor %}
        cast(provider_months.complained as double) / cast(nullif(provider_months.delivered, 0) as double)
            as complaint_share
    from provider_months
    inner join readers
        on
            provider_months.mailbox_provider = readers.mailbox_provider
            and provider_months.sent_month = readers.sent_month
)

select
    mailbox_provider,
    case
        when people < {{ setting('min_group_size') }} then null
        when delivered < {{ setting('mailbox_health_min_delivered') }} then 'too few'
        when complaint_share > {{ setting('mailbox_complaint_stop_share') }} then 'stop'
        when complaint_share > {{ setting('mailbox_complaint_warn_share') }} then 'warn'
        else 'good'
    end as health,
    case when people < {{ setting('min_group_size') }} then 'fewer than {{ setting('min_group_size') }} people' end
        as withheld_because,
    {%- for name in ['people'] + counts + reactions %}
        cast(case when people >= {{ setting('min_group_size') }} then {{ name }} end as bigint) as {{ name }},
    {%- endfor %}
    case when people >= {{ setting('min_group_size') }} then complaint_share end as complaint_share,
    sent_month
from described
