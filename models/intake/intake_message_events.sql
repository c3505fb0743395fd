{# what people do with messages is asked by many: made once -#}
{{ config(materialized='table') }}

{{ valid_rows('message_events') }}
