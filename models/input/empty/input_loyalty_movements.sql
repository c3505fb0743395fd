{{ config(enabled=lacks_entity('loyalty_movements')) }}

{{ no_rows() }}
