{{ config(enabled=lacks_entity('service_events')) }}

{{ no_rows() }}
