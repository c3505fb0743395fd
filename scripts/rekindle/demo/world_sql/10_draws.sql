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

-- The truth, for both arms: would this entry, treated so, bring one more basket? Only tests may ask it of people who are
-- held out.
create macro would_respond(person, profile, scenario, entry, message_pull) as
    draw('response', profile || '|' || scenario || '|' || entry) < responsiveness(person) * message_pull;

create macro extracted_at() as timestamp '2018-06-01 06:00:00';
