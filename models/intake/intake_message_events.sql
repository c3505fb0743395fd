{{ valid_rows('message_events') }}
