with

identity_links as (
    select * from {{ ref('input_identity_links') }}
)

select *
from identity_links
