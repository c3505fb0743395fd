{{ valid_rows('carts') }}
