{{ config(enabled=is_connector('host') and not lacks_entity('web_events')) }}

{{ rows_of_host() }}
