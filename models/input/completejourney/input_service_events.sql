{{ config(enabled=is_connector('completejourney')) }}

with

service_events as (
    select * from {{ ref('stg_synthetic__service_events') }}
),

-- ratings that messages asked for
ratings_of_the_world as (
    select * from {{ ref('stg_world__service_events') }}
)

select
    source_system,
    event_id,
    contact_id,
    event_type,
    rating,
    occurred_at,
    {{ local_date('occurred_at') }} as occurred_date,
    is_resolved,
    basket_id as order_id,
    extracted_at
from service_events
union all
select
    source_system,
    event_id,
    contact_id,
    'survey_answer' as event_type,
    rating,
    occurred_at,
    {{ local_date('occurred_at') }} as occurred_date,
    cast(null as boolean) as is_resolved,
    basket_id as order_id,
    extracted_at
from ratings_of_the_world
