{# a confirmation of 1970 is the zero of some system, and confirms nothing #}
{{ valid_rows(
    'consents', blank={'double_opt_in_confirmed_at': is_implausible_stamp('double_opt_in_confirmed_at', 'extracted_at')}
) }}
