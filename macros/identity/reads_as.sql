{#
  Whether an address as somebody wrote it is the one that identity knows: an e-mail by its spelling, a phone by its digits
  (a declared phone is one of the person's own, so the last nine digits tell which).
#}
{% macro reads_as(written, known) -%}
    case
        when {{ dbt.position("'@'", known) }} > 0 then {{ normalised_email(written) }} = {{ known }}
        else {{ dbt.right(regex_replace_all(written, '[^0-9]+', ''), 9) }} = {{ dbt.right(known, 9) }}
    end
{%- endmacro %}
