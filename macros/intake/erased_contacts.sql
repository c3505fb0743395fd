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
  nothing as long as nobody was erased. Of what belongs to a row of another entity only the events of messages go with their person.
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
(
    select all_rows.*
    from {{ input }} as all_rows
    {{ anti_join() }} (
        {{ events_of_erased(ref('input_messages'), ref('intake_erased_contacts')) | indent(8) }}
    ) as erased
        on
            all_rows.message_id = erased.message_id
            and {{ may_close_somebody('all_rows.event_type') }} = erased.may_close
)
{%- endif -%}
{%- endmacro %}


{# What stands after `from` where the rows of judged_input() are read more than once: the CTE of kept_judged_rows() where they are kept. #}
{% macro judged_rows(entity) -%}
    {{ return('judged_rows' if raw_rows_are_kept() else judged_input(entity)) }}
{%- endmacro %}


{# That CTE, the first of its query; nothing where raw rows are not kept. #}
{% macro kept_judged_rows(entity) -%}
{% if raw_rows_are_kept() -%}
judged_rows as {{ compute_once() }} (
    select * from {{ judged_input(entity) }} as delivered_rows
),

{% endif -%}
{%- endmacro %}


{#
  Which events go with an erased person: message id, and whether of those that may close somebody. Of an id that somebody else's
  message has as well, nobody knows whose an event is: what may close somebody stays, for the other one, and what she may have
  read or not is gone. Commands render this macro too (rekindle.ground.rules), hence no ref().
#}
{% macro events_of_erased(messages, erased) -%}
select
    all_messages.message_id,
    closing.may_close
from {{ messages }} as all_messages
inner join (
    select distinct messages.message_id
    from {{ messages }} as messages
    inner join {{ erased }} as erased_contacts
        on messages.source_system = erased_contacts.source_system and messages.contact_id = erased_contacts.contact_id
) as theirs
    on all_messages.message_id = theirs.message_id
left join {{ erased }} as erased_contacts
    on all_messages.source_system = erased_contacts.source_system and all_messages.contact_id = erased_contacts.contact_id
cross join (select true as may_close union all select false as may_close) as closing
group by
    all_messages.message_id,
    closing.may_close
having
    not closing.may_close
    or max(case when erased_contacts.contact_id is null and trim(all_messages.contact_id) <> '' then 1 else 0 end) = 0
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
