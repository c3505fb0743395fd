-- Rows that are wrong on purpose, a handful per rule, so that the counters of rejected rows show something. Never
-- among baskets, their lines or card holders: the figures of the purchases stay what the data set says. (Wrong
-- currency therefore does not occur.)

-- e-mails that are none, sign-ups of 1970 and of the future, and a subscription exported twice
insert into synthetic.newsletter_subscribers by name
select
    'N' || (9000 + place) as subscriber_id,
    ['not an address', 'someone@', '@example.com', 'two@@example.com', null, null][place] as email,
    'en' as language_code,
    case
        when place <= 4 then timestamp '2015-05-05 12:00:00'
        when place = 5 then timestamp '1970-01-01 00:00:00'
        else timestamp '2018-03-01 09:00:00'
    end as subscribed_at,
    extracted_at() as extracted_at
from (select unnest(range(1, 7)) as place);

insert into synthetic.newsletter_subscribers by name
select * replace ('Twice' as first_name)
from synthetic.newsletter_subscribers
where subscriber_id in ('N2601', 'N2602', 'N2603');

-- links to a record that nobody has
insert into synthetic.identity_links by name
select
    'web_shop' as source_system,
    'W9999' as contact_id,
    'till' as linked_source_system,
    '999' || place as linked_contact_id,
    'form' as evidence,
    timestamp '2016-06-06 12:00:00' as linked_at,
    extracted_at() as extracted_at
from (select unnest(range(1, 3)) as place);

insert into synthetic.consents by name
select
    'newsletter' as source_system,
    'unknown-' || place as contact_id,
    'email' as channel,
    'marketing' as purpose,
    'granted' as status,
    'newsletter-form-2016' as evidence_reference,
    timestamp '2016-06-06 12:00:00' as changed_at,
    extracted_at() as extracted_at
from (select unnest(range(1, 9)) as place);

insert into synthetic.consents by name
select
    source_system,
    contact_id,
    'sms' as channel,
    purpose,
    ['granted', 'granted', 'maybe'][1 + cast(row_number() over (order by contact_id) % 3 as integer)] as status,
    evidence_reference,
    [timestamp '1970-01-01 00:00:00', timestamp '2018-02-02 02:02:02', timestamp '2016-07-07 07:07:07'][
        1 + cast(row_number() over (order by contact_id) % 3 as integer)
    ] as changed_at,
    extracted_at
from synthetic.consents
where source_system = 'newsletter' and status = 'granted' and contact_id between 'N2700' and 'N2711';

insert into synthetic.consents by name
select *
from synthetic.consents
where source_system = 'web_shop' and contact_id in ('W7001', 'W7002') and channel = 'ads';

insert into synthetic.contact_preferences by name
select
    'web_shop' as source_system,
    'unknown-' || place as contact_id,
    case when place = 3 then 'favourite_colour' else 'interest' end as preference_type,
    'wine' as preference_value,
    timestamp '2016-08-08 12:00:00' as declared_at,
    extracted_at() as extracted_at
from (select unnest(range(1, 4)) as place);

insert into synthetic.messages by name
select
    'newsletter' as source_system,
    'MBAD' || place as message_id,
    case when place <= 8 then 'unknown-' || place else 'N' || (2600 + place) end as contact_id,
    case when place = 16 then 'pigeon' else 'email' end as channel,
    'newsletter-2016-06' as campaign_id,
    case
        when place in (9, 10, 11) then timestamp '1970-01-01 00:00:00'
        when place in (12, 13, 14, 15) then timestamp '2018-05-05 14:00:00'
        else timestamp '2016-06-07 14:30:00'
    end as sent_at,
    extracted_at() as extracted_at
from (select unnest(range(1, 17)) as place);

insert into synthetic.messages by name
select *
from synthetic.messages
where campaign_id = 'newsletter-2016-06' and contact_id in ('N2651', 'N2652', 'N2653', 'N2654', 'N2655', 'N2656');

insert into synthetic.message_events by name
select
    'newsletter' as source_system,
    'MNONE' || place as message_id,
    case when place <= 10 then 'opened' else 'read aloud' end as event_type,
    case
        when place in (9, 10) then timestamp '1970-01-01 00:00:00'
        else timestamp '2016-06-07 15:00:00'
    end as occurred_at,
    '' as link_tag,
    false as is_machine,
    extracted_at() as extracted_at
from (select unnest(range(1, 13)) as place);

insert into synthetic.web_events by name
select
    'web_shop' as source_system,
    case when place <= 8 then 'unknown-' || place else 'W7001' end as contact_id,
    'EBAD' || place as event_id,
    case when place = 16 then 'teleport' else 'visit' end as event_type,
    'web' as platform,
    case
        when place in (9, 10, 11) then timestamp '1970-01-01 00:00:00'
        when place in (12, 13, 14, 15) then timestamp '2018-05-05 14:00:00'
        else timestamp '2017-06-07 14:30:00'
    end as occurred_at,
    extracted_at() as extracted_at
from (select unnest(range(1, 17)) as place);

insert into synthetic.web_events by name
select *
from synthetic.web_events
where event_id in (
    select event_id
    from synthetic.web_events
    where event_type = 'visit' and contact_id = 'W7003'
    order by occurred_at, event_id
    limit 2
);

insert into synthetic.carts by name
select
    'web_shop' as source_system,
    case when place <= 2 then 'unknown-' || place else 'W7003' end as contact_id,
    'CBAD' || place as cart_id,
    1 as item_count,
    case when place = 3 then -9.99 else 9.99 end as cart_amount,
    timestamp '2016-09-09 12:00:00' as created_at,
    case when place = 4 then timestamp '2016-09-01 12:00:00' else timestamp '2016-09-09 12:30:00' end as updated_at,
    extracted_at() as extracted_at
from (select unnest(range(1, 5)) as place);

insert into synthetic.loyalty_movements by name
select
    '999' || place as household_id,
    'BAD' || place as movement_id,
    'earned' as movement_type,
    10 as points,
    timestamp '2016-12-12 12:00:00' as occurred_at,
    extracted_at() as extracted_at
from (select unnest(range(1, 6)) as place);

insert into synthetic.service_events by name
select
    'till' as source_system,
    '999' || place as contact_id,
    'SBAD' || place as event_id,
    case when place = 4 then 'shouting' else 'ticket' end as event_type,
    false as is_resolved,
    case when place = 3 then timestamp '2018-04-04 12:00:00' else timestamp '2016-12-12 12:00:00' end as occurred_at,
    extracted_at() as extracted_at
from (select unnest(range(1, 5)) as place);
