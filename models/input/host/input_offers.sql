{{ config(enabled=is_connector('host') and not lacks_entity('offers')) }}

{{ rows_of_host() }}
