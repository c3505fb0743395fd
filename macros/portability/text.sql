{#
  Identifiers made from others. md5 through dbt.hash(): same 32 hex digits on DuckDB, Spark and Postgres.
  Parts are joined with '|' (a separator that no part of a key may be confused with is what keeps ('a','bc') and ('ab','c') apart);
  64 bits are kept: at 10 million profiles a collision has a chance of 3 in a million, and the uniqueness test on profiles would see it.
#}
{% macro hash_id(columns) -%}
    substring({{ dbt.hash(dbt.concat(interleave(columns))) }}, 1, 16)
{%- endmacro %}

{% macro interleave(columns) %}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- if not loop.first -%}{%- do parts.append("'|'") -%}{%- endif -%}
        {%- do parts.append(column) -%}
    {%- endfor -%}
    {{ return(parts) }}
{% endmacro %}

{# sha256 as 64 lowercase hex digits. DuckDB: sha256(text). Spark: sha2(text, 256). #}
{% macro sha256_hex(expression) -%}
    {{ return(adapter.dispatch('sha256_hex', 'rekindle')(expression)) }}
{%- endmacro %}

{% macro default__sha256_hex(expression) -%}
    sha256({{ expression }})
{%- endmacro %}

{% macro spark__sha256_hex(expression) -%}
    sha2({{ expression }}, 256)
{%- endmacro %}

{# True when the pattern (RE2 and Java syntax in common) matches anywhere in the text. #}
{% macro regex_like(expression, pattern) -%}
    {{ return(adapter.dispatch('regex_like', 'rekindle')(expression, pattern)) }}
{%- endmacro %}

{% macro default__regex_like(expression, pattern) -%}
    regexp_matches({{ expression }}, '{{ pattern }}')
{%- endmacro %}

{% macro spark__regex_like(expression, pattern) -%}
    ({{ expression }} rlike '{{ pattern | replace("\\", "\\\\") }}')
{%- endmacro %}

{# Every match replaced. DuckDB replaces only the first match unless told 'g'; Spark replaces all. #}
{% macro regex_replace_all(expression, pattern, replacement) -%}
    {{ return(adapter.dispatch('regex_replace_all', 'rekindle')(expression, pattern, replacement)) }}
{%- endmacro %}

{% macro default__regex_replace_all(expression, pattern, replacement) -%}
    regexp_replace({{ expression }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro spark__regex_replace_all(expression, pattern, replacement) -%}
    regexp_replace({{ expression }}, '{{ pattern | replace("\\", "\\\\") }}', '{{ replacement }}')
{%- endmacro %}

{#
  E-mail as the identity layer compares it: white space removed at both ends (trim() alone keeps TAB and NBSP), lower case.
  Not the platforms' normalisation: each ad platform has its own rule, applied at export.
#}
{% macro normalised_email(expression) -%}
    nullif(lower({{ regex_replace_all(expression, '^[\\s\\p{Z}]+|[\\s\\p{Z}]+$', '') }}), '')
{%- endmacro %}
