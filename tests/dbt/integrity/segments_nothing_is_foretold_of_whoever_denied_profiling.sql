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
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    foretold.profile_id,
    foretold.foretold_in
from foretold
inner join denials on foretold.profile_id = denials.profile_id
