{{ config(enabled=is_connector('host') and not lacks_entity('identity_links')) }}

{{ rows_of_host() }}
