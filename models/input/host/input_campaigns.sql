{{ config(enabled=is_connector('host') and not lacks_entity('campaigns')) }}

{{ rows_of_host() }}
