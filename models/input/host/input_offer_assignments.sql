{{ config(enabled=is_connector('host') and not lacks_entity('offer_assignments')) }}

{{ rows_of_host() }}
