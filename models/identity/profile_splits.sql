{{ config(materialized='view') }}
select
    cast(null as varchar) as profile_id,
    cast(null as varchar) as sibling_profile_id,
    cast(null as date) as split_as_of_date
where false
