{{ config(materialized='table') }}

{# No unknown_contact here: a wish to be forgotten is honoured whether or not the record is (still) a contact. #}
{{ rejected_rows(
    'erasure_requests',
    happened_at='requested_at',
) }}
