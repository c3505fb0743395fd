-- Used to buy more often than this: the first day on which the next purchase is overdue. Subject: how often she buys;
-- value: her promotion sensitivity, null while nobody can tell.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'order_overdue'
),

profiles as (
    select * from {{ ref('dim_profiles') }}
),

recommendations as (
    select * from {{ ref('recommendations') }}
),

overdue_profiles as (
    select profiles.*
    from profiles
    inner join moment_windows
        on profiles.overdue_from_date between moment_windows.oldest_date and moment_windows.newest_date
),

-- what she buys again and again
favourites as (
    select
        profile_id,
        item
    from recommendations
    where
        kind = 'own'
        and recommendation_rank = 1
)

select
    overdue_profiles.profile_id,
    'order_overdue' as moment,
    cast(overdue_profiles.last_order_date as string) as moment_key,
    cast(overdue_profiles.last_order_date as string) as moment_reference,
    overdue_profiles.rf_habit as subject,
    {{ json_object({
        'last_order_date': 'cast(overdue_profiles.last_order_date as string)',
        'rf_habit': 'overdue_profiles.rf_habit',
    }) }} as reason_parameters,
    {{ json_object({
        'favourite_item': 'favourites.item',
        'interest': 'overdue_profiles.declared_interests',
        'preferred_store_id': 'overdue_profiles.preferred_store_id',
    }) }} as personalisation,
    overdue_profiles.promotion_sensitivity as moment_value,
    overdue_profiles.expected_value_amount,
    overdue_profiles.overdue_from_date as moment_date,
    cast(null as timestamp) as moment_at
from overdue_profiles
left join favourites
    on overdue_profiles.profile_id = favourites.profile_id
