{{ valid_rows('erasure_requests') }}
