{{ config(enabled=is_connector('shopify')) }}

with

numbered_rows as (
    select
        *,
        {{ file_row_number() }} as row_number
    from {{ source('klaviyo', 'campaigns') }}
),

campaigns as (
    select
        file_name,
        row_number,
        {{ as_is('id') }} as campaign_id,
        coalesce({{ as_is('name') }}, {{ as_is('subject') }}) as campaign_name,
        lower({{ as_is('status') }}) as status,
        coalesce({{ utc_unless_zoned('sent_at') }}, {{ utc_unless_zoned('send_time') }}) as sent_at,
        {{ exported_at('file_name') }} as exported_at,
        {{ download_number('file_name') }} as download_number
    from numbered_rows
    -- files may have been joined with their headers
    where coalesce(id, '') <> 'id'
)

select
    campaign_id,
    row_number,
    campaign_name,
    status,
    sent_at,
    download_number,
    coalesce(exported_at, max(sent_at) over (partition by file_name)) as extracted_at
from campaigns
