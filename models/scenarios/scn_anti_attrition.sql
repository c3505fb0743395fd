-- Went down one or more RFM segments in the month that was just published: the offer grows with the steps.
with

scenario as (
    select *
    from {{ ref('scenarios') }}
    where scenario_id = 'anti_attrition'
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

rfm_monthly as (
    select * from {{ ref('rfm_monthly') }}
),

downgrade_offers as (
    select * from {{ ref('downgrade_offers') }}
),

offer_choices as (
    select * from {{ ref('offer_choices') }}
),

content_blocks as (
    select * from {{ ref('scenario_content') }}
),

-- which signal triggers is the business's choice: is_down, is_attrition_signal or is_confirmed
signals as (
    select
        moves.profile_id,
        moves.from_segment,
        moves.to_segment,
        greatest(moves.steps_down, 1) as steps_down,
        moves.segment_month,
        cast({{ add_months('moves.segment_month', 1) }} as date) as published_date
    from moves
    where moves.{{ setting('anti_attrition_signal') }}
),

-- what was published stays published; a fall that late orders have undone is no reason to write
contradicted_signals as (
    select
        signals.profile_id,
        signals.segment_month
    from signals
    inner join rfm_monthly
        on
            signals.profile_id = rfm_monthly.profile_id
            and signals.segment_month = rfm_monthly.segment_month
    inner join segments as left_segments
        on signals.from_segment = left_segments.segment
    inner join segments as restated_segments
        on rfm_monthly.segment = restated_segments.segment
    where restated_segments.rung >= left_segments.rung
),

open_signals as (
    select signals.*
    from signals
    inner join scenario
        on {{ is_open_trigger('signals.published_date', 'scenario') }}
    left join contradicted_signals
        on
            signals.profile_id = contradicted_signals.profile_id
            and signals.segment_month = contradicted_signals.segment_month
    where contradicted_signals.profile_id is null
),

-- a row for the segment that was left before the general one, then the deepest fall it is meant for
ranked_offers as (
    select
        open_signals.profile_id,
        open_signals.segment_month,
        downgrade_offers.offer_type,
        downgrade_offers.offer_rule,
        row_number() over (
            partition by open_signals.profile_id, open_signals.segment_month
            order by
                case when downgrade_offers.from_segment = '*' then 1 else 0 end asc nulls last,
                downgrade_offers.steps_down desc nulls last
        ) as place
    from open_signals
    inner join downgrade_offers
        on
            downgrade_offers.from_segment in (open_signals.from_segment, '*')
            and open_signals.steps_down >= downgrade_offers.steps_down
),

targets as (
    select
        open_signals.*,
        ranked_offers.offer_type,
        offer_choices.offer_id,
        offer_choices.offer_amount,
        rfm_published.monetary_amount as expected_value_amount,
        left_segments.segment_name as from_segment_name,
        reached_segments.segment_name as to_segment_name
    from open_signals
    left join ranked_offers
        on
            open_signals.profile_id = ranked_offers.profile_id
            and open_signals.segment_month = ranked_offers.segment_month
            and ranked_offers.place = 1
    left join offer_choices
        on
            ranked_offers.offer_type = offer_choices.offer_type
            and ranked_offers.offer_rule = offer_choices.offer_rule
    left join rfm_published
        on
            open_signals.profile_id = rfm_published.profile_id
            and open_signals.segment_month = rfm_published.segment_month
    left join segments as left_segments
        on open_signals.from_segment = left_segments.segment
    left join segments as reached_segments
        on open_signals.to_segment = reached_segments.segment
)

select
    'anti_attrition' as scenario_id,
    targets.profile_id,
    cast(targets.segment_month as varchar) as entry_key,
    cast(targets.segment_month as varchar) as trigger_reference,
    'went_down' as reason_code,
    {{ json_object({
        'from_segment': 'targets.from_segment',
        'to_segment': 'targets.to_segment',
        'steps_down': 'targets.steps_down',
    }) }} as reason_parameters,
    targets.offer_type,
    targets.offer_id,
    {{ json_object({
        'objective': 'scenario.objective',
        'lever': "coalesce(targets.offer_type, 'relation')",
        'cta': "'visit_store_or_shop'",
        'headline': 'content_blocks.headline',
        'service': 'content_blocks.service',
        'steps_down': 'targets.steps_down',
        'offer_amount': 'targets.offer_amount',
    }) }} as content,
    targets.offer_amount,
    targets.expected_value_amount,
    targets.published_date as triggered_date,
    {{ local_to_utc('cast(targets.published_date as timestamp)') }} as triggered_at
from targets
cross join scenario
left join content_blocks
    on scenario.scenario_id = content_blocks.scenario_id
