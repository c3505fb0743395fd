{{ valid_rows('media_results') }}
