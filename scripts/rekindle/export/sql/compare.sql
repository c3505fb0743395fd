{#
  What is staged against what was sent before, identifier by identifier: an e-mail that changed is removed and added.

  members    what leaves
  certain    what the platform is known to hold (the ledger of the acknowledged run)
  known      everything ever sent (the newest ledger)
  gone       of known, what is sent no more; is_held: the platform may still have it; is_forced: consent was withdrawn, or the
             person may be written to, but not at this address any more
  delta      members (their rowid in staged) that the platform does not have, or has with other values
  removed    identifiers to take off the platform
  ledger     the next one: members, those who are leaving until that is acknowledged, and those who left
  rejected   rows that do not leave, of all tables of the feed, and why
  counts     one row, of all of these
#}
{%- macro same(one, other) -%}
    {%- for id in ids %}{{ one }}.{{ id }} is not distinct from {{ other }}.{{ id }}{{ ' and ' if not loop.last }}{% endfor -%}
{%- endmacro -%}

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
    {{ ids | join(', ') }},
    status in ('member'{{ ", 'leaving'" if not is_acknowledged }}) as is_held,
    profile_id in (select profile_id from withdrawals where {{ concerns }})
    {%- for each in closed %} or {{ each }}{% endfor %} as is_forced
from {{ left }};

create or replace temp table delta as
select
    staged.rowid as member,
    case when certain.status is null then 'added' else 'changed' end as change
from staged
left join certain on certain.status = 'member' and {{ same('staged', 'certain') }}
where
    staged.reject is null
    and (certain.status is null or certain.row_hash <> staged.row_hash);

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
select person as profile_id, 'member' as status, row_hash{% for id, stored in ids.items() %}, {{ id }} as {{ stored | name }}{% endfor %}
from members
union all
select profile_id, case when is_held then 'leaving' else 'left' end, row_hash, {{ ids | join(', ') }}
from gone;

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
