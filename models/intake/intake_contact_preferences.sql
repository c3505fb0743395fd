{{ valid_rows('contact_preferences') }}
