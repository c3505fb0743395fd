{{ config(enabled=lacks_entity('order_lines')) }}

{{ no_rows() }}
