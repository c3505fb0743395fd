{# The gates, in order. What each means: docs/decisions-ledger.md. #}
{% macro gates() %}
    {{ return([
        'not_erased', 'not_stopped', 'reachable', 'consented', 'not_suppressed', 'not_cooling_down', 'not_held_out',
        'under_pressure_cap', 'won_arbitration',
    ]) }}
{% endmacro %}


{#
  Channels: the kinds of address that reach somebody there (contact_addresses), and the flag of profile_contacts that says that
  one of them works and is consented to.
#}
{% macro contact_channels() %}
    {{ return({
        'email': {'address_kinds': ['email'], 'flag': 'is_email_valid'},
        'sms': {'address_kinds': ['phone'], 'flag': 'is_sms_phone_valid'},
        'phone': {'address_kinds': ['phone'], 'flag': 'is_call_phone_valid'},
        'post': {'address_kinds': ['post'], 'flag': 'is_post_valid'},
        'push': {'address_kinds': ['app'], 'flag': 'has_push'},
        'ads': {'address_kinds': ['email', 'phone'], 'flag': 'is_ads_valid'},
    }) }}
{% endmacro %}
