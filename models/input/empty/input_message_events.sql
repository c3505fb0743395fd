{{ config(enabled=lacks_entity('message_events')) }}

{{ no_rows() }}
