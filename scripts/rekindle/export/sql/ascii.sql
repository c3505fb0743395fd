{#
  How many rows of the audience have a letter outside of ASCII in a column whose pattern knows the letters of all scripts.
#}
{%- from 'raw.sql' import raw with context -%}

{%- set spelled = ["''"] -%}
{%- for column in table.columns if column.kind in ('email', 'id') -%}
    {%- do spelled.append(raw(column)) -%}
{%- endfor %}
select count(*)
from (select concat({{ spelled | join(', ') }}) as spelled from {{ rows }} as audience)
where strlen(spelled) <> length(spelled)
