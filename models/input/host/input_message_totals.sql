{{ config(enabled=is_connector('host') and not lacks_entity('message_totals')) }}

{{ rows_of_host() }}
