{#
  True when the text has the shape of one e-mail address: something@domain.tld, without spaces, brackets, commas or two dots
  in a row. For plain e-mails; scripts/rekindle/addresses/spelling.py has the same rule for the others. No look at the mailbox: whether it exists is the bounce's business.
#}
{% macro is_readable_email(expression) -%}
    coalesce({{ regex_like(
        normalised_email(expression),
        '^[^\\s\\p{Z}@<>()\\[\\],;:".]+(\\.[^\\s\\p{Z}@<>()\\[\\],;:".]+)*@([a-z0-9-]+\\.)+[a-z0-9-]{2,63}$'
    ) }}, false)
{%- endmacro %}


{#
  True when there is an e-mail and it cannot be read. Blanked in intake_contacts, counted in rejected_contacts. One that is not plain is
  judged before dbt (macros/identity/email_addresses.sql); until then it stays, and identifies nobody.
#}
{% macro is_unreadable_email(expression) -%}
    (
        {{ normalised_email(expression) }} is not null
        and (
            ({{ is_plain_email(expression) }} and not {{ is_readable_email(expression) }})
            or {{ expression }} in (
                select unreadable.raw_email
                from {{ source('landing', 'email_addresses') }} as unreadable
                where not unreadable.is_valid
            )
        )
    )
{%- endmacro %}


{# True when nobody living was born then: before 1900 or after the extraction. The date is blanked, the customer stays. #}
{% macro is_implausible_birth_date(birth_date, extracted_at) -%}
    coalesce({{ birth_date }} < cast('1900-01-01' as date) or {{ birth_date }} > cast({{ extracted_at }} as date), false)
{%- endmacro %}
