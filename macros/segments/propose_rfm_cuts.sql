{#
  Proposes frequency and monetary cuts from one month of rfm_monthly, for a person to review and paste into
  seeds/config/rfm_value_cuts.csv as a new version:

      dbt run-operation propose_rfm_cuts --args '{month: "2017-06", version: 2, valid_from: "2018-01"}'

  Score = 1 + floor(5 * (rank - 1) / customers), where equal values share a rank and therefore a score; the cut of a score is the
  lowest value that earns it. (ntile would split equal values by row order: not a function of the customer.)
#}
{% macro propose_rfm_cuts(month, version=2, valid_from=none) %}
    {%- if not execute -%}{{ return('') }}{%- endif -%}
    {%- if not modules.re.match('^\\d{4}-(0[1-9]|1[0-2])$', month | string) -%}
        {{ exceptions.raise_compiler_error("month '" ~ month ~ "' is not a month: write it as YYYY-MM.") }}
    {%- endif -%}
    {%- set rows = run_query(rfm_cuts_of_month(month)) -%}
    {%- if rows | length == 0 -%}
        {{ exceptions.raise_compiler_error("rfm_monthly has no rows for " ~ month ~ ": build that month first, or name another one.") }}
    {%- endif -%}
    {{ print('sector,threshold_version,valid_from_month,measure,score,min_value,comment') }}
    {%- for row in rows -%}
        {{ print([
            setting('rfm_sector'), version, (valid_from or month) ~ '-01', row[0], row[1], row[2],
            'quintiles of ' ~ row[3] ~ ' customers at the end of ' ~ month
        ] | join(',')) }}
    {%- endfor -%}
{% endmacro %}


{# measure, score 2 to 5, lowest value that earns it, customers ranked. #}
{% macro rfm_cuts_of_month(month) %}
    with

    customers as (
        select
            cast(frequency as decimal(18, 2)) as frequency,
            monetary_amount
        from {{ ref('rfm_monthly') }}
        where segment_month = cast('{{ month }}-01' as date)
    ),

    measures as (
        select
            'frequency' as measure,
            frequency as measured
        from customers
        union all
        select
            'monetary' as measure,
            monetary_amount as measured
        from customers
    ),

    scored as (
        select
            measure,
            measured,
            count(*) over (partition by measure) as customers,
            1 + cast(floor(
                cast(5 as double) * (rank() over (partition by measure order by measured asc nulls last) - 1)
                / count(*) over (partition by measure)
            ) as integer) as score
        from measures
    )

    select
        measure,
        score,
        min(measured) as min_value,
        max(customers) as customers
    from scored
    where score > 1
    group by
        measure,
        score
    order by
        measure asc nulls last,
        score asc nulls last
{% endmacro %}
