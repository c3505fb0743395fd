-- What the purchases of a published month foretell of a customer: a decline that may cost much, or that she came to be
-- at risk of buying nothing for a quarter. Subject: which of the two; value: steps below the reference, 0 for none.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'risk_signal'
),

moves as (
    select * from {{ ref('segment_moves') }}
),

value_published as (
    select * from {{ ref('value_published') }}
),

rfm_published as (
    select * from {{ ref('rfm_published') }}
),

rfm_monthly as (
    select * from {{ ref('rfm_monthly') }}
),

segments as (
    select * from {{ ref('dim_segments') }}
),

profiling_denials as (
    select * from {{ ref('profiling_denials') }}
),

-- Who was at risk the month before is no news, nor who was not told of then, nor who is by a setting that was another
-- one. Whoever denied profiling has neither signal.
signals as (
    select
        profile_id,
        'costly_decline' as subject,
        from_segment,
        segment_month
    from moves
    where is_costly_decline
    union all
    select
        value_published.profile_id,
        'at_risk_of_inactive' as subject,
        cast(null as string) as from_segment,
        value_published.segment_month
    from value_published
    inner join value_published as month_before
        on
            value_published.profile_id = month_before.profile_id
            and month_before.segment_month = {{ add_months('value_published.segment_month', -1) }}
    where
        value_published.is_at_risk_of_inactive
        and not month_before.is_at_risk_of_inactive
        and coalesce(value_published.at_risk_probability = month_before.at_risk_probability, true)
        and coalesce(value_published.clv_period_days = month_before.clv_period_days, true)
),

open_signals as (
    select
        signals.*,
        {{ add_months('signals.segment_month', 1) }} as published_date
    from signals
    inner join moment_windows
        on {{ add_months('signals.segment_month', 1) }} >= moment_windows.oldest_date
    left join profiling_denials
        on signals.profile_id = profiling_denials.profile_id
    where profiling_denials.profile_id is null
),

contradicted_signals as (
    {{ undone_falls('open_signals') }}
)

select
    open_signals.profile_id,
    'risk_signal' as moment,
    {{ dbt.concat(["open_signals.subject", "' '", "cast(open_signals.segment_month as string)"]) }} as moment_key,
    cast(open_signals.segment_month as string) as moment_reference,
    open_signals.subject,
    {{ json_object({'expected_loss_amount': 'moves.expected_loss_amount'}) }} as reason_parameters,
    '{}' as personalisation,
    greatest(coalesce(moves.steps_down, 0), 0) as moment_value,
    rfm_published.monetary_amount as expected_value_amount,
    open_signals.published_date as moment_date,
    cast(null as timestamp) as moment_at
from open_signals
left join contradicted_signals
    on
        {{ key_if("open_signals.subject = 'costly_decline'", 'open_signals.profile_id') }}
        = contradicted_signals.profile_id
        and open_signals.segment_month = contradicted_signals.segment_month
left join moves
    on
        open_signals.profile_id = moves.profile_id
        and open_signals.segment_month = moves.segment_month
left join rfm_published
    on
        open_signals.profile_id = rfm_published.profile_id
        and open_signals.segment_month = rfm_published.segment_month
where contradicted_signals.profile_id is null
