{%- set channels = contract_lists().channel -%}
{%- set first_recomputed_month = add_months(newest_closed_month(), -6) -%}
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        partition_by='segment_month',
        pre_hook="{{ replace_months_from(add_months(newest_closed_month(), -6)) }}",
    )
}}
-- What the customers of each published month are, can be reached by and bring in. Six months are recomputed, because
-- late orders and answers arrive; what is older stays as it was read.

with

profiles as (
    select * from {{ ref('profiles') }}
),

rfm_published as (
    select * from {{ ref('rfm_published') }}
),

silence_published as (
    select * from {{ ref('silence_published') }}
),

profile_segments as (
    select * from {{ ref('profile_segments') }}
),

dim_segments as (
    select * from {{ ref('dim_segments') }}
),

contactable_times as (
    select * from {{ ref('contactable_times') }}
),

profile_days as (
    select * from {{ ref('profile_days') }}
),

months as (
    select distinct
        segment_month,
        {{ month_end('segment_month') }} as month_end_date,
        {{ local_to_utc(published_at('segment_month')) }} as ended_at
    from rfm_published
    {% if is_incremental() -%}
        where segment_month >= {{ first_recomputed_month }}
    {%- endif %}
),

-- tiers came later than segments: of earlier months nobody knows who was inactive
silence_months as (
    select distinct segment_month from silence_published
),

-- whoever has no row in a month that has tiers is active
people as (
    select
        profiles.profile_id,
        months.segment_month,
        months.month_end_date,
        months.ended_at,
        case
            when silence_months.segment_month is not null
                then coalesce(silence_published.engagement_tier, 'active')
        end as engagement_tier
    from profiles
    inner join months on profiles.created_date <= months.month_end_date
    left join silence_months on months.segment_month = silence_months.segment_month
    left join silence_published
        on
            profiles.profile_id = silence_published.profile_id
            and months.segment_month = silence_published.segment_month
    where {{ planned_once() }}
),

-- as of the month end: a consent, no withdrawal, complaint or unsubscription since, and an address that works
contactable as (
    select
        people.profile_id,
        {%- for channel in channels %}
            max(case when contactable_times.channel = '{{ channel }}' then 1 else 0 end) as {{ channel }},
        {%- endfor %}
        people.segment_month
    from people
    inner join contactable_times
        on
            people.profile_id = contactable_times.profile_id
            and {{ is_valid_at(
                'people.ended_at', 'contactable_times.contactable_from', 'contactable_times.contactable_to'
            ) }}
    group by
        people.profile_id,
        people.segment_month
),

sales as (
    select
        people.profile_id,
        people.segment_month,
        sum(profile_days.orders) as orders,
        sum(profile_days.net_amount) as net_amount
    from people
    inner join profile_days
        on
            people.profile_id = profile_days.profile_id
            and profile_days.order_date between people.segment_month and people.month_end_date
    group by
        people.profile_id,
        people.segment_month
),

described as (
    select
        people.profile_id,
        people.engagement_tier,
        people.segment_month,
        {%- for channel in channels %}
            coalesce(contactable.{{ channel }}, 0) as {{ channel }},
        {%- endfor %}
        case
            when people.engagement_tier = 'active' then 0e0
            when people.engagement_tier is not null then 1e0
        end as inactive,
        case when sales.orders > 0 then 1 else 0 end as buyers,
        coalesce(sales.orders, 0) as orders,
        coalesce(sales.net_amount, 0) as net_amount
    from people
    left join contactable
        on
            people.profile_id = contactable.profile_id
            and people.segment_month = contactable.segment_month
    left join sales
        on
            people.profile_id = sales.profile_id
            and people.segment_month = sales.segment_month
    where {{ planned_once() }}
),

slices as (
    select
        described.*,
        'all' as slice_kind,
        'all' as slice
    from described
    union all
    select
        described.*,
        'engagement_tier' as slice_kind,
        described.engagement_tier as slice
    from described
    where described.engagement_tier is not null
    union all
    select
        described.*,
        profile_segments.scheme as slice_kind,
        profile_segments.membership_value as slice
    from described
    inner join profile_segments
        on
            described.profile_id = profile_segments.profile_id
            and described.segment_month = profile_segments.segment_month
            -- it has a row of nobody who is active
            and profile_segments.scheme <> 'engagement_tier'
    union all
    select
        described.*,
        'segment_group' as slice_kind,
        dim_segments.segment_group as slice
    from described
    inner join profile_segments
        on
            described.profile_id = profile_segments.profile_id
            and described.segment_month = profile_segments.segment_month
            and profile_segments.scheme = 'rfm'
    inner join dim_segments
        on profile_segments.membership_value = dim_segments.segment
),

counted as (
    select
        slice_kind,
        slice,
        count(*) as people,
        {%- for channel in channels %}
            sum({{ channel }}) as contactable_by_{{ channel }},
        {%- endfor %}
        sum(buyers) as buyers,
        sum(orders) as orders,
        sum(net_amount) as net_amount,
        avg(inactive) as inactive_share,
        segment_month
    from slices
    group by
        slice_kind,
        slice,
        segment_month
)

select
    slice_kind,
    slice,
    {{ withheld_because('people') }} as withheld_because,
    cast({{ unless_withheld('people', 'people') }} as bigint) as people,
    {%- for channel in channels %}
        cast({{ unless_withheld('people', 'contactable_by_' ~ channel) }} as bigint)
            as contactable_by_{{ channel }},
    {%- endfor %}
    {%- for name in ['buyers', 'orders'] %}
        cast({{ unless_withheld('people', name) }} as bigint) as {{ name }},
    {%- endfor %}
    cast({{ unless_withheld('people', 'net_amount') }} as decimal(18,2)) as net_amount,
    cast(
        {{ unless_withheld('people', 'net_amount / nullif(orders, 0)') }}
        as decimal(18,2)
    ) as basket_amount,
    {{ unless_withheld('people', 'inactive_share') }} as inactive_share,
    segment_month
from counted
