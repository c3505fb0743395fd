{{ config(enabled=is_connector('shopify')) }}

with

numbered_rows as (
    select
        *,
        {{ file_row_number() }} as row_number
    from {{ source('klaviyo', 'events') }}
),

events as (
    select
        file_name,
        row_number,
        coalesce({{ as_is('uuid') }}, {{ as_is('id') }}) as event_id,
        {{ as_is('person_id') }} as person_id,
        {{ as_is('metric_id') }} as metric_id,
        {{ as_is('campaign_id') }} as campaign_id,
        {{ as_is('flow_message_id') }} as flow_message_id,
        {{ klaviyo_metric('metric_name') }} as metric_name,
        {{ as_is('_variation') }} as variant,
        lower({{ as_is('property_bounce_type') }}) as bounce_type,
        {{ as_is('property_url') }} as url,
        coalesce(
            {{ klaviyo_flag('property_machine_open') }} or {{ klaviyo_flag('property_apple_privacy_open') }},
            {{ klaviyo_flag('property_machine_open') }},
            {{ klaviyo_flag('property_apple_privacy_open') }}
        ) as is_machine_open,
        {{ klaviyo_flag('property_bot_click') }} as is_bot_click,
        coalesce({{ utc_unless_zoned('datetime') }}, {{ utc_unless_zoned('timestamp') }}) as occurred_at,
        {{ exported_at('file_name') }} as exported_at,
        {{ download_number('file_name') }} as download_number
    from numbered_rows
    -- files may have been joined with their headers, and loaders keep what was deleted
    where
        coalesce(person_id, '') <> 'person_id'
        and coalesce({{ try_cast('_fivetran_deleted', 'boolean') }}, false) = false
),

dated_events as (
    select
        *,
        coalesce(exported_at, max(occurred_at) over (partition by file_name)) as extracted_at
    from events
),

-- The same event may be in several files; of two people or times it is another one, whose number a spreadsheet has
-- destroyed or a loader has given twice.
ranked_events as (
    select
        *,
        row_number() over (
            partition by event_id, person_id, coalesce(metric_name, metric_id), occurred_at
            order by extracted_at desc nulls last, download_number desc nulls last, row_number desc nulls last
        ) as copy_number
    from dated_events
)

select
    event_id,
    person_id,
    metric_id,
    campaign_id,
    flow_message_id,
    row_number,
    metric_name,
    variant,
    bounce_type,
    url,
    is_machine_open,
    is_bot_click,
    occurred_at,
    extracted_at
from ranked_events
where copy_number = 1 or event_id is null
