{{ config(enabled=lacks_entity('contracts')) }}

{{ no_rows() }}
