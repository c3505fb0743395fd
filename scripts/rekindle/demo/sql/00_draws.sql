-- How the synthetic part is drawn: never random(), always md5 of a seed, the kind of draw and a key. The same key
-- gives the same draw on every machine, and a draw knows nothing of any purchase.
-- Set only by tests: another seed draws another world; with trait = false everybody reads alike; with archive = false
-- there are no past customers, and the purchases are those of the data set alone.
create macro seed() as coalesce(getvariable('seed'), 'rekindle-demo-1');
create macro has_trait() as coalesce(cast(getvariable('trait') as boolean), true);

create macro has_archive() as coalesce(cast(getvariable('archive') as boolean), true);

create macro draw(kind, id) as
    (md5_number_lower(seed() || '|' || kind || '|' || id) & 1048575::ubigint) / 1048576.0::double;

-- How fond of the shop somebody is, 0 to 1: a hidden trait.
create macro fondness(person_id) as case when has_trait() then draw('opens', person_id) else 0.577 end;

-- A whole number from 0 to n - 1.
create macro pick(kind, id, n) as
    cast(md5_number_lower(seed() || '|' || kind || '|' || id) % cast(n as ubigint) as integer);

-- New York wall clock of a UTC stamp, and back.
create macro to_local(utc_stamp) as timezone('America/New_York', timezone('UTC', utc_stamp));
create macro to_utc(local_stamp) as timezone('UTC', timezone('America/New_York', local_stamp));

create macro extracted_at() as timestamp '2018-01-02 06:00:00';
-- Nothing is generated from this instant on (the end of 2018-01-01 in New York), except rows that are wrong on purpose.
create macro horizon() as timestamp '2018-01-02 05:00:00';

create macro after_days(stamp, days) as stamp + to_seconds(cast(floor((days) * 86400) as bigint));
create macro after_seconds(stamp, seconds) as stamp + to_seconds(cast(floor(seconds) as bigint));

create macro short_id(text) as substring(md5(seed() || '|' || text), 1, 16);

-- A list price from 0.99 to 15.98: the data set has no prices of products nobody bought yet.
create macro list_price(product_id) as cast(0.99 + pick('list price', product_id, 1500) / 100.0 as decimal(18, 2));

-- Set only by the test that looks for look-ahead: what the data set holds from this instant on is hidden from the
-- generation.
create macro cut_at() as coalesce(cast(getvariable('cut_at') as timestamp), timestamp '9999-01-01 00:00:00');

-- Draw number `place` (0, 1 or 2) of one 64-bit number: several draws for the price of one md5.
create macro draw_of(number, place) as ((number >> (20 * place)) & 1048575::ubigint) / 1048576.0::double;
