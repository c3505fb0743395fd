{#
  A column of the file as the audience has it, before anything is judged.
#}
{%- macro raw(column) -%}
    {%- if column.fields -%}
        cast(to_json(struct_pack({% for each in column.fields %}{{ each | name }} := {{ each | name }}{{ ', ' if not loop.last }}{% endfor %})) as varchar)
    {%- elif column.source.startswith('content.') -%}
        case when json_valid(content) then json_extract_string(content, {{ ('$.' ~ column.source[8:]) | text }}) end
    {%- elif column.kind == 'date' -%}
        strftime({{ column.source | name }}, {{ target.date_format | text }})
    {%- elif column.kind == 'timestamp' -%}
        strftime({{ column.source | name }}, {{ target.timestamp_format | text }})
    {%- elif ' ' in column.source -%}
        nullif(concat_ws(' ', {{ column.source.split() | map('name') | join(', ') }}), '')
    {%- else -%}
        nullif(cast({{ column.source | name }} as varchar), '')
    {%- endif -%}
{%- endmacro -%}
