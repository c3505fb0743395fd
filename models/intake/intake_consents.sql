{{ valid_rows('consents') }}
