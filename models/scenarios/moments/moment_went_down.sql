-- Went down one or more RFM segments in a month that was published. Subject: the segment left; value: the steps down.
with

moment_windows as (
    select *
    from {{ ref('moment_windows') }}
    where moment = 'went_down'
),

moves as (
    select * from {{ ref('segment_moves') }}
),

segments as (
    select * from {{ ref('dim_segments') }}
),

rfm_published as (
    select * from {{ ref('rfm_published') }}
),

profiling_denials as (
    select * from {{ ref('profiling_denials') }}
),

rfm_monthly as (
    select * from {{ ref('rfm_monthly') }}
),

-- which signal triggers is the business's choice: is_down, is_attrition_signal, is_costly_decline or
-- is_confirmed
signals as (
    select
        moves.profile_id,
        moves.from_segment,
        moves.to_segment,
        greatest(moves.steps_down, 1) as steps_down,
        moves.segment_month,
        {{ add_months('moves.segment_month', 1) }} as published_date
    from moves
    {% if setting('anti_attrition_signal') == 'is_costly_decline' -%}
        -- of whom no rate may be used or is known yet, the attrition signal is what is left
        left join profiling_denials on moves.profile_id = profiling_denials.profile_id
        where
            coalesce(
                case when profiling_denials.profile_id is null then moves.is_costly_decline end,
                moves.is_attrition_signal
            )
    {%- else -%}
        where moves.{{ setting('anti_attrition_signal') }}
    {%- endif %}
),

open_signals as (
    select signals.*
    from signals
    inner join moment_windows
        on signals.published_date >= moment_windows.oldest_date
),

contradicted_signals as (
    {{ undone_falls('open_signals') }}
)

select
    open_signals.profile_id,
    'went_down' as moment,
    cast(open_signals.segment_month as string) as moment_key,
    cast(open_signals.segment_month as string) as moment_reference,
    open_signals.from_segment as subject,
    {{ json_object({
        'from_segment': 'open_signals.from_segment',
        'to_segment': 'open_signals.to_segment',
        'steps_down': 'open_signals.steps_down',
    }) }} as reason_parameters,
    {{ json_object({'steps_down': 'open_signals.steps_down'}) }} as personalisation,
    open_signals.steps_down as moment_value,
    rfm_published.monetary_amount as expected_value_amount,
    open_signals.published_date as moment_date,
    cast(null as timestamp) as moment_at
from open_signals
left join contradicted_signals
    on
        open_signals.profile_id = contradicted_signals.profile_id
        and open_signals.segment_month = contradicted_signals.segment_month
left join rfm_published
    on
        open_signals.profile_id = rfm_published.profile_id
        and open_signals.segment_month = rfm_published.segment_month
where contradicted_signals.profile_id is null
