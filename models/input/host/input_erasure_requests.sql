{{ config(enabled=is_connector('host') and not lacks_entity('erasure_requests')) }}

{{ rows_of_host() }}
