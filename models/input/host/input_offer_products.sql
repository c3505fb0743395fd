{{ config(enabled=is_connector('host') and not lacks_entity('offer_products')) }}

{{ rows_of_host() }}
