{{ valid_rows('loyalty_movements') }}
