{{ config(enabled=lacks_entity('product_availability')) }}

{{ no_rows() }}
