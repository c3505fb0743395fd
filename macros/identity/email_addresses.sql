{#
  landing.email_addresses: how each raw e-mail that is not plain (accents, other scripts, invisible characters) is spelled.
  scripts/normalise_contacts.py fills it, models only read it. Called at the start of every run, so that a build on an empty
  warehouse finds the table.
#}
{% macro create_email_addresses_table() %}
    create table if not exists {{ source('landing', 'email_addresses') }} (
        raw_email {{ dbt.type_string() }},
        email {{ dbt.type_string() }},
        is_valid {{ dbt.type_boolean() }}
    )
{% endmacro %}


{#
  The one spelling of an e-mail: a plain one is spelled here, another one by its row in the look-up (an alias of
  landing.email_addresses, joined on the raw e-mail); null when nobody has read it, or nobody could.
#}
{% macro spelled_email(expression, look_up) -%}
    case when {{ is_plain_email(expression) }} then {{ normalised_email(expression) }} else {{ look_up }}.email end
{%- endmacro %}
