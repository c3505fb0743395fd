{{ config(enabled=is_connector('host') and not lacks_entity('contracts')) }}

{{ rows_of_host() }}
