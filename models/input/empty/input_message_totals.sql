{{ config(enabled=lacks_entity('message_totals')) }}

{{ no_rows() }}
