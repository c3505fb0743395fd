{{ config(materialized='view') }}
-- A view on every engine, so that no table names them.

with

contacts as (
    select * from {{ ref('input_contacts') }}
),

blocked_contacts as (
    select * from {{ source('landing', 'blocked_contacts') }}
)

select distinct
    contacts.source_system,
    contacts.contact_id
from contacts
inner join blocked_contacts
    on {{ contact_digest('contacts') }} = blocked_contacts.contact_digest
