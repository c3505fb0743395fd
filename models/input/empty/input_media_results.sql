{{ config(enabled=lacks_entity('media_results')) }}

{{ no_rows() }}
