-- $members people as an ad platform gets them, the first of them number $first. One in a hundred has moved when $moved.
create table published.audiences.aud_bench as
select
    sha256(concat($as_of, ' ', number)) as decision_id,
    cast($as_of as date) as as_of_date,
    left(md5(cast(number as varchar)), 16) as profile_id,
    'ads' as channel,
    'First.Person' || number || '@Example.com' as email,
    '+9991' || lpad(cast(number as varchar), 9, '0') as phone,
    'Anna' || (number % 1000) as first_name,
    'de Vries' || (number % 5000) as last_name,
    'BE' as country_code,
    lpad(cast((number + if($moved and number % 100 = 0, 1, 0)) % 9000 as varchar), 4, '1') as postal_code,
    'City' || (number % 500) as city,
    '{}' as content,
    'ads_personalisation' as purpose,
    timestamp '2024-01-01 00:00:00' as consented_at
from range($first, $first + $members) as numbers (number);
