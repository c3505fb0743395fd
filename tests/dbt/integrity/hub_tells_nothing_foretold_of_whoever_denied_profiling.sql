{#
  Reads what was said about profiling again, by a road of its own, on every day: of a person whose records said no and
  never yes, the hub tells nothing that was foretold, whenever that was. Fails with the person.
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

profiles as (
    select * from {{ ref('dim_profiles') }}
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
)

select profiles.profile_id
from profiles
inner join denials on profiles.profile_id = denials.profile_id
where
    {% for column in [
        'silent_28_probability', 'silent_91_probability', 'is_at_risk_of_inactive', 'expected_value_amount',
        'reactivation_score', 'promotion_sensitivity', 'responsive_channel', 'best_send_hour', 'best_send_weekday',
        'rf_habit', 'overdue_from_date', 'preferred_category'
    ] -%}
        {{ 'or ' if not loop.first }}profiles.{{ column }} is not null
    {% endfor %}
    -- above the low rungs nobody is at risk but by what is foretold
    or (profiles.lifecycle_stage = 'at_risk' and profiles.rfm_rung > {{ setting('signal_low_rung') }})
