{{ config(enabled=is_connector('host') and not lacks_entity('loyalty_movements')) }}

{{ rows_of_host() }}
