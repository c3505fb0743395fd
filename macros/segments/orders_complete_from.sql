{#
  The first day from which every order is known (setting orders_complete_from); without the setting a day before all.
  Earlier orders, of an archive of some customers, count for these customers; nothing is learned from them about all.
#}
{% macro orders_complete_from() -%}
    cast('{{ setting('orders_complete_from') or '1900-01-01' }}' as date)
{%- endmacro %}
