{{ config(enabled=lacks_entity('messages')) }}

{{ no_rows() }}
