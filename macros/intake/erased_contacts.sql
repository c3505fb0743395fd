{#
  People who were erased stay out although the retailer's files still deliver them. landing.blocked_contacts, filled by
  scripts/ before a build (keys never pass through dbt), holds a digest per blocked record; the model intake_erased_contacts
  finds the records themselves in the raw data whenever it is read, so that no table names them.
#}

{#
  Made at the start of every run, so that a build on an empty warehouse finds them; dbt only reads them. Not by
  create_table_if_missing(): looking up a relation of a schema without models opens a transaction that nothing commits.
#}
{% macro create_landing_tables() %}
    {%- do run_query(create_phone_numbers_table()) -%}
    {%- do run_query(create_email_addresses_table()) -%}
    {%- do run_query(create_clv_parameters_table()) -%}
    {%- do run_query(
        "create table if not exists " ~ source('landing', 'blocked_contacts')
        ~ " (contact_digest " ~ dbt.type_string() ~ ")"
    ) -%}
    {%- do run_query(
        "create table if not exists " ~ source('landing', 'erasure_requests') ~ " (source_system " ~ dbt.type_string()
        ~ ", contact_id " ~ dbt.type_string() ~ ", requested_at " ~ dbt.type_timestamp() ~ ")"
    ) -%}
{% endmacro %}


{#
  How landing.blocked_contacts names a contact record: not by its contact_key, which is the profile id of an erased person.
  Commands render this macro too (rekindle.ground.rules).
#}
{% macro contact_digest(row) -%}
    {{ hash_id(["'erased'", row ~ '.source_system', row ~ '.contact_id']) }}
{%- endmacro %}


{#
  input_<entity> as intake judges it: an empty text is a missing one, and without the rows of erased people, found by the
  person_key of the contract. Their orders stay and belong to nobody: the till's total must stay what it was. The anti join costs
  nothing as long as nobody was erased.

  Of an id that a message of an erased person and one of somebody else have, nobody knows whose an event is: what may close somebody
  stays, for the other one, and what she may have read or not is gone.
#}
{% macro judged_input(entity) -%}
{%- set input = ref('input_' ~ entity) -%}
{%- set about = contract(entity) -%}
{%- if about['person_key'] == 'contact' and about['outlives_person'] -%}
(
    select
        {% for column in about['columns'] -%}
            {%- if column == 'contact_id' -%}
        case when erased.contact_id is null then {{ filled_text('all_rows.contact_id') }} end as contact_id
            {%- else -%}
        {{ judged_column(about, column) }}
            {%- endif -%}
        {{ ',\n        ' if not loop.last }}
        {%- endfor %}
    from {{ input }} as all_rows
    left join {{ ref('intake_erased_contacts') }} as erased
        on all_rows.source_system = erased.source_system and all_rows.contact_id = erased.contact_id
)
{%- elif not can_be_erased(entity) and not about['empty_is_missing'] -%}
{{ input }}
{%- elif about['person_key'] in ['contact', 'none'] -%}
(
    select
        {% for column in about['columns'] -%}
        {{ judged_column(about, column) }}{{ ',\n        ' if not loop.last }}
        {%- endfor %}
    from {{ input }} as all_rows
    {%- if about['person_key'] == 'contact' %}
    {{ anti_join() }} {{ ref('intake_erased_contacts') }} as erased
        on all_rows.source_system = erased.source_system and all_rows.contact_id = erased.contact_id
    {%- if 'linked_contact_id' in about['columns'] %}
    {{ anti_join() }} {{ ref('intake_erased_contacts') }} as linked
        on all_rows.linked_source_system = linked.source_system and all_rows.linked_contact_id = linked.contact_id
    {%- endif %}
    {%- endif %}
)
{%- else -%}
{%- set parent_key = contract(about['person_key'])['key'] -%}
{%- set keys_of_erased -%}
        select parents.{{ parent_key | join(', parents.') }}
        from {{ ref('input_' ~ about['person_key']) }} as parents
        inner join {{ ref('intake_erased_contacts') }} as erased
            on parents.source_system = erased.source_system and parents.contact_id = erased.contact_id
{%- endset -%}
(
    select all_rows.*
    from {{ input }} as all_rows
    {{ anti_join() }} (
        {{ keys_of_erased }}
    ) as erased
        on {% for column in parent_key %}{{ ' and ' if not loop.first }}all_rows.{{ column }} = erased.{{ column }}{% endfor %}
    {%- if entity == 'message_events' %}
    union all
    select all_rows.*
    from {{ input }} as all_rows
    inner join (
        select distinct of_others.message_id
        from {{ ref('input_messages') }} as of_others
        inner join (
            {{ keys_of_erased }}
        ) as shared
            on of_others.message_id = shared.message_id
        {{ anti_join() }} {{ ref('intake_erased_contacts') }} as erased
            on of_others.source_system = erased.source_system and of_others.contact_id = erased.contact_id
        where {{ filled_text('of_others.contact_id') }} is not null
    ) as shared
        on all_rows.message_id = shared.message_id
    where {{ may_close_somebody('all_rows.event_type') }}
    {%- endif %}
)
{%- endif -%}
{%- endmacro %}


{# A column of the contract as intake reads it. #}
{% macro judged_column(about, column) -%}
    {%- if column in about['empty_is_missing'] -%}
        {{ filled_text('all_rows.' ~ column) }} as {{ column }}
    {%- else -%}
        all_rows.{{ column }}
    {%- endif -%}
{%- endmacro %}


{#
  A text, or null when it is empty or nothing but white space: files that began as CSV have no other way to say that something
  is missing. Nearly every text begins above the blank, and is searched no further: these columns have 100 million rows.
#}
{% macro filled_text(expression) -%}
    case when {{ expression }} >= '!' or ({{ expression }} <> '' and {{ trimmed(expression) }} <> '') then {{ expression }} end
{%- endmacro %}


{# Whether rows of the entity are left out because their person was erased; they are counted as `erased`, without a key. #}
{% macro can_be_erased(entity) %}
    {%- set about = contract(entity) -%}
    {%- if about['person_key'] in ['contact', 'none'] -%}
        {{ return(about['person_key'] == 'contact' and not about['outlives_person']) }}
    {%- endif -%}
    {{ return(can_be_erased(about['person_key'])) }}
{% endmacro %}
