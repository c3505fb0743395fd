{{ config(enabled=is_connector('template')) }}
-- What the e-mail or SMS provider reports. link_tag is empty text when no link is meant.

select
    cast(null as varchar) as source_system,
    cast(null as varchar) as message_id,
    cast(null as varchar) as event_type,
    cast(null as timestamp) as occurred_at,
    cast(null as date) as occurred_date,  -- local_date('occurred_at')
    cast(null as varchar) as link_tag,
    false as is_machine,
    cast(null as timestamp) as extracted_at
where false
