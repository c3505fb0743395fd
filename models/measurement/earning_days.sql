-- What was earned with people, day by day, and what it cost to get it. On an order on which a coupon was used the
-- margin is that before its coupons: what they took off is among their costs, and would be taken off twice. What
-- offers took off that are nobody's coupon is no cost of its own and stays taken off, on the order and on what comes
-- back of it.
{{ config(access='protected') }}

with

order_lines as (
    select * from {{ ref('fct_order_lines') }}
),

offer_costs as (
    select * from {{ ref('offer_costs') }}
),

scenario_decisions as (
    select * from {{ ref('scenario_decisions') }}
),

decision_reports as (
    select * from {{ ref('decision_reports') }}
),

charged_orders as (
    select
        order_id,
        max(charged_share) as charged_share
    from offer_costs
    where order_id is not null
    group by order_id
),

-- one line without a margin, and that of the day is not known
margins as (
    select
        order_lines.profile_id,
        sum(coalesce(order_lines.margin_amount, 0)) as margin_amount,
        sum(
            case
                when charged_orders.order_id is not null
                    then coalesce(
                            order_lines.margin_amount
                            + cast(order_lines.offer_discount_amount * charged_orders.charged_share as decimal(18,6)),
                            0
                        )
                else coalesce(order_lines.margin_amount, 0)
            end
        ) as margin_before_offers_amount,
        sum(case when order_lines.margin_amount is null then 1 else 0 end) as lines_without_margin,
        order_lines.order_date
    from order_lines
    left join charged_orders
        on order_lines.order_id = charged_orders.order_id
    where
        order_lines.profile_id is not null
        and order_lines.order_status <> 'cancelled'
    group by
        order_lines.profile_id,
        order_lines.order_date
),

-- a message that nobody has reported on yet is on its way
messages as (
    select
        scenario_decisions.profile_id,
        scenario_decisions.channel_cost_amount,
        scenario_decisions.send_date
    from scenario_decisions
    left join decision_reports
        on scenario_decisions.decision_id = decision_reports.decision_id
    where
        scenario_decisions.outcome = 'selected'
        and not coalesce(decision_reports.is_not_sent, false)
),

all_amounts as (
    select
        profile_id,
        cast(margin_amount as decimal(18,6)) as margin_amount,
        cast(margin_before_offers_amount as decimal(18,6)) as margin_before_offers_amount,
        cast(0 as decimal(18,6)) as cost,
        lines_without_margin,
        order_date as earned_date
    from margins
    union all
    select
        profile_id,
        cast(0 as decimal(18,6)) as margin_amount,
        cast(0 as decimal(18,6)) as margin_before_offers_amount,
        cast(offer_cost as decimal(18,6)) as cost,
        0 as lines_without_margin,
        used_date as earned_date
    from offer_costs
    union all
    select
        profile_id,
        cast(0 as decimal(18,6)) as margin_amount,
        cast(0 as decimal(18,6)) as margin_before_offers_amount,
        cast(coalesce(channel_cost_amount, 0) as decimal(18,6)) as cost,
        0 as lines_without_margin,
        send_date as earned_date
    from messages
)

select
    profile_id,
    cast(sum(margin_amount) as decimal(18,2)) as margin_amount,
    cast(sum(margin_before_offers_amount) as decimal(18,2)) as margin_before_offers_amount,
    cast(sum(cost) as decimal(18,6)) as cost,
    cast(sum(lines_without_margin) as bigint) as lines_without_margin,
    earned_date
from all_amounts
group by
    profile_id,
    earned_date
