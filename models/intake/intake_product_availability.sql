{{ valid_rows('product_availability') }}
