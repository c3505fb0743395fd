{{ config(enabled=is_connector('host') and not lacks_entity('order_lines')) }}

{{ rows_of_host() }}
