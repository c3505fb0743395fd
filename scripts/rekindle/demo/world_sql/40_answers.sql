-- Who is asked answers, or does not, an hour to three days later: a form sent, an order rated, a contest entered.
create table answers as
select
    *,
    'W' || substring(decision_id, 1, 24) as event_id,
    after_seconds(sent_at, 3600 + 255600 * draw('answer when', decision_id)) as answered_at
from outcomes
where
    is_delivered
    and is_answered
union all by name
-- an ad is seen at any time while the list is there
select
    *,
    'W' || substring(decision_id, 1, 24) as event_id,
    after_seconds(sent_at, 86400 * 21 * draw('answer when', decision_id)) as answered_at
from exported_people
where
    channel = 'ads'
    and is_answered;

create table web_events as
select
    source_system,
    event_id,
    contact_id,
    case answer when 'contest' then 'social' else 'web' end as platform,
    answer as form_type,
    case
        when answer = 'contest'
            then 'contest-' || strftime(answered_at, '%Y')
                || case when month(answered_at) <= 6 then '-spring' else '-autumn' end
    end as campaign_id,
    case answer when 'contest' then 'lead_ad' end as route,
    answered_at as occurred_at,
    extracted_at() as extracted_at
from answers
where answer in ('contest', 'enrichment', 'preference');

-- what the form of preferences asks: an interest, how often, when
create table contact_preferences as
select
    answers.source_system,
    answers.contact_id,
    asked.preference_type,
    asked.choices[1 + cast(floor(len(asked.choices) * draw(asked.preference_type, answers.decision_id)) as integer)]
        as preference_value,
    answers.answered_at as declared_at,
    extracted_at() as extracted_at
from answers
cross join (values
    ('interest', ['organic', 'bakery', 'wine', 'baby', 'pets', 'vegetarian', 'barbecue', 'household', 'beauty']),
    ('max_frequency', ['1', '2', '4']),
    ('send_time', ['07', '12', '18', '20'])
) as asked (preference_type, choices)
where answers.answer = 'preference';

-- most are content, and one in four is not; an order is rated where one was asked about
create table service_events as
select
    source_system,
    event_id,
    contact_id,
    [1, 2, 2, 3, 4, 4, 5, 5][1 + cast(floor(8 * draw('rating', decision_id)) as integer)] as rating,
    case scenario_id when 'post_purchase_survey' then entry_key end as basket_id,
    answered_at as occurred_at,
    extracted_at() as extracted_at
from answers
where answer = 'rating';
