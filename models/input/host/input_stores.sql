{{ config(enabled=is_connector('host') and not lacks_entity('stores')) }}

{{ rows_of_host() }}
