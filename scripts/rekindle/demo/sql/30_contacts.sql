-- Contact records of six silos, overlapping and in conflict. `method` says how a record of a household hangs together
-- with its loyalty card: by the same e-mail, phone or card number, by another record (chain), or only because
-- somebody said so (link).

create table household_silos as
with

drawn as (
    select
        household_id,
        person_id,
        draw('web_shop', person_id) < 0.28 as has_web,
        draw('newsletter', person_id) < 0.28 as has_newsletter,
        draw('app', person_id) < 0.15 as has_app,
        draw('call_centre', person_id) < 0.10 as has_call,
        draw('social', person_id) < 0.09 as has_social,
        draw('web method', person_id) as web_draw,
        draw('newsletter method', person_id) as newsletter_draw,
        draw('app method', person_id) as app_draw,
        draw('call method', person_id) as call_draw,
        draw('social method', person_id) as social_draw
    from people
    where kind = 'household'
),

chosen as (
    select
        household_id,
        person_id,
        case
            when not has_web then null
            when web_draw < 0.35 then 'card'
            when web_draw < 0.75 then 'email'
            else 'phone'
        end as web_method,
        case
            when not has_newsletter then null
            when newsletter_draw < 0.25 and has_web and (web_draw < 0.35 or web_draw >= 0.75) then 'chain'
            when newsletter_draw < 0.85 then 'email'
            else 'link'
        end as newsletter_method,
        case
            when not has_app then null
            when app_draw < 0.6 then 'card'
            when app_draw < 0.8 then 'email'
            else 'phone'
        end as app_method,
        case when not has_call then null when call_draw < 0.7 then 'phone' else 'link' end as call_method,
        case when not has_social then null when social_draw < 0.6 then 'link' else 'email' end as social_method
    from drawn
)

select
    *,
    -- the till knows the e-mail or phone that another record needs in order to be recognised
    draw('till e-mail', person_id) < 0.72
        or 'email' in (
            coalesce(web_method, ''),
            coalesce(newsletter_method, ''),
            coalesce(app_method, ''),
            coalesce(social_method, '')
        ) as has_till_email,
    draw('till phone', person_id) < 0.80
        or 'phone' in (coalesce(web_method, ''), coalesce(app_method, ''), coalesce(call_method, '')) as has_till_phone,
    -- 8 % take their card at the till, with the first basket that the data shows; the others had it before the data
    -- begins
    draw('enrols at the till', person_id) < 0.08 as enrols_at_first_basket
from chosen;

create table first_baskets as
select
    household_id,
    min(ordered_at) as first_ordered_at
from baskets
group by household_id;

-- One row per contact record: which person, which of the person's e-mails and phones (0 = none), when created.
create table contact_plan as
with

records as (
    select 'till' as source_system, person_id, household_id as contact_id, 'own' as method from household_silos
    union all
    select 'web_shop', person_id, 'W' || household_id, web_method from household_silos where web_method is not null
    union all
    select 'newsletter', person_id, 'N' || household_id, newsletter_method
    from household_silos
    where newsletter_method is not null
    union all
    select 'app', person_id, 'A' || household_id, app_method from household_silos where app_method is not null
    union all
    select 'call_centre', person_id, 'C' || household_id, call_method from household_silos where call_method is not null
    union all
    select 'social', person_id, 'S' || household_id, social_method from household_silos where social_method is not null
    union all
    -- the first 26 newsletter readers subscribed from two shared mailboxes and are known by nothing else
    select 'newsletter', person_id, 'N' || seq, case when number <= 26 then 'shared mailbox' else 'email' end
    from people
    where kind = 'newsletter'
    union all
    -- every past customer has a card, half of them the newsletter
    select 'till', person_id, cast(seq as varchar), 'own'
    from people
    where kind = 'past'
    union all
    select 'newsletter', person_id, 'N' || seq, 'email'
    from people
    where kind = 'past' and draw('newsletter', person_id) < 0.5
    union all
    select 'web_shop', person_id, 'W' || seq, 'email'
    from people
    where kind in ('web', 'joiner') or (kind = 'newsletter' and number > 26 and draw('web_shop', person_id) < 0.04)
    union all
    select 'app', person_id, 'A' || seq, 'email'
    from people
    where kind = 'app' or (kind = 'web' and draw('app', person_id) < 0.15)
    union all
    select 'social', person_id, 'S' || seq, 'email'
    from people
    where kind = 'social' or (kind = 'newsletter' and number > 26 and draw('social', person_id) < 0.05)
    union all
    -- the first 42 callers ring from three company switchboards
    select 'call_centre', person_id, 'C' || seq, case when number <= 42 then 'switchboard' else 'phone' end
    from people
    where kind = 'caller'
),

drawn as (
    select
        records.*,
        people.kind,
        people.household_id,
        people.number,
        people.seq,
        records.source_system || '|' || records.contact_id as record_key,
        draw('created', records.source_system || '|' || records.contact_id) as created_draw,
        coalesce(silos.has_till_email, true) as has_till_email,
        coalesce(silos.has_till_phone, draw('till phone', records.person_id) < 0.6) as has_till_phone,
        coalesce(silos.enrols_at_first_basket, true) as enrols_at_first_basket,
        coalesce(first_baskets.first_ordered_at, past_customers.started_at) as first_ordered_at
    from records
    inner join people on records.person_id = people.person_id
    left join household_silos as silos on people.household_id = silos.household_id
    left join first_baskets on people.household_id = first_baskets.household_id
    left join past_customers on people.person_id = past_customers.person_id
)

select
    source_system,
    contact_id,
    record_key,
    person_id,
    kind,
    household_id,
    number,
    seq,
    method,
    case
        when source_system = 'till' then case when has_till_email then 1 else 0 end
        when method in ('shared mailbox', 'switchboard') then 0
        when method = 'email' then 1
        when method = 'chain' then 2
        when source_system = 'newsletter' then 3
        when source_system = 'social' then 3
        when source_system = 'web_shop' then 2
        when source_system = 'app' then case when draw('app e-mail', record_key) < 0.5 then 2 else 0 end
        else 0
    end as email_index,
    case
        when source_system = 'till' then case when has_till_phone then 1 else 0 end
        when method = 'phone' then 1
        when method in ('shared mailbox', 'switchboard') or source_system = 'newsletter' then 0
        when draw('second phone', record_key) < 0.35 then 2
        else 0
    end as phone_index,
    method = 'switchboard'
        or (
            source_system = 'call_centre' and method = 'link' and draw('calls from work', record_key) < 0.4
        ) as is_from_switchboard,
    case source_system
        when 'till' then
            case
                when enrols_at_first_basket then first_ordered_at
                else after_days(timestamp '2009-02-02 14:00:00', 2880 * (1 - (1 - created_draw) * (1 - created_draw)))
            end
        when 'newsletter' then after_days(timestamp '2013-01-15 13:00:00', 1440 * created_draw)
        when 'web_shop' then
            case
                when kind = 'joiner' then after_days(timestamp '2017-07-01 13:00:00', 180 * created_draw)
                else after_days(timestamp '2014-01-06 13:00:00', 1420 * created_draw)
            end
        when 'app' then after_days(timestamp '2015-06-01 13:00:00', 900 * created_draw)
        when 'call_centre' then after_days(timestamp '2014-03-03 15:00:00', 1360 * created_draw)
        when 'social' then after_days(timestamp '2015-05-01 16:00:00', 930 * created_draw)
    end as created_at
from drawn
-- no basket seen yet, no card yet
where source_system <> 'till' or not enrols_at_first_basket or first_ordered_at is not null;


create table contact_records as
with

spelled as (
    select
        plan.*,
        people.first_name,
        people.nickname,
        people.last_name,
        people.first_slug,
        people.last_slug,
        people.birth_date,
        people.language_code,
        people.street_address,
        people.city,
        people.postal_code,
        email_of(people.seq, people.first_slug, people.last_slug, plan.email_index) as email_address,
        phone_place(people.seq, plan.phone_index) as place,
        area_codes.area_code,
        pick('phone spelling', record_key, 5) as spelling,
        draw('conflict', record_key) as conflict_draw,
        -- a few readers and entrants live abroad and have numbers that their regulators keep for drama
        plan.kind in ('web', 'app', 'social') and draw('lives abroad', plan.person_id) < 0.05 as is_abroad
    from contact_plan as plan
    inner join people on plan.person_id = people.person_id
    left join area_codes on area_codes.area_index = phone_place(people.seq, plan.phone_index) // 100
)

select
    source_system,
    contact_id,
    record_key,
    person_id,
    kind,
    household_id,
    method,
    case
        when method = 'shared mailbox' and number <= 13 then 'info@example.org'
        when method = 'shared mailbox' then 'contact@example.com'
        -- the same address as people type it
        when pick('e-mail spelling', record_key, 12) = 0 then upper(email_address)
        when pick('e-mail spelling', record_key, 12) = 1 then ' ' || email_address || ' '
        else email_address
    end as email,
    case
        when is_from_switchboard then ['(804) 555-0199', '+1 805-555-0199', '8065550199'][1 + number % 3]
        when phone_index = 0 and source_system in ('web_shop', 'social') and draw('junk phone', record_key) < 0.06
            then ['n/a', '555-0147', '0000000000', '(212) 555-01', 'call me'][1 + pick('junk phone', record_key, 5)]
        when phone_index > 0 and is_abroad and draw('country', person_id) < 0.4
            then ['020 7946 0', '+44 20 7946 0'][1 + pick('phone spelling', record_key, 2)]
                || lpad(cast(seq % 1000 as varchar), 3, '0')
        when phone_index > 0 and is_abroad and draw('country', person_id) < 0.6
            then '07700 900' || lpad(cast(seq % 1000 as varchar), 3, '0')
        when phone_index > 0 and is_abroad
            then ['01 99 00 ', '+33 1 99 00 '][1 + pick('phone spelling', record_key, 2)]
                || lpad(cast(seq // 100 % 100 as varchar), 2, '0') || ' ' || lpad(cast(seq % 100 as varchar), 2, '0')
        when phone_index > 0 then
            case spelling
                when 0 then '(' || area_code || ') 555-01' || lpad(cast(place % 100 as varchar), 2, '0')
                when 1 then '+1 ' || area_code || '-555-01' || lpad(cast(place % 100 as varchar), 2, '0')
                when 2 then area_code || '55501' || lpad(cast(place % 100 as varchar), 2, '0')
                when 3 then '1-' || area_code || '-555-01' || lpad(cast(place % 100 as varchar), 2, '0')
                else area_code || '.555.01' || lpad(cast(place % 100 as varchar), 2, '0')
            end
    end as phone,
    case
        when source_system = 'web_shop' and draw('e-mail verified', record_key) < 0.8
            then after_seconds(created_at, 60 + 3000 * draw('e-mail verified after', record_key))
        when source_system = 'newsletter' and draw('e-mail verified', record_key) < 0.9
            then after_seconds(created_at, 60 + 170000 * power(draw('e-mail verified after', record_key), 2))
    end as email_verified_at,
    case
        when source_system = 'app' and phone_index > 0 and draw('phone verified', record_key) < 0.7
            then after_seconds(created_at, 90)
    end as phone_verified_at,
    case
        when source_system = 'newsletter' and conflict_draw < 0.5 then null
        when source_system in ('web_shop', 'app', 'social') and conflict_draw < 0.2 then nickname
        when source_system = 'web_shop' and conflict_draw < 0.25 then upper(first_name)
        when source_system = 'social' and conflict_draw > 0.98 then first_name || ' 🎉'
        else first_name
    end as first_name,
    case
        when source_system = 'newsletter' and conflict_draw < 0.5 then null
        when conflict_draw > 0.95 and source_system <> 'till'
            then upper(substring(last_slug, 1, 1)) || substring(last_slug, 2)
        else last_name
    end as last_name,
    case
        when source_system in ('newsletter', 'call_centre') then null
        when source_system = 'till' and conflict_draw < 0.25 then null
        when source_system in ('web_shop', 'app') and conflict_draw < 0.35 then null
        when source_system <> 'till' and conflict_draw > 0.92 then birth_date + 366
        else birth_date
    end as birth_date,
    case
        when is_abroad and draw('country', person_id) >= 0.6 then 'fr'
        when is_abroad then 'en'
        else language_code
    end as language_code,
    case
        when is_abroad and draw('country', person_id) < 0.6 then 'GB'
        when is_abroad then 'FR'
        when source_system = 'newsletter' and conflict_draw < 0.5 then null
        else 'US'
    end as country_code,
    case
        when source_system not in ('till', 'web_shop', 'call_centre') or is_abroad then null
        when source_system <> 'till' and conflict_draw > 0.85
            then '00' || cast(499 - pick('zip', record_key, 300) as varchar)
        else postal_code
    end as postal_code,
    case when source_system in ('till', 'web_shop', 'call_centre') and not is_abroad then city end as city,
    case when source_system in ('till', 'web_shop') and not is_abroad then street_address end as street_address,
    case
        when source_system = 'till' or method = 'card'
            then 'LC' || lpad(coalesce(household_id, contact_id), 8, '0')
    end as loyalty_card_id,
    case
        when source_system in ('till', 'app') and draw('preferred store', record_key) < 0.3
            then (select list(store_id order by store_id) from frame_stores)[
                1 + pick('preferred store', record_key, (select count(*) from frame_stores))
            ]
    end as preferred_store_id,
    created_at,
    case
        when draw('updated', record_key) < 0.4
            then least(after_days(created_at, 700 * draw('updated after', record_key)), timestamp '2017-12-30 18:00:00')
    end as updated_at
from spelled;

-- Somebody said that two records are one person: a form filled in with a new address, an agent on the phone.
create table synthetic.identity_links as
select
    other.source_system,
    other.contact_id,
    till.source_system as linked_source_system,
    till.contact_id as linked_contact_id,
    case when other.source_system = 'call_centre' then 'agent' else 'form' end as evidence,
    least(
        after_days(greatest(other.created_at, till.created_at), 25 * draw('linked after', other.record_key)),
        greatest(other.created_at, till.created_at, timestamp '2017-12-31 20:00:00')
    ) as linked_at,
    extracted_at() as extracted_at,
from contact_records as other
inner join contact_records as till
    on other.household_id = till.household_id and till.source_system = 'till'
where other.method = 'link';
