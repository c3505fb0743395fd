{{ valid_rows('messages') }}
