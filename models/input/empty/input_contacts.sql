{{ config(enabled=lacks_entity('contacts')) }}

{{ no_rows() }}
