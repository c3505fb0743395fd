-- One row per person. Orders are spread exponentially (a few per cent buy nothing, one in a hundred buys a hundred times); most
-- persons are there from the first weeks on, and not quite half of them stop at some time.
create table people as
with

drawn as (
    select
        person,
        cast(floor(-20.5 / 24 * getvariable('months') * ln(1 - draw('orders', person, 0))) as integer) as orders,
        cast(floor(days() * 0.2 * pow(draw('first day', person, 0), 3)) as integer) as first_day,
        draw('stops', person, 0) < 0.45 as stops,
        draw('last day', person, 0) as stops_at,
        draw('records', person, 0) as records,
        -- twelve of each full thousand write down the number of one switchboard
        person % 1000 < 12 and (person // 1000 + 1) * 1000 <= getvariable('profiles') as has_switchboard
    from range(getvariable('profiles')) as numbers (person)
)

select
    cast(person as integer) as person,
    -- an order's number is person * 1000 + its place
    least(orders, 999) as orders,
    first_day,
    case
        when stops then first_day + cast(floor((days() - first_day) * stops_at) as integer)
        else days() - 1
    end as last_day,
    -- 1.3 contact records per person
    case
        when records < 0.82 then 1
        when records < 0.92 then 2
        when records < 0.97 then 3
        when records < 0.99 then 4
        else 5
    end as records,
    has_switchboard
from drawn;

-- One row per contact record. Each has an e-mail, a phone and a loyalty card; one of the three is the one of the person's record
-- before, so that the records of a person form a chain, and only resolution over all three finds the person again.
create table contact_records as
with

records as (
    select
        people.person,
        places.place,
        people.has_switchboard,
        people.first_day,
        case
            when places.place = 0 then 'none'
            -- a switchboard links nobody
            when people.has_switchboard then 'email'
            else (['email', 'phone', 'card'])[1 + pick('shared', people.person, places.place, 3)]
        end as shared
    from people
    inner join range(5) as places (place) on people.records > places.place
)

select
    person,
    cast(place as integer) as place,
    has_switchboard,
    silo_name(place) as silo,
    'c' || person || '-' || place as contact_id,
    -- which record's e-mail, phone and card these are
    max(case when shared <> 'email' then place end) over chain as email_of,
    max(case when shared <> 'phone' then place end) over chain as phone_of,
    max(case when shared <> 'card' then place end) over chain as card_of,
    cast(first_day() + first_day as timestamp)
    - to_seconds(pick('created', person, 0, 40000000)) + to_days(place * 10) as created_at
from records
window chain as (partition by person order by place);

-- +999 is a country code that is given to no country: these are the phones of nobody. The numbers are written in E.164.
create view input_contacts as
select
    silo as source_system,
    contact_id,
    silo,
    'c' || person || '-' || email_of || '@example.com' as email,
    case
        when has_switchboard then '+9991' || lpad(cast(person // 1000 as varchar), 8, '0')
        else '+9990' || phone_of || lpad(cast(person as varchar), 8, '0')
    end as phone,
    cast(null as timestamp) as email_verified_at,
    cast(null as timestamp) as phone_verified_at,
    'First' || person % 997 as first_name,
    'Last' || person % 9973 as last_name,
    date '1940-01-01' + pick('birth', person, 0, 23000) as birth_date,
    'en' as language_code,
    'BE' as country_code,
    cast(1000 + pick('postal code', person, 0, 9000) as varchar) as postal_code,
    'Town ' || pick('postal code', person, 0, 9000) as city,
    'Street ' || pick('street', person, 0, 500) as street_address,
    'L' || person || '-' || card_of as loyalty_card_id,
    's' || pick('store', person, 0, 200) as preferred_store_id,
    cast(null as varchar) as time_zone,
    created_at,
    cast(created_at as date) as created_date,
    created_at as updated_at,
    extracted_at() as extracted_at
from contact_records;

-- What normalisation makes of the phones above. It is not measured here: a library in Python reads some 20,000 new numbers a
-- second, once in the life of a number.
create view phone_numbers as
select distinct
    phone as raw_phone,
    country_code,
    phone as e164,
    true as is_valid
from input_contacts;

create view input_consents as
select
    contact_records.silo as source_system,
    contact_records.contact_id,
    channels.channel,
    'marketing' as purpose,
    case when draw(channels.channel, contact_records.person, contact_records.place) < 0.75 then 'granted' else 'denied' end as status,
    cast(null as varchar) as address,
    contact_records.created_at + interval 1 minute as changed_at,
    cast(null as varchar) as evidence_reference,
    cast(null as timestamp) as double_opt_in_confirmed_at,
    extracted_at() as extracted_at
from contact_records
cross join (values ('email'), ('sms')) as channels (channel)
where
    channels.channel = 'email'
    or draw('asked for sms', contact_records.person, contact_records.place) < 0.4
union all
select
    silo as source_system,
    contact_id,
    'email' as channel,
    'marketing' as purpose,
    'withdrawn' as status,
    cast(null as varchar) as address,
    created_at + interval 90 day as changed_at,
    cast(null as varchar) as evidence_reference,
    cast(null as timestamp) as double_opt_in_confirmed_at,
    extracted_at() as extracted_at
from contact_records
where draw('withdraws', person, place) < 0.08;
