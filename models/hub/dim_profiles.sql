{%- set channels = ['email', 'sms', 'phone', 'post', 'push'] %}

with

profiles as (
    select * from {{ ref('profiles') }}
),

profile_contacts as (
    select * from {{ ref('profile_contacts') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

contacts as (
    select * from {{ ref('intake_contacts') }}
),

preferences as (
    select * from {{ ref('intake_contact_preferences') }}
),

declared_caps as (
    select * from {{ ref('declared_caps') }}
),

stores as (
    select * from {{ ref('dim_stores') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

consents as (
    select * from {{ ref('fct_consents') }}
),

channel_permissions as (
    select * from {{ ref('channel_permissions') }}
),

interactions as (
    select * from {{ ref('fct_interactions') }}
),

loyalty_movements as (
    select * from {{ ref('fct_loyalty_movements') }}
),

rfm_current as (
    select * from {{ ref('rfm_current') }}
),

expected_values as (
    select * from {{ ref('expected_values') }}
),

value_current as (
    select * from {{ ref('value_current') }}
),

silence_current as (
    select * from {{ ref('silence_current') }}
),

traits_current as (
    select * from {{ ref('traits_current') }}
),

profile_appetencies as (
    select * from {{ ref('profile_appetencies') }}
),

profiling_denials as (
    select * from {{ ref('profiling_denials') }}
),

open_days as (
    select * from {{ ref('open_days') }}
),

-- who denied it since the month was published is told no more
appetencies as (
    select profile_appetencies.*
    from profile_appetencies
    {{ anti_join() }} profiling_denials
        on profile_appetencies.profile_id = profiling_denials.profile_id
),

existing_profiles as (
    select
        profile_id,
        first_silo,
        {{ month_start('created_date') }} as created_month
    from profiles
    where {{ happened_by('created_at') }}
),

records as (
    select
        contact_profiles.profile_id,
        contacts.silo,
        contacts.preferred_store_id,
        row_number() over (
            partition by contact_profiles.profile_id
            order by
                case when contacts.preferred_store_id is null then 1 else 0 end asc nulls last,
                coalesce(contacts.updated_at, contacts.created_at) desc nulls last,
                contacts.source_system asc nulls last,
                contacts.contact_id asc nulls last
        ) as store_rank
    from contacts
    inner join contact_profiles
        on
            contacts.source_system = contact_profiles.source_system
            and contacts.contact_id = contact_profiles.contact_id
    where {{ happened_by('contacts.created_at') }}
),

profile_records as (
    select
        profile_id,
        {{ sorted_list('silo') }} as silos,
        max(case when store_rank = 1 then preferred_store_id end) as preferred_store_id
    from records
    group by profile_id
),

ranked_preferences as (
    {{ ranked_preferences(['store', 'channel', 'interest']) }}
),

profile_preferences as (
    select
        profile_id,
        max(case when preference_type = 'store' and newness = 1 then preference_value end) as preferred_store_id,
        max(case when preference_type = 'channel' and newness = 1 then preference_value end) as preferred_channel,
        {{ sorted_list("case when preference_type = 'interest' then preference_value end") }} as declared_interests
    from ranked_preferences
    group by profile_id
),

profile_orders as (
    select
        profile_id,
        cast(sum(case when {{ is_counted_order() }} then 1 else 0 end) as integer) as order_count,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        min(case when {{ is_counted_order() }} then order_date end) as first_order_date,
        max(case when {{ is_counted_order() }} then order_date end) as last_order_date
    from orders
    where
        profile_id is not null
        and order_status <> 'cancelled'
        and {{ happened_by('ordered_at') }}
    group by profile_id
),

-- purposes that are not about one channel hold when they are granted somewhere and refused nowhere
profile_consents as (
    select
        profile_id,
        {% for channel in channels %}
            max(
                case when channel = '{{ channel }}' and purpose = 'marketing' and is_granted then 1 else 0 end
            ) = 1 as has_{{ channel }}_consent,
        {% endfor %}
        max(
            case when channel = 'ads' and purpose = 'ads_personalisation' and is_granted then 1 else 0 end
        ) = 1 as has_ads_consent,
        coalesce(min(case when purpose = 'profiling' then case when is_granted then 1 else 0 end end), 0) = 1
            as has_profiling_consent
    from consents
    where {{ holds_as_of('valid_from', 'valid_to') }}
    group by profile_id
),

contactable_channels as (
    select
        profile_id,
        {% for channel in channels -%}
            max(
                case when channel = '{{ channel }}' and purpose = 'marketing' and is_contactable then 1 else 0 end
            ) = 1 as is_contactable_by_{{ channel }},
        {% endfor -%}
        max(
            case when channel = 'ads' and purpose = 'ads_personalisation' and is_contactable then 1 else 0 end
        ) = 1 as is_reachable_by_ads
    from channel_permissions
    group by profile_id
),

last_contacts as (
    select
        profile_id,
        max(occurred_at) as last_contact_from_person_at
    from interactions
    where
        is_from_person
        and {{ happened_by('occurred_at') }}
    group by profile_id
),

loyalty_balances as (
    select
        profile_id,
        cast(sum(points) as bigint) as loyalty_points_balance
    from loyalty_movements
    where {{ happened_by('occurred_at') }}
    group by profile_id
),

ages as (
    select
        profile_id,
        -- months and days as digits: whoever was born on 29 February turns on 1 March
        cast(floor(cast(
            {{ as_of_date_text() | replace('-', '') }}
            - extract(year from birth_date) * 10000
            - extract(month from birth_date) * 100
            - extract(day from birth_date)
            as double
        ) / 10000) as integer) as age
    from profile_contacts
    where birth_date is not null
),

age_bands as (
    select
        profile_id,
        case
            when age < 0 or age > 120 then null
            when age < 18 then '0-17'
            when age < 25 then '18-24'
            when age < 35 then '25-34'
            when age < 45 then '35-44'
            when age < 55 then '45-54'
            when age < 65 then '55-64'
            else '65+'
        end as age_band
    from ages
),

-- what was declared wins over what was observed
preferred_stores as (
    select
        existing_profiles.profile_id,
        coalesce(
            profile_preferences.preferred_store_id,
            profile_records.preferred_store_id,
            appetencies.usual_store_id
        ) as preferred_store_id
    from existing_profiles
    left join profile_preferences
        on existing_profiles.profile_id = profile_preferences.profile_id
    left join profile_records
        on existing_profiles.profile_id = profile_records.profile_id
    left join appetencies
        on existing_profiles.profile_id = appetencies.profile_id
),

profiles_with_everything as (
    select
        existing_profiles.profile_id,
        preferred_stores.preferred_store_id,
        existing_profiles.first_silo,
        profile_records.silos,
        profile_contacts.language_code,
        profile_contacts.country_code,
        profile_contacts.time_zone,
        stores.region,
        age_bands.age_band,
        profile_preferences.preferred_channel,
        profile_preferences.declared_interests,
        case
            when rfm_current.segment is not null then rfm_current.segment
            when coalesce(profile_orders.order_count, 0) = 0 then 'prospect'
        end as rfm_segment,
        coalesce(
            value_current.spend_cluster,
            case when coalesce(profile_orders.order_count, 0) = 0 then 'prospect' end
        ) as spend_cluster,
        value_current.previous_cluster,
        -- whoever was never seen, and a first buyer before the end of her month, have no row, or that of a prospect
        case
            when coalesce(profile_orders.order_count, 0) = 0 then coalesce(traits_current.lifecycle_stage, 'prospect')
            when traits_current.lifecycle_stage <> 'prospect' then traits_current.lifecycle_stage
        end as lifecycle_stage,
        coalesce(traits_current.engagement_level, 'none') as engagement_level,
        coalesce(traits_current.intention_level, 'none') as intention_level,
        coalesce(silence_current.engagement_tier, 'active') as engagement_tier,
        silence_current.inactive_type,
        silence_current.recommended_action,
        traits_current.rf_habit,
        appetencies.preferred_category,
        appetencies.responsive_channel,
        rfm_current.rung as rfm_rung,
        coalesce(profile_orders.order_count, 0) as order_count,
        coalesce(profile_orders.net_amount, 0) as net_amount,
        value_current.silent_28_probability,
        value_current.silent_91_probability,
        case when profiling_denials.profile_id is null then expected_values.expected_value_amount end
            as expected_value_amount,
        case when profiling_denials.profile_id is null then silence_current.reactivation_score end
            as reactivation_score,
        appetencies.promotion_sensitivity,
        traits_current.best_send_hour,
        appetencies.best_send_weekday,
        loyalty_balances.loyalty_points_balance,
        declared_caps.max_messages_30_days,
        coalesce(profile_orders.order_count, 0) > 0 as has_purchased,
        profile_contacts.profile_id is null as has_erasure_request,
        value_current.is_at_risk_of_inactive,
        value_current.has_returned,
        {% for channel in channels + ['ads'] %}
            coalesce(profile_consents.has_{{ channel }}_consent, false) as has_{{ channel }}_consent,
        {% endfor %}
        coalesce(profile_consents.has_profiling_consent, false)
        and profiling_denials.profile_id is null as has_profiling_consent,
        {% for channel in channels -%}
            -- whoever asked to be forgotten has no row in profile_contacts
            coalesce(
                contactable_channels.is_contactable_by_{{ channel }} and profile_contacts.profile_id is not null,
                false
            ) as is_contactable_by_{{ channel }},
        {% endfor %}
        coalesce(
            contactable_channels.is_reachable_by_ads and profile_contacts.profile_id is not null,
            false
        ) as is_reachable_by_ads,
        existing_profiles.created_month,
        rfm_current.segment_month as rfm_segment_month,
        profile_orders.first_order_date,
        profile_orders.last_order_date,
        coalesce(
            overdue_days.calendar_date,
            {{ add_days('profile_orders.last_order_date', 'traits_current.overdue_after_days') }}
        ) as overdue_from_date,
        silence_current.inactive_since_date,
        silence_current.purge_due_date,
        {{ as_of_date() }} as as_of_date,
        last_contacts.last_contact_from_person_at
    from existing_profiles
    left join profile_records
        on existing_profiles.profile_id = profile_records.profile_id
    left join profile_contacts
        on existing_profiles.profile_id = profile_contacts.profile_id
    left join profile_preferences
        on existing_profiles.profile_id = profile_preferences.profile_id
    left join declared_caps
        on existing_profiles.profile_id = declared_caps.profile_id
    left join preferred_stores
        on existing_profiles.profile_id = preferred_stores.profile_id
    left join stores
        on preferred_stores.preferred_store_id = stores.store_id
    left join age_bands
        on existing_profiles.profile_id = age_bands.profile_id
    left join rfm_current
        on existing_profiles.profile_id = rfm_current.profile_id
    left join silence_current
        on existing_profiles.profile_id = silence_current.profile_id
    left join traits_current
        on existing_profiles.profile_id = traits_current.profile_id
    left join appetencies
        on existing_profiles.profile_id = appetencies.profile_id
    left join profiling_denials
        on existing_profiles.profile_id = profiling_denials.profile_id
    left join expected_values
        on existing_profiles.profile_id = expected_values.profile_id
    left join value_current
        on existing_profiles.profile_id = value_current.profile_id
    left join profile_orders
        on existing_profiles.profile_id = profile_orders.profile_id
    left join profile_consents
        on existing_profiles.profile_id = profile_consents.profile_id
    -- days on which all was closed are waited for no order
    left join open_days as order_days
        on profile_orders.last_order_date = order_days.calendar_date
    left join open_days as overdue_days
        on
            order_days.open_day_number + traits_current.overdue_after_days = overdue_days.open_day_number
            and not overdue_days.is_closed
    left join contactable_channels
        on existing_profiles.profile_id = contactable_channels.profile_id
    left join last_contacts
        on existing_profiles.profile_id = last_contacts.profile_id
    left join loyalty_balances
        on existing_profiles.profile_id = loyalty_balances.profile_id
)

select
    profile_id,
    preferred_store_id,
    first_silo,
    silos,
    language_code,
    country_code,
    time_zone,
    region,
    age_band,
    preferred_channel,
    declared_interests,
    rfm_segment,
    spend_cluster,
    previous_cluster,
    lifecycle_stage,
    engagement_level,
    intention_level,
    engagement_tier,
    inactive_type,
    recommended_action,
    rf_habit,
    preferred_category,
    responsive_channel,
    rfm_rung,
    order_count,
    net_amount,
    silent_28_probability,
    silent_91_probability,
    expected_value_amount,
    reactivation_score,
    promotion_sensitivity,
    best_send_hour,
    best_send_weekday,
    loyalty_points_balance,
    max_messages_30_days,
    has_purchased,
    has_erasure_request,
    is_at_risk_of_inactive,
    has_returned,
    {% for channel in channels + ['ads', 'profiling'] %}
        has_{{ channel }}_consent,
    {% endfor %}
    {% for channel in channels %}
        is_contactable_by_{{ channel }},
    {% endfor %}
    is_reachable_by_ads,
    created_month,
    rfm_segment_month,
    first_order_date,
    last_order_date,
    overdue_from_date,
    inactive_since_date,
    purge_due_date,
    as_of_date,
    last_contact_from_person_at
from profiles_with_everything
