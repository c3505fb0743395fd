{{ config(enabled=is_connector('host') and not lacks_entity('orders')) }}

{{ rows_of_host() }}
