{{ config(enabled=is_connector('completejourney')) }}

with

web_events as (
    select * from {{ ref('stg_synthetic__web_events') }}
),

-- forms that messages and advertised contests brought
forms_of_the_world as (
    select * from {{ ref('stg_world__web_events') }}
)

select
    source_system,
    event_id,
    contact_id,
    event_type,
    platform,
    product_id,
    category,
    form_type,
    campaign_id,
    route,
    occurred_at,
    {{ local_date('occurred_at') }} as occurred_date,
    extracted_at
from web_events
union all
select
    source_system,
    event_id,
    contact_id,
    'form_submit' as event_type,
    platform,
    cast(null as string) as product_id,
    cast(null as string) as category,
    form_type,
    campaign_id,
    route,
    occurred_at,
    {{ local_date('occurred_at') }} as occurred_date,
    extracted_at
from forms_of_the_world
