{{ config(materialized='view') }}

with

rfm_published as (
    select * from {{ ref('rfm_published') }}
),

rfm_memberships as (
    select
        profile_id,
        'rfm' as scheme,
        segment as membership_value,
        threshold_version as scheme_version,
        segment_month
    from rfm_published
)

select
    profile_id,
    scheme,
    membership_value,
    scheme_version,
    segment_month
from rfm_memberships
