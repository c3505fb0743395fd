with

media_results as (
    select * from {{ ref('input_media_results') }}
)

select *
from media_results
