-- Who was drawn into which group, for every comparison: the arms of a scenario, drawn anew each half-year, and the
-- variants of a message. The group that was drawn decides, whatever became of it: whoever opens a message is another
-- kind of person than whoever does not, and no arm has openers but one.
with

scenario_entries as (
    select * from {{ ref('scenario_entries') }}
),

decisions as (
    select * from {{ ref('decisions') }}
),

profile_heirs as (
    select * from {{ ref('profile_heirs') }}
),

scenarios as (
    select * from {{ ref('scenarios') }}
),

gate_applicability as (
    select * from {{ ref('gate_applicability') }}
),

scenario_step_variants as (
    select * from {{ ref('scenario_step_variants') }}
),

-- kinds of scenario that hold nobody out compare nothing
drawing_scenarios as (
    select
        scenarios.scenario_id,
        scenarios.objective,
        coalesce(scenarios.outcome_days, {{ setting('outcome_days') }}) as outcome_days,
        cast(scenarios.holdout_share as decimal(6,4)) as holdout_share,
        cast(coalesce(scenarios.as_before_share, 0) as decimal(6,4)) as as_before_share
    from scenarios
    inner join gate_applicability
        on scenarios.kind = gate_applicability.kind
    where
        gate_applicability.gate = 'not_held_out'
        and gate_applicability.is_applied
),

arms as (
    select
        {{ dbt.concat(['scenario_entries.scenario_id', "':'", 'scenario_entries.holdout_period']) }} as experiment_id,
        scenario_entries.profile_id as drawn_as,
        scenario_entries.arm as variation_id,
        scenario_entries.scenario_id,
        scenario_entries.entry_key,
        cast(null as string) as step,
        cast(null as string) as channel,
        scenario_entries.holdout_period,
        scenario_entries.reason_code,
        scenario_entries.offer_type,
        -- who entered before shares were kept was drawn with those of today, as far as anybody knows
        coalesce(scenario_entries.holdout_share, drawing_scenarios.holdout_share) as held_out_share,
        coalesce(scenario_entries.as_before_share, drawing_scenarios.as_before_share) as as_before_share,
        scenario_entries.entered_date as assigned_date
    from scenario_entries
    inner join drawing_scenarios
        on scenario_entries.scenario_id = drawing_scenarios.scenario_id
),

arms_compared as (
    select
        *,
        cast(
            case variation_id
                when 'treated' then 1 - held_out_share - as_before_share
                when 'as_before' then as_before_share
                when 'held_out' then held_out_share
            end as double
        ) as expected_share,
        -- where nobody gets nothing, what there was before is what others are compared with
        case when max(held_out_share) over (partition by experiment_id) > 0 then 'held_out' else 'as_before' end
        = variation_id as is_baseline
    from arms
),

-- the variant with the lowest buckets is the one that others are compared with
variants as (
    select
        *,
        {{ variant_share('scenario_step_variants') }} as expected_share,
        first_bucket = min(first_bucket) over (partition by scenario_id, step, channel) as is_baseline
    from scenario_step_variants
),

-- other shares begin a comparison anew: who drew with the old ones came at another time
other_shares as (
    select
        decisions.scenario_id,
        decisions.step,
        decisions.channel,
        max(decisions.as_of_date) as last_date
    from decisions
    left join variants
        on
            decisions.scenario_id = variants.scenario_id
            and decisions.step = variants.step
            and decisions.channel = variants.channel
            and decisions.variant = variants.variant
    where
        decisions.variant_share is not null
        and decisions.variant_share <> coalesce(variants.expected_share, 0e0)
    group by
        decisions.scenario_id,
        decisions.step,
        decisions.channel
),

variants_sent as (
    select
        {{ dbt.concat([
            'decisions.scenario_id', "':'", 'decisions.step', "':'", 'decisions.channel'
        ]) }} as experiment_id,
        decisions.profile_id as drawn_as,
        decisions.variant as variation_id,
        decisions.scenario_id,
        decisions.entry_key,
        decisions.step,
        decisions.channel,
        cast(null as string) as holdout_period,
        cast(null as string) as reason_code,
        decisions.offer_type,
        cast(null as decimal(6,4)) as held_out_share,
        cast(null as decimal(6,4)) as as_before_share,
        decisions.as_of_date as assigned_date,
        variants.expected_share,
        variants.is_baseline
    from decisions
    inner join variants
        on
            decisions.scenario_id = variants.scenario_id
            and decisions.step = variants.step
            and decisions.channel = variants.channel
            and decisions.variant = variants.variant
    left join other_shares
        on
            decisions.scenario_id = other_shares.scenario_id
            and decisions.step = other_shares.step
            and decisions.channel = other_shares.channel
    where
        decisions.outcome = 'selected'
        and (other_shares.last_date is null or decisions.as_of_date > other_shares.last_date)
),

draws as (
    select * from arms_compared
    union all
    select * from variants_sent
),

-- what is decided at night goes out the day after, what is decided in the evening at once, some of it after quiet hours
evenings as (
    select
        as_of_date,
        min(send_at) as decided_at
    from decisions
    group by as_of_date
    having min(send_date) = as_of_date
),

-- of two entries that a merge made one the earlier stands, of one day that of the id which sorts first
ranked as (
    select
        draws.*,
        profile_heirs.profile_id,
        row_number() over (
            partition by draws.experiment_id, profile_heirs.profile_id, draws.entry_key
            order by draws.assigned_date asc nulls last, draws.drawn_as asc nulls last
        ) as place
    from draws
    inner join profile_heirs
        on
            draws.drawn_as = profile_heirs.remembered_id
            and (profile_heirs.until_date is null or draws.assigned_date < profile_heirs.until_date)
),

kept as (
    select * from ranked
    where place = 1
)

select
    kept.experiment_id,
    kept.profile_id,
    kept.variation_id,
    kept.scenario_id,
    kept.entry_key,
    kept.step,
    kept.channel,
    kept.holdout_period,
    drawing_scenarios.objective,
    kept.reason_code,
    kept.offer_type,
    drawing_scenarios.outcome_days,
    kept.held_out_share,
    kept.as_before_share,
    kept.expected_share,
    kept.is_baseline,
    -- the same order as where the engine asks in which arm a person is
    row_number() over (
        partition by kept.experiment_id, kept.profile_id
        order by kept.assigned_date asc nulls last, kept.drawn_as asc nulls last, kept.entry_key asc nulls last
    ) = 1 as is_first_draw,
    kept.assigned_date,
    coalesce(
        evenings.decided_at, {{ local_to_utc('cast(' ~ add_days('kept.assigned_date', 1) ~ ' as timestamp)') }}
    ) as assigned_at
from kept
inner join drawing_scenarios
    on kept.scenario_id = drawing_scenarios.scenario_id
left join evenings
    on kept.assigned_date = evenings.as_of_date
