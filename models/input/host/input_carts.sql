{{ config(enabled=is_connector('host') and not lacks_entity('carts')) }}

{{ rows_of_host() }}
