{{ config(enabled=is_connector('shopify')) }}

{{ shopify_order_rows(source('shopify', 'orders')) }}
