{{ config(enabled=is_connector('host') and not lacks_entity('offer_redemptions')) }}

{{ rows_of_host() }}
