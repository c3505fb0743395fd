{{ valid_rows('offer_redemptions') }}
