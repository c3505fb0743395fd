{#
  Every row of the audience as the platform wants it: person, c0 … cn (the file's columns), row_hash (everything that is no
  identifier) and reject ('reason|header' of the first thing that is wrong, null when nothing is). Hashed here and not when the
  file is written: names and cities come as dictionaries, so each of them is hashed once.

  Patterns have no counted repetition of Unicode classes: RE2 unrolls it, and compiling takes seconds. Once costs milliseconds, for
  each column of each feed, more than all the rest of a small audience: where all is ASCII, the classes are those of ASCII.
  A typed value that does not look like its type is rejected, never mended: +32… must not become text. Only a country that the
  platform can do without is left out, and counted in left_out: whoever is found by an address is not lost for it. Free text follows
  the feed's policy. What is hashed cannot be a formula.
#}
{%- from 'raw.sql' import raw with context -%}

{%- set letters, unseen = ('A-Za-z0-9', ' \\x00-\\x1F\\x7F') if is_ascii else ('\\p{L}\\p{N}', '\\p{Z}\\p{C}') -%}

{%- set patterns = {
    'email': '[' ~ letters ~ '_][^\\s' ~ unseen ~ '@<>()\\[\\],;:"\\\\]*@([' ~ letters ~ '-]+\\.)+[' ~ letters ~ '-]+',
    'e164': '\\+[1-9][0-9]{6,14}',
    'id': '[' ~ letters ~ '_][' ~ letters ~ '_.:>/|-]*',
    'hex64': '[0-9a-f]{64}',
    'country': '[A-Za-z]{2}',
    'language': '[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*',
    'number': '-?[0-9]{1,18}(\\.[0-9]{1,9})?',
} -%}

{%- set by = 'r' ~ table.channel_column ~ ', ' if feed.channel == '*' and table.channel_column is not none else '' -%}

{#- keys of who may be written to (or might have been, before a late no): at an address of a kind, or at all -#}
{%- macro written_to(permissions, address_kind=none) -%}
    select hash(profile_id, {{ 'channel, ' if by }}{{ 'address' if address_kind else '0' }}) from {{ permissions }}{{ " where address_kind = '" ~ address_kind ~ "'" if address_kind }}
{%- endmacro -%}

{%- macro addressless() -%}
    true{% for n in table.addresses %} and r{{ n }} is null{% endfor %}
{%- endmacro -%}

{%- macro looks_like(column, raw) -%}
    regexp_full_match({{ raw }}, '{{ patterns[column.kind] }}') and length({{ raw }}) <= 254
{%- endmacro -%}

{%- macro can_be_left_out(column) -%}
    {{ 'yes' if column.kind == 'country' and not column.required and not column.identifier }}
{%- endmacro -%}

{%- macro is_free_text(column) -%}
    {{ 'yes' if column.kind == 'text' and column.rule == 'as_is' and not column.hash }}
{%- endmacro -%}

{%- macro spelled(column, raw) -%}
    {%- if can_be_left_out(column) -%}
        case when {{ looks_like(column, raw) }} then {{ raw if column.rule == 'as_is' else rule(column.rule, raw) }} end
    {%- elif is_free_text(column) -%}
        {{ rule({'strip': 'stripped_text', 'escape': 'escaped_text', 'reject': 'as_is'}[feed.text_policy], raw) }}
    {%- elif column.rule == 'as_is' -%}
        {{ raw }}
    {%- else -%}
        {{ rule(column.rule, raw) }}
    {%- endif -%}
{%- endmacro -%}

create or replace temp table {{ table.staged }} as
with

raw as (
    select
        {{ ('cast(' ~ (target.person | name) ~ ' as varchar)') if has_person else 'cast(null as varchar)' }} as person
        {%- for column in table.columns %},
        {{ raw(column) }} as r{{ loop.index0 }}
        {%- endfor %}
    from {{ rows }} as audience
),

spelled as (
    select
        *
        {%- for column in table.columns %},
        {{ spelled(column, 'r' ~ loop.index0) }} as v{{ loop.index0 }}
        {%- endfor %}
    from raw
),

withdrawn as (
    select
        profile_id,
        bool_and(is_late) as is_late
    from withdrawals
    where {{ concerns }}
    group by profile_id
),

judged as (
    select
        spelled.person
        {%- for column in table.columns %},
        {%- set value = rule('sha256_hex', 'v' ~ loop.index0) if column.hash else 'v' ~ loop.index0 %}
        {%- if column.group %}
        case
            when true {%- for other in table.columns if other.group == column.group %} and v{{ table.columns.index(other) }} is not null {%- endfor %}
                then {{ value }}
        end as c{{ loop.index0 }}
        {%- else %}
        {{ value }} as c{{ loop.index0 }}
        {%- endif %}
        {%- endfor %},
        left(md5(concat_ws(chr(31), {{ described | text }}{% for column in table.columns if not column.identifier %}, coalesce(v{{ table.columns.index(column) }}, ''){% endfor %})), 16) as row_hash,
        0 {%- for column in table.columns if can_be_left_out(column) %}{% set raw = 'r' ~ table.columns.index(column) %} + case when not ({{ looks_like(column, raw) }}) then 1 else 0 end {%- endfor %} as left_out,
        case
            when withdrawn.is_late then 'late_no|'
            when withdrawn.profile_id is not null then 'withdrawn|'
            {%- if has_person %}
            {%- for n, address_kind in table.addresses.items() %}
            {%- set key = 'hash(spelled.person, ' ~ by ~ 'r' ~ n ~ ')' %}
            {%- set header = table.columns[n].header %}
            when r{{ n }} is not null and {{ key }} not in ({{ written_to(table.permitted, address_kind) }})
                then case when {{ key }} in ({{ written_to('(from late_closed where ' ~ permits ~ ')', address_kind) }}) then {{ ('late_no|' ~ header) | text }} else {{ ('not_permitted|' ~ header) | text }} end
            {%- endfor %}
            {%- if table.has_other_identifiers %}
            {%- set key = 'hash(spelled.person, ' ~ by ~ '0)' %}
            when {{ addressless() }} and {{ key }} not in ({{ written_to(table.permitted) }})
                then case when {{ key }} in ({{ written_to('(from late_closed where ' ~ permits ~ ')') }}) then 'late_no|' else 'not_permitted|' end
            {%- endif %}
            {%- endif %}
            {%- for column in table.columns %}
            {%- set raw, value = 'r' ~ loop.index0, 'v' ~ loop.index0 %}
            {%- if column.required %}
            when {{ value }} is null then {{ ('missing|' ~ column.header) | text }}
            {%- endif %}
            {%- if column.kind in patterns and not can_be_left_out(column) %}
            when not ({{ looks_like(column, raw) }}) then {{ ('not_' ~ column.kind ~ '|' ~ column.header) | text }}
            {%- elif column.kind == 'json' %}
            when not (json_valid({{ raw }}) and left({{ raw }}, 1) = '{') then {{ ('not_json|' ~ column.header) | text }}
            {%- elif is_free_text(column) and feed.text_policy == 'reject' %}
            when {{ matches('control_pattern', raw) }} then {{ ('control_character|' ~ column.header) | text }}
            when {{ matches('formula_pattern', raw) }} then {{ ('formula|' ~ column.header) | text }}
            {%- endif %}
            {%- if column.max_length %}
            when length({{ value }}) > {{ column.max_length }} then {{ ('too_long|' ~ column.header) | text }}
            {%- endif %}
            {%- if column.max_bytes %}
            when strlen({{ value }}) > {{ column.max_bytes }} then {{ ('too_long|' ~ column.header) | text }}
            {%- endif %}
            {%- endfor %}
            when coalesce({% for column in table.columns if column.identifier %}{{ 'v' ~ table.columns.index(column) }}{{ ', ' if not loop.last }}{% endfor %}) is null
                then 'no_identifier|'
        end as reject
    from spelled
    left join withdrawn on spelled.person = withdrawn.profile_id
)

select *
from judged
