-- The e-mail provider: what it was asked to send (exported), and the contact record it knows the person by. A profile is named
-- after the oldest of its records, so the id leads back to one.
create table exported_people as
select
    exported.decision_id,
    exported.profile_id,
    exported.scenario_id,
    exported.entry_key,
    exported.step,
    exported.channel,
    nullif(exported.variant, '') as variant,
    nullif(exported.offer_id, '') as offer_id,
    cast(exported.send_at as timestamp) as sent_at,
    people.source_system,
    people.contact_id,
    people.person_id,
    responsiveness(people.person_id) as responsiveness,
    would_respond(
        people.person_id,
        exported.profile_id,
        exported.scenario_id,
        exported.entry_key,
        pull(exported.channel, offers.face_value_amount) * coalesce(effects.basket, 1.0)
    ) as responds,
    effects.answer,
    draw('answer', exported.decision_id) < responsiveness(people.person_id) * effects.answer_pull as is_answered,
    draw('not sent', exported.decision_id) < 0.01 as is_not_sent,
    exported.channel = 'email' and draw('bounce', people.person_id) < 0.004 as is_bounced
from exported
inner join people
    on exported.profile_id = substring(md5(people.source_system || '|' || people.contact_id), 1, 16)
left join offers on exported.offer_id = offers.offer_id
left join effects on exported.scenario_id = effects.scenario_id;

-- a list that an ad platform mirrors is no message
create table sent as
select * from exported_people
where channel <> 'ads';

create table messages as
select
    source_system,
    'W' || substring(decision_id, 1, 24) as message_id,
    contact_id,
    channel,
    cast(null as varchar) as campaign_id,
    decision_id,
    variant,
    cast(case channel when 'email' then 0.01 when 'sms' then 0.06 when 'post' then 0.75 else 0 end as decimal(18, 2))
        as cost_amount,
    sent_at,
    extracted_at() as extracted_at
from sent;

create table outcomes as
select
    *,
    'W' || substring(decision_id, 1, 24) as message_id,
    not is_not_sent and not is_bounced as is_delivered,
    not is_not_sent
    and not is_bounced
    and channel in ('email', 'push')
    and draw('open', decision_id) < 0.15 + 0.6 * responsiveness as is_opened,
    not is_not_sent
    and not is_bounced
    and channel = 'email'
    and draw('proxy', person_id) < 0.2 as is_behind_proxy,
    after_seconds(sent_at, 720 + 200000 * draw('open when', decision_id)) as opened_at
from sent;

create table clicks as
select
    outcomes.*,
    case
        when discount_links.step is not null and draw('link', outcomes.decision_id) < 0.7 then 'discount'
        when outcomes.offer_id is not null then 'offer'
        else 'shop'
    end as link_tag,
    after_seconds(outcomes.opened_at, 60 + 1700 * draw('click when', outcomes.decision_id)) as clicked_at
from outcomes
left join discount_links
    on outcomes.scenario_id = discount_links.scenario_id and outcomes.step = discount_links.step
where
    outcomes.is_opened
    and draw('click', outcomes.decision_id) < 0.1 + 0.5 * outcomes.responsiveness;

create table message_events as
with

events as (
    select source_system, message_id, 'not_sent' as event_type, after_seconds(sent_at, 60) as occurred_at,
        '' as link_tag, false as is_machine
    from outcomes
    where is_not_sent
    union all
    select source_system, message_id, 'bounced_hard', after_seconds(sent_at, 120), '', false
    from outcomes
    where is_bounced and not is_not_sent
    union all
    select source_system, message_id, 'delivered', after_seconds(sent_at, 60 + 540 * draw('deliver', decision_id)), '', false
    from outcomes
    where is_delivered
    union all
    select source_system, message_id, 'opened', after_seconds(sent_at, 660), '', true
    from outcomes
    where is_behind_proxy
    union all
    select source_system, message_id, 'opened', opened_at, '', false
    from outcomes
    where is_opened
    union all
    select source_system, message_id, 'clicked', clicked_at, link_tag, false
    from clicks
    union all
    select source_system, message_id, 'unsubscribed', after_seconds(opened_at, 30), '', false
    from outcomes
    where is_opened and draw('unsubscribe', decision_id) < 0.01
)

select
    *,
    extracted_at() as extracted_at
from events;
