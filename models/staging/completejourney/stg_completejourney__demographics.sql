{{ config(enabled=is_connector('completejourney')) }}

with

demographics as (
    select * from {{ source('completejourney', 'demographics') }}
)

select
    {{ try_cast('household_id', 'string') }} as household_id,
    {{ try_cast('age', 'string') }} as age,
    {{ try_cast('income', 'string') }} as income,
    {{ try_cast('home_ownership', 'string') }} as home_ownership,
    {{ try_cast('marital_status', 'string') }} as marital_status,
    {{ try_cast('household_size', 'string') }} as household_size,
    {{ try_cast('household_comp', 'string') }} as household_comp,
    {{ try_cast('kids_count', 'string') }} as kids_count,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from demographics
