{{ valid_rows('contracts') }}
