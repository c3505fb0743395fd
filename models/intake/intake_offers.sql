{{ valid_rows('offers') }}
