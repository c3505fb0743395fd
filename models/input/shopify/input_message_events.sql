{{ config(enabled=is_connector('shopify')) }}

with

events as (
    select * from {{ ref('stg_klaviyo__events') }}
),

metrics as (
    select * from {{ ref('stg_klaviyo__metrics') }}
),

{{ klaviyo_events() }},

-- whoever unsubscribes without a message, in the settings of an account, says so in consents only; so does an event
-- that may be a no and names the person, but no message that is known
message_events as (
    select
        message_id,
        event_type,
        occurred_at,
        case
            when event_type = 'clicked' and {{ regex_like('url', '[?&]utm_content=') }}
                then {{ regex_replace_all('url', '^.*[?&]utm_content=([^&#]*).*$', '\\1') }}
            else ''
        end as link_tag,
        case event_type
            when 'opened' then is_machine_open
            when 'clicked' then is_bot_click
        end as is_machine,
        extracted_at,
        row_number
    from klaviyo_events
    where
        not is_doubtful
        and (sending_id is not null or event_type is null or event_type not in ('unsubscribed', 'complained'))
),

-- one per second and link: a person's before a machine's, and that before one of which nothing is recorded
ranked_message_events as (
    select
        *,
        row_number() over (
            partition by message_id, event_type, occurred_at, link_tag
            order by
                is_machine asc nulls last, extracted_at desc nulls last, row_number desc nulls last
        ) as copy_number
    from message_events
)

select
    'klaviyo' as source_system,
    message_id,
    event_type,
    occurred_at,
    {{ local_date('occurred_at') }} as occurred_date,
    link_tag,
    is_machine,
    extracted_at
from ranked_message_events
-- what cannot be told apart is rejected row by row
where copy_number = 1 or message_id is null or event_type is null or occurred_at is null
