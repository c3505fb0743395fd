{# The closed lists of the contract that are read in more than one place; held to models/input/_input__models.yml by a test. #}
{% macro contract_lists() %}
    {{ return({
        'channel': ['email', 'sms', 'phone', 'post', 'push', 'ads'],
        'purpose': ['marketing', 'ads_personalisation', 'profiling', 'open_tracking', 'click_tracking'],
    }) }}
{% endmacro %}


{# When something was said, if that can be believed: not missing, not before the plausible and not after the extraction. #}
{% macro readable_stamp(said_at, extracted_at) -%}
    case
        when
            {{ said_at }} >= cast('{{ setting("earliest_plausible_date") }}' as timestamp)
            and {{ said_at }} <= {{ extracted_at }}
            then {{ said_at }}
    end
{%- endmacro %}


{# When an answer to a message was given: whatever its stamp says (another zone, a date without a time), not before that was sent. #}
{% macro answered_at(stamp, sent_at) -%}
    case when {{ sent_at }} > {{ stamp }} then {{ sent_at }} else {{ stamp }} end
{%- endmacro %}


{# Whether what happened to a message may be a no of whoever got it; what cannot be read may. #}
{% macro may_be_a_no(event_type) -%}
    coalesce(lower(trim({{ event_type }})), '') not in (
        'delivered', 'opened', 'clicked', 'bounced_hard', 'bounced_soft', 'not_sent'
    )
{%- endmacro %}


{# Whether it says that an address is dead, in whatever letters. #}
{% macro is_hard_bounce(event_type) -%}
    coalesce(lower(trim({{ event_type }})) = 'bounced_hard', false)
{%- endmacro %}


{# Whether it may be one, or says that her address is dead. #}
{% macro may_close_somebody(event_type) -%}
    ({{ may_be_a_no(event_type) }} or {{ is_hard_bounce(event_type) }})
{%- endmacro %}


{# An id without white space, or signs that nobody sees (a byte-order mark), around it: whose it may be as well. #}
{% macro meant_id(expression) -%}
    {{ regex_replace_all(expression, '^[\\s\\x0B\\p{Z}\\p{Cf}]+|[\\s\\x0B\\p{Z}\\p{Cf}]+$', '') }}
{%- endmacro %}


{# Whether two rows may be of one system: named alike but for case and punctuation, or one does not tell. Beside an equality of ids. #}
{% macro may_be_one_system(one, other) -%}
    coalesce({{ folded_name(one) }}, {{ folded_name(other) }}, '')
    = coalesce({{ folded_name(other) }}, {{ folded_name(one) }}, '')
{%- endmacro %}


{#
  CTEs that each_spelling() reads. `ways`: an id is as it is written, as it is meant without what stands around it, and of the system whose
  name is folded alike. `systems`: each system that a record of the CTE contacts is of, folded once each: a retailer has a handful.
#}
{% macro spellings() %}
ways as (
    {{ literal_rows(['way'], [['written'], ['meant'], ['folded']]) }}
),

system_names as (
    select distinct source_system
    from contacts
),

systems as (
    select
        source_system,
        {{ folded_name('source_system') }} as folded_system
    from system_names
)
{%- endmacro %}


{#
  Each row of a CTE by every record that its source_system and contact_id may mean, with other columns of it. The join is on an equality
  only: engines compare every pair of rows for a condition of one side beside it.
#}
{% macro each_spelling(rows, columns) -%}
    select distinct
        case spelled.way
            when 'written' then spelled.source_system
            when 'meant' then {{ meant_id('spelled.source_system') }}
            else systems.source_system
        end as source_system,
        case
            when spelled.way = 'written' then spelled.contact_id
            else {{ meant_id('spelled.contact_id') }}
        end as contact_id,
        spelled.{{ columns | join(',\n        spelled.') }}
    from (
        select
            {{ rows }}.*,
            ways.way,
            case when ways.way = 'folded' then {{ folded_name(rows ~ '.source_system') }} end as folded_system
        from {{ rows }}
        cross join ways
    ) as spelled
    left join systems
        on spelled.folded_system = systems.folded_system
    where (spelled.way <> 'folded' or systems.source_system is not null)
{%- endmacro %}
