-- The scorecard as it could be learned at each month end: only from months whose half year had passed by then.
with

candidates as (
    select * from {{ ref('reactivation_candidates') }}
),

attributes as (
    {% for attribute in reactivation_attributes() -%}
        select
            segment_month,
            month_end_date,
            '{{ attribute }}' as attribute,
            {{ attribute }}_bin as bin,
            count(*) as profiles,
            sum(case when has_returned then 1 else 0 end) as returned_profiles
        from candidates
        where
            is_matured
            {% if attribute == 'value' -%}
                and value_bin > 0
            {%- endif %}
        group by
            segment_month,
            month_end_date,
            {{ attribute }}_bin
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

months as (
    select distinct
        segment_month,
        month_end_date
    from candidates
),

learned as (
    select
        months.segment_month,
        attributes.attribute,
        attributes.bin,
        cast(sum(attributes.profiles) as bigint) as profiles,
        cast(sum(attributes.returned_profiles) as bigint) as returned_profiles
    from months
    inner join attributes
        on {{ add_days('attributes.month_end_date', reactivation_horizon_days()) }} <= months.month_end_date
    group by
        months.segment_month,
        attributes.attribute,
        attributes.bin
),

totals as (
    select
        learned.*,
        cast(sum(profiles) over (partition by segment_month, attribute) as double) as all_profiles,
        cast(sum(returned_profiles) over (partition by segment_month, attribute) as double) as all_returned_profiles
    from learned
),

-- half a person is added to each side, so that an empty one says little rather than everything
weighed as (
    select
        segment_month,
        attribute,
        bin,
        profiles,
        returned_profiles,
        ln(
            ((returned_profiles + 0.5) / (all_returned_profiles + 0.5))
            / ((profiles - returned_profiles + 0.5) / (all_profiles - all_returned_profiles + 0.5))
        ) as weight
    from totals
),

-- every candidate has a bin of silence: their totals are everybody's
bases as (
    select
        segment_month,
        'base' as attribute,
        0 as bin,
        cast(max(all_profiles) as bigint) as profiles,
        cast(max(all_returned_profiles) as bigint) as returned_profiles,
        ln((max(all_returned_profiles) + 0.5) / (max(all_profiles) - max(all_returned_profiles) + 0.5)) as weight
    from totals
    where attribute = 'silence'
    group by segment_month
)

select
    attribute,
    cast(bin as integer) as bin,
    profiles,
    returned_profiles,
    cast(weight as double) as weight,
    segment_month
from weighed
union all
select
    attribute,
    cast(bin as integer) as bin,
    profiles,
    returned_profiles,
    cast(weight as double) as weight,
    segment_month
from bases
