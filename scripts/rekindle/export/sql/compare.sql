{#
  What is staged against what was sent before, identifier by identifier: an e-mail that changed is removed and added.

  members    what leaves
  certain    what the platform is known to hold (the ledger of the acknowledged run)
  known      everything ever sent (the newest ledger); since: the run from which on a member was on every list, with these values
  gone       of known, what is sent no more; is_held: the platform may still have it; is_forced: consent was withdrawn, or the
             person may be written to, but not at this address any more
  delta      members (their rowid in staged) that the platform may not have, or may have with other values: any run since the
             acknowledged one may have arrived, so that whoever was away from one of them, or had other values, is sent again
  removed    identifiers to take off the platform
  ledger     the next one: members, those who are leaving until that is acknowledged, and those who left
  ledger_of_withdrawals  the next one when nobody leaves but whoever is_forced: whoever shares an identifier with one of them may
             not be found by it any more
  rejected   rows that do not leave, of all tables of the feed, and why
  counts     one row, of all of these
#}
{%- macro same(one, other) -%}
    {%- for id in ids %}{{ one }}.{{ id }} is not distinct from {{ other }}.{{ id }}{{ ' and ' if not loop.last }}{% endfor -%}
{%- endmacro -%}

{%- macro stored() -%}
    {%- for id, header in ids.items() %}{{ id }} as {{ header | name }}, {% endfor -%}
{%- endmacro -%}

{%- macro is_held() -%} status in ('member'{{ ", 'leaving'" if not is_acknowledged }}) {%- endmacro -%}

{%- set last = 'certain' if is_acknowledged else 'known' -%}

create or replace temp view members as
select * from staged where reject is null;

create or replace temp view certain as
{{ certain }};

create or replace temp view known as
{{ known }};

create or replace temp table left_over as
select * from known
where not exists (select 1 from members where {{ same('known', 'members') }});

create or replace temp table gone as
select
    profile_id,
    status,
    row_hash,
    since,
    {{ ids | join(', ') }},
    {{ is_held() }} as is_held,
    profile_id in (select profile_id from withdrawals where {{ concerns }})
    {%- for each in closed %} or {{ each }}{% endfor %} as is_forced
from {{ left }};

{# a ledger of before does not say since when: then what was acknowledged has to do -#}
create or replace temp table compared as
with found as (
    select
        staged.rowid as member,
        certain.status is null as is_new,
        certain.row_hash <> staged.row_hash as is_other,
        case when {{ last }}.row_hash = staged.row_hash then coalesce({{ last }}.since, 0) else {{ sequence }} end as since
    from staged
    left join certain on certain.status = 'member' and {{ same('staged', 'certain') }}
    {%- if not is_acknowledged %}
    left join known on known.status = 'member' and {{ same('staged', 'known') }}
    {%- endif %}
    where staged.reject is null
)
select
    member,
    since,
    case when is_new then 'added' when is_other or since > {{ base_sequence }} then 'changed' end as change
from found;

create or replace temp view delta as
select member, change from compared where change is not null;

{# an identifier that another row still has (the phone of somebody whose e-mail changed) stays on the platform -#}
create or replace temp table removed as
with leaving as (
    select
        {%- for id in ids %}
        {% if ids | length > 1 %}case when {{ id }} not in (select {{ id }} from members where {{ id }} is not null) then {{ id }} end as {% endif %}{{ id }},
        {%- endfor %}
        is_forced
    from gone
    where is_held
)
select
    {{ ids | join(', ') }},
    bool_or(is_forced) as is_forced
from leaving
where coalesce({{ ids | join(', ') }}) is not null
group by {{ ids | join(', ') }};

create or replace temp view ledger as
select person as profile_id, 'member' as status, row_hash, {{ stored() }}since
from staged
inner join compared on staged.rowid = compared.member
union all
select profile_id, case when is_held then 'leaving' else 'left' end, row_hash, {{ ids | join(', ') }}, since
from gone;

create or replace temp view ledger_of_withdrawals as
with everybody as (
    select profile_id, status, row_hash, since, {{ ids | join(', ') }}, is_held, is_forced
    from gone
    union all
    select profile_id, status, row_hash, since, {{ ids | join(', ') }}, {{ is_held() }}, false
    from known
    where exists (select 1 from members where {{ same('known', 'members') }})
),
taken_off as (
    select * from removed where is_forced
)
select
    profile_id,
    case when not is_held then 'left' when is_forced or status = 'leaving' then 'leaving' else 'member' end as status,
    row_hash,
    {{ stored() }}case
        when {% for id in ids %}{{ id }} in (select {{ id }} from taken_off where {{ id }} is not null){{ ' or ' if not loop.last }}{% endfor %} then {{ sequence }}
        else since
    end as since
from everybody;

create or replace temp view rejected as
select person as profile_id, split_part(reject, '|', 1) as reason, split_part(reject, '|', 2) as "column"
from (
    {%- for table in tables %}
    select person, reject from {{ table }}{{ ' union all' if not loop.last }}
    {%- endfor %}
)
where reject is not null;

create or replace temp table counts as
select *
from
    (select count(*) as members, cast(coalesce(sum(left_out), 0) as bigint) as left_out from members),
    (
        select
            count(*) filter (where change = 'added') as added,
            count(*) filter (where change = 'changed') as changed
        from delta
    ),
    (select count(*) as removed, count(*) filter (where is_forced) as withdrawn from removed),
    (select count(*) as rejected, count(*) filter (where reason = 'late_no') as late_noes from rejected),
    (select count(*) filter (where status = 'member') as certain_members from certain),
    (select count(*) filter (where status = 'member') as known_members from known),
    (select count(*) filter (where status = 'member' and not is_forced) as gone_members from gone)
