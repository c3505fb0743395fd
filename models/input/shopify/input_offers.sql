{{ config(enabled=is_connector('shopify')) }}

with

order_rows as (
    select * from {{ ref('stg_shopify__orders') }}
    where is_first_row and is_newest_copy
),

numbers as (
    {{ code_numbers() }}
),

uses as (
    select
        {{ shopify_code('order_rows.discount_codes', 'numbers.code_number') }} as offer_id,
        {{ local_date('order_rows.created_at') }} as used_date,
        order_rows.extracted_at
    from order_rows
    cross join numbers
)

-- The codes that orders name; neither their value nor their days are in the files. A code may have been made for one
-- person: its days are none (it ends when it begins), so that its uses count and no message hands it out.
select
    'shopify' as source_system,
    offer_id,
    'coupon' as offer_type,
    cast(null as string) as offer_name,
    cast(null as string) as campaign_id,
    cast(null as decimal(18,2)) as face_value_amount,
    cast(null as string) as funded_by,
    min(used_date) as valid_from,
    min(used_date) as valid_to,
    max(extracted_at) as extracted_at
from uses
where offer_id is not null
group by offer_id
