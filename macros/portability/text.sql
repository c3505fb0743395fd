{#
  Identifiers made from others. md5 through dbt.hash(): same 32 hex digits on DuckDB, Spark and Postgres.
  Parts are joined with '|' (a separator that no part of a key may be confused with is what keeps ('a','bc') and ('ab','c') apart);
  64 bits are kept: at 10 million profiles a collision has a chance of 3 in a million, and the uniqueness test on profiles would see it.
#}
{% macro hash_id(columns) -%}
    substring({{ dbt.hash(joined_by_bars(columns)) }}, 1, 16)
{%- endmacro %}

{# Texts in one, with a bar between them. #}
{% macro joined_by_bars(columns) -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- if not loop.first -%}{%- do parts.append("'|'") -%}{%- endif -%}
        {%- do parts.append(column) -%}
    {%- endfor -%}
    {{ dbt.concat(parts) }}
{%- endmacro %}

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

{#
  True when the pattern matches anywhere in the text. Patterns are RE2's, without a dollar sign but at an end, and with \s in brackets
  only. Java has the same syntax for them and three other meanings, which spark_pattern() takes out.
#}
{% macro regex_like(expression, pattern) -%}
    {{ return(adapter.dispatch('regex_like', 'rekindle')(expression, pattern)) }}
{%- endmacro %}

{% macro default__regex_like(expression, pattern) -%}
    regexp_matches({{ expression }}, '{{ pattern }}')
{%- endmacro %}

{% macro spark__regex_like(expression, pattern) -%}
    ({{ expression }} rlike '{{ rekindle.spark_pattern(pattern) }}')
{%- endmacro %}

{#
  A pattern of RE2 for Java: its $ also stands before a last line break, its dot leaves out five signs instead of one, and its \s holds
  one more.
#}
{% macro spark_pattern(pattern) -%}
    (?d){{ pattern | replace('$', '\\z') | replace('\\s', '\\t\\n\\f\\r ') | replace('\\', '\\\\') }}
{%- endmacro %}

{# Every match replaced. DuckDB replaces only the first match unless told 'g', and writes groups as \1; Spark replaces all, $1. #}
{% macro regex_replace_all(expression, pattern, replacement) -%}
    {{ return(adapter.dispatch('regex_replace_all', 'rekindle')(expression, pattern, replacement)) }}
{%- endmacro %}

{% macro default__regex_replace_all(expression, pattern, replacement) -%}
    regexp_replace({{ expression }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro spark__regex_replace_all(expression, pattern, replacement) -%}
    regexp_replace({{ expression }}, '{{ rekindle.spark_pattern(pattern) }}', '{{ replacement | replace("\\", "$") }}')
{%- endmacro %}

{#
  E-mail as the identity layer compares it, when it is a plain one: white space removed at both ends (trim() alone keeps TAB), lower
  case, and bare. Every other e-mail is spelled before dbt (macros/identity/email_addresses.sql): engines disagree on lower('İ').
  Not the platforms' normalisation: each ad platform has its own rule, applied at export.
#}
{% macro normalised_email(expression) -%}
    {%- set written = 'lower(' ~ regex_replace_all(expression, '^[\\s\\p{Z}]+|[\\s\\p{Z}]+$', '') ~ ')' -%}
    nullif(case when {{ regex_like(written, '[<:\\s]|^[^a-z0-9]|[^a-z0-9]$') }} then {{ bare_email(written) }} else {{ written }} end, '')
{%- endmacro %}

{#
  An e-mail without what a mail program, a link, a list or a name server writes around it: quotes, brackets and separators as in
  'ann@example.com'; white space around its @, <ann@example.com>, "Ann" <ann@example.com>, mailto:ann@example.com?subject=…,
  ann@example.com. with the dot of the root. A name that is an address itself stays: which one is meant? In the pattern \x27 is the
  quote that no engine lets stand in a text as another does. scripts/rekindle/addresses/spelling.py does the same with e-mails that are not plain.
#}
{% macro bare_email(expression) -%}
    {%- set around = '^[\\s"\\x27\\[(,;]+|[\\s"\\x27\\]),;]+$' -%}
    {%- set trimmed = regex_replace_all(expression, around, '') -%}
    {%- set inside = regex_replace_all(trimmed, '^[^<>@]*<([^<>]+)>$', '\\1') -%}
    {%- set linked = regex_replace_all(regex_replace_all(inside, around, ''), '^mailto:([^?]+)([?].*)?$', '\\1') -%}
    {%- set joined = regex_replace_all(linked, '[\\s]*@[\\s]*', '@') -%}
    {{ regex_replace_all(joined, '(@[^@]*[^.])[.]$', '\\1') }}
{%- endmacro %}

{# Whether an e-mail is plain: printable ASCII and white space of ASCII only. Nearly all are. #}
{% macro is_plain_email(expression) -%}
    {{ regex_like(expression, '^[\\s -~]*$') }}
{%- endmacro %}

{#
  Text in one composed form (NFC): the same letters may be written with one sign or with two. DuckDB: nfc_normalize(). Spark 3.5 has
  no such function: there, a job that hashes names registers one of that name.
#}
{% macro composed(expression) -%}
    {{ return(adapter.dispatch('composed', 'rekindle')(expression)) }}
{%- endmacro %}

{% macro default__composed(expression) -%}
    nfc_normalize({{ expression }})
{%- endmacro %}

{#
  A name for comparing: letters and digits only, without accents, lower case; null when nothing is left. translate() takes one sign
  for another on every engine, Latin and Greek letters with accents for their plain ones; combining accents are no letters. The Greek
  sigma has a second small letter for the end of a word, which Spark's lower() writes and DuckDB's does not.
#}
{% macro folded_name(expression) -%}
    {%- set accented = 'ÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝàáâãäåçèéêëìíîïñòóôõöùúûüýÿĀāĂăĄąĆćĈĉĊċČčĎďĒēĔĕĖėĘęĚěĜĝĞğĠġĢģĤĥĨĩĪīĬĭĮįİĴĵ'
        ~ 'ĶķĹĺĻļĽľŃńŅņŇňŌōŎŏŐőŔŕŖŗŘřŚśŜŝŞşŠšŢţŤťŨũŪūŬŭŮůŰűŲųŴŵŶŷŸŹźŻżŽžẠạẢảẤấẦầẨẩẪẫẬậẮắẰằẲẳẴẵẶặẸẹẺẻẼẽẾếỀềỂểỄễỆ'
        ~ 'ệỈỉỊịỌọỎỏỐốỒồỔổỖỗỘộỚớỜờỞởỠỡỢợỤụỦủỨứỪừỬửỮữỰựỲỳỴỵỶỷỸỹØøŁłĐđıĦħŦŧΆΈΉΊΌΎΏΪΫΐάέήίΰόύώϊϋΣς' -%}
    {%- set plain = 'aaaaaaceeeeiiiinooooouuuuyaaaaaaceeeeiiiinooooouuuuyyaaaaaaccccccccddeeeeeeeeeegggggggghhiiiiiiiiijj'
        ~ 'kkllllllnnnnnnoooooorrrrrrssssssssttttuuuuuuuuuuuuwwyyyzzzzzzaaaaaaaaaaaaaaaaaaaaaaaaeeeeeeeeeeeeeee'
        ~ 'eiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyyoollddihhttαεηιουωιυιαεηιυουωιυσσ' -%}
    {# most names are ASCII, and translate() is slow -#}
    {%- set unaccented = "case when " ~ regex_like(expression, '^[ -~]*$') ~ " then " ~ expression
        ~ " else translate(" ~ expression ~ ", '" ~ accented ~ "', '" ~ plain ~ "') end" -%}
    nullif(lower({{ regex_replace_all(unaccented, '[^\\p{L}\\p{N}]+', '') }}), '')
{%- endmacro %}

{# What follows the @ of an e-mail, as the identity layer compares it. #}
{% macro email_domain(expression) -%}
    {{ dbt.split_part(normalised_email(expression), "'@'", 2) }}
{%- endmacro %}

{#
  Whether a list of words joined by '>' (as the seeds write channels and steps) holds a word.
  No engine agrees with another on arrays; position() they share.
#}
{% macro list_holds(list, word) -%}
    {{ dbt.position(dbt.concat(["'>'", word, "'>'"]), dbt.concat(["'>'", list, "'>'"])) }} > 0
{%- endmacro %}

{# Where a word stands in such a list: smaller is earlier. For ordering only. #}
{% macro place_in_list(list, word) -%}
    {{ dbt.position(dbt.concat(["'>'", word, "'>'"]), dbt.concat(["'>'", list, "'>'"])) }}
{%- endmacro %}

{#
  The first 32 bits of a sha256 as a number modulo 10,000: the bucket of a draw without dice, the same in Python
  (int(hashlib.sha256(text).hexdigest()[:8], 16) % 10000). DuckDB reads '0x…' as a number; Spark has conv().
#}
{% macro hash_bucket(expression) -%}
    {{ return(adapter.dispatch('hash_bucket', 'rekindle')(expression)) }}
{%- endmacro %}

{% macro default__hash_bucket(expression) -%}
    cast(cast('0x' || substring({{ sha256_hex(expression) }}, 1, 8) as bigint) % 10000 as integer)
{%- endmacro %}

{% macro spark__hash_bucket(expression) -%}
    cast(cast(conv(substring({{ sha256_hex(expression) }}, 1, 8), 16, 10) as bigint) % 10000 as integer)
{%- endmacro %}

{#
  A JSON object as text, keys in the order given, nulls kept. Values are strings, integers, decimals or booleans: a double has
  no text that engines agree on. DuckDB: json_object(). Spark: to_json() drops nulls unless told not to.
#}
{% macro json_object(pairs) -%}
    {{ return(adapter.dispatch('json_object', 'rekindle')(pairs)) }}
{%- endmacro %}

{% macro default__json_object(pairs) -%}
    cast(json_object(
        {%- for key, value in pairs.items() %}
        '{{ key }}', {{ value }}{{ ',' if not loop.last }}
        {%- endfor %}
    ) as string)
{%- endmacro %}

{% macro spark__json_object(pairs) -%}
    to_json(
        named_struct(
            {%- for key, value in pairs.items() %}
            '{{ key }}', {{ value }}{{ ',' if not loop.last }}
            {%- endfor %}
        ),
        map('ignoreNullFields', 'false')
    )
{%- endmacro %}

{# `"key":value` of a key that stands in a column: letters, digits and underscores, as the seeds' tests demand. #}
{% macro json_pair(key, value) -%}
    {%- set object = json_object({'v': value}) -%}
    {{ dbt.concat(["'\"'", key, "'\":'", "substr(" ~ object ~ ", 6, length(" ~ object ~ ") - 6)"]) }}
{%- endmacro %}

{#
  Several JSON objects, as json_object() writes them, as one: their keys behind one another; one that is null adds nothing.
  concat_ws() leaves out nulls on every engine.
#}
{% macro json_objects_as_one(objects) -%}
    {%- set insides = [] -%}
    {%- for object in objects -%}
        {%- do insides.append("nullif(substr(" ~ object ~ ", 2, length(" ~ object ~ ") - 2), '')") -%}
    {%- endfor -%}
    {{ dbt.concat(["'{'", "concat_ws(',', " ~ insides | join(', ') ~ ")", "'}'"]) }}
{%- endmacro %}

{# Whether a text is a JSON object. DuckDB: json_type() of a text that may not be JSON at all. Spark: get_json_object() of the root. #}
{% macro is_json_object(expression) -%}
    {{ return(adapter.dispatch('is_json_object', 'rekindle')(expression)) }}
{%- endmacro %}

{% macro default__is_json_object(expression) -%}
    coalesce(json_type(try_cast({{ expression }} as json)) = 'OBJECT', false)
{%- endmacro %}

{% macro spark__is_json_object(expression) -%}
    coalesce(substring(get_json_object({{ expression }}, '$'), 1, 1) = '{', false)
{%- endmacro %}
