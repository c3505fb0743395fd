{{ config(enabled=is_connector('shopify')) }}

with

numbered_rows as (
    select
        *,
        {{ file_row_number() }} as row_number
    from {{ source('klaviyo', 'metrics') }}
),

metrics as (
    select
        {{ as_is('id') }} as metric_id,
        {{ klaviyo_metric('name') }} as metric_name,
        {{ exported_at('file_name') }} as exported_at,
        {{ download_number('file_name') }} as download_number,
        row_number
    from numbered_rows
    -- files may have been joined with their headers
    where coalesce(id, '') <> 'id'
),

ranked_metrics as (
    select
        *,
        row_number() over (
            partition by metric_id
            order by exported_at desc nulls last, download_number desc nulls last, row_number desc nulls last
        ) as copy_number
    from metrics
)

select
    metric_id,
    metric_name
from ranked_metrics
where copy_number = 1 and metric_id is not null
