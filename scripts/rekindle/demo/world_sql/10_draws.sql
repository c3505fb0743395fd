-- Draws of the world: sha256 of a seed, the kind of draw and a key, between 0 and 1. No dice, no clock.
create macro draw(kind, key) as
    cast('0x' || substring(sha256('rekindle-world-1|' || kind || '|' || key), 1, 8) as bigint) / 4294967296.0::double;

create macro after_seconds(stamp, seconds) as stamp + to_seconds(cast(floor(seconds) as bigint));

-- A hidden trait: how much a person is moved by a message at all, 0 to 0.5, a quarter on average.
create macro responsiveness(person) as 0.5 * draw('responsiveness', person);

-- What the first message of an entry adds to that: a text wakes more than an e-mail, ten off more than two.
create macro pull(channel, face_value) as
    case channel when 'sms' then 1.2 when 'post' then 1.1 when 'push' then 0.8 else 1.0 end
    * case
        when coalesce(face_value, 0) < 2 then 0.85
        when face_value < 5 then 1.0
        when face_value < 10 then 1.15
        else 1.3
    end;

-- How much of that each scenario has, and what it asks for: a basket, a form, a rating. A contest is advertised to
-- those on the lists of ad platforms. A scenario that is not named here asks for a basket, with the whole pull.
create table effects as
select *
from (values
    ('reactivation', 0.6, null, 0.0),
    ('welcome_back', 0.4, null, 0.0),
    ('returned_thanks', 0.2, null, 0.0),
    ('ambassador', 0.2, null, 0.0),
    ('loyalty_programme', 0.3, null, 0.0),
    ('cross_sell', 0.3, null, 0.0),
    ('discover', 0.5, null, 0.0),
    ('back_in_stock', 0.8, null, 0.0),
    ('replenishment', 0.8, null, 0.0),
    ('repurchase_overdue', 0.8, null, 0.0),
    ('birthday', 0.8, null, 0.0),
    ('first_purchase', 0.6, null, 0.0),
    ('drive_invitation', 0.5, null, 0.0),
    ('drive_revival', 0.5, null, 0.0),
    ('contract_end', 0.0, null, 0.0),
    ('service_recovery', 0.4, 'rating', 1.0),
    ('post_purchase_survey', 0.0, 'rating', 1.2),
    ('contact_enrichment', 0.0, 'enrichment', 1.2),
    ('preference_form', 0.0, 'preference', 1.0),
    ('media_reactivation', 0.0, 'contest', 0.8)
) as effects (scenario_id, basket, answer, answer_pull);

-- Messages that invite to claim a discount: most of those who click follow that link.
create table discount_links as
select *
from (values
    ('reactivation', 'first_message'),
    ('reactivation', 'other_proposal')
) as discount_links (scenario_id, step);

-- Households of the data set, and past customers.
create macro has_bought(person) as substring(person, 1, 1) in ('H', 'P');

-- The truth, for both arms: would this entry, treated so, bring one more basket? Only tests may ask it of people who are
-- held out.
create macro would_respond(person, profile, scenario, entry, message_pull) as
    draw('response', profile || '|' || scenario || '|' || entry)
    < responsiveness(person) * message_pull;

create macro extracted_at() as timestamp '2018-06-01 06:00:00';
