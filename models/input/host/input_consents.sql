{{ config(enabled=is_connector('host') and not lacks_entity('consents')) }}

{{ rows_of_host() }}
