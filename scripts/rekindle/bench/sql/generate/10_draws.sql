-- How everything is drawn: never random(), always the engine's hash of a key and the kind of draw. The same number of profiles and
-- months gives the same rows with the same version of DuckDB. (The project's models use md5; here 100 million draws must be cheap.)
-- Variables, set before: profiles, first_month (date), months (with the one after the last that is published at first).
-- 63 bits, as a bigint: arithmetic with an unsigned number would be done in 128 bits.
create macro drawn_bits(a, b) as cast(hash(a, b) >> 1 as bigint);

-- From 0 to just below 1.
create macro draw(kind, a, b) as (cast(hash(a, b, kind) >> 1 as bigint) & 1048575) / 1048576.0::double;

-- A whole number from 0 to n - 1.
create macro pick(kind, a, b, n) as cast(cast(hash(a, b, kind) >> 1 as bigint) % n as integer);

create macro first_day() as cast(getvariable('first_month') as date);

create macro days() as
    cast(datediff('day', first_day(), cast(first_day() + to_months(getvariable('months')) as date)) as integer);

-- The loader's clock: the morning after the last day.
create macro extracted_at() as cast(first_day() + days() as timestamp) + interval 6 hour;

-- The silo of a person's first, second, … contact record.
create macro silo_name(place) as
    case place
        when 0 then 'till'
        when 1 then 'web_shop'
        when 2 then 'newsletter'
        when 3 then 'app'
        else 'call_centre'
    end;
