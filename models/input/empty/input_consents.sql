{{ config(enabled=lacks_entity('consents')) }}

{{ no_rows() }}
