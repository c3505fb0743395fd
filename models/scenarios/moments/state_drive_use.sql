-- Buys near a drive and never collected there, or did and does not any more; or has been welcomed, and the store she
-- prefers is near one. Subject: lapsed, greeted or never; value: orders in the last 91 days at stores that have a
-- drive or lie in the region of one.
{%- set begins_after = add_days(as_of_date(), -91) %}

with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'drive_use'
),

orders as (
    select fct_orders.*
    from {{ ref('fct_orders') }} as fct_orders
    cross join moment_windows
    where
        fct_orders.order_status = 'completed'
        and {{ happened_by('fct_orders.ordered_at') }}
),

stores as (
    select * from {{ ref('dim_stores') }}
),

profiles as (
    select * from {{ ref('dim_profiles') }}
),

newcomers as (
    select * from {{ ref('moment_became_contactable') }}
),

-- a drive is a place of its own, or belongs to a shop that sells at it
drives as (
    select store_id
    from stores
    where store_type = 'drive'
    union distinct
    select store_id
    from orders
    where
        sales_channel = 'drive'
        and store_id is not null
),

drives_of_regions as (
    select
        stores.region,
        min(drives.store_id) as store_id
    from drives
    inner join stores
        on drives.store_id = stores.store_id
    where stores.region is not null
    group by stores.region
),

near_drives as (
    select
        stores.store_id,
        coalesce(drives.store_id, drives_of_regions.store_id) as drive_store_id
    from stores
    left join drives
        on stores.store_id = drives.store_id
    left join drives_of_regions
        on stores.region = drives_of_regions.region
),

drive_users as (
    select
        profile_id,
        max(order_date) as last_drive_date
    from orders
    where sales_channel = 'drive'
    group by profile_id
),

orders_near_drives as (
    select
        orders.profile_id,
        near_drives.drive_store_id,
        count(*) as order_count
    from orders
    inner join near_drives
        on orders.store_id = near_drives.store_id
    where
        orders.order_date > {{ begins_after }}
        and near_drives.drive_store_id is not null
    group by
        orders.profile_id,
        near_drives.drive_store_id
),

-- the welcome has said what it has to say, and ends with this
welcomed as (
    select
        newcomers.profile_id,
        near_drives.drive_store_id
    from newcomers
    inner join profiles
        on newcomers.profile_id = profiles.profile_id
    inner join near_drives
        on profiles.preferred_store_id = near_drives.store_id
    cross join moment_windows
    where
        newcomers.moment_date <= {{ add_days(as_of_date(), -setting('welcome_ends_after_days')) }}
        and near_drives.drive_store_id is not null
),

ranked_drives as (
    select
        *,
        sum(order_count) over (partition by profile_id) as all_orders,
        row_number() over (
            partition by profile_id
            order by order_count desc nulls last, drive_store_id asc nulls last
        ) as place
    from orders_near_drives
),

buyers as (
    select
        profile_id,
        drive_store_id,
        all_orders
    from ranked_drives
    where place = 1
),

-- the drive at which she buys before the one near the store that she prefers
candidates as (
    select
        coalesce(buyers.profile_id, welcomed.profile_id) as profile_id,
        coalesce(buyers.drive_store_id, welcomed.drive_store_id) as drive_store_id,
        coalesce(buyers.all_orders, 0) as all_orders,
        buyers.profile_id is not null as is_buyer,
        welcomed.profile_id is not null as is_welcomed
    from buyers
    full outer join welcomed
        on buyers.profile_id = welcomed.profile_id
)

select
    candidates.profile_id,
    'drive_use' as moment,
    cast(null as string) as moment_key,
    cast(null as string) as moment_reference,
    case
        when drive_users.profile_id is not null then 'lapsed'
        when candidates.is_welcomed then 'greeted'
        else 'never'
    end as subject,
    {{ json_object({'last_drive_date': 'cast(drive_users.last_drive_date as string)'}) }} as reason_parameters,
    {{ json_object({
        'drive_store_id': 'candidates.drive_store_id',
        'drive_store_name': 'stores.store_name',
    }) }} as personalisation,
    candidates.all_orders as moment_value,
    cast(null as decimal(18, 2)) as expected_value_amount,
    cast(null as date) as moment_date,
    cast(null as timestamp) as moment_at
from candidates
left join drive_users
    on candidates.profile_id = drive_users.profile_id
left join stores
    on candidates.drive_store_id = stores.store_id
where
    (candidates.is_buyer or drive_users.profile_id is null)
    and (drive_users.last_drive_date is null or drive_users.last_drive_date <= {{ begins_after }})
