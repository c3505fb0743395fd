{{ config(enabled=is_connector('host') and not lacks_entity('message_events')) }}

{{ rows_of_host() }}
