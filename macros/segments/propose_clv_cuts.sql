{#
  Proposes the cuts of the spend clusters from the orders known at the end of one month, for a person to review and to paste into
  seeds/config/clv_cuts.csv. It reads core only, as propose_rfm_cuts does.

      dbt build --select +profile_days
      dbt run-operation propose_clv_cuts --args '{month: "2017-06"}'
      dbt run-operation propose_clv_cuts --args '{month: "2017-06", version: 2, valid_from: "2018-01"}'

  Thirds of those who bought in clv_period_days; equal amounts share a rank and therefore a cluster.
#}
{% macro propose_clv_cuts(month, version=1, valid_from='1900-01') %}
    {%- if not execute -%}{{ return('') }}{%- endif -%}
    {%- do refuse_what_is_no_month({'month': month, 'valid_from': valid_from}) -%}
    {%- do refuse_what_is_not_built(ref('profile_days')) -%}
    {%- set row = run_query(clv_cuts_of_month(month)).rows[0] -%}
    {%- if not row['customers'] -%}
        {{ exceptions.raise_compiler_error(
            "Nobody ordered in the " ~ setting('clv_period_days') ~ " days to the end of " ~ month ~ ": name another month."
        ) }}
    {%- endif -%}
    {{ print('sector,threshold_version,valid_from_month,spend_cluster,min_amount,comment') }}
    {%- for cluster in ['medium', 'high'] -%}
        {{ print([
            setting('rfm_sector'), version, valid_from ~ '-01', cluster, row[cluster],
            'thirds of ' ~ row['customers'] ~ ' customers in the ' ~ setting('clv_period_days') ~ ' days to the end of ' ~ month
        ] | join(',')) }}
    {%- endfor -%}
{% endmacro %}


{# One row: the lowest amount of the upper two thirds and of the upper third, customers ranked. #}
{% macro clv_cuts_of_month(month) %}
    {%- set last_date = last_date_of_month(month) -%}
    with

    customers as (
        select
            profile_id,
            cast(sum(net_amount) as decimal(18, 2)) as spend_amount
        from {{ ref('profile_days') }}
        where
            order_date <= cast('{{ last_date }}' as date)
            and order_date > cast('{{ last_date - modules.datetime.timedelta(days=setting('clv_period_days')) }}' as date)
        group by profile_id
        having max(orders) > 0
    ),

    scored as (
        select
            spend_amount,
            1 + cast(floor(
                cast(3 as double) * (rank() over (order by spend_amount asc nulls last) - 1) / count(*) over ()
            ) as integer) as third
        from customers
    )

    select
        coalesce(min(case when third >= 2 then spend_amount end), max(spend_amount) + 1) as medium,
        coalesce(min(case when third >= 3 then spend_amount end), max(spend_amount) + 1) as high,
        count(*) as customers
    from scored
{% endmacro %}
