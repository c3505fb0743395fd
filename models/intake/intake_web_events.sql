{{ valid_rows('web_events') }}
