-- What people did in the days after they were drawn, and before. A window that is not over says nothing yet.
{{ config(access='protected') }}

with

experiment_assignments as (
    select * from {{ ref('experiment_assignments') }}
),

profile_days as (
    select * from {{ ref('profile_days') }}
),

messages as (
    select * from {{ ref('fct_messages') }}
),

earning_days as (
    select * from {{ ref('earning_days') }}
),

windows as (
    select
        *,
        {{ local_date('assigned_at') }} as first_date
    from experiment_assignments
),

matured as (
    select
        *,
        {{ add_days('first_date', 'outcome_days - 1') }} as matured_date
    from windows
),

-- One person counts once: where she was drawn first. Whoever is written to may turn out to be somebody else because of
-- it: to drop those who changed sides would drop them from one side.
-- Whoever is held out of everything is compared in programme_value.
entries as (
    select
        *,
        is_first_draw and variation_id <> 'held_out_globally' as is_first,
        matured_date < {{ as_of_date() }} as is_mature
    from matured
),

-- shares may be changed within a half-year: a group should hold what each of its people was drawn with, on average
drawn_shares as (
    select
        experiment_id,
        round(cast(sum(held_out_share) as double) / count(held_out_share), 6) as held_out,
        round(cast(sum(as_before_share) as double) / count(as_before_share), 6) as as_before,
        min(held_out_share) <> max(held_out_share) or min(as_before_share) <> max(as_before_share) as are_changed
    from entries
    where is_first
    group by experiment_id
),

-- Days are what orders have. That of an evening's message counts as one after it: what was bought before the hour, both
-- groups bought alike, and no message of it is part of what was so before. A day with a return only is no purchase.
purchases as (
    select
        entries.experiment_id,
        entries.profile_id,
        entries.entry_key,
        profile_days.orders,
        profile_days.net_amount,
        profile_days.order_date >= entries.first_date as is_after
    from entries
    inner join profile_days
        on
            entries.profile_id = profile_days.profile_id
            and profile_days.order_date >= {{ add_days('entries.first_date', '-' ~ setting('covariate_days')) }}
            and profile_days.order_date <= entries.matured_date
),

purchase_sums as (
    select
        experiment_id,
        profile_id,
        entry_key,
        sum(case when is_after and orders > 0 then 1 else 0 end) as purchase_days,
        sum(case when is_after then orders else 0 end) as orders,
        sum(case when is_after then net_amount else 0 end) as net_sales,
        sum(case when not is_after and orders > 0 then 1 else 0 end) as purchase_days_before,
        sum(case when not is_after then net_amount else 0 end) as net_sales_before
    from purchases
    group by
        experiment_id,
        profile_id,
        entry_key
),

-- of whichever message or offer: who is held out of one scenario is written to by others
earnings as (
    select
        entries.experiment_id,
        entries.profile_id,
        entries.entry_key,
        sum(earning_days.margin_amount) as margin,
        sum(earning_days.margin_before_offers_amount - earning_days.cost) as net_return,
        sum(earning_days.cost) as cost,
        sum(earning_days.lines_without_margin) as lines_without_margin
    from entries
    inner join earning_days
        on
            entries.profile_id = earning_days.profile_id
            and earning_days.earned_date >= entries.first_date
            and earning_days.earned_date <= entries.matured_date
    where entries.is_mature
    group by
        entries.experiment_id,
        entries.profile_id,
        entries.entry_key
),

noes as (
    select
        profile_id,
        'unsubscribed' as kind,
        first_unsubscribed_at as said_at
    from messages
    where first_unsubscribed_at is not null
    union all
    select
        profile_id,
        'complained' as kind,
        first_complained_at as said_at
    from messages
    where first_complained_at is not null
),

-- of whichever message: who is held out of one scenario is written to by others
noes_after as (
    select
        entries.experiment_id,
        entries.profile_id,
        entries.entry_key,
        max(case when noes.kind = 'unsubscribed' then 1 else 0 end) as unsubscribed,
        max(case when noes.kind = 'complained' then 1 else 0 end) as complained
    from entries
    inner join noes
        on
            entries.profile_id = noes.profile_id
            and noes.said_at >= entries.assigned_at
            and noes.said_at < {{ add_seconds('entries.assigned_at', 'entries.outcome_days * 86400') }}
    group by
        entries.experiment_id,
        entries.profile_id,
        entries.entry_key
)

select
    entries.experiment_id,
    entries.profile_id,
    entries.variation_id,
    entries.scenario_id,
    entries.entry_key,
    entries.holdout_period,
    entries.objective,
    entries.reason_code,
    entries.offer_type,
    case
        when entries.holdout_period is null then entries.expected_share
        when entries.variation_id = 'treated' then 1e0 - drawn_shares.held_out - drawn_shares.as_before
        when entries.variation_id = 'as_before' then drawn_shares.as_before
        when entries.variation_id = 'held_out' then drawn_shares.held_out
    end as expected_share,
    case
        when entries.is_mature and coalesce(purchase_sums.purchase_days, 0) > 0 then 1e0
        when entries.is_mature then 0e0
    end as revisited,
    {%- for measure in ['purchase_days', 'orders', 'net_sales'] %}
        case when entries.is_mature then cast(coalesce(purchase_sums.{{ measure }}, 0) as double) end as {{ measure }},
    {%- endfor %}
    -- whoever bought nothing brought nothing; of whom a margin is not known, no sum is
    {%- for measure in ['margin', 'net_return'] %}
        case
            when entries.is_mature and coalesce(earnings.lines_without_margin, 0) = 0
                then cast(coalesce(earnings.{{ measure }}, 0) as double)
        end as {{ measure }},
    {%- endfor %}
    case when entries.is_mature then cast(coalesce(earnings.cost, 0) as double) end as cost,
    {%- for measure in ['unsubscribed', 'complained'] %}
        case when entries.is_mature then cast(coalesce(noes_after.{{ measure }}, 0) as double) end as {{ measure }},
    {%- endfor %}
    round(ln(1e0 + coalesce(purchase_sums.purchase_days_before, 0)), 6) as log_purchase_days_before,
    cast(coalesce(purchase_sums.net_sales_before, 0) as double) as net_sales_before,
    entries.is_baseline,
    entries.is_first,
    entries.is_mature,
    entries.is_first and entries.is_mature as is_analysed,
    coalesce(drawn_shares.are_changed, false) as has_changed_shares,
    entries.assigned_date,
    entries.matured_date
from entries
left join drawn_shares
    on entries.experiment_id = drawn_shares.experiment_id
left join purchase_sums
    on
        entries.experiment_id = purchase_sums.experiment_id
        and entries.profile_id = purchase_sums.profile_id
        and entries.entry_key = purchase_sums.entry_key
left join noes_after
    on
        entries.experiment_id = noes_after.experiment_id
        and entries.profile_id = noes_after.profile_id
        and entries.entry_key = noes_after.entry_key
left join earnings
    on
        entries.experiment_id = earnings.experiment_id
        and entries.profile_id = earnings.profile_id
        and entries.entry_key = earnings.entry_key
