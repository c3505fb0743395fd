{{ config(access='protected') }}
-- Who may be written to on which channel as of the date, and what closed it: what decisions, audiences, withdrawals and
-- the exporter read. The rule is not here but in address_permissions.
with

address_permissions as (
    select * from {{ ref('address_permissions') }}
),

permitted_addresses as (
    select * from {{ ref('permitted_addresses') }}
),

permissions as (
    select *
    from address_permissions
    where {{ holds_as_of('valid_from', 'valid_to') }}
),

ranked_permissions as (
    select
        *,
        row_number() over (
            partition by profile_id, channel, purpose
            order by
                case when is_open then 0 else 1 end asc nulls last,
                case when is_consented then 0 else 1 end asc nulls last,
                granted_at desc nulls last,
                closed_at desc nulls last,
                address_key asc nulls last
        ) as place
    from permissions
),

-- of the addresses that work
working_addresses as (
    select
        profile_id,
        channel,
        purpose,
        min(case when is_consented and not is_open then closed_by end) as stopped_by,
        max(case when is_consented then 1 else 0 end) = 1 as is_consented,
        max(case when is_open then 1 else 0 end) = 1 as is_contactable,
        max(case when is_open and preference = 1 then granted_at end) as consented_at
    from permitted_addresses
    where is_valid
    group by
        profile_id,
        channel,
        purpose
)

select
    ranked_permissions.profile_id,
    ranked_permissions.channel,
    ranked_permissions.purpose,
    case when not ranked_permissions.is_open then ranked_permissions.closed_by end as closed_by,
    case
        when working_addresses.is_contactable then null
        when working_addresses.is_consented then working_addresses.stopped_by
        when not ranked_permissions.is_open and ranked_permissions.closed_by <> 'consent_withdrawn'
            then ranked_permissions.closed_by
    end as stopped_by,
    coalesce(working_addresses.is_consented, false) as is_consented,
    coalesce(working_addresses.is_contactable, false) as is_contactable,
    working_addresses.consented_at,
    case when not ranked_permissions.is_open then ranked_permissions.closed_at end as closed_at
from ranked_permissions
left join working_addresses
    on
        ranked_permissions.profile_id = working_addresses.profile_id
        and ranked_permissions.channel = working_addresses.channel
        and ranked_permissions.purpose = working_addresses.purpose
where ranked_permissions.place = 1
