{{ config(enabled=is_connector('host') and not lacks_entity('service_events')) }}

{{ rows_of_host() }}
