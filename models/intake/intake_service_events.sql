{{ valid_rows('service_events') }}
