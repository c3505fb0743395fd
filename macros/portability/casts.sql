{#
  try_cast: null instead of an error when the text does not fit the type.
  DuckDB: try_cast(). Spark 3.5: try_cast() as well, but a bad plain cast is also null there unless ANSI mode is on.
  dbt.safe_cast() is a plain cast on DuckDB: it raises, and the error prints the value, which may be personal data.

  A stamp that carries a zone (…+02:00, …Z, … UTC) is null: DuckDB would drop the offset and keep the wall clock, Spark would not.
  instant() reads those. So is a text that one engine alone would read. typeof() is known before any row is read: a column that is no
  text costs nothing.
#}
{% macro try_cast(expression, data_type) -%}
    {%- set kind = data_type | lower | replace(' ', '') -%}
    {%- if kind in ['integer', 'bigint', 'decimal(18,2)'] -%}
        {{ return(rekindle.exact_number(expression, data_type)) }}
    {%- endif -%}
    {%- set cast_expression = adapter.dispatch('try_cast', 'rekindle')(expression, data_type) -%}
    {%- if kind not in ['date', 'timestamp'] -%}
        {{ return(cast_expression) }}
    {%- endif -%}
    {%- set trimmed = 'trim(cast(' ~ expression ~ ' as ' ~ dbt.type_string() ~ '))' -%}
    case
        when not {{ rekindle.is_text(expression) }} then {{ cast_expression }}
        when {{ rekindle.is_written_as(kind, trimmed) }} then {{ adapter.dispatch('try_cast', 'rekindle')(trimmed, data_type) }}
    end
{%- endmacro %}

{#
  Whether a text is a date, or a stamp without a zone, as every engine reads it: 2024-02-03, 2024/2/3, 2024-02-03T10:05, 2024-02-03 9:05:30.5.
  Beyond that each engine has readings of its own: 12:30 is today on Spark, 2024 is its first day, and 24-02-03 is of the year 24 on DuckDB.
  A date may have anything behind it. Blanks around a text are no part of it.
#}
{% macro is_written_as(kind, expression) -%}
    {%- set day = '([0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{4}/[0-9]{1,2}/[0-9]{1,2})' -%}
    {%- set time = '([T ]([01]?[0-9]|2[0-3]):[0-9]{1,2}(:[0-9]{1,2}([.][0-9]*)?)?)?' -%}
    {%- set pattern = '^' ~ day ~ '([T ]|$)' if kind == 'date' else '^' ~ day ~ time ~ '$' -%}
    {{ rekindle.regex_like(expression, pattern) }}
{%- endmacro %}

{#
  A number of pieces or of money, or null when the type would make another number of it: engines round 2.5 pieces to 3 or to 2, and 1.005
  to 1.01 or to 1.00, without a word. What a computer writes for 12.34 (12.340000000000001, 12.3400) is 12.34. A text of one to three digits, a
  point and three digits (1.234, 12.500) is none: half of Europe writes thousands so, and nobody can tell which was meant. DuckDB also
  casts 1_000 and 0x1F; such texts are no numbers here, on any engine.
#}
{% macro exact_number(expression, data_type) -%}
    {%- set number = adapter.dispatch('try_cast', 'rekindle')(expression, data_type) -%}
    {%- set double = adapter.dispatch('try_cast', 'rekindle')(expression, 'double') -%}
    {%- set text = 'cast(' ~ expression ~ ' as string)' -%}
    {%- set type_name = rekindle.type_name(expression) -%}
    {# these are exact already; what is known of a type is known before any row is read -#}
    {%- set exact = ['integer', 'int', 'bigint', 'decimal(18,2)'] -%}
    {%- set exact = exact[:{'integer': 2, 'bigint': 3}.get(data_type | lower, 4)] -%}
    case
        when
            {{ rekindle.is_text(expression) }}
            and (
                not {{ regex_like(text, '^[\\s]*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?[\\s]*$') }}
                or {{ regex_like(text, '^[\\s]*[+-]?[1-9][0-9]{0,2}[.][0-9]{3}[\\s]*$') }}
            )
            then null
        when
            {{ type_name }} not in ('{{ exact | join("', '") }}')
            and abs(cast({{ number }} as double) - {{ double }})
            >= 0.00001 + case when {{ type_name }} = 'float' then 0.0000001 * abs({{ double }}) else 0 end
            then null
        else {{ number }}
    end
{%- endmacro %}

{#
  The number that a text with a decimal comma is: 1.234,50 and 1234,5. Points part thousands there and stand between groups of three
  digits; 12.50 among such texts is null, since without its point it would be a hundred times as much.
#}
{% macro decimal_comma(expression, data_type='decimal(18,2)') -%}
    case
        when {{ rekindle.regex_like(expression, '^[ ]*[+-]?([0-9]{1,3}([.][0-9]{3})+|[0-9]+)(,[0-9]+)?[ ]*$') }}
            then {{ rekindle.try_cast("replace(replace(" ~ expression ~ ", '.', ''), ',', '.')", data_type) }}
    end
{%- endmacro %}

{# The name that the engine has for the type of an expression, in small letters. #}
{% macro type_name(expression) -%}
    lower(typeof({{ expression }}))
{%- endmacro %}

{# Whether it is text, which engines call varchar or string. #}
{% macro is_text(expression) -%}
    {{ rekindle.type_name(expression) }} in ('varchar', 'string')
{%- endmacro %}

{% macro default__try_cast(expression, data_type) -%}
    try_cast({{ expression }} as {{ data_type }})
{%- endmacro %}

{#
  Of texts Spark reads other numbers, dates and words: 2.0 and 1e3 are no whole numbers to it, 2024/02/03 is no date, and a word may
  have blanks around it.
#}
{% macro spark__try_cast(expression, data_type) -%}
    {%- set kind = data_type | lower -%}
    {%- set text = 'cast(' ~ expression ~ ' as string)' -%}
    {%- set plain = 'try_cast(' ~ expression ~ ' as ' ~ data_type ~ ')' -%}
    {%- if kind in ['integer', 'bigint'] -%}
        {%- set read = 'round(try_cast(' ~ text ~ ' as decimal(38, 10)))' -%}
    {%- elif kind in ['date', 'timestamp'] -%}
        {%- set read = 'replace(' ~ text ~ ", '/', '-')" -%}
    {%- elif kind == 'boolean' -%}
        {%- set read = 'case when ' ~ rekindle.regex_like(text, '^[A-Za-z01]+$') ~ ' then ' ~ text ~ ' end' -%}
    {%- else -%}
        {{ return(plain) }}
    {%- endif -%}
    case when {{ rekindle.is_text(expression) }} then try_cast({{ read }} as {{ data_type }}) else {{ plain }} end
{%- endmacro %}

{#
  The UTC timestamp of a stamp that carries its zone: an offset (+02:00, +0200, +02, also after a blank), Z, UTC or GMT. Text or a
  column with a time zone. Null for everything else: without a zone nobody knows the instant (local_to_utc() reads the local time
  of the business), short names of zones mean different things in different countries, and no zone is further than 14 hours away.
  The text gets one spelling first, with +hh:mm, which both engines read; the session's time zone is UTC (profiles.yml).
#}
{% macro instant(expression) -%}
    {%- set text = 'cast(' ~ expression ~ ' as ' ~ dbt.type_string() ~ ')' -%}
    {%- set trimmed = rekindle.regex_replace_all('upper(' ~ text ~ ')', '^[\\s]+|[\\s]+$', '') -%}
    {%- set offset = rekindle.regex_replace_all(trimmed, '[ ]*(Z|UTC|GMT)$', '+00:00') -%}
    {%- set colon = rekindle.regex_replace_all(offset, '[ ]*([+-][0-9]{2}):?([0-9]{2})$', '\\1:\\2') -%}
    {%- set minutes = rekindle.regex_replace_all(colon, '(:[0-9]{2}([.][0-9]+)?)[ ]*([+-][0-9]{2})$', '\\1\\3:00') -%}
    {%- set spelled = rekindle.regex_replace_all(minutes, '([T ][0-9]{2}:[0-9]{2})([+-])', '\\1:00\\2') -%}
    {%- set pattern = '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?[+-](0[0-9]|1[0-4]):[0-5][0-9]$' -%}
    case when {{ rekindle.regex_like(spelled, pattern) }} then {{ adapter.dispatch('instant_of_text', 'rekindle')(spelled) }} end
{%- endmacro %}

{# The UTC timestamp of a stamp that is UTC unless it carries another zone. #}
{% macro utc_unless_zoned(expression) -%}
    coalesce({{ rekindle.try_cast(expression, 'timestamp') }}, {{ rekindle.instant(expression) }})
{%- endmacro %}

{% macro default__instant_of_text(text) -%}
    timezone('UTC', try_cast({{ text }} as timestamptz))
{%- endmacro %}

{% macro spark__instant_of_text(text) -%}
    try_cast({{ text }} as timestamp)
{%- endmacro %}
