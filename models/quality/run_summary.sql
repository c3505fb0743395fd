-- What a whole run says at its end, in order. Built last, because it reads what is decided; finish_run() prints it.
with

dim_segments as (
    select * from {{ ref('dim_segments') }}
),

rfm_published as (
    select * from {{ ref('rfm_published') }}
),

segment_moves as (
    select * from {{ ref('segment_moves') }}
),

rfm_recency_bands as (
    select * from {{ ref('rfm_recency_bands') }}
),

clv_cuts as (
    select * from {{ ref('clv_cuts') }}
),

scenarios as (
    select * from {{ ref('scenarios') }}
),

feeds as (
    select * from {{ ref('feeds') }}
),

sentences as (
    select * from {{ ref('sentences') }}
),

gate_applicability as (
    select * from {{ ref('gate_applicability') }}
),

decisions as (
    select * from {{ ref('decisions') }}
),

dim_scenarios as (
    select * from {{ ref('dim_scenarios') }}
),

decision_differences as (
    select * from {{ ref('decision_differences') }}
),

scenario_readiness as (
    select * from {{ ref('scenario_readiness') }}
),

rejected_row_summary as (
    select * from {{ ref('rejected_row_summary') }}
),

unreadable_noes as (
    select * from {{ ref('unreadable_noes') }}
),

suppressions as (
    select * from {{ ref('suppressions') }}
),

profile_heirs as (
    select * from {{ ref('profile_heirs') }}
),

profiles as (
    select * from {{ ref('dim_profiles') }}
),

unread_phones as (
    select * from {{ ref('unread_phones') }}
),

unread_emails as (
    select * from {{ ref('unread_emails') }}
),

places as (
    {{ whole_numbers('place', 1, 10) }}
),

scenario_channels as (
    select
        scenarios.scenario_id,
        split_part(scenarios.channels, '>', places.place) as channel
    from scenarios
    cross join places
    where
        scenarios.is_enabled
        and split_part(scenarios.channels, '>', places.place) <> ''
),

fed_scenarios as (
    select distinct audience as scenario_id
    from feeds
),

-- What is selected and leaves as no file. A scenario without any feed is read from its table: that is told, too, by
-- having none. No error, because the table has the messages whoever takes them.
channels_without_feed as (
    select
        scenario_channels.scenario_id,
        scenario_channels.channel
    from scenario_channels
    inner join fed_scenarios
        on scenario_channels.scenario_id = fed_scenarios.scenario_id
    left join feeds
        on
            scenario_channels.scenario_id = feeds.audience
            and feeds.channel in (scenario_channels.channel, '*')
    where
        feeds.audience is null
        and scenario_channels.channel not in ('{{ setting('channels_read_as_tables') | join("', '") }}')
),

newest_month as (
    select max(segment_month) as segment_month
    from rfm_published
),

segment_sizes as (
    select
        dim_segments.segment_name,
        count(rfm_published.profile_id) as profiles,
        dim_segments.rung
    from dim_segments
    cross join newest_month
    left join rfm_published
        on
            dim_segments.segment = rfm_published.segment
            and newest_month.segment_month = rfm_published.segment_month
    where dim_segments.rung is not null
    group by
        dim_segments.segment_name,
        dim_segments.rung
),

moves_of_month as (
    select
        case when segment_moves.is_down then 'down' else 'up' end as direction,
        origins.segment_name as from_name,
        targets.segment_name as to_name,
        segment_moves.is_attrition_signal
    from segment_moves
    inner join newest_month
        on segment_moves.segment_month = newest_month.segment_month
    inner join dim_segments as origins
        on segment_moves.from_segment = origins.segment
    inner join dim_segments as targets
        on segment_moves.to_segment = targets.segment
    where
        segment_moves.is_down
        or segment_moves.to_rung > segment_moves.from_rung
),

ways as (
    select
        direction,
        from_name,
        to_name,
        count(*) as profiles
    from moves_of_month
    group by
        direction,
        from_name,
        to_name
),

commonest_ways as (
    select
        *,
        row_number() over (
            partition by direction
            order by
                profiles desc nulls last,
                from_name asc nulls last,
                to_name asc nulls last
        ) as place
    from ways
),

-- of the steps that were due, how many each gate stopped and how many go out
outcomes as (
    select
        scenario_id,
        coalesce(closed_gate, 'selected') as subject,
        count(*) as steps
    from decisions
    where as_of_date = {{ as_of_date() }}
    group by
        scenario_id,
        coalesce(closed_gate, 'selected')
),

outcome_lines as (
    select
        scenarios.scenario_id,
        scenarios.scenario_name,
        coalesce(sentences_of_kinds.counted, sentences.counted) as counted,
        outcomes.steps,
        coalesce(gate_applicability.gate_order, 99) as gate_order
    from outcomes
    inner join scenarios
        on outcomes.scenario_id = scenarios.scenario_id
    inner join sentences
        on
            outcomes.subject = sentences.subject
            and sentences.code = '*'
    -- a list that takes somebody in sends nothing
    left join sentences as sentences_of_kinds
        on
            outcomes.subject = sentences_of_kinds.subject
            and scenarios.kind = sentences_of_kinds.code
    left join gate_applicability
        on
            outcomes.subject = gate_applicability.gate
            and scenarios.kind = gate_applicability.kind
),

rejects as (
    select
        entity,
        reason,
        sum(rejected_rows) as rejected_rows
    from rejected_row_summary
    group by
        entity,
        reason
),

last_band as (
    select max(max_recency_days) as recency_days
    from rfm_recency_bands
    where sector = '{{ setting('rfm_sector') }}'
),

-- the newest cuts count, also when one of the two is missing
cuts_by_month as (
    select
        count(distinct spend_cluster) as cut_count,
        row_number() over (order by valid_from_month desc nulls last) as place
    from clv_cuts
    where
        sector = '{{ setting('rfm_sector') }}'
        and valid_from_month <= {{ as_of_date() }}
    group by valid_from_month
),

known_ids as (
    select distinct profile_heirs.remembered_id
    from profile_heirs
    inner join profiles
        on profile_heirs.profile_id = profiles.profile_id
),

-- ids that are mistyped, or of people who are gone
suppressed_nobody as (
    select suppressions.*
    from suppressions
    {{ anti_join() }} known_ids
        on suppressions.profile_id = known_ids.remembered_id
),

lines as (
    select
        1 as section_order,
        'month' as section,
        cast('' as string) as sort_text,
        0 as sort_number,
        cast(newest_month.segment_month as string) as subject,
        cast(null as string) as detail,
        cast(sum(segment_sizes.profiles) as bigint) as row_count
    from newest_month
    cross join segment_sizes
    where newest_month.segment_month is not null
    group by newest_month.segment_month
    union all
    select
        2 as section_order,
        'segment' as section,
        '' as sort_text,
        -segment_sizes.rung as sort_number,
        segment_sizes.segment_name as subject,
        cast(null as string) as detail,
        segment_sizes.profiles as row_count
    from segment_sizes
    cross join newest_month
    where newest_month.segment_month is not null
    {% for direction in ['down', 'up'] -%}
        union all
        select
            {{ loop.index * 2 + 1 }} as section_order,
            'went_{{ direction }}' as section,
            '' as sort_text,
            0 as sort_number,
            cast(null as string) as subject,
            cast(null as string) as detail,
            count(*) as row_count
        from moves_of_month
        where direction = '{{ direction }}'
        union all
        select
            {{ loop.index * 2 + 2 }} as section_order,
            'way_{{ direction }}' as section,
            '' as sort_text,
            place as sort_number,
            from_name as subject,
            to_name as detail,
            profiles as row_count
        from commonest_ways
        where direction = '{{ direction }}' and place <= 5
    {% endfor -%}
    union all
    select
        7 as section_order,
        'signal' as section,
        '' as sort_text,
        0 as sort_number,
        cast(null as string) as subject,
        cast(null as string) as detail,
        count(*) as row_count
    from moves_of_month
    where direction = 'down' and is_attrition_signal
    having count(*) > 0
    union all
    select
        8 as section_order,
        'starts_later' as section,
        scenario_id as sort_text,
        priority as sort_number,
        scenario_name as subject,
        cast(starts_date as string) as detail,
        cast(null as bigint) as row_count
    from dim_scenarios
    where is_enabled and starts_date > {{ as_of_date() }}
    union all
    select
        9 as section_order,
        'decided' as section,
        scenario_id as sort_text,
        -1 as sort_number,
        scenario_name as subject,
        'due' as detail,
        cast(sum(steps) as bigint) as row_count
    from outcome_lines
    group by
        scenario_id,
        scenario_name
    union all
    select
        9 as section_order,
        'decided' as section,
        scenario_id as sort_text,
        gate_order as sort_number,
        scenario_name as subject,
        counted as detail,
        steps as row_count
    from outcome_lines
    union all
    select
        10 as section_order,
        'sealed' as section,
        '' as sort_text,
        0 as sort_number,
        cast(null as string) as subject,
        cast(null as string) as detail,
        count(*) as row_count
    from decision_differences
    having count(*) > 0
    union all
    select
        11 as section_order,
        'not_ready' as section,
        scenario_id as sort_text,
        0 as sort_number,
        scenario_id as subject,
        contract_column as detail,
        cast(null as bigint) as row_count
    from scenario_readiness
    where
        is_enabled
        and not is_ready
    group by
        scenario_id,
        contract_column
    union all
    select
        12 as section_order,
        'rejected' as section,
        entity as sort_text,
        cast(-rejected_rows as integer) as sort_number,
        entity as subject,
        reason as detail,
        cast(rejected_rows as bigint) as row_count
    from rejects
    union all
    select
        13 as section_order,
        'closed' as section,
        '' as sort_text,
        0 as sort_number,
        cast(null as string) as subject,
        cast(null as string) as detail,
        count(*) as row_count
    from unreadable_noes
    having count(*) > 0
    union all
    select
        13 as section_order,
        'closed_nobody' as section,
        '' as sort_text,
        1 as sort_number,
        cast(null as string) as subject,
        cast(null as string) as detail,
        count(*) as row_count
    from unreadable_noes
    where
        not is_record_known
        and not has_address
    having count(*) > 0
    union all
    select
        13 as section_order,
        'suppressed_nobody' as section,
        '' as sort_text,
        2 as sort_number,
        cast(null as string) as subject,
        cast(null as string) as detail,
        count(*) as row_count
    from suppressed_nobody
    having count(*) > 0
    union all
    select
        14 as section_order,
        'unread' as section,
        '' as sort_text,
        1 as sort_number,
        'Phones' as subject,
        cast(null as string) as detail,
        cast(sum(phone_count) as bigint) as row_count
    from unread_phones
    where command_to_run is not null
    having sum(phone_count) > 0
    union all
    select
        14 as section_order,
        'unread' as section,
        '' as sort_text,
        2 as sort_number,
        'E-mails' as subject,
        cast(null as string) as detail,
        cast(sum(email_count) as bigint) as row_count
    from unread_emails
    where command_to_run is not null
    having sum(email_count) > 0
    union all
    -- true of these settings and no error; see run_rfm_window_reaches_the_last_recency_band
    select
        15 as section_order,
        'short_window' as section,
        '' as sort_text,
        0 as sort_number,
        cast(null as string) as subject,
        cast(null as string) as detail,
        cast(recency_days as bigint) as row_count
    from last_band
    where recency_days >= {{ setting('rfm_window_days') }}
    union all
    select
        16 as section_order,
        'no_clusters' as section,
        '' as sort_text,
        0 as sort_number,
        '{{ setting('rfm_sector') }}' as subject,
        cast(null as string) as detail,
        count(*) as row_count
    from cuts_by_month
    where place = 1 and cut_count = 2
    having count(*) = 0
    union all
    select
        17 as section_order,
        'no_feed' as section,
        '' as sort_text,
        0 as sort_number,
        scenario_id as subject,
        channel as detail,
        cast(null as bigint) as row_count
    from channels_without_feed
)

select
    section,
    subject,
    detail,
    cast(row_number() over (
        order by
            section_order asc nulls last,
            sort_text asc nulls last,
            sort_number asc nulls last,
            subject asc nulls last,
            detail asc nulls last
    ) as integer) as line_number,
    row_count
from lines
