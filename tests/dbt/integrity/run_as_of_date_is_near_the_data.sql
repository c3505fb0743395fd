-- An as-of date far from the data is a wrong clock or a wrong file, and would publish a wave of churn that nobody had.
-- A test and not a check at run start: there the data cannot be read yet when the warehouse is new, which is when dates
-- are mistaken. It reads the first view of valid orders, so that nothing that is kept is touched when it fails.
{{ config(meta={'reason_column': 'reason'}) }}

with

orders as (
    select * from {{ ref('intake_orders') }}
),

known as (
    select
        min(order_date) as first_order_date,
        max(order_date) as newest_order_date
    from orders
),

distances as (
    select
        first_order_date,
        newest_order_date,
        {{ days_between('newest_order_date', as_of_date()) }} as days_after
    from known
),

reasons as (
    select
        case
            when first_order_date > {{ as_of_date() }}
                then
                    {{ dbt.concat([
                        "'The as-of date " ~ as_of_date_text() ~ " lies before the first order, '",
                        "cast(first_order_date as string)",
                        "': name a later date.'",
                    ]) }}
            when days_after > {{ setting('max_days_after_last_event') }}
                then
                    {{ dbt.concat([
                        "'The as-of date " ~ as_of_date_text() ~ " lies '",
                        "cast(days_after as string)",
                        "' days after the newest order, '",
                        "cast(newest_order_date as string)",
                        "' (max_days_after_last_event is " ~ setting('max_days_after_last_event')
                        ~ "): load newer data or name an earlier date.'",
                    ]) }}
        end as reason
    from distances
)

select reason
from reasons
where reason is not null
