{{ config(enabled=lacks_entity('web_events')) }}

{{ no_rows() }}
