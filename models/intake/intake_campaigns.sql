{{ valid_rows('campaigns') }}
