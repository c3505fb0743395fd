{{ config(enabled=is_connector('host') and not lacks_entity('media_results')) }}

{{ rows_of_host() }}
