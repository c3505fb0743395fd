{{ valid_rows('products') }}
