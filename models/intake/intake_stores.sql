{{ valid_rows('stores') }}
