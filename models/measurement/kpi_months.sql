-- The figures that others have published, of this installation, month by month: what is counted, and of how many. Each
-- is counted once here; kpis adds the months up.
with

scenario_outcomes as (
    select * from {{ ref('scenario_outcomes') }}
),

scenario_messages as (
    select * from {{ ref('scenario_messages') }}
),

enrichment_questions as (
    select * from {{ ref('enrichment_questions') }}
),

reactivation_summary as (
    select * from {{ ref('reactivation_summary') }}
),

programme_value as (
    select * from {{ ref('programme_value') }}
),

customer_base as (
    select * from {{ ref('customer_base') }}
),

silence_published as (
    select * from {{ ref('silence_published') }}
),

profiles as (
    select * from {{ ref('profiles') }}
),

profile_days as (
    select * from {{ ref('profile_days') }}
),

coupons as (
    select * from {{ ref('fct_coupons') }}
),

messages as (
    select * from {{ ref('fct_messages') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

kpi_benchmarks as (
    select * from {{ ref('kpi_benchmarks') }}
),

revisits as (
    select
        'revisit_rate' as kpi_id,
        sum(revisited) as counted,
        cast(count(*) as double) as base,
        cast(count(*) as double) as people,
        cast(null as string) as source_withheld_because,
        {{ month_start('assigned_date') }} as kpi_month
    from scenario_outcomes
    where
        scenario_id = 'anti_attrition'
        and holdout_period is not null
        and variation_id = 'treated'
        and is_analysed
    group by {{ month_start('assigned_date') }}
),

-- of messages and people themselves: a sum of what scenarios tell leaves out whoever was one of a few
message_figures as (
    {%- for channel in ['sms', 'email'] %}
        select
            'offers_used_by_{{ channel }}' as kpi_id,
            cast(sum(case when is_redeemed then 1 else 0 end) as double) as counted,
            cast(sum(case when is_sent then 1 else 0 end) as double) as base,
            cast(nullif(count(distinct case when is_sent then profile_id end), 0) as double) as people,
            cast(null as string) as source_withheld_because,
            decided_month as kpi_month
        from scenario_messages
        where
            channel = '{{ channel }}'
            and offer_type <> 'none'
        group by decided_month
        union all
    {%- endfor %}
    select
        'open_rate' as kpi_id,
        cast(sum(case when is_opened then 1 else 0 end) as double) as counted,
        cast(sum(case when is_open_observed then 1 else 0 end) as double) as base,
        cast(nullif(count(distinct case when is_open_observed then profile_id end), 0) as double) as people,
        cast(null as string) as source_withheld_because,
        decided_month as kpi_month
    from scenario_messages
    where channel = 'email'
    group by decided_month
    union all
    select
        'opens_change' as kpi_id,
        sum(case when is_opened then 1 else 0 end)
        - max(other_open_rate) * sum(case when is_open_observed then 1 else 0 end) as counted,
        cast(sum(case when is_open_observed and other_open_rate is not null then 1 end) as double) as base,
        cast(nullif(count(distinct case when is_open_observed then profile_id end), 0) as double) as people,
        cast(null as string) as source_withheld_because,
        decided_month as kpi_month
    from scenario_messages
    where channel = 'email'
    group by decided_month
),

asked_people as (
    {%- for kind in ['email', 'mobile'] %}
        select
            '{{ kind }}s_recovered' as kpi_id,
            nullif(count(distinct case when asked_for = '{{ kind }}' then profile_id end), 0) as asked,
            count(distinct case when asked_for = '{{ kind }}' and is_recovered then profile_id end) as recovered,
            asked_month
        from enrichment_questions
        where is_over
        group by asked_month
        {{ 'union all' if not loop.last }}
    {%- endfor %}
),

recovered_addresses as (
    select
        kpi_id,
        cast(case when asked is not null then recovered end as double) as counted,
        cast(asked as double) as base,
        cast(asked as double) as people,
        cast(null as string) as source_withheld_because,
        asked_month as kpi_month
    from asked_people
),

campaigns as (
    select
        *,
        cast(cost_amount as double) as cost,
        contacts * baseline_cost_per_contact as baseline_cost,
        {{ month_start('start_date') }} as kpi_month
    from reactivation_summary
    where engagement_tier = 'all'
),

{% set campaign_figures = {
    'inactives_reached': [
        'case when scenario_id is not null and uploaded > 0 then reached end',
        'case when scenario_id is not null and reached is not null then uploaded end',
    ],
    'inactives_reactivated': ['reactivated', none],
    'reactivated_opted_in': ['reactivated_opted_in', 'case when reactivated_opted_in is not null then reactivated end'],
    'new_contacts': ['new_contacts', none],
    'new_opted_in': ['new_opted_in', 'new_contacts'],
    'acquisition_cost': [
        'case when not is_acquisition_baseline then cost - baseline_cost end',
        'case when not is_acquisition_baseline and cost is not null then baseline_cost end',
    ],
} -%}
campaign_figures as (
    {%- for kpi_id, figures in campaign_figures.items() %}
        select
            '{{ kpi_id }}' as kpi_id,
            cast(sum({{ figures[0] }}) as double) as counted,
            cast({{ 'sum(' ~ figures[1] ~ ')' if figures[1] else 'null' }} as double) as base,
            cast(null as double) as people,
            cast(null as string) as source_withheld_because,
            kpi_month
        from campaigns
        group by kpi_month
        {{ 'union all' if not loop.last }}
    {%- endfor %}
),

half_years as (
    select
        half_year,
        min(calendar_date) as first_date
    from dates
    group by half_year
),

programme as (
    select
        'net_return' as kpi_id,
        cast(programme_value.programme_net_return_amount as double) as counted,
        cast(null as double) as base,
        cast(null as double) as people,
        cast(null as string) as source_withheld_because,
        half_years.first_date as kpi_month
    from programme_value
    inner join half_years on programme_value.holdout_period = half_years.half_year
),

inactive as (
    select
        'inactive_share' as kpi_id,
        inactive_share * people as counted,
        case when inactive_share is not null then cast(people as double) end as base,
        cast(people as double) as people,
        cast(null as string) as source_withheld_because,
        segment_month as kpi_month
    from customer_base
    where slice_kind = 'all'
),

first_purchases as (
    select
        profile_id,
        min(order_date) as first_order_date
    from profile_days
    where orders > 0
    group by profile_id
),

purchase_months as (
    select distinct
        profile_id,
        {{ month_start('order_date') }} as order_month
    from profile_days
    where orders > 0
),

-- who was silent when a month was over, and whether she bought in the next
silent_people as (
    select
        silence_published.profile_id,
        {{ add_months('silence_published.segment_month', 1) }} as kpi_month,
        case
            when first_purchases.first_order_date < {{ add_months('silence_published.segment_month', 1) }}
                then 'inactive'
            else 'prospect'
        end as who,
        case when purchase_months.profile_id is not null then 1 else 0 end as has_bought
    from silence_published
    inner join profiles on silence_published.profile_id = profiles.profile_id
    left join first_purchases on silence_published.profile_id = first_purchases.profile_id
    left join purchase_months
        on
            silence_published.profile_id = purchase_months.profile_id
            and {{ add_months('silence_published.segment_month', 1) }} = purchase_months.order_month
    where
        silence_published.engagement_tier <> 'active'
        and {{ add_months('silence_published.segment_month', 2) }} <= {{ as_of_date() }}
),

conversions as (
    select
        'inactive_conversion' as kpi_id,
        avg(case when who = 'inactive' then cast(has_bought as double) end) as counted,
        nullif(avg(case when who = 'prospect' then cast(has_bought as double) end), 0e0) as base,
        cast(least(
            sum(case when who = 'inactive' then 1 else 0 end),
            sum(case when who = 'prospect' then 1 else 0 end)
        ) as double) as people,
        cast(null as string) as source_withheld_because,
        kpi_month
    from silent_people
    group by kpi_month
),

coupon_people as (
    select
        profile_id,
        {{ month_start('assigned_date') }} as kpi_month,
        max(case when {{ happened_by('first_redeemed_at') }} then 1 else 0 end) as has_used_one
    from coupons
    where {{ happened_by('assigned_at') }}
    group by
        profile_id,
        {{ month_start('assigned_date') }}
),

missed_offers as (
    select
        'offers_that_miss' as kpi_id,
        cast(sum(1 - has_used_one) as double) as counted,
        cast(count(*) as double) as base,
        cast(count(*) as double) as people,
        cast(null as string) as source_withheld_because,
        kpi_month
    from coupon_people
    group by kpi_month
),

personal_messages as (
    select
        'personalised_messages' as kpi_id,
        cast(sum(case when decision_id is not null then 1 else 0 end) as double) as counted,
        cast(count(*) as double) as base,
        cast(count(distinct profile_id) as double) as people,
        cast(null as string) as source_withheld_because,
        {{ month_start('sent_date') }} as kpi_month
    from messages
    where
        first_not_sent_at is null
        and {{ happened_by('sent_at') }}
    group by {{ month_start('sent_date') }}
),

figures as (
    {%- for part in [
        'revisits', 'message_figures', 'recovered_addresses', 'campaign_figures', 'programme', 'inactive',
        'conversions', 'missed_offers', 'personal_messages'
    ] %}
        select * from {{ part }}
        {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- a figure that is no share has no base; those of few people that were published as such are left out already
judged as (
    select
        *,
        case when people is not null then {{ withheld_because('people') }} end as withheld_because,
        kpi_id in ('inactives_reactivated', 'new_contacts', 'net_return') as is_sum
    from figures
),

told as (
    select
        *,
        case
            when withheld_because is null and is_sum then counted
            when withheld_because is null then counted / nullif(base, 0e0)
        end as own_figure
    from judged
)

select
    told.kpi_id,
    case
        when told.own_figure is null
            then coalesce(told.withheld_because, told.source_withheld_because, kpi_benchmarks.unmeasured_because)
    end as withheld_because,
    case when told.own_figure is not null then told.counted end as counted,
    case when told.own_figure is not null then told.base end as base,
    told.own_figure,
    told.is_sum,
    told.kpi_month
from told
left join kpi_benchmarks on told.kpi_id = kpi_benchmarks.kpi_id
