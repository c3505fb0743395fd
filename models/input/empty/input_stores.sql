{{ config(enabled=lacks_entity('stores')) }}

{{ no_rows() }}
