{%- set horizons = return_horizons() -%}
{%- set days_share = '28 / ' ~ setting('rfm_window_days') -%}
{%- set signals = ['down', 'attrition_signal', 'costly_decline', 'confirmed', 'crossed'] -%}
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
-- Was the signal worth anything? What the flagged customers did in the days after, against everybody. Six months are
-- recomputed: the longest horizon needs three to mature, and late orders arrive.

with

segment_moves as (
    select * from {{ ref('segment_moves') }}
    {% if is_incremental() -%}
        where segment_month >= {{ first_recomputed_month }}
    {%- endif %}
),

months as (
    select * from {{ ref('dim_months') }}
    {% if is_incremental() -%}
        where segment_month >= {{ first_recomputed_month }}
    {%- endif %}
),

rfm_published as (
    select * from {{ ref('rfm_published') }}
),

profile_days as (
    select * from {{ ref('profile_days') }}
),

messages as (
    select * from {{ ref('fct_messages') }}
),

next_orders as (
    {{- next_orders() -}}
),

-- a message that carries out a decision of ours hides the signal: the customers it brought back look as if it had been
-- false
next_contacts as (
    select
        messages.profile_id,
        months.segment_month,
        min(messages.sent_date) as next_contact_date
    from messages
    inner join months
        on
            messages.sent_date > months.month_end_date
            and messages.sent_date <= {{ add_days('months.month_end_date', horizons | max) }}
    where messages.decision_id is not null
    group by
        messages.profile_id,
        months.segment_month
),

-- What the window was worth before the month in which the signal fired, and on how many days she bought in it. Summed
-- as decimals, whose order does not matter; who gave back more than she bought has nothing to lose.
usual_amounts as (
    select
        profile_id,
        {{ add_months('segment_month', 1) }} as segment_month,
        frequency as usual_days,
        case when monetary_amount < 0 then 0 else monetary_amount end as usual_amount
    from rfm_published
),

observed as (
    select
        segment_moves.segment_month,
        segment_moves.is_down,
        segment_moves.is_attrition_signal,
        segment_moves.is_costly_decline,
        segment_moves.is_confirmed,
        segment_moves.is_crossed,
        months.month_end_date,
        next_orders.next_order_date,
        next_contacts.next_contact_date,
        coalesce(usual_amounts.usual_days, 0) as usual_days,
        coalesce(usual_amounts.usual_amount, 0) as usual_amount
    from segment_moves
    inner join months on segment_moves.segment_month = months.segment_month
    left join next_orders
        on
            segment_moves.profile_id = next_orders.profile_id
            and segment_moves.segment_month = next_orders.segment_month
    left join next_contacts
        on
            segment_moves.profile_id = next_contacts.profile_id
            and segment_moves.segment_month = next_contacts.segment_month
    left join usual_amounts
        on
            segment_moves.profile_id = usual_amounts.profile_id
            and segment_moves.segment_month = usual_amounts.segment_month
),

horizons as (
    {{ literal_rows(['horizon_days'], horizons | batch(1)) }}
),

-- measurable only where the days after have passed
outcomes as (
    select
        observed.segment_month,
        observed.is_down,
        observed.is_attrition_signal,
        observed.is_costly_decline,
        observed.is_confirmed,
        observed.is_crossed,
        observed.usual_days,
        observed.usual_amount,
        horizons.horizon_days,
        coalesce(
            observed.next_order_date > {{ add_days('observed.month_end_date', 'horizons.horizon_days') }}, true
        ) as is_silent,
        coalesce(
            observed.next_contact_date > {{ add_days('observed.month_end_date', 'horizons.horizon_days') }}, true
        ) as is_untreated
    from observed
    inner join horizons
        on {{ add_days('observed.month_end_date', 'horizons.horizon_days') }} <= {{ as_of_date() }}
    where {{ planned_once() }}
),

-- whoever is long gone is part of everybody, stays away without a signal, and hides what the signal is worth
populations as (
    select
        'all' as population,
        false as is_untreated_only,
        false as is_in_window_only
    union all
    select
        'untreated' as population,
        true as is_untreated_only,
        false as is_in_window_only
    union all
    select
        'in_window' as population,
        false as is_untreated_only,
        true as is_in_window_only
),

-- the base of a signal is everybody of whom it can be said: a decline is costly or not where a rate may be used
counted as (
    {% for signal in signals -%}
        select
            '{{ signal }}' as signal,
            populations.population,
            outcomes.horizon_days,
            count(*) as base_profiles,
            sum(case when outcomes.is_silent then 1 else 0 end) as base_silent_profiles,
            sum(case when outcomes.is_{{ signal }} then 1 else 0 end) as flagged_profiles,
            sum(case when outcomes.is_{{ signal }} and outcomes.is_silent then 1 else 0 end)
                as flagged_silent_profiles,
            sum(outcomes.usual_amount) as base_amount,
            sum(case when outcomes.is_silent then outcomes.usual_amount else 0 end) as base_silent_amount,
            sum(case when outcomes.is_{{ signal }} then outcomes.usual_amount else 0 end) as flagged_amount,
            sum(case when outcomes.is_{{ signal }} and outcomes.is_silent then outcomes.usual_amount else 0 end)
                as flagged_silent_amount,
            outcomes.segment_month
        from outcomes
        inner join populations
            on
                (outcomes.is_untreated or not populations.is_untreated_only)
                and (outcomes.usual_days > 0 or not populations.is_in_window_only)
        where outcomes.is_{{ signal }} is not null
        group by
            populations.population,
            outcomes.horizon_days,
            outcomes.segment_month
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

shares as (
    select
        *,
        cast(flagged_profiles as double) / cast(base_profiles as double) as flagged_share,
        cast(base_silent_profiles as double) / cast(base_profiles as double) as base_silent_share,
        cast(flagged_silent_profiles as double) / cast(nullif(flagged_profiles, 0) as double) as flagged_silent_share,
        cast(flagged_amount as double) / nullif(cast(base_amount as double), 0) as flagged_money_share,
        cast(flagged_silent_amount as double) / nullif(cast(base_silent_amount as double), 0) as silent_money_share
    from counted
)

select
    signal,
    population,
    cast(horizon_days as integer) as horizon_days,
    cast(base_profiles as bigint) as base_profiles,
    cast(base_silent_profiles as bigint) as base_silent_profiles,
    cast(flagged_profiles as bigint) as flagged_profiles,
    cast(flagged_silent_profiles as bigint) as flagged_silent_profiles,
    cast(cast(base_amount as double) * {{ days_share }} as decimal(18, 2)) as base_amount,
    cast(cast(base_silent_amount as double) * {{ days_share }} as decimal(18, 2)) as base_silent_amount,
    cast(cast(flagged_amount as double) * {{ days_share }} as decimal(18, 2)) as flagged_amount,
    cast(cast(flagged_silent_amount as double) * {{ days_share }} as decimal(18, 2)) as flagged_silent_amount,
    flagged_share,
    base_silent_share,
    flagged_silent_share,
    flagged_silent_share / nullif(base_silent_share, cast(0 as double)) as lift,
    silent_money_share,
    silent_money_share / nullif(flagged_money_share, cast(0 as double)) as money_lift,
    segment_month
from shares
