-- What somebody is offered who went down exists. Apart from the other seeds, because only scn_anti_attrition reads it:
-- a test stops what depends on everything that it reads.
{{ config(meta={'reason_column': 'reason'}) }}
{%- set offer_types = ['coupon', 'voucher', 'exclusive_promotion', 'gift', 'free_delivery'] -%}

with

downgrade_offers as (
    select * from {{ ref('downgrade_offers') }}
),

segments as (
    select * from {{ ref('dim_segments') }}
),

offers as (
    select * from {{ ref('dim_offers') }}
),

rows_and_offers as (
    select
        downgrade_offers.*,
        segments.segment is not null as has_segment,
        offers.offer_id is not null as is_offer_known
    from downgrade_offers
    left join segments
        on downgrade_offers.from_segment = segments.segment
    left join offers
        on
            {{ dbt.concat(["'id:'", "offers.offer_id"]) }} = downgrade_offers.offer_rule
            and offers.offer_type = downgrade_offers.offer_type
),

wrong_rows as (
    {{ seed_findings('downgrade_offers', ['from_segment', 'steps_down'], [
        (
            "coalesce(from_segment, '') <> '*' and not has_segment",
            "there is no segment {from_segment}: name one of the seed segments, or write * for any.",
        ),
        ("coalesce(steps_down, 0) < 1", "steps_down is {steps_down}: write the smallest number of steps, 1 or more."),
        (
            "coalesce(offer_type, '') not in ('" ~ offer_types | join("', '") ~ "')",
            "offer_type is {offer_type}: write " ~ offer_types | join(", ") ~ ".",
        ),
        (
            "coalesce(offer_rule, '') not in ('lowest_value', 'highest_value') "
            ~ "and coalesce(offer_rule, '') not like 'id:_%'",
            "offer_rule is {offer_rule}: write lowest_value, highest_value or id:<offer_id>.",
        ),
        (
            "offer_rule like 'id:_%' and not is_offer_known",
            "offer_rule is {offer_rule} and dim_offers has no such {offer_type}: name one that it has.",
        ),
    ], relation='rows_and_offers') }}
)

select reason
from wrong_rows
