{{ config(enabled=lacks_entity('offer_redemptions')) }}

{{ no_rows() }}
