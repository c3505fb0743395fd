{#
  True when the text has the shape of one e-mail address: something@domain.tld, without spaces, brackets, commas or two dots
  in a row. Letters of any script are welcome. No look at the mailbox: whether it exists is the bounce's business.
#}
{% macro is_readable_email(expression) -%}
    coalesce({{ regex_like(
        normalised_email(expression),
        '^[^\\s\\p{Z}@<>()\\[\\],;:".]+(\\.[^\\s\\p{Z}@<>()\\[\\],;:".]+)*@([^\\s\\p{Z}@<>()\\[\\],;:"./_]+\\.)+[^\\s\\p{Z}@<>()\\[\\],;:"./_]{2,63}$'
    ) }}, false)
{%- endmacro %}


{# True when there is an e-mail and it cannot be read. Blanked in intake_contacts, counted in rejected_contacts. #}
{% macro is_unreadable_email(expression) -%}
    ({{ normalised_email(expression) }} is not null and not {{ is_readable_email(expression) }})
{%- endmacro %}


{# True when nobody living was born then: before 1900 or after the extraction. The date is blanked, the customer stays. #}
{% macro is_implausible_birth_date(birth_date, extracted_at) -%}
    coalesce({{ birth_date }} < cast('1900-01-01' as date) or {{ birth_date }} > cast({{ extracted_at }} as date), false)
{%- endmacro %}
