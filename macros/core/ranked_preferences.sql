{#
  What people have declared of these types by the as-of date, the newest word of each person and type first (newness 1). The model has
  the CTEs preferences and contact_profiles.
#}
{% macro ranked_preferences(types) -%}
    select
        contact_profiles.profile_id,
        preferences.preference_type,
        preferences.preference_value,
        row_number() over (
            partition by contact_profiles.profile_id, preferences.preference_type
            order by preferences.declared_at desc nulls last, preferences.preference_value asc nulls last
        ) as newness
    from preferences
    inner join contact_profiles
        on
            preferences.source_system = contact_profiles.source_system
            and preferences.contact_id = contact_profiles.contact_id
    where
        {{ happened_by('preferences.declared_at') }}
        and preferences.preference_type in ('{{ types | join("', '") }}')
{%- endmacro %}
