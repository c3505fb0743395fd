{{ valid_rows('identity_links') }}
