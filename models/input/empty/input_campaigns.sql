{{ config(enabled=lacks_entity('campaigns')) }}

{{ no_rows() }}
