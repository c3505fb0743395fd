{#
  Whether individual tracking needs a consent in a country, by a setting: '*' = everywhere, else a list of ISO codes. Where the
  list names any, a country that nobody knows ('') may be one of them.
#}
{% macro needs_consent_in(name, country_code) -%}
    {%- set countries = setting(name) -%}
    {%- if countries == '*' -%}
        true
    {%- elif not countries -%}
        false
    {%- else -%}
        {{ country_code }} in ('', '{{ countries | join("', '") }}')
    {%- endif -%}
{%- endmacro %}


{#
  True when what happened at an instant may be known: nothing restricts it, or it happened after consent. `permissions` is the
  alias of a left join with tracking_permissions.
#}
{% macro may_be_known(permissions, instant) -%}
    ({{ permissions }}.profile_id is null or coalesce({{ instant }} >= {{ permissions }}.permitted_from, false))
{%- endmacro %}
