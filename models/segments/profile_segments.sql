{{ config(materialized='view') }}

with

rfm_published as (
    select * from {{ ref('rfm_published') }}
),

value_published as (
    select * from {{ ref('value_published') }}
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
)

select
    profile_id,
    scheme,
    membership_value,
    scheme_version,
    segment_month
from rfm_memberships

union all

select
    profile_id,
    scheme,
    membership_value,
    scheme_version,
    segment_month
from clv_memberships
