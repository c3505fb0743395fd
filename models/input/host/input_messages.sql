{{ config(enabled=is_connector('host') and not lacks_entity('messages')) }}

{{ rows_of_host() }}
