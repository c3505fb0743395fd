-- Mailings: a monthly newsletter from 2013, every second week in 2017; in 2017 also a monthly mailing to card
-- holders, four text messages and a push note every second week. Each goes out at 8, 12 or 17 o'clock.
create table mailings as
with

months as (
    select cast(unnest(generate_series(date '2013-02-01', date '2016-12-01', interval 1 month)) as date) as month_start
),

fortnights as (
    select date '2017-01-03' + cast(14 * unnest(range(0, 26)) as integer) as fortnight_start
),

newsletters as (
    select fortnight_start + pick('weekday of newsletter', fortnight_start, 4) as sent_on
    from fortnights
),

all_mailings as (
    select
        'newsletter-' || strftime(month_start, '%Y-%m') as campaign_id,
        'newsletter' as source_system,
        'email' as channel,
        -- the first Tuesday
        month_start + cast((9 - isodow(month_start)) % 7 as integer) as sent_on
    from months
    union all
    select 'newsletter-' || strftime(sent_on, '%Y-%m-%d'), 'newsletter', 'email', sent_on from newsletters
    union all
    select
        'card-mailing-' || strftime(month_start, '%Y-%m'),
        'till',
        'email',
        month_start + 9
    from (
        select
            cast(unnest(generate_series(date '2017-01-01', date '2017-12-01', interval 1 month)) as date) as month_start
    )
    union all
    select 'text-2017-' || quarter, 'till', 'sms', date '2017-02-17' + cast(91 * (quarter - 1) as integer)
    from (select unnest(range(1, 5)) as quarter)
    union all
    select 'push-' || strftime(fortnight_start, '%Y-%m-%d'), 'app', 'push', fortnight_start + 3 from fortnights
)

select
    *,
    [8, 12, 17][1 + pick('hour of mailing', campaign_id, 3)] as send_hour
from all_mailings;

-- What kind of reader somebody is: traits, not conclusions from what they bought.
create table readers as
select
    plan.source_system,
    plan.contact_id,
    plan.record_key,
    plan.household_id,
    plan.person_id,
    plan.created_at,
    plan.email_index,
    plan.phone_index,
    plan.method,
    -- how fond of reading she is: it shows in what she opens and clicks, and in how likely she is to come back
    fondness(plan.person_id) as fondness,
    0.04 + 0.5 * fondness * fondness as open_share,
    0.05 + 0.2 * fondness as click_share,
    -- from this day on she opens seldom, and the fonder the less seldom
    case
        when
            has_trait()
            and draw('falls silent', plan.record_key)
            < case when plan.kind in ('newsletter', 'past') then 0.62 else 0.25 end
            then after_days(plan.created_at, 30 + 900 * draw('falls silent after', plan.record_key))
        else timestamp '9999-01-01'
    end as silent_from,
    -- from this day on the mailbox does not exist
    case
        when draw('mailbox dies', plan.record_key) < domains.dies_share
            then after_days(plan.created_at, 60 + 1700 * draw('mailbox dies after', plan.record_key))
        else timestamp '9999-01-01'
    end as dead_from,
    draw('reads through a proxy', plan.record_key) < 0.2 as has_proxy,
    domains.soft_bounce_share,
    domains.complaint_share,
    -- when she likes to read: messages that go out around then are read more often
    7 + pick('reads at', plan.person_id, 15) as favourite_hour,
    1 + pick('reads on', plan.person_id, 7) as favourite_weekday,
    -- the mailboxes of one domain, when the household or the reader works behind a scanner
    records.email ilike '%@example.net%' and draw('is scanned', plan.person_id) < 0.1 as has_scanner,
    erasures.requested_at as erased_at,
from contact_plan as plan
inner join contact_records as records on plan.record_key = records.record_key
-- mail domains differ in how many mailboxes die, are full, and complain
left join (
    values ('com', 0.09, 0.005, 0.0002), ('org', 0.08, 0.006, 0.0003), ('net', 0.14, 0.010, 0.0007)
) as domains (ending, dies_share, soft_bounce_share, complaint_share)
    on domains.ending = split_part(lower(trim(records.email)), '@example.', 2)
left join erasures on plan.person_id = erasures.person_id;

create table candidate_messages as
with

due as (
    select
        mailings.campaign_id,
        mailings.channel,
        readers.*,
        seed() || '|message|' || mailings.campaign_id || '|' || readers.record_key as message_key,
        mailings.sent_on,
        mailings.send_hour
    from mailings
    inner join readers on mailings.source_system = readers.source_system
    where
        readers.created_at < cast(mailings.sent_on as timestamp)
        and (mailings.channel <> 'email' or readers.email_index > 0 or readers.method = 'shared mailbox')
        and (mailings.channel <> 'sms' or readers.phone_index > 0)
        and (readers.erased_at is null or cast(mailings.sent_on as timestamp) < readers.erased_at)
),

drawn as (
    select
        *,
        md5_number_upper(message_key) as first_number,
        md5_number_lower(message_key) as second_number
    from due
),

timed as (
    select
        *,
        -- it takes an hour and a half to send a mailing
        after_seconds(
            to_utc(cast(sent_on as timestamp) + to_hours(send_hour)), 5400 * draw_of(first_number, 0)
        ) as sent_at,
        -- about 1 on average over the hours and days
        case
            when has_trait()
                then
                    (1 + 0.35 * cos(2 * pi() * (send_hour - favourite_hour) / 24))
                    * case when isodow(sent_on) = favourite_weekday then 1.3 else 0.95 end
            else 1
        end as moment_factor
    from drawn
),

-- sent to those who had said yes, and in the newsletter's case confirmed it
allowed as (
    select timed.*
    from timed
    asof left join (select * from declared_consents where purpose = 'marketing') as consents
        on timed.source_system = consents.source_system
        and timed.contact_id = consents.contact_id
        and timed.channel = consents.channel
        and timed.sent_at > consents.changed_at
    where
        consents.status = 'granted'
        and (timed.source_system <> 'newsletter' or consents.double_opt_in_confirmed_at < timed.sent_at)
),

-- the newest basket before the message makes a household read more or less; before March 2017 too little is known
after_orders as (
    select
        allowed.*,
        case
            when allowed.household_id is null or allowed.sent_at < timestamp '2017-03-01' then 1.0
            when baskets.ordered_at >= allowed.sent_at - interval 28 day then 1.3
            when baskets.ordered_at >= allowed.sent_at - interval 91 day then 0.9
            else 0.6
        end as recency_factor
    from allowed
    asof left join moments as baskets
        on allowed.household_id = baskets.household_id
        and allowed.sent_at > baskets.ordered_at
),

answered as (
    select
        *,
        sent_at >= dead_from and channel = 'email' as is_dead,
        draw_of(first_number, 1) < 0.0008 as is_not_sent,
        draw_of(first_number, 1) >= 0.0008
            and draw_of(first_number, 1) < 0.0008 + coalesce(soft_bounce_share, 0.006) as is_soft_bounce,
        -- silence is no end: each further mail is a chance
        draw_of(first_number, 2)
        < open_share * recency_factor * moment_factor
        * case when sent_at < silent_from then 1 else 0.5 * fondness end as is_read
    from after_orders
)

select
    *,
    not is_dead and not is_not_sent and not is_soft_bounce as is_delivered,
    case channel
        when 'email' then is_read and draw_of(second_number, 0) < click_share
        else is_read and draw_of(second_number, 0) < 0.1
    end as is_clicked,
    channel = 'email' and draw_of(second_number, 1) < coalesce(complaint_share, 0) as is_complaint,
    draw_of(second_number, 1) >= coalesce(complaint_share, 0)
        and draw_of(second_number, 1) < 0.0015 + case when is_read then 0.004 else 0 end as is_unsubscribe
from answered;

-- The first hard bounce, complaint or unsubscription ends the mailings of that channel to that record.
create table endings as
with

ends as (
    select
        source_system,
        contact_id,
        record_key,
        channel,
        min(case when is_dead then sent_at end) as dead_at,
        min(case when is_delivered and (is_complaint or is_unsubscribe) then sent_at end) as ended_at,
        min(case when is_delivered and is_complaint then sent_at end) as complained_at
    from candidate_messages
    group by source_system, contact_id, record_key, channel
)

select
    *,
    -- one in ten who unsubscribed subscribes again later, by the form
    case
        when
            source_system = 'newsletter'
            and (complained_at is null or complained_at > ended_at)
            and draw('subscribes again', record_key) < 0.1
            then after_days(ended_at, 60 + 500 * draw('subscribes again after', record_key))
    end as returned_at
from ends;

create table sent_messages as
select
    messages.*,
    'M' || short_id('message|' || messages.campaign_id || '|' || messages.record_key) as message_id,
    coalesce(messages.sent_at = endings.ended_at, false) as is_ending,
    after_seconds(messages.sent_at, 5 + 120 * draw_of(messages.second_number, 2)) as delivered_at,
    -- one message in two is read in the reader's hour of that day or of the next, the others whenever
    case
        when (messages.second_number >> 60) < 8 then to_utc(
            cast(messages.sent_on as timestamp)
            + to_days(case when messages.favourite_hour >= messages.send_hour + 2 then 0 else 1 end)
            + to_hours(messages.favourite_hour)
            + to_seconds(cast(floor(3600 * draw_of(messages.first_number, 0)) as bigint))
        )
        else after_seconds(messages.sent_at, 300 + 259200 * power(draw_of(messages.second_number, 2), 3))
    end as read_at
from candidate_messages as messages
inner join endings
    on messages.record_key = endings.record_key and messages.channel = endings.channel
where
    (endings.dead_at is null or messages.sent_at <= endings.dead_at)
    and (
        endings.ended_at is null
        or messages.sent_at <= endings.ended_at
        or messages.sent_at > endings.returned_at
    );

create table synthetic.messages as
select
    source_system,
    message_id,
    contact_id,
    channel,
    campaign_id,
    case
        when source_system <> 'newsletter' or sent_at < timestamp '2017-01-01' then null
        when draw_of(first_number, 0) < 0.5 then 'A'
        else 'B'
    end as variant,
    case when channel = 'sms' then 0.05::decimal(18, 2) end as cost_amount,
    sent_at,
    extracted_at() as extracted_at,
from sent_messages;

create table message_answers as
select
    source_system,
    message_id,
    'not_sent' as event_type,
    sent_at as occurred_at,
    '' as link_tag,
    false as is_machine
from sent_messages
where not is_dead and is_not_sent
union all
select source_system, message_id, 'bounced_hard', after_seconds(sent_at, 30), '', false
from sent_messages
where is_dead
union all
select source_system, message_id, 'bounced_soft', after_seconds(sent_at, 45), '', false
from sent_messages
where not is_dead and is_soft_bounce
union all
select source_system, message_id, 'delivered', delivered_at, '', false
from sent_messages
where is_delivered
union all
-- the mail provider fetches the pictures at once, whoever reads
select source_system, message_id, 'opened', after_seconds(delivered_at, 3 + 37 * draw_of(first_number, 2)), '', true
from sent_messages
where is_delivered and channel = 'email' and has_proxy
union all
select source_system, message_id, 'opened', read_at, '', false
from sent_messages
where is_delivered and channel = 'email' and is_read
union all
select
    source_system,
    message_id,
    'clicked',
    after_seconds(read_at, 10 + 290 * draw_of(second_number, 0)),
    ['recipes', 'offers', 'contest', 'new_products'][1 + cast(second_number % 4 as integer)],
    false
from sent_messages
where is_delivered and is_clicked
union all
-- a scanner follows every link within two seconds, also the one that no reader sees; it does not say what it is
select
    source_system,
    message_id,
    'clicked',
    after_seconds(delivered_at, 30 + links.place // 3),
    links.link_tag,
    false
from sent_messages
cross join (
    values (0, 'recipes'), (1, 'offers'), (2, 'decoy'), (3, 'contest'), (4, 'new_products')
) as links (place, link_tag)
where is_delivered and channel = 'email' and has_scanner and sent_at >= timestamp '2017-01-01'
union all
select source_system, message_id, 'complained', after_seconds(read_at, 60), '', false
from sent_messages
where is_delivered and is_ending and is_complaint
union all
select source_system, message_id, 'unsubscribed', after_seconds(read_at, 60), '', false
from sent_messages
where is_delivered and is_ending and is_unsubscribe;

create table synthetic.message_events as
select
    *,
    extracted_at() as extracted_at,
from message_answers
where occurred_at < horizon();

create table synthetic.consents as
with

-- unsubscribing withdraws the consent at that moment, and so does a complaint
withdrawals as (
    select
        messages.source_system,
        messages.contact_id,
        messages.channel,
        'marketing' as purpose,
        'withdrawn' as status,
        answers.occurred_at as changed_at,
        null as double_opt_in_confirmed_at
    from message_answers as answers
    inner join sent_messages as messages on answers.message_id = messages.message_id
    where answers.event_type in ('unsubscribed', 'complained')
),

returns as (
    select
        source_system,
        contact_id,
        channel,
        'marketing' as purpose,
        'granted' as status,
        returned_at as changed_at,
        after_seconds(returned_at, 600) as double_opt_in_confirmed_at
    from endings
    where returned_at is not null
),

-- the web shop asks whether opens may be counted: a box that two in five tick, and nobody else has said anything
tracking_answers as (
    select
        plan.source_system,
        plan.contact_id,
        plan.created_at,
        case
            when draw('tracking taken back', plan.record_key) < 0.05
                then after_days(plan.created_at, 30 + 300 * draw('tracking taken back after', plan.record_key))
        end as withdrawn_at
    from contact_plan as plan
    where
        plan.source_system = 'web_shop'
        and draw('tracking', plan.record_key) < 0.4
),

tracking_consents as (
    select
        source_system,
        contact_id,
        'email' as channel,
        'open_tracking' as purpose,
        'granted' as status,
        created_at as changed_at,
        null as double_opt_in_confirmed_at
    from tracking_answers
    union all
    select
        source_system,
        contact_id,
        'email' as channel,
        'open_tracking' as purpose,
        'withdrawn' as status,
        withdrawn_at as changed_at,
        null as double_opt_in_confirmed_at
    from tracking_answers
    where withdrawn_at is not null
),

events as (
    select * from declared_consents
    union all
    select * from withdrawals
    union all
    select * from returns
    union all
    select * from tracking_consents
)

select
    source_system,
    contact_id,
    channel,
    purpose,
    status,
    case
        when status = 'withdrawn' and source_system = 'newsletter' then 'unsubscribe-link'
        else source_system || '-form-' || strftime(changed_at, '%Y')
    end as evidence_reference,
    changed_at,
    double_opt_in_confirmed_at,
    extracted_at() as extracted_at,
from events
where changed_at < horizon();
