create view input_stores as
select
    'till' as source_system,
    's' || number as store_id,
    'Store ' || number as store_name,
    case when number = 0 then 'web' when number % 10 = 1 then 'drive' else 'store' end as store_type,
    'Region ' || number % 12 as region,
    date '2010-01-01' + cast(number as integer) as opened_date,
    extracted_at() as extracted_at
from range(200) as numbers (number);

create view input_products as
select
    'till' as source_system,
    'p' || number as product_id,
    'Product ' || number as product_name,
    'Brand ' || number % 700 as brand,
    'Department ' || number % 20 as department,
    'Category ' || number % 300 as category,
    cast(null as varchar) as collection,
    cast(null as varchar) as package_size,
    cast(null as integer) as days_of_supply,
    cast(null as decimal(9, 4)) as margin_share,
    extracted_at() as extracted_at
from range(20000) as numbers (number);

-- Two newsletters and two visits a person, as a moderate rest of a retailer's data.
create table messages as
select
    people.person,
    cast(places.place as integer) as place,
    cast(first_day() + pick('message', people.person, places.place, days()) as timestamp) + interval 9 hour as sent_at,
    draw('opened', people.person, places.place) < 0.3 as is_opened,
    draw('clicked', people.person, places.place) < 0.03 as is_clicked
from people
cross join range(2) as places (place);

create view input_messages as
select
    'till' as source_system,
    'm' || person || '-' || place as message_id,
    'c' || person || '-0' as contact_id,
    'email' as channel,
    cast(null as varchar) as campaign_id,
    cast(null as varchar) as decision_id,
    cast(null as varchar) as variant,
    'marketing' as message_kind,
    sent_at,
    cast(sent_at as date) as sent_date,
    cast(0.01 as decimal(18, 2)) as cost_amount,
    extracted_at() as extracted_at
from messages;

create view input_message_events as
with

happened as (
    select
        messages.*,
        events.event_type,
        events.minutes
    from messages
    inner join (values ('delivered', 1), ('opened', 60), ('clicked', 61)) as events (event_type, minutes)
        on
            events.event_type = 'delivered'
            or (events.event_type = 'opened' and (messages.is_opened or messages.is_clicked))
            or (events.event_type = 'clicked' and messages.is_clicked)
)

select
    'till' as source_system,
    'm' || person || '-' || place as message_id,
    event_type,
    sent_at + to_minutes(minutes) as occurred_at,
    cast(sent_at + to_minutes(minutes) as date) as occurred_date,
    case when event_type = 'clicked' then 'banner' else '' end as link_tag,
    false as is_machine,
    extracted_at() as extracted_at
from happened;

create view input_web_events as
with

visits as (
    select
        people.person,
        places.place,
        pick('product seen', people.person, places.place, 20000) as product,
        cast(first_day() + pick('visit', people.person, places.place, days()) as timestamp) + interval 20 hour as occurred_at
    from people
    cross join range(2) as places (place)
)

select
    'till' as source_system,
    'w' || person || '-' || place as event_id,
    'c' || person || '-0' as contact_id,
    'product_view' as event_type,
    'web' as platform,
    'p' || product as product_id,
    'Category ' || product % 300 as category,
    cast(null as varchar) as form_type,
    cast(null as varchar) as campaign_id,
    cast(null as varchar) as route,
    occurred_at,
    cast(occurred_at as date) as occurred_date,
    extracted_at() as extracted_at
from visits;
