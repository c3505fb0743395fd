-- What a campaign brought on each route: inactive people who answered it, and people whom nobody knew before. Whoever
-- answers with a new address is no new contact: identity has made the new record and the old one a person. The row for
-- all tiers has what the platform reported, what the route cost, and what being on the list changed at the till.
{%- set tiers = ['active', 'dormant', 'at_risk', 'to_delete'] -%}
{%- set reports = ['uploaded', 'matched', 'reached'] %}

with

campaigns as (
    select * from {{ ref('dim_campaigns') }}
),

media_results as (
    select * from {{ ref('fct_media_results') }}
),

web_events as (
    select * from {{ ref('fct_web_events') }}
),

messages as (
    select * from {{ ref('fct_messages') }}
),

profiles as (
    select * from {{ ref('profiles') }}
),

consents as (
    select * from {{ ref('fct_consents') }}
),

dates as (
    select * from {{ ref('dim_dates') }}
),

silence_published as (
    select * from {{ ref('silence_published') }}
),

profile_heirs as (
    select * from {{ ref('profile_heirs') }}
),

scenario_decisions as (
    select * from {{ ref('scenario_decisions') }}
),

experiment_results as (
    select * from {{ ref('experiment_results') }}
),

silence_months as (
    select distinct segment_month from silence_published
),

platform_reports as (
    select
        campaign_id,
        route,
        -- people are those of a day: the fullest day is the least that it can have been
        {%- for name in reports %}
            max({{ name }}) as {{ name }},
        {%- endfor %}
        sum(leads) as platform_leads,
        sum(cost_amount) as media_cost_amount
    from media_results
    where result_date <= {{ as_of_date() }}
    group by
        campaign_id,
        route
),

-- the tiers are those that were published last before it began
reported_campaigns as (
    select
        campaigns.*,
        {%- for name in reports %}
            platform_reports.{{ name }},
        {%- endfor %}
        platform_reports.platform_leads,
        coalesce(campaigns.cost_amount, platform_reports.media_cost_amount) as route_cost_amount,
        dates.half_year,
        silence_months.segment_month as month_before
    from campaigns
    left join platform_reports
        on
            campaigns.campaign_id = platform_reports.campaign_id
            and campaigns.route = platform_reports.route
    left join dates on campaigns.start_date = dates.calendar_date
    left join silence_months
        on {{ add_months(month_start('campaigns.start_date'), -1) }} = silence_months.segment_month
    where
        campaigns.start_date <= {{ as_of_date() }}
        and (
            platform_reports.campaign_id is not null
            or campaigns.scenario_id is not null
            or campaigns.is_acquisition_baseline
        )
        and {{ planned_once() }}
),

months_before as (
    select distinct month_before as segment_month
    from reported_campaigns
    where month_before is not null
),

-- of two people that have become one, the one who was less silent says what they were
ranked_tiers as (
    select
        coalesce(profile_heirs.profile_id, silence_published.profile_id) as profile_id,
        silence_published.segment_month,
        silence_published.engagement_tier,
        row_number() over (
            partition by
                coalesce(profile_heirs.profile_id, silence_published.profile_id),
                silence_published.segment_month
            order by
                case silence_published.engagement_tier
                    {%- for tier in tiers %}
                        when '{{ tier }}' then {{ loop.index }}
                    {%- endfor %}
                end asc nulls last,
                silence_published.profile_id asc nulls last
        ) as place
    from silence_published
    inner join months_before on silence_published.segment_month = months_before.segment_month
    left join profile_heirs
        on
            silence_published.profile_id = profile_heirs.remembered_id
            and silence_published.published_as_of_date
            < coalesce(profile_heirs.until_date, cast('9999-12-31' as date))
),

inactive_people as (
    select
        profile_id,
        segment_month,
        engagement_tier
    from ranked_tiers
    where
        place = 1
        and engagement_tier <> 'active'
        and {{ planned_once() }}
),

-- a form, a visit, or a click in a message of the campaign on the channel that its route is named after
signs as (
    select
        campaign_id,
        route,
        profile_id,
        occurred_at
    from web_events
    where {{ happened_by('occurred_at') }}
    union all
    select
        campaign_id,
        channel as route,
        profile_id,
        first_clicked_at as occurred_at
    from messages
    where {{ happened_by('first_clicked_at') }}
),

-- one person answers a campaign once, on the route that came first
ranked_answers as (
    select
        reported_campaigns.campaign_id,
        reported_campaigns.route,
        reported_campaigns.start_date,
        reported_campaigns.month_before,
        signs.profile_id,
        row_number() over (
            partition by reported_campaigns.campaign_id, signs.profile_id
            order by signs.occurred_at asc nulls last, reported_campaigns.route asc nulls last
        ) as place
    from signs
    inner join reported_campaigns
        on
            signs.campaign_id = reported_campaigns.campaign_id
            and signs.route = reported_campaigns.route
            and {{ local_date('signs.occurred_at') }} >= reported_campaigns.start_date
),

opted_in as (
    select distinct profile_id
    from consents
    where
        purpose = 'marketing'
        and is_granted
        and {{ holds_as_of('valid_from', 'valid_to') }}
),

answers as (
    select
        ranked_answers.campaign_id,
        ranked_answers.route,
        ranked_answers.profile_id,
        ranked_answers.month_before,
        inactive_people.engagement_tier,
        case when profiles.created_date >= ranked_answers.start_date then 1 else 0 end as is_new,
        case when profiles.newest_record_date >= ranked_answers.start_date then 1 else 0 end as has_new_record,
        case when opted_in.profile_id is not null then 1 else 0 end as is_opted_in
    from ranked_answers
    inner join profiles on ranked_answers.profile_id = profiles.profile_id
    left join opted_in on ranked_answers.profile_id = opted_in.profile_id
    left join inactive_people
        on
            ranked_answers.profile_id = inactive_people.profile_id
            and ranked_answers.month_before = inactive_people.segment_month
    where ranked_answers.place = 1
),

targets as (
    select distinct
        reported_campaigns.campaign_id,
        reported_campaigns.route,
        scenario_decisions.profile_id,
        reported_campaigns.month_before
    from reported_campaigns
    inner join scenario_decisions
        on
            reported_campaigns.scenario_id = scenario_decisions.scenario_id
            and scenario_decisions.outcome = 'selected'
            and reported_campaigns.start_date <= scenario_decisions.as_of_date
            and (
                reported_campaigns.end_date is null
                or scenario_decisions.as_of_date < reported_campaigns.end_date
            )
),

-- who was on the list, and who answered; a person who did both has two rows
people as (
    select
        targets.campaign_id,
        targets.route,
        inactive_people.engagement_tier,
        1 as is_targeted,
        0 as is_reactivated,
        0 as is_new,
        0 as is_opted_in,
        0 as has_new_record
    from targets
    left join inactive_people
        on
            targets.profile_id = inactive_people.profile_id
            and targets.month_before = inactive_people.segment_month
    union all
    select
        campaign_id,
        route,
        engagement_tier,
        0 as is_targeted,
        case when engagement_tier is not null then 1 else 0 end as is_reactivated,
        is_new,
        is_opted_in,
        has_new_record
    from answers
    where {{ planned_once() }}
),

slices as (
    select
        people.*,
        'all' as slice
    from people
    union all
    select
        people.*,
        people.engagement_tier as slice
    from people
    where people.engagement_tier is not null
),

counted as (
    select
        campaign_id,
        route,
        slice,
        sum(is_targeted) as targeted,
        sum(is_reactivated) as reactivated,
        sum(is_reactivated * is_opted_in) as reactivated_opted_in,
        sum(is_reactivated * has_new_record) as returned_with_new_record,
        sum(is_new) as new_contacts,
        sum(is_new * is_opted_in) as new_opted_in
    from slices
    group by
        campaign_id,
        route,
        slice
),

tier_sizes as (
    select
        segment_month,
        engagement_tier as slice,
        count(*) as inactive_people
    from inactive_people
    group by
        segment_month,
        engagement_tier
),

rows_of_campaigns as (
    select
        reported_campaigns.campaign_id,
        reported_campaigns.route,
        'all' as slice,
        sum(tier_sizes.inactive_people) as inactive_people
    from reported_campaigns
    left join tier_sizes on reported_campaigns.month_before = tier_sizes.segment_month
    group by
        reported_campaigns.campaign_id,
        reported_campaigns.route
    union all
    select
        reported_campaigns.campaign_id,
        reported_campaigns.route,
        tier_sizes.slice,
        tier_sizes.inactive_people
    from reported_campaigns
    inner join tier_sizes on reported_campaigns.month_before = tier_sizes.segment_month
),

-- Before tiers were published nobody knows who was inactive, and without a scenario nobody who was on the list.
described as (
    select
        reported_campaigns.*,
        rows_of_campaigns.slice,
        rows_of_campaigns.slice = 'all' as is_whole,
        rows_of_campaigns.inactive_people,
        case when reported_campaigns.scenario_id is not null then coalesce(counted.targeted, 0) end as targeted,
        {%- for name in ['reactivated', 'reactivated_opted_in', 'returned_with_new_record'] %}
            case
                when reported_campaigns.month_before is not null then coalesce(counted.{{ name }}, 0)
            end as {{ name }},
        {%- endfor %}
        {%- for name in ['new_contacts', 'new_opted_in'] %}
            case when rows_of_campaigns.slice = 'all' then coalesce(counted.{{ name }}, 0) end as {{ name }},
        {%- endfor %}
        -- a sum of which one part is withheld would tell it
        case
            when
                rows_of_campaigns.slice = 'all'
                and rows_of_campaigns.inactive_people >= {{ setting('min_group_size') }}
                and counted.new_contacts >= {{ setting('min_group_size') }}
                then counted.reactivated + counted.new_contacts
        end as contacts
    from rows_of_campaigns
    inner join reported_campaigns
        on
            rows_of_campaigns.campaign_id = reported_campaigns.campaign_id
            and rows_of_campaigns.route = reported_campaigns.route
    left join counted
        on
            rows_of_campaigns.campaign_id = counted.campaign_id
            and rows_of_campaigns.route = counted.route
            and rows_of_campaigns.slice = counted.slice
),

baseline as (
    select
        sum(case when contacts is not null then cast(route_cost_amount as double) end)
        / nullif(sum(case when route_cost_amount is not null then contacts end), 0) as cost_per_contact
    from described
    where is_acquisition_baseline
),

-- the list was drawn; what those held out bought at the till would have been bought anyway
till_results as (
    select
        scenario_id,
        holdout_period,
        coalesce(adjusted_lift, lift) as net_sales_lift,
        always_valid_lower_lift as lower_net_sales_lift,
        always_valid_upper_lift as upper_net_sales_lift
    from experiment_results
    where
        metric_id = 'net_sales'
        and slice_kind = 'all'
        and variation_id = 'treated'
        and holdout_period is not null
)

select
    described.campaign_id,
    described.route,
    described.slice as engagement_tier,
    described.campaign_name,
    described.scenario_id,
    coalesce(
        {{ withheld_because('described.inactive_people') }},
        {{ withheld_because('described.reactivated') }},
        {{ withheld_because('described.new_contacts') }}
    ) as withheld_because,
    case when described.month_before is null then 'no tiers were published before it began' end
        as no_reactivation_because,
    {%- for name in ['inactive_people', 'targeted', 'reactivated'] %}
        cast({{ unless_withheld('described.inactive_people', 'described.' ~ name) }} as bigint) as {{ name }},
    {%- endfor %}
    {%- for name in ['reactivated_opted_in', 'returned_with_new_record'] %}
        cast({{ unless_withheld('described.reactivated', 'described.' ~ name) }} as bigint) as {{ name }},
    {%- endfor %}
    {%- for name in ['new_contacts', 'new_opted_in'] %}
        cast({{ unless_withheld('described.new_contacts', 'described.' ~ name) }} as bigint) as {{ name }},
    {%- endfor %}
    {%- for name in reports + ['platform_leads'] %}
        cast(case when described.is_whole then described.{{ name }} end as bigint) as {{ name }},
    {%- endfor %}
    cast(described.contacts as bigint) as contacts,
    cast(case when described.is_whole then described.route_cost_amount end as decimal(18,2)) as cost_amount,
    cast(described.route_cost_amount as double) / described.contacts as cost_per_contact,
    case when described.is_whole then baseline.cost_per_contact end as baseline_cost_per_contact,
    cast(described.route_cost_amount as double) / described.contacts / baseline.cost_per_contact - 1 as cost_change,
    case
        when described.is_whole
            then cast(described.matched as double) / nullif(cast(described.uploaded as double), 0e0)
    end as match_share,
    {%- for name in ['net_sales_lift', 'lower_net_sales_lift', 'upper_net_sales_lift'] %}
        case when described.is_whole then till_results.{{ name }} end as {{ name }},
    {%- endfor %}
    case
        when described.is_whole
            then till_results.net_sales_lift * cast(described.uploaded as double)
                / nullif(cast(described.matched as double), 0e0)
    end as net_sales_lift_per_match,
    described.is_acquisition_baseline,
    described.start_date,
    described.end_date
from described
cross join baseline
left join till_results
    on
        described.scenario_id = till_results.scenario_id
        and described.half_year = till_results.holdout_period
