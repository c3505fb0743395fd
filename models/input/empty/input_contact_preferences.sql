{{ config(enabled=lacks_entity('contact_preferences')) }}

{{ no_rows() }}
