{{ config(enabled=is_connector('host') and not lacks_entity('products')) }}

{{ rows_of_host() }}
