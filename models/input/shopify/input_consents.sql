{{ config(enabled=is_connector('shopify')) }}

{# a file of unknown age may be the oldest or the newest of all: a yes in it is the first state, and anything else the
   last; of two states of one day, too, the no is the later one -#}
{%- set history = "partition by source_system, contact_id, channel order by "
    ~ "case when exported_at is not null then 1 when state = 'granted' then 0 else 2 end asc nulls last, "
    ~ "extracted_at asc nulls last, case state when 'granted' then 1 else 2 end asc nulls last, "
    ~ "state asc nulls last, row_number asc nulls last" -%}

{# which of the files says last whether a profile is suppressed; one that has no such column says nothing -#}
{%- set suppressing_files = "partition by contact_id order by "
    ~ "case when exported_at is not null then 1 when not tells_suppressions then 3 when suppression is null then 0 "
    ~ "else 2 end asc nulls last, "
    ~ "extracted_at asc nulls last, case when suppression is null then 1 else 2 end asc nulls last, "
    ~ "suppression desc nulls last, row_number asc nulls last" -%}

-- Files say what is, not since when. So a yes is dated when it can have been given at the earliest, and a no when it
-- can have been said at the latest: a yes of unknown age never overrules a no that was said elsewhere.
with

order_rows as (
    select * from {{ ref('stg_shopify__orders') }}
),

checkout_rows as (
    select * from {{ ref('stg_shopify__checkouts') }}
),

customers as (
    select * from {{ ref('stg_shopify__customers') }}
),

profiles as (
    select * from {{ ref('stg_klaviyo__profiles') }}
),

events as (
    select * from {{ ref('stg_klaviyo__events') }}
),

metrics as (
    select * from {{ ref('stg_klaviyo__metrics') }}
),

{{ klaviyo_events() }},

purchases as (
    select
        created_at,
        extracted_at
    from order_rows
    union all
    select
        created_at,
        extracted_at
    from checkout_rows
),

shop as (
    select
        min(created_at) as opened_at,
        max(extracted_at) as extracted_at
    from purchases
),

dated_customers as (
    select
        {{ shopify_customer('customers.is_numbered', 'customers.customer_id', 'customers.email', 'customers.phone') }}
            as contact_id,
        customers.row_number,
        customers.accepts_email,
        customers.accepts_sms,
        shop.opened_at,
        customers.exported_at,
        coalesce(customers.exported_at, shop.extracted_at) as extracted_at
    from customers
    cross join shop
),

identified_profiles as (
    select
        *,
        {{ klaviyo_profile('profile_id', 'email') }} as contact_id,
        {{ klaviyo_suppression('suppressions') }} as suppression,
        suppressions is not null or coalesce(has_suppressions, false) as tells_suppressions
    from profiles
),

numbered_profiles as (
    select
        *,
        sum(case when tells_suppressions then 1 else 0 end) over (
            {{ suppressing_files }} rows between unbounded preceding and current row
        ) as statement_number
    from identified_profiles
),

-- a suppression holds on in a file that has no such column
suppressed_profiles as (
    select
        *,
        max(suppression) over (partition by contact_id, statement_number) as known_suppression,
        max(case when suppression is not null then extracted_at end) over (
            partition by contact_id, statement_number
        ) as suppressed_at
    from numbered_profiles
),

-- what each file says of each contact: known_at is when the contact said so, earliest_at when it was at the earliest
answers as (
    select
        'shopify' as source_system,
        contact_id,
        'email' as channel,
        row_number,
        accepts_email as answer,
        cast(null as timestamp) as known_at,
        opened_at as earliest_at,
        exported_at,
        extracted_at
    from dated_customers
    union all
    select
        'shopify' as source_system,
        contact_id,
        'sms' as channel,
        row_number,
        accepts_sms as answer,
        cast(null as timestamp) as known_at,
        opened_at as earliest_at,
        exported_at,
        extracted_at
    from dated_customers
    union all
    select
        'klaviyo' as source_system,
        contact_id,
        'email' as channel,
        row_number,
        -- suppressed for a complaint, an unsubscription or by the staff is a no, whatever the consent says; who
        -- unsubscribed in a file before and said yes after it came back
        case
            when known_suppression = 'suppressed' then 'suppressed'
            when
                known_suppression = 'unsubscribed'
                and not coalesce(email_consented_at > suppressed_at and email_consented_at <= extracted_at, false)
                then 'unsubscribed'
            else email_consent
        end as answer,
        email_consented_at as known_at,
        created_at as earliest_at,
        exported_at,
        extracted_at
    from suppressed_profiles
    union all
    select
        'klaviyo' as source_system,
        contact_id,
        'sms' as channel,
        row_number,
        sms_consent as answer,
        sms_consented_at as known_at,
        created_at as earliest_at,
        exported_at,
        extracted_at
    from suppressed_profiles
),

-- a box that is not ticked says nothing, unless it was ticked before; another word than these is rejected, and counted
states as (
    select
        source_system,
        contact_id,
        channel,
        row_number,
        answer,
        case answer
            when 'yes' then 'granted'
            when 'subscribed' then 'granted'
            when 'no' then 'unticked'
            when 'never_subscribed' then 'unticked'
            when 'unsubscribed' then 'withdrawn'
            when 'suppressed' then 'withdrawn'
            else answer
        end as state,
        -- 1990-01-01 stands for older times, and a clock may be ahead: such a time is not known
        case
            when known_at > {{ klaviyo_floor() }} and known_at <= extracted_at then known_at
        end as known_at,
        earliest_at,
        exported_at,
        extracted_at
    from answers
    where answer is not null
),

ordered_states as (
    select
        *,
        lag(state) over ({{ history }}) as previous_state,
        lag(known_at) over ({{ history }}) as previous_known_at,
        lag(extracted_at) over ({{ history }}) as previous_extracted_at,
        -- when it was said at the latest: in a file of unknown age, no earlier than the newest file of its kind
        case
            when exported_at is null and state <> 'granted'
                then greatest(extracted_at, max(exported_at) over (partition by source_system))
            else extracted_at
        end as latest_at
    from states
),

changes as (
    select
        source_system,
        contact_id,
        channel,
        case when state = 'unticked' then 'withdrawn' else state end as status,
        answer,
        known_at,
        case when previous_state = 'granted' then previous_extracted_at end as granted_until,
        case
            when state <> 'granted' then latest_at
            when known_at is not null then known_at
            when previous_extracted_at is null then earliest_at
            -- it was another one in the file before, and is granted since
            else {{ add_seconds('previous_extracted_at', 1) }}
        end as changed_at,
        known_at is null as is_undated,
        latest_at as extracted_at
    from ordered_states
    where
        (state = 'unticked' and previous_state = 'granted')
        or (state <> 'unticked' and coalesce(previous_state, '') <> state)
        -- said again
        or (state = 'granted' and known_at <> previous_known_at)
),

-- with a time of their own; a complaint counts without its message, too
noes_in_events as (
    select
        'klaviyo' as source_system,
        person_id as contact_id,
        channel,
        occurred_at as changed_at,
        max(extracted_at) as extracted_at
    from klaviyo_events
    where event_type in ('unsubscribed', 'complained')
    group by person_id, channel, occurred_at
),

-- what a profile says of a no is not said twice, where an event after the last yes has its time
other_changes as (
    select changes.*
    from changes
    {{ anti_join() }} noes_in_events
        on
            changes.source_system = noes_in_events.source_system
            and changes.contact_id = noes_in_events.contact_id
            and changes.channel = noes_in_events.channel
            and changes.answer = 'unsubscribed'
            and changes.extracted_at >= noes_in_events.changed_at
            and (changes.granted_until is null or changes.granted_until < noes_in_events.changed_at)
            and (changes.known_at is null or changes.known_at <= noes_in_events.changed_at)
),

words as (
    select
        source_system,
        contact_id,
        channel,
        status,
        changed_at,
        case when status = 'granted' and not is_undated then 'export' else 'export, time unknown' end
            as evidence_reference,
        extracted_at
    from other_changes
    union all
    select
        source_system,
        contact_id,
        channel,
        'withdrawn' as status,
        changed_at,
        'event' as evidence_reference,
        extracted_at
    from noes_in_events
)

select
    source_system,
    contact_id,
    channel,
    'marketing' as purpose,
    status,
    -- the box and the consent are the record's, whatever address it has
    cast(null as string) as address,
    changed_at,
    evidence_reference,
    cast(null as timestamp) as double_opt_in_confirmed_at,
    extracted_at
from words
