{{ config(enabled=is_connector('host') and not lacks_entity('contact_preferences')) }}

{{ rows_of_host() }}
