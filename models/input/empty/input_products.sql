{{ config(enabled=lacks_entity('products')) }}

{{ no_rows() }}
