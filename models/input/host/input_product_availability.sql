{{ config(enabled=is_connector('host') and not lacks_entity('product_availability')) }}

{{ rows_of_host() }}
