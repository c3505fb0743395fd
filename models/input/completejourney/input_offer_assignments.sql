{{ config(enabled=is_connector('completejourney')) }}

with

offer_assignments as (
    select * from {{ ref('stg_synthetic__offer_assignments') }}
),

offer_assignments_of_the_world as (
    select * from {{ ref('stg_world__offer_assignments') }}
)

select
    'till' as source_system,
    assignment_id,
    offer_id,
    household_id as contact_id,
    cast(null as string) as decision_id,
    assigned_at,
    {{ local_date('assigned_at') }} as assigned_date,
    channel,
    expires_at,
    extracted_at
from offer_assignments
union all
select
    source_system,
    assignment_id,
    offer_id,
    contact_id,
    decision_id,
    assigned_at,
    {{ local_date('assigned_at') }} as assigned_date,
    channel,
    expires_at,
    extracted_at
from offer_assignments_of_the_world
