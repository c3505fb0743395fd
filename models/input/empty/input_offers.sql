{{ config(enabled=lacks_entity('offers')) }}

{{ no_rows() }}
