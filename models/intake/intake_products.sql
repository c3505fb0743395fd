{{ valid_rows('products', blank={'margin_share': is_outside('margin_share', 0, 1)}) }}
