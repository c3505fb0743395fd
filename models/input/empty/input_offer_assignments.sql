{{ config(enabled=lacks_entity('offer_assignments')) }}

{{ no_rows() }}
