{{ config(enabled=lacks_entity('carts')) }}

{{ no_rows() }}
