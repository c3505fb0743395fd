{{ config(enabled=lacks_entity('erasure_requests')) }}

{{ no_rows() }}
