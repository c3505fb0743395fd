{{ config(enabled=lacks_entity('orders')) }}

{{ no_rows() }}
