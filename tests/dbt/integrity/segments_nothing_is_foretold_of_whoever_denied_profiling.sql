{#
  Reads what was said about profiling again, by a road of its own: of a person whose records said no and never yes,
  nothing may be foretold. Fails with the person and what is.
#}
with

consents as (
    select * from {{ ref('intake_consents') }}
    where
        purpose = 'profiling'
        and {{ happened_by('changed_at') }}
),

contact_profiles as (
    select * from {{ ref('contact_profiles') }}
),

rfm_current as (
    select * from {{ ref('rfm_current') }}
),

memberships as (
    select * from {{ ref('profile_segments') }}
),

stages as (
    select * from {{ ref('traits_current') }}
),

denials as (
    select contact_profiles.profile_id
    from consents
    inner join contact_profiles
        on
            consents.source_system = contact_profiles.source_system
            and consents.contact_id = contact_profiles.contact_id
    group by contact_profiles.profile_id
    having max(case when consents.status = 'granted' then 1 else 0 end) = 0
),

foretold as (
    {% for table, columns in {
        'value_current': ['silent_28_probability', 'silent_91_probability', 'is_at_risk_of_inactive'],
        'silence_current': ['reactivation_score', 'expected_return_amount', 'is_worth_reactivating'],
        'lookalike_scores': ['lookalike_score'],
        'profile_habits': ['rf_habit', 'rf_habit_days', 'overdue_after_days'],
        'profile_appetencies': [
            'promotion_sensitivity', 'drive_appetency', 'usual_store_id', 'preferred_category', 'responsive_channel',
            'best_send_hour', 'best_send_weekday'
        ],
        'channel_appetencies': ['open_appetency', 'click_appetency'],
        'traits_current': ['rf_habit', 'overdue_after_days', 'best_send_hour'],
        'replenishments': ['runs_out_date'],
        'recommendations': ['item'],
    }.items() -%}
        select
            profile_id,
            '{{ table }}' as foretold_in
        from {{ ref(table) }}
        where {% for column in columns %}{{ column }} is not null{{ ' or ' if not loop.last }}{% endfor %}
        union all
    {% endfor %}
    -- above the low rungs nobody is at risk but by what is foretold
    select
        stages.profile_id,
        'the stage of traits_current' as foretold_in
    from stages
    inner join rfm_current on stages.profile_id = rfm_current.profile_id
    where stages.lifecycle_stage = 'at_risk' and rfm_current.rung > {{ setting('signal_low_rung') }}
    union all
    select
        memberships.profile_id,
        'profile_segments' as foretold_in
    from memberships
    inner join rfm_current
        on
            memberships.profile_id = rfm_current.profile_id
            and memberships.segment_month = rfm_current.segment_month
    where
        memberships.scheme = 'rf_habit'
        or (
            memberships.scheme = 'lifecycle_stage'
            and memberships.membership_value = 'at_risk'
            and rfm_current.rung > {{ setting('signal_low_rung') }}
        )
)

select
    foretold.profile_id,
    foretold.foretold_in
from foretold
inner join denials on foretold.profile_id = denials.profile_id
