{{ config(enabled=lacks_entity('offer_products')) }}

{{ no_rows() }}
