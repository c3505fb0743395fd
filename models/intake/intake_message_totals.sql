{{ valid_rows('message_totals') }}
