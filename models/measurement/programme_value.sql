-- What all scenarios together are worth: some people are written to by none of them, drawn among all who were known
-- when the half-year began, whether or not they would ever have entered anything. Everybody else is the other group,
-- also whoever a single scenario holds out. Somebody who became one person out of two is in the group of the id that
-- entered first, as the engine has it. The sum of the scenarios' lifts says something else: one may take from
-- another, and most people enter none.
{%- set z = '1.959963984540054e0' %}
{%- set measures = ['net_sales', 'net_return'] %}

with

scenario_entries as (
    select * from {{ ref('scenario_entries') }}
),

profiles as (
    select * from {{ ref('profiles') }}
),

profile_days as (
    select * from {{ ref('profile_days') }}
),

earning_days as (
    select * from {{ ref('earning_days') }}
),

experiment_results as (
    select * from {{ ref('experiment_results') }}
),

profile_heirs as (
    select * from {{ ref('profile_heirs') }}
),

scenarios as (
    select * from {{ ref('scenarios') }}
),

gate_applicability as (
    select * from {{ ref('gate_applicability') }}
),

crossovers as (
    select * from {{ ref('crossovers') }}
),

-- who is written to by nobody was drawn with the share and the salt of then; a share changed within a half-year holds
-- for the next one here, since everybody was known when this one began. Of a half-year in which entries began to keep
-- them the first that was kept counts.
dated_draws as (
    select
        holdout_period,
        global_holdout_salt,
        global_holdout_share,
        min(entered_date) as entered_date
    from scenario_entries
    group by
        holdout_period,
        global_holdout_salt,
        global_holdout_share
),

ranked_draws as (
    select
        *,
        row_number() over (
            partition by holdout_period
            order by
                case when global_holdout_share is null then 1 else 0 end asc nulls last,
                entered_date asc nulls last,
                global_holdout_share asc nulls last
        ) as place
    from dated_draws
),

half_years as (
    select
        holdout_period,
        coalesce(global_holdout_salt, '{{ setting('global_holdout_salt') }}') as global_holdout_salt,
        coalesce(global_holdout_share, {{ setting('global_holdout_share') }}) as global_holdout_share,
        cast({{ dbt.concat([
            'substring(holdout_period, 1, 4)',
            "case when substring(holdout_period, 6, 1) = '1' then '-01-01' else '-07-01' end"
        ]) }} as date) as first_date
    from ranked_draws
    where place = 1
),

begun as (
    select
        *,
        {{ add_months('first_date', 6) }} as end_date
    from half_years
    where first_date < {{ as_of_date() }}
),

-- kinds of scenario that hold nobody out draw nothing
ranked_entries as (
    select
        profile_heirs.profile_id,
        profile_heirs.remembered_id as drawn_as,
        scenario_entries.holdout_period,
        row_number() over (
            partition by profile_heirs.profile_id, scenario_entries.holdout_period
            order by scenario_entries.entered_date asc nulls last, profile_heirs.remembered_id asc nulls last
        ) as place
    from scenario_entries
    inner join scenarios
        on scenario_entries.scenario_id = scenarios.scenario_id
    inner join gate_applicability
        on
            scenarios.kind = gate_applicability.kind
            and gate_applicability.gate = 'not_held_out'
            and gate_applicability.is_applied
    inner join profile_heirs
        on
            scenario_entries.profile_id = profile_heirs.remembered_id
            and (profile_heirs.until_date is null or scenario_entries.entered_date < profile_heirs.until_date)
),

first_entries as (
    select * from ranked_entries
    where place = 1
),

people as (
    select
        begun.holdout_period,
        begun.first_date,
        begun.end_date,
        profiles.profile_id,
        {{ hash_bucket(dbt.concat([
            'begun.global_holdout_salt', "'|'", 'begun.holdout_period', "'|'",
            'coalesce(first_entries.drawn_as, profiles.profile_id)',
        ])) }} < begun.global_holdout_share * 10000 as is_held_out
    from begun
    inner join profiles
        on profiles.created_date < begun.first_date
    left join first_entries
        on
            begun.holdout_period = first_entries.holdout_period
            and profiles.profile_id = first_entries.profile_id
),

sales as (
    select
        people.holdout_period,
        people.profile_id,
        people.is_held_out,
        coalesce(sum(profile_days.net_amount), 0) as net_sales
    from people
    left join profile_days
        on
            people.profile_id = profile_days.profile_id
            and profile_days.order_date >= people.first_date
            and profile_days.order_date < people.end_date
            and profile_days.order_date < {{ as_of_date() }}
    group by
        people.holdout_period,
        people.profile_id,
        people.is_held_out
),

-- what came in and what it cost, in the same days
earnings as (
    select
        people.holdout_period,
        people.profile_id,
        sum(earning_days.margin_before_offers_amount - earning_days.cost) as net_return,
        sum(earning_days.cost) as cost,
        sum(earning_days.lines_without_margin) as lines_without_margin
    from people
    inner join earning_days
        on
            people.profile_id = earning_days.profile_id
            and earning_days.earned_date >= people.first_date
            and earning_days.earned_date < people.end_date
            and earning_days.earned_date < {{ as_of_date() }}
    group by
        people.holdout_period,
        people.profile_id
),

measured as (
    select
        sales.holdout_period,
        sales.is_held_out,
        cast(sales.net_sales as decimal(18,6)) as net_sales,
        cast(coalesce(earnings.net_return, 0) as decimal(18,6)) as net_return,
        coalesce(earnings.cost, 0) as cost,
        coalesce(earnings.lines_without_margin, 0) as lines_without_margin
    from sales
    left join earnings
        on
            sales.holdout_period = earnings.holdout_period
            and sales.profile_id = earnings.profile_id
    where {{ planned_once() }}
),

groups as (
    {% for measure in measures -%}
        select
            holdout_period,
            '{{ measure }}' as measure,
            is_held_out,
            cast(count(*) as double) as people,
            cast(sum({{ measure }}) as double) as main_sum,
            cast(sum(cast({{ measure }} as decimal(19,6)) * {{ measure }}) as double) as main_sum_squares,
            cast(sum(cost) as double) as cost_sum,
            sum(lines_without_margin) as lines_without_margin
        from measured
        group by
            holdout_period,
            is_held_out
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

described as (
    select
        *,
        main_sum / people as mean,
        cost_sum / people as mean_cost,
        {{ sample_variance('main_sum', 'main_sum_squares', 'people') }} as variance
    from groups
    where people >= {{ setting('min_group_size') }}
),

-- of some of the margins no return is told
pairs as (
    select
        written.holdout_period,
        written.measure,
        written.people,
        held_out.people as base_people,
        written.mean,
        held_out.mean as base_mean,
        written.mean - held_out.mean as lift,
        written.mean_cost - held_out.mean_cost as cost_lift,
        {{ standard_error('written.variance', 'written.people', 'held_out.variance', 'held_out.people') }}
            as standard_error,
        {{ welch_degrees('written.variance', 'written.people', 'held_out.variance', 'held_out.people') }} as degrees,
        written.measure = 'net_return' and written.lines_without_margin + held_out.lines_without_margin > 0
            as is_margin_unknown
    from described as written
    inner join described as held_out
        on
            written.holdout_period = held_out.holdout_period
            and written.measure = held_out.measure
            and held_out.is_held_out
    where not written.is_held_out
),

tested as (
    select
        *,
        {{ student_quantile(z, 'degrees') }} * standard_error as half_width,
        lift / nullif(standard_error, 0e0) as t_value
    from pairs
),

deviates as (
    select
        *,
        {{ student_deviate('t_value', 'degrees') }} as deviate
    from tested
),

-- as they are told: what people bought before taken out
scenario_lifts as (
    select
        holdout_period,
        sum(total_lift) as net_sales,
        count(total_lift) as counted,
        sum(case when total_lift is null then 1 else 0 end) as left_out
    from experiment_results
    where
        metric_id = 'net_sales'
        and slice_kind = 'all'
        and holdout_period is not null
    group by holdout_period
),

changed_sides as (
    select
        holdout_period,
        count(*) as people
    from crossovers
    where scenario_id = '*'
    group by holdout_period
)

select
    begun.holdout_period,
    case
        when sales_lifts.lift is null then 'fewer than {{ setting('min_group_size') }} people are written to by nobody'
    end as withheld_because,
    case
        when sales_lifts.lift is null then 'fewer than {{ setting('min_group_size') }} people are written to by nobody'
        when returns.is_margin_unknown then 'the margins of some lines are not known'
        when returns.cost_lift < 0 then 'whoever is written to by nobody cost more'
        when returns.cost_lift = 0 then 'the programme cost nothing'
    end as no_return_because,
    cast(sales_lifts.people as bigint) as users,
    cast(sales_lifts.base_people as bigint) as held_out_users,
    case when sales_lifts.lift is not null then coalesce(changed_sides.people, 0) end as crossovers,
    sales_lifts.mean as net_sales,
    sales_lifts.base_mean as held_out_net_sales,
    sales_lifts.lift,
    sales_lifts.lift - sales_lifts.half_width as lower_lift,
    sales_lifts.lift + sales_lifts.half_width as upper_lift,
    2e0 * {{ normal_cdf('(-abs(sales_lifts.deviate))') }} as p_value,
    cast(round(sales_lifts.lift * sales_lifts.people, 2) as decimal(18,2)) as programme_net_amount,
    cast(round((sales_lifts.lift - sales_lifts.half_width) * sales_lifts.people, 2) as decimal(18,2))
        as lower_programme_net_amount,
    cast(round((sales_lifts.lift + sales_lifts.half_width) * sales_lifts.people, 2) as decimal(18,2))
        as upper_programme_net_amount,
    cast(round(scenario_lifts.net_sales, 2) as decimal(18,2)) as scenario_lifts_net_amount,
    coalesce(scenario_lifts.counted, 0) as scenario_lifts_counted,
    coalesce(cast(scenario_lifts.left_out as bigint), 0) as scenario_lifts_left_out,
    cast(round(sales_lifts.cost_lift * sales_lifts.people, 2) as decimal(18,2)) as programme_cost_amount,
    {%- for name, bound in {'': '', 'lower_': ' - returns.half_width', 'upper_': ' + returns.half_width'}.items() %}
        case
            when not returns.is_margin_unknown
                then cast(round((returns.lift{{ bound }}) * returns.people, 2) as decimal(18,2))
        end as {{ name }}programme_net_return_amount,
    {%- endfor %}
    case
        when not returns.is_margin_unknown and returns.cost_lift > 0 then returns.lift / returns.cost_lift
    end as return_on_costs,
    {{ as_of_date() }} as as_of_date
from begun
left join deviates as sales_lifts
    on
        begun.holdout_period = sales_lifts.holdout_period
        and sales_lifts.measure = 'net_sales'
left join deviates as returns
    on
        begun.holdout_period = returns.holdout_period
        and returns.measure = 'net_return'
left join scenario_lifts
    on begun.holdout_period = scenario_lifts.holdout_period
left join changed_sides
    on begun.holdout_period = changed_sides.holdout_period
