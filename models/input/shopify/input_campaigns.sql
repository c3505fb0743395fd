{{ config(enabled=is_connector('shopify')) }}

with

campaign_rows as (
    select * from {{ ref('stg_klaviyo__campaigns') }}
),

events as (
    select * from {{ ref('stg_klaviyo__events') }}
),

metrics as (
    select * from {{ ref('stg_klaviyo__metrics') }}
),

{{ klaviyo_events() }},

ranked_campaigns as (
    select
        *,
        row_number() over (
            partition by campaign_id
            order by extracted_at desc nulls last, download_number desc nulls last, row_number desc nulls last
        ) as copy_number
    from campaign_rows
),

-- a draft has no time, and of one that was cancelled nothing comes
campaigns as (
    select *
    from ranked_campaigns
    where copy_number = 1 and sent_at is not null and coalesce(status, '') not like '%cancel%'
),

routes as (
    select distinct
        campaign_id,
        channel
    from klaviyo_events
    where flow_message_id is null
)

select
    'klaviyo' as source_system,
    campaigns.campaign_id,
    -- the file does not say what it sends: as its messages went, else by e-mail
    coalesce(routes.channel, 'email') as route,
    campaigns.campaign_name,
    cast(null as string) as campaign_type,
    cast(null as string) as scenario_id,
    {{ local_date('campaigns.sent_at') }} as start_date,
    {{ add_days(local_date('campaigns.sent_at'), 1) }} as end_date,
    cast(null as decimal(18,2)) as cost_amount,
    false as is_acquisition_baseline,
    campaigns.extracted_at
from campaigns
left join routes
    on campaigns.campaign_id = routes.campaign_id
