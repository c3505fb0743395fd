{#
  Proposes frequency and monetary cuts from the orders known at the end of one month, for a person to review and to paste into
  seeds/config/rfm_value_cuts.csv. It reads core only: the first cuts of a connector are proposed before any segment exists.

      dbt build --select +profile_days
      dbt run-operation propose_rfm_cuts --args '{month: "2017-06"}'
      dbt run-operation propose_rfm_cuts --args '{month: "2017-06", version: 2, valid_from: "2018-01"}'

  Score = 1 + floor(5 * (rank - 1) / customers), where equal values share a rank and therefore a score; the cut of a score is the
  lowest value that earns it or a better one. (ntile would split equal values by row order: not a function of the customer.)
  All eight rows are proposed, always: where most customers bought once, several scores begin at the same value, and a score
  that nobody earns begins above the highest.
#}
{% macro propose_rfm_cuts(month, version=1, valid_from='1900-01') %}
    {%- if not execute -%}{{ return('') }}{%- endif -%}
    {%- do refuse_what_is_no_month({'month': month, 'valid_from': valid_from}) -%}
    {%- do refuse_what_is_not_built(ref('profile_days')) -%}
    {%- set rows = run_query(rfm_cuts_of_month(month)).rows -%}
    {%- if rows | length == 0 -%}
        {{ exceptions.raise_compiler_error("Nobody had ordered by the end of " ~ month ~ ": name a later month.") }}
    {%- endif -%}
    {{ print('sector,threshold_version,valid_from_month,measure,score,min_value,comment') }}
    {%- for row in rows -%}
        {{ print([
            setting('rfm_sector'), version, valid_from ~ '-01', row[0], row[1], row[2],
            'quintiles of ' ~ row[3] ~ ' customers at the end of ' ~ month
        ] | join(',')) }}
    {%- endfor -%}
{% endmacro %}


{# Raises on the first of some named words that is not written as YYYY-MM. #}
{% macro refuse_what_is_no_month(words) %}
    {%- for name, given in words.items() if not modules.re.match('^\\d{4}-(0[1-9]|1[0-2])$', given | string) -%}
        {{ exceptions.raise_compiler_error(name ~ " '" ~ given ~ "' is not a month: write it as YYYY-MM.") }}
    {%- endfor -%}
{% endmacro %}


{# Raises when a relation is not there yet: the engine would name it, and not the command that makes it. #}
{% macro refuse_what_is_not_built(relation) %}
    {%- if load_relation(relation) is none -%}
        {{ exceptions.raise_compiler_error(
            "Nothing is proposed before " ~ relation.schema ~ "." ~ relation.identifier ~ " is built: run `dbt build --select +"
            ~ relation.identifier ~ " --indirect-selection cautious` first; where the data ends long ago, with an `as_of_date` near its end."
        ) }}
    {%- endif -%}
{% endmacro %}


{# The last day of a month that is written as YYYY-MM, as a date. #}
{% macro last_date_of_month(month) %}
    {{ return(next_month(month[:4] | int, month[5:] | int) - modules.datetime.timedelta(days=1)) }}
{% endmacro %}


{# measure, score 2 to 5, lowest value that earns it, customers ranked. Who bought before the window counts, with nothing in it. #}
{% macro rfm_cuts_of_month(month) %}
    {%- set last_date = last_date_of_month(month) -%}
    {%- set window_begins_after = last_date - modules.datetime.timedelta(days=setting('rfm_window_days')) -%}
    with

    profile_days as (
        select
            profile_id,
            orders,
            net_amount,
            order_date > cast('{{ window_begins_after }}' as date) as is_in_window
        from {{ ref('profile_days') }}
        where order_date <= cast('{{ last_date }}' as date)
    ),

    customers as (
        select
            profile_id,
            cast(sum(case when is_in_window and orders > 0 then 1 else 0 end) as decimal(18, 2)) as frequency,
            cast(sum(case when is_in_window then net_amount else 0 end) as decimal(18, 2)) as monetary_amount
        from profile_days
        group by profile_id
        having max(orders) > 0
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
            ) as integer) as earned_score
        from measures
    ),

    scores as (
        {% for score in [2, 3, 4, 5] -%}
            select {{ score }} as score{{ ' union all' if not loop.last }}
        {% endfor %}
    )

    select
        scored.measure,
        scores.score,
        cast(coalesce(
            min(case when scored.earned_score >= scores.score then scored.measured end),
            max(scored.measured) + 1
        ) as decimal(18, 2)) as min_value,
        max(scored.customers) as customers
    from scored
    cross join scores
    group by
        scored.measure,
        scores.score
    order by
        scored.measure asc nulls last,
        scores.score asc nulls last
{% endmacro %}
