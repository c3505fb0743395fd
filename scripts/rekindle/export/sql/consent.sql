{#
  What the whole of the published file says about consent, and what was said since.

  permissions           where each person may be written to, for which channel and purpose
  former_ids            ids that people had before
  withdrawals           who withdrew or is to be forgotten, for which channel and purpose
  purposes              what people are written to for: a yes to being tracked opens no address
  closed_people         who said no somewhere and may be written to nowhere, under any of their ids
  evidenced_decisions   decisions that stand in an audience together with the moment consent was given
#}
{%- macro values(words) -%}
    (values {% for word in words %}('{{ word }}'), {% endfor %}('*'))
{%- endmacro -%}

create temp view permissions as
select * from activation.audiences.audience_permissions as permissions
{%- if any_closed %}
where not exists (
    select 1
    from late_closed
    where
        late_closed.profile_id = permissions.profile_id
        and late_closed.channel = permissions.channel
        and late_closed.purpose = permissions.purpose
        and late_closed.address_kind = permissions.address_kind
        and late_closed.address is not distinct from permissions.address
)
{%- endif %};

create temp view former_ids as
select * from activation.audiences.audience_former_ids;

create temp table withdrawals as
select profile_id, channel, purpose, reason, false as is_late
from activation.audiences.audience_withdrawals;

{# whoever has said yes since and may be written to on that channel has not withdrawn -#}
insert into withdrawals
with late as (
    select distinct
        late_noes.profile_id,
        case when is_erasure then '*' else channels.channel end as channel,
        case when is_erasure then '*' else purposes.purpose end as purpose,
        case when is_erasure then 'erased' else 'late_no' end as reason
    from late_noes
    inner join {{ values(contract_lists.channel) }} as channels (channel) on late_noes.channel in ('*', channels.channel)
    inner join {{ values(contract_lists.purpose) }} as purposes (purpose) on late_noes.purpose in ('*', purposes.purpose)
    where
        late_noes.profile_id is not null
        and (
            is_erasure
            or not exists (
                select 1
                from permissions
                where
                    permissions.profile_id = late_noes.profile_id
                    and channels.channel in ('*', permissions.channel)
                    and purposes.purpose in ('*', permissions.purpose)
            )
        )
)

select late.profile_id, late.channel, late.purpose, late.reason, true
from late
union all
select former_ids.former_profile_id, late.channel, late.purpose, late.reason, true
from late
inner join former_ids on late.profile_id = former_ids.profile_id;

create temp view purposes as
select purpose from (values ('marketing'), ('ads_personalisation')) as channels (purpose)
{%- for table in consented %}
union
select purpose from activation.audiences.{{ table | name }}
{%- endfor %};

create temp view closed_people as
select withdrawals.profile_id
from withdrawals
left join former_ids on withdrawals.profile_id = former_ids.former_profile_id
where coalesce(former_ids.profile_id, withdrawals.profile_id) not in (
    select profile_id from permissions where purpose in (select purpose from purposes)
);

create temp view evidenced_decisions as
select null as decision_id where false
{%- for table in consented %}
union
select decision_id from activation.audiences.{{ table | name }} where consented_at is not null
{%- endfor %}
