{# The gates, in order. What each means: docs/decisions-ledger.md. #}
{% macro gates() %}
    {{ return([
        'not_erased', 'not_stopped', 'reachable', 'consented', 'not_suppressed', 'not_cooling_down', 'not_held_out',
        'under_pressure_cap', 'won_arbitration',
    ]) }}
{% endmacro %}


{# Channels, with the flag of profile_contacts that says there is an address that works. #}
{% macro channel_flags() %}
    {{ return({
        'email': 'is_email_valid',
        'sms': 'is_sms_phone_valid',
        'phone': 'is_call_phone_valid',
        'post': 'is_post_valid',
        'push': 'has_push',
        'ads': 'is_ads_valid',
    }) }}
{% endmacro %}
