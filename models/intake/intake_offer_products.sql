{{ valid_rows('offer_products') }}
