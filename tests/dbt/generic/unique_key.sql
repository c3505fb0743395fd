{#
  The columns together name one row: no null in any of them and no two rows alike. One node instead of one per column.
  Fails with the keys (never other columns) and how often each occurs.
  numbered_within: one of two columns, within which the other is a small whole number. Then few groups are looked at
  row by row.
  may_be_null: those of the columns that may be, where two nulls are alike.
#}
{% test unique_key(model, columns, numbered_within=none, may_be_null=[]) %}

{% if numbered_within -%}
with suspects as (
    {{ repeated_numbers(model, numbered_within, (columns | reject('equalto', numbered_within) | list)[0]) }}
)

{% endif -%}
select
    {{ columns | join(',\n    ') }},
    count(*) as copies
from {{ model }}
{% if numbered_within -%}
where {{ numbered_within }} is null or {{ numbered_within }} in (select {{ numbered_within }} from suspects)
{% endif -%}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {% for column in columns if column not in may_be_null -%}
        or {{ column }} is null
    {% endfor %}

{% endtest %}
