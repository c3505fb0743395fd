{#
  How each platform wants an identifier before it is hashed. The same person has another hash on each platform, so nothing
  is shared between platforms but the primitives. Built from the dispatched macros of text.sql only: equal on every engine.
  scripts/rekindle/ground/rules.py renders these macros too, so that a file and a model can never disagree; the published
  test vectors of the platforms are in tests/fixtures/export/ad_platform_hash_vectors.csv.

  Every rule takes text and returns text; blank becomes null. Phones come in as E.164 (read before dbt).
  White space is [\s\v\p{Z}]: trim() alone keeps TAB and the no-break space.
#}
{% macro without_white_space(expression) -%}
    {{ regex_replace_all(expression, '[\\s\\x0B\\p{Z}]+', '') }}
{%- endmacro %}

{% macro trimmed(expression) -%}
    {{ regex_replace_all(expression, '^[\\s\\x0B\\p{Z}]+|[\\s\\x0B\\p{Z}]+$', '') }}
{%- endmacro %}

{% macro digits(expression) -%}
    {{ regex_replace_all(expression, '[^0-9]+', '') }}
{%- endmacro %}

{# As it is, without white space around it. #}
{% macro as_is(expression) -%}
    nullif({{ trimmed(expression) }}, '')
{%- endmacro %}

{# Google: no white space, lower case; of gmail.com and googlemail.com only, the dots and the +suffix of the local part go. #}
{% macro google_email(expression) -%}
    {%- set email = 'lower(' ~ without_white_space(expression) ~ ')' -%}
    {%- set local_part = regex_replace_all(email, '@.*$', '') -%}
    {%- set domain = regex_replace_all(email, '^.*@', '@') -%}
    nullif(case
        when {{ regex_like(email, '@(gmail|googlemail)\\.com$') }}
            then {{ dbt.concat([regex_replace_all(local_part, '\\.|\\+.*$', ''), domain]) }}
        else {{ email }}
    end, '')
{%- endmacro %}

{# Google: E.164 with its plus. #}
{% macro google_phone(expression) -%}
    nullif({{ regex_replace_all(expression, '[^0-9+]+', '') }}, '')
{%- endmacro %}

{#
  Google: names without a prefix (Mrs.), a suffix (Jr.), punctuation and white space around them, lower case; in the
  composed form, as platforms hash what customers typed. Google lists no prefixes and suffixes: these are the usual English ones.
#}
{% macro google_name(expression) -%}
    {%- set name = 'lower(' ~ trimmed(expression) ~ ')' -%}
    {%- set name = regex_replace_all(name, '^(mr|mrs|ms|miss|dr)[.\\s\\x0B\\p{Z}]+', '') -%}
    {%- set name = regex_replace_all(name, '[,\\s\\x0B\\p{Z}]+(jr|sr|ii|iii|iv)[.]?$', '') -%}
    nullif({{ trimmed(composed(regex_replace_all(name, '\\p{P}+', ''))) }}, '')
{%- endmacro %}

{# Google: ISO 3166-1 alpha-2 in capitals, not hashed. #}
{% macro google_country(expression) -%}
    nullif(upper({{ trimmed(expression) }}), '')
{%- endmacro %}

{# Meta: trimmed, lower case; no rule for gmail. #}
{% macro meta_email(expression) -%}
    nullif(lower({{ trimmed(expression) }}), '')
{%- endmacro %}

{# Meta: digits with the country code, no plus, no zeros in front. #}
{% macro meta_phone(expression) -%}
    nullif({{ regex_replace_all(digits(expression), '^0+', '') }}, '')
{%- endmacro %}

{# Meta: lower case, no punctuation, accents stay, in the composed form. #}
{% macro meta_name(expression) -%}
    nullif({{ trimmed(composed('lower(' ~ regex_replace_all(expression, '\\p{P}+', '') ~ ')')) }}, '')
{%- endmacro %}

{# Meta: city without white space and punctuation, lower case, in the composed form. #}
{% macro meta_city(expression) -%}
    nullif({{ composed('lower(' ~ regex_replace_all(expression, '[\\p{P}\\s\\x0B\\p{Z}]+', '') ~ ')') }}, '')
{%- endmacro %}

{# Meta: ISO 3166-1 alpha-2, lower case, hashed. #}
{% macro meta_country(expression) -%}
    nullif(lower({{ trimmed(expression) }}), '')
{%- endmacro %}

{# Meta: lower case, no white space; of a US ZIP+4 only the first five digits. #}
{% macro meta_postal_code(expression) -%}
    {%- set postal_code = 'lower(' ~ without_white_space(expression) ~ ')' -%}
    nullif(case
        when {{ regex_like(postal_code, '^[0-9]{5}-[0-9]{4}$') }} then substring({{ postal_code }}, 1, 5)
        else {{ postal_code }}
    end, '')
{%- endmacro %}

{# Meta: a date (YYYY-MM-DD) as YYYYMMDD. #}
{% macro meta_birth_date(expression) -%}
    nullif({{ digits(expression) }}, '')
{%- endmacro %}

{# TikTok: no white space, lower case. #}
{% macro tiktok_email(expression) -%}
    nullif(lower({{ without_white_space(expression) }}), '')
{%- endmacro %}

{# TikTok: its text says E.164 with the plus, its printed example hashes the digits; the example is what can be checked. #}
{% macro tiktok_phone(expression) -%}
    nullif({{ digits(expression) }}, '')
{%- endmacro %}

{# LinkedIn: trimmed, lower case. #}
{% macro linkedin_email(expression) -%}
    nullif(lower({{ trimmed(expression) }}), '')
{%- endmacro %}

{# Pinterest: trimmed, lower case. #}
{% macro pinterest_email(expression) -%}
    nullif(lower({{ trimmed(expression) }}), '')
{%- endmacro %}

{# X: the handle without its at sign, lower case. #}
{% macro x_user_id(expression) -%}
    nullif(lower({{ regex_replace_all(without_white_space(expression), '^@', '') }}), '')
{%- endmacro %}

{#
  Free text that is safe in a spreadsheet: control characters and bidirectional overrides become one space, and a text that
  would be read as a formula (= + - @, also their full-width forms) loses the signs in front (strip) or gets an apostrophe
  (escape). Both leave every other text as it is.
#}
{% macro formula_pattern() -%}
    ^[\s\x0B\p{Z}]*[=+@\x{FF1D}\x{FF0B}\x{FF20}\x{FF0D}-]
{%- endmacro %}

{% macro control_pattern() -%}
    [\x00-\x1F\x7F-\x{9F}\x{2028}-\x{202E}\x{2066}-\x{2069}]+
{%- endmacro %}

{% macro stripped_text(expression) -%}
    {%- set clean = regex_replace_all(expression, control_pattern(), ' ') -%}
    nullif({{ trimmed(regex_replace_all(clean, '^([\\s\\x0B\\p{Z}]*[=+@\\x{FF1D}\\x{FF0B}\\x{FF20}\\x{FF0D}-])+', '')) }}, '')
{%- endmacro %}

{% macro escaped_text(expression) -%}
    {%- set clean = trimmed(regex_replace_all(expression, control_pattern(), ' ')) -%}
    nullif(case
        when {{ regex_like(clean, formula_pattern()) }} then {{ dbt.concat(["''''", clean]) }}
        else {{ clean }}
    end, '')
{%- endmacro %}
