{{ config(enabled=is_connector('completejourney')) }}

with

marketing_offers as (
    select * from {{ source('synthetic', 'marketing_offers') }}
)

select
    {{ try_cast('offer_id', 'string') }} as offer_id,
    {{ try_cast('offer_type', 'string') }} as offer_type,
    {{ try_cast('offer_name', 'string') }} as offer_name,
    {{ try_cast('face_value_amount', 'decimal(18,2)') }} as face_value_amount,
    {{ try_cast('valid_from', 'date') }} as valid_from,
    {{ try_cast('valid_to', 'date') }} as valid_to,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from marketing_offers
