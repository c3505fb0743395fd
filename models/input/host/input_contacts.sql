{{ config(enabled=is_connector('host') and not lacks_entity('contacts')) }}

{{ rows_of_host() }}
