-- Past customers: whom an old archive of the tills still knows. Each bought for a while and stopped between December
-- 2013 and the end of 2016. How fond somebody is of the shop is the trait that also makes her read (see readers): the
-- fonder, the more often she bought, and the likelier a message brings her back.
create table past_customers as
with

drawn as (
    select
        person_id,
        cast(seq as varchar) as household_id,
        fondness(person_id) as fondness,
        after_days(timestamp '2013-12-01 16:00:00', 1090 * draw('stops buying', person_id)) as stopped_at,
        60 + 700 * draw('bought for', person_id) as days_bought
    from people
    where kind = 'past'
)

select
    person_id,
    household_id,
    fondness,
    20 + 70 * (1 - fondness) as days_between,
    greatest(after_days(stopped_at, -days_bought), timestamp '2013-01-08 16:00:00') as started_at,
    stopped_at
from drawn;
