{#
  landing.phone_numbers: how each raw phone reads in E.164. scripts/normalise_contacts.py fills it, models only read it.
  Called at the start of every run, so that a build on an empty warehouse finds the table.
#}
{% macro create_phone_numbers_table() %}
    {%- if execute -%}
        {%- do adapter.create_schema(api.Relation.create(database=target.get('database'), schema='landing')) -%}
    {%- endif -%}
    create table if not exists {{ source('landing', 'phone_numbers') }} (
        raw_phone {{ dbt.type_string() }},
        country_code {{ dbt.type_string() }},
        e164 {{ dbt.type_string() }},
        is_valid {{ dbt.type_boolean() }}
    )
{% endmacro %}


{#
  The country a phone is read with: the contact record's own, else the setting default_country_code, else '' (unknown).
  Part of the key of landing.phone_numbers, so a changed default reads the numbers again.
  The command that reads phones renders this macro too (rekindle.ground.rules).
#}
{% macro phone_country(country_code) -%}
    coalesce(nullif(upper(trim({{ country_code }})), ''), '{{ (setting("default_country_code") or "") | upper }}')
{%- endmacro %}


{# A raw phone that holds anything at all: spaces alone are no phone, and nobody should be asked to normalise them. #}
{% macro has_phone(phone) -%}
    ({{ phone }} is not null and trim({{ phone }}) <> '')
{%- endmacro %}
