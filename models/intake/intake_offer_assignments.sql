{{ valid_rows('offer_assignments') }}
