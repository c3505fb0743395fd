{{ config(materialized='view') }}

with

rfm_published as (
    select * from {{ ref('rfm_published') }}
),

value_published as (
    select * from {{ ref('value_published') }}
),

silence_published as (
    select * from {{ ref('silence_published') }}
),

traits_published as (
    select * from {{ ref('traits_published') }}
),

traits_current as (
    select * from {{ ref('traits_current') }}
),

-- of the newest month as it may be told today: without what whoever denied profiling since may not be told
traits as (
    select
        profile_id,
        lifecycle_stage,
        engagement_level,
        intention_level,
        rf_habit,
        segment_month
    from traits_current
    union all
    select
        traits_published.profile_id,
        traits_published.lifecycle_stage,
        traits_published.engagement_level,
        traits_published.intention_level,
        traits_published.rf_habit,
        traits_published.segment_month
    from traits_published
    {{ anti_join() }} traits_current on traits_published.segment_month = traits_current.segment_month
),

rfm_memberships as (
    select
        profile_id,
        'rfm' as scheme,
        segment as membership_value,
        threshold_version as scheme_version,
        segment_month
    from rfm_published
),

clv_memberships as (
    select
        profile_id,
        'clv_cluster' as scheme,
        spend_cluster as membership_value,
        threshold_version as scheme_version,
        segment_month
    from value_published
    where spend_cluster is not null
),

-- whoever has no row in a published month is active
silence_memberships as (
    select
        profile_id,
        'engagement_tier' as scheme,
        engagement_tier as membership_value,
        cast(null as string) as scheme_version,
        segment_month
    from silence_published
    where engagement_tier <> 'active'
    union all
    select
        profile_id,
        'inactive_type' as scheme,
        inactive_type as membership_value,
        cast(null as string) as scheme_version,
        segment_month
    from silence_published
    where inactive_type is not null
),

trait_memberships as (
    {% for scheme in ['lifecycle_stage', 'engagement_level', 'intention_level', 'rf_habit'] -%}
        select
            profile_id,
            '{{ scheme }}' as scheme,
            {{ scheme }} as membership_value,
            cast(null as string) as scheme_version,
            segment_month
        from traits
        where {{ scheme }} is not null
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

{% for memberships in ['rfm_memberships', 'clv_memberships', 'silence_memberships', 'trait_memberships'] -%}
    select
        profile_id,
        scheme,
        membership_value,
        scheme_version,
        segment_month
    from {{ memberships }}
    {{ 'union all' if not loop.last }}
{% endfor %}
