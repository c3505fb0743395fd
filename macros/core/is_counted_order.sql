{#
  Whether a row of fct_orders is an order in counts (R and F of RFM); amounts need no such question, they are sums of lines.
  An order whose lines were all rejected, or never came, did happen but shows no amount: the setting says whether it counts.
#}
{% macro is_counted_order() -%}
    order_status = 'completed'{{ '' if setting('count_orders_without_lines') else ' and line_count > 0' }}
{%- endmacro %}
