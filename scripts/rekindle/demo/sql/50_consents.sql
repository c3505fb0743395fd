-- Requests to be forgotten: a few people who never bought. Nothing is sent to them and nothing comes from them
-- afterwards.
create table erasures as
select
    person_id,
    timestamp '2017-02-01 15:00:00'
    + to_days(45 * cast(row_number() over (order by person_id) as integer)) as requested_at,
from people
where
    (kind = 'newsletter' and number in (101, 202, 303, 404))
    or (kind = 'web' and number = 50)
    or (kind = 'social' and number = 60);

create table synthetic.erasure_requests as
select
    plan.source_system,
    plan.contact_id,
    erasures.requested_at,
    extracted_at() as extracted_at,
from contact_plan as plan
inner join erasures on plan.person_id = erasures.person_id;

-- What a silo asks for when it makes the record: share of people who say yes; null = not asked.
create table consent_questions as
select *
from (values
    ('till', 'email', 'marketing', 0.66), ('till', 'sms', 'marketing', 0.34), ('till', 'post', 'marketing', 0.82),
    ('till', 'phone', 'marketing', 0.22), ('till', 'email', 'profiling', 0.60),
    ('till', 'ads', 'ads_personalisation', 0.85), ('web_shop', 'email', 'marketing', 0.62),
    ('web_shop', 'email', 'profiling', 0.50), ('web_shop', 'ads', 'ads_personalisation', 0.85),
    ('newsletter', 'email', 'marketing', 1.00), ('app', 'push', 'marketing', 0.72),
    ('app', 'email', 'marketing', 0.35), ('app', 'ads', 'ads_personalisation', 0.85),
    ('call_centre', 'phone', 'marketing', 0.50), ('social', 'email', 'marketing', 0.58),
    ('social', 'ads', 'ads_personalisation', 0.85)
) as asked (source_system, channel, purpose, yes_share);

-- Answers when the record was made, and changes of mind later on: 8 % of those who said yes withdraw at some time, a
-- fifth of these come back, 6 % of those who said no change their mind. Newsletter readers withdraw by the link in a
-- message (see messages).
create table declared_consents as
with

answers as (
    select
        plan.source_system,
        plan.contact_id,
        plan.record_key,
        plan.created_at,
        questions.channel,
        questions.purpose,
        plan.record_key || '|' || questions.channel || '|' || questions.purpose as answer_key,
        -- who minds ads minds them everywhere; any other question is answered record by record
        case questions.purpose
            when 'ads_personalisation' then draw('minds no ads', plan.person_id)
            else draw('consent', plan.record_key || '|' || questions.channel || '|' || questions.purpose)
        end < questions.yes_share as is_yes,
        records.email_verified_at
    from contact_plan as plan
    inner join consent_questions as questions on plan.source_system = questions.source_system
    inner join contact_records as records on plan.record_key = records.record_key
),

changes as (
    select
        *,
        after_days(created_at, 30 + 1500 * draw('changes mind after', answer_key)) as changed_at
    from answers
    where
        source_system <> 'newsletter'
        and draw('changes mind', answer_key) < case when is_yes then 0.08 else 0.06 end
),

returns as (
    select
        *,
        after_days(changed_at, 30 + 300 * draw('comes back after', answer_key)) as returned_at
    from changes
    where is_yes and draw('comes back', answer_key) < 0.2
),

events as (
    select
        source_system,
        contact_id,
        channel,
        purpose,
        case when is_yes then 'granted' else 'denied' end as status,
        created_at as changed_at,
        case when source_system = 'newsletter' then email_verified_at end as double_opt_in_confirmed_at
    from answers
    union all
    select
        source_system,
        contact_id,
        channel,
        purpose,
        case when is_yes then 'withdrawn' else 'granted' end as status,
        changed_at,
        null as double_opt_in_confirmed_at
    from changes
    union all
    select
        source_system,
        contact_id,
        channel,
        purpose,
        'granted' as status,
        returned_at as changed_at,
        null as double_opt_in_confirmed_at
    from returns
)

select *
from events
where changed_at < horizon();
