{{ config(enabled=is_connector('shopify')) }}

{# a file of unknown age may be the oldest or the newest of all: a yes in it is the first state, and anything else the
   last; of two states of one day, too, the no is the later one; a row that names no record is of nobody else -#}
{%- set record_channel = "source_system, contact_id, channel, case when contact_id is null then row_number end" -%}
{%- set history = "partition by " ~ record_channel ~ " order by "
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
        customers.email,
        customers.phone,
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
        {{ klaviyo_suppression('suppressions') }} as suppression
    from profiles
),

-- a dead address in the list of suppressed profiles lifts no suppression
telling_profiles as (
    select
        *,
        case
            when is_listed then suppression is not null
            else suppressions is not null or coalesce(has_suppressions, false)
        end as tells_suppressions
    from identified_profiles
),

numbered_profiles as (
    select
        *,
        sum(case when tells_suppressions then 1 else 0 end) over (
            {{ suppressing_files }} rows between unbounded preceding and current row
        ) as statement_number
    from telling_profiles
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
        email as address,
        contact_id is null as names_address,
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
        phone as address,
        contact_id is null as names_address,
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
        email as address,
        false as names_address,
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
        phone as address,
        false as names_address,
        sms_consent as answer,
        sms_consented_at as known_at,
        created_at as earliest_at,
        exported_at,
        extracted_at
    from suppressed_profiles
),

record_files as (
    select distinct
        source_system,
        contact_id,
        extracted_at
    from answers
    where exported_at is not null
),

following_files as (
    select
        *,
        lag(extracted_at) over (
            partition by source_system, contact_id
            order by extracted_at asc nulls last
        ) as previous_extracted_at
    from record_files
),

-- what a record was reached at, and since when: after the file before the first that has it; what the first file of all
-- has, or one of unknown age, it may always have had
held_addresses as (
    select
        answers.source_system,
        answers.contact_id,
        answers.channel,
        min(answers.address) as address,
        min(coalesce(following_files.previous_extracted_at, cast('1900-01-01' as timestamp))) as held_from
    from answers
    left join following_files
        on
            answers.source_system = following_files.source_system
            and answers.contact_id = following_files.contact_id
            and answers.extracted_at = following_files.extracted_at
            and answers.exported_at is not null
    where answers.address is not null
    group by
        answers.source_system,
        answers.contact_id,
        answers.channel,
        case
            when answers.channel = 'email' then {{ normalised_email('answers.address') }}
            else {{ digits('answers.address') }}
        end
),

numbered_addresses as (
    select
        *,
        row_number() over (
            partition by source_system, contact_id, channel
            order by held_from asc nulls last, address asc nulls last
        ) as address_number,
        count(*) over (partition by source_system, contact_id, channel) as addresses
    from held_addresses
),

-- a box that is not ticked says nothing, unless it was ticked before; another word than these is rejected, and counted
states as (
    select
        source_system,
        contact_id,
        channel,
        row_number,
        case when names_address then address end as named_address,
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
        row_number() over ({{ history }}) as state_number,
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
        row_number,
        case when state <> 'granted' then named_address end as named_address,
        case when state = 'unticked' then 'withdrawn' else state end as status,
        answer,
        known_at,
        case when previous_state = 'granted' then previous_extracted_at end as granted_until,
        case
            when state <> 'granted' then latest_at
            when known_at is not null then known_at
            when previous_extracted_at is null then earliest_at
            -- it was another one in the file before, which may have been made at any time of its day
            else {{ start_of_day('previous_extracted_at') }}
        end as changed_at,
        known_at is null as is_undated,
        state_number,
        latest_at as extracted_at
    from ordered_states
    where
        (state = 'unticked' and previous_state = 'granted')
        -- whose number a spreadsheet destroyed may have been ticked before
        or (state = 'unticked' and contact_id is null and named_address is not null)
        or (state <> 'unticked' and coalesce(previous_state, '') <> state)
        -- said again
        or (state = 'granted' and known_at <> previous_known_at)
),

followed_changes as (
    select
        *,
        lead(status) over (
            partition by {{ record_channel }}
            order by state_number asc nulls last
        ) as next_status,
        lead(changed_at) over (
            partition by {{ record_channel }}
            order by state_number asc nulls last
        ) as next_changed_at,
        lead(is_undated) over (
            partition by {{ record_channel }}
            order by state_number asc nulls last
        ) as is_next_undated
    from changes
),

-- the yes that took back a no is later than it, though it is dated as early as can be
ordered_changes as (
    select
        source_system,
        contact_id,
        channel,
        named_address,
        status,
        answer,
        known_at,
        granted_until,
        case
            when
                status <> 'granted'
                and next_status = 'granted'
                and is_next_undated
                and next_changed_at <= changed_at
                then {{ add_seconds('next_changed_at', -1) }}
            else changed_at
        end as changed_at,
        is_undated,
        extracted_at
    from followed_changes
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
    select ordered_changes.*
    from ordered_changes
    {{ anti_join() }} noes_in_events
        on
            ordered_changes.source_system = noes_in_events.source_system
            and ordered_changes.contact_id = noes_in_events.contact_id
            and ordered_changes.channel = noes_in_events.channel
            and ordered_changes.answer = 'unsubscribed'
            and ordered_changes.extracted_at >= noes_in_events.changed_at
            and (ordered_changes.granted_until is null or ordered_changes.granted_until < noes_in_events.changed_at)
            and (ordered_changes.known_at is null or ordered_changes.known_at <= noes_in_events.changed_at)
),

-- an event that may be a no, of no message that is known: a word that intake cannot read closes the person
doubtful_events as (
    select
        person_id as contact_id,
        coalesce(metric, 'unknown') as status,
        -- what has no name, or names neither or both, may be about any
        case
            when metric like '%sms%' and metric like '%email%' then cast(null as string)
            when metric like '%sms%' then 'sms'
            when metric like '%email%' then 'email'
        end as channel,
        occurred_at as changed_at,
        max(extracted_at) as extracted_at
    from klaviyo_events
    where is_doubtful
    group by
        person_id,
        metric,
        occurred_at
),

words as (
    select
        source_system,
        contact_id,
        channel,
        status,
        named_address as address,
        changed_at,
        -- a no may have been said as late as that
        extracted_at as said_by,
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
        cast(null as string) as address,
        changed_at,
        coalesce(changed_at, extracted_at) as said_by,
        'event' as evidence_reference,
        extracted_at
    from noes_in_events
    union all
    select
        'klaviyo' as source_system,
        contact_id,
        channel,
        status,
        cast(null as string) as address,
        changed_at,
        coalesce(changed_at, extracted_at) as said_by,
        'event' as evidence_reference,
        extracted_at
    from doubtful_events
),

-- The record may have another address now than the one that a no was said at: it is a no at each that the record had by
-- then. One of a day speaks for all, dated by the last; the key holds no address, so each has a second of its own.
noes_at_addresses as (
    select
        words.source_system,
        words.contact_id,
        numbered_addresses.channel,
        case when words.status = 'withdrawn' then 'denied' else words.status end as status,
        numbered_addresses.address,
        {{ add_seconds('max(words.said_by)', '1 - numbered_addresses.address_number') }} as changed_at,
        max(words.evidence_reference) as evidence_reference,
        max(words.extracted_at) as extracted_at
    from words
    inner join numbered_addresses
        on
            words.source_system = numbered_addresses.source_system
            and words.contact_id = numbered_addresses.contact_id
            and coalesce(words.channel, numbered_addresses.channel) = numbered_addresses.channel
            and words.said_by > numbered_addresses.held_from
    where
        words.status <> 'granted'
        and numbered_addresses.addresses > 1
    group by
        words.source_system,
        words.contact_id,
        words.status,
        numbered_addresses.channel,
        numbered_addresses.address,
        numbered_addresses.address_number,
        {{ local_date('words.said_by') }}
),

-- the box and the consent are the record's, whatever address it has; one of no record is about the address it names
addressed_words as (
    select
        source_system,
        contact_id,
        channel,
        status,
        address,
        changed_at,
        evidence_reference,
        extracted_at
    from words
    union all
    select
        source_system,
        contact_id,
        channel,
        status,
        address,
        changed_at,
        evidence_reference,
        extracted_at
    from noes_at_addresses
)

select
    source_system,
    contact_id,
    channel,
    'marketing' as purpose,
    status,
    address,
    changed_at,
    evidence_reference,
    cast(null as timestamp) as double_opt_in_confirmed_at,
    extracted_at
from addressed_words
