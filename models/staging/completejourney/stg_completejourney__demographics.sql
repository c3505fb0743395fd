{{ config(enabled=is_connector('completejourney')) }}

with

demographics as (
    select * from {{ source('completejourney', 'demographics') }}
)

select
    {{ try_cast('household_id', 'varchar') }} as household_id,
    {{ try_cast('age', 'varchar') }} as age,
    {{ try_cast('income', 'varchar') }} as income,
    {{ try_cast('home_ownership', 'varchar') }} as home_ownership,
    {{ try_cast('marital_status', 'varchar') }} as marital_status,
    {{ try_cast('household_size', 'varchar') }} as household_size,
    {{ try_cast('household_comp', 'varchar') }} as household_comp,
    {{ try_cast('kids_count', 'varchar') }} as kids_count,
    {{ try_cast('extracted_at', 'timestamp') }} as extracted_at
from demographics
