{{ config(materialized='view') }}

with

consents as (
    select * from {{ ref('fct_consents') }}
),

denials as (
    select distinct profile_id
    from consents
    where
        purpose = 'profiling'
        and not is_granted
        and {{ holds_as_of('valid_from', 'valid_to') }}
)

select profile_id
from denials
