{{ config(enabled=lacks_entity('identity_links')) }}

{{ no_rows() }}
