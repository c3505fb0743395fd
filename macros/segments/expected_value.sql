{#
  landing.clv_parameters: what the expected value was fitted to. scripts/fit.py and the monthly run fill it, models only read it.
  Called at the start of every run, so that a build on an empty warehouse finds the table.
#}
{% macro create_clv_parameters_table() %}
    {%- set columns = [('clv_model', dbt.type_string()), ('segment_month', 'date'), ('first_order_date', 'date')] -%}
    {%- for name in ['customers', 'purchases', 'spenders'] -%}
        {%- do columns.append((name, dbt.type_bigint())) -%}
    {%- endfor -%}
    {%- for name in ['r', 'alpha_days', 'a', 'b', 'purchase_log_likelihood', 'p', 'q', 'v', 'amount_log_likelihood'] -%}
        {%- do columns.append((name, 'double')) -%}
    {%- endfor -%}
    {%- do columns.append(('refused_because', dbt.type_string())) -%}
    create table if not exists {{ source('landing', 'clv_parameters') }} (
        {%- for name, data_type in columns %}
        {{ name }} {{ data_type }}{{ ',' if not loop.last }}
        {%- endfor %}
    )
{% endmacro %}


{#
  CTEs first_purchases and purchase_histories: what a customer had done by the end of each month of CTE scored_months, from
  CTE profile_days. A purchase is a day with an order, whatever was bought on it; returns subtract from the amount.
  The fit renders this macro too (rekindle.ground.rules).
#}
{% macro purchase_histories() -%}
first_purchases as (
    select
        profile_id,
        min(order_date) as first_date
    from profile_days
    where orders > 0
    group by profile_id
),

purchase_histories as (
    select
        profile_days.profile_id,
        scored_months.segment_month,
        scored_months.month_end_date,
        first_purchases.first_date,
        max(case when profile_days.orders > 0 then profile_days.order_date end) as last_date,
        sum(
            case when profile_days.orders > 0 and profile_days.order_date > first_purchases.first_date then 1 else 0 end
        ) as repeats,
        sum(
            case when profile_days.order_date > first_purchases.first_date then profile_days.net_amount else 0 end
        ) as repeat_amount
    from profile_days
    inner join first_purchases
        on profile_days.profile_id = first_purchases.profile_id
    inner join scored_months
        on
            profile_days.order_date <= scored_months.month_end_date
            and first_purchases.first_date <= scored_months.month_end_date
    group by
        profile_days.profile_id,
        scored_months.segment_month,
        scored_months.month_end_date,
        first_purchases.first_date
)
{%- endmacro %}


{#
  CTE scored_customers: purchase_histories with what is expected of each in the next clv_horizon_days, by the parameters that
  CTE scored_months has of each month (null where it has none).

  MBG/NBD × Gamma-Gamma (Batislam, Denizel, Filiztekin 2007; Fader, Hardie 2013), with x purchases after the first, the last
  t_x and the end T days after the first, h days ahead:

      odds of having left   a / (b+x) · ((α+T) / (α+t_x))^(r+x)                    p_alive = 1 / (1 + odds)
      expected purchases    p_alive · (a+b+x) / (a-1) · (1 - (1-z)^(r+x) · 2F1(r+x, b+x+1; a+b+x; z)),   z = h / (α+T+h)
      no purchase           1 - p_alive · (1 - ((α+T) / (α+T+h))^(r+x)); not exp(-expected purchases), which knows one rate only
      amount of a purchase  p · (v + sum of x amounts) / (p·x + q - 1)

  No engine has 2F1. Euler's transformation makes (1-z)^(r+x) · 2F1(…) = (1-z)^(a-1) · 2F1(a+b-r, a-1; a+b+x; z), whose terms
  fall fast: see euler_series(). Written with growth = ((1-z)^(a-1) - 1) / (a-1), which has no hole at a = 1.
#}
{% macro scored_customers() -%}
{%- set horizon = setting('clv_horizon_days') -%}
histories as (
    select
        purchase_histories.profile_id,
        purchase_histories.segment_month,
        scored_months.fitted_month,
        scored_months.r,
        scored_months.alpha_days,
        scored_months.a,
        scored_months.b,
        scored_months.p,
        scored_months.q,
        scored_months.v,
        cast(purchase_histories.repeats as double) as repeats,
        cast(purchase_histories.repeat_amount as double) as repeat_amount,
        cast({{ days_between('purchase_histories.first_date', 'purchase_histories.last_date') }} as double) as until_last,
        cast({{ days_between('purchase_histories.first_date', 'purchase_histories.month_end_date') }} as double) as observed
    from purchase_histories
    inner join scored_months on purchase_histories.segment_month = scored_months.segment_month
),

terms as (
    select
        *,
        ln(a) - ln(b + repeats) + (r + repeats) * (ln(alpha_days + observed) - ln(alpha_days + until_last))
            as log_odds_of_having_left,
        {{ horizon }} / (alpha_days + observed + {{ horizon }}) as ahead,
        ln((alpha_days + observed) / (alpha_days + observed + {{ horizon }})) as log_rest,
        a + b - r as first_parameter,
        a + b + repeats as third_parameter
    from histories
),

{{ euler_series() }},

measured as (
    select
        *,
        -- exp(700) is as good as infinite, and some engines raise an error beyond it
        1 / (1 + exp(least(log_odds_of_having_left, cast(700 as double)))) as p_alive,
        exp((a - 1) * log_rest) as rest
    from summed_from_1
),

scored_customers as (
    select
        profile_id,
        segment_month,
        fitted_month,
        cast(repeats as integer) as repeat_purchases,
        p_alive,
        -p_alive * (
            third_parameter * case
                when abs((a - 1) * log_rest) < 1e-5
                    then log_rest * (1 + (a - 1) * log_rest / 2 + (a - 1) * log_rest * (a - 1) * log_rest / 6)
                else (rest - 1) / (a - 1)
            end + rest * first_parameter * ahead * series_from_1
        ) as expected_purchases,
        1 - p_alive * (1 - exp((r + repeats) * log_rest)) as no_purchase_probability,
        -- who brought back more than was bought counts as nothing, not as less
        p * (v + greatest(repeat_amount, cast(0 as double))) / (p * repeats + q - 1) as purchase_amount
    from measured
)
{%- endmacro %}


{#
  CTEs summed_from_… to summed_from_1: CTE `terms` with the sum S of the series

      2F1(first, a-1; third; z) = 1 + (a-1) · first/third · z · S,     S = 1 + ρ_1 z (1 + ρ_2 z (1 + …)),
      ρ_k = (first+k) (a+k-1) / ((third+k) (k+1))

  from its end (Horner), and what is left of it after the last term as a geometric series; in steps, because parsers take so many
  parentheses only. 64 terms do for CDNOW (relative error of the expected purchases below 1e-12, against scipy); groceries, with
  purchases every few days and half a year ahead, take 256 (1e-9). The error grows with z and b and is largest for a customer of
  today: the fit refuses parameters with which hers would be more than 1e-6.
#}
{% macro euler_series() -%}
{%- set step = 16 -%}
{#- a text that is not run only has to parse, and sqlfluff takes half a minute for all of it -#}
{%- for start in range(1, euler_terms() if execute else 2 * step, step) | reverse -%}
{%- set end = start + step - 1 -%}
summed_from_{{ start }} as (
    select
        *,
        {% for term in range(start, end + (0 if loop.first else 1)) -%}
            {{ '1 +' if loop.first else '(1 +' }} {{ euler_ratio(term) }} * {{ '' }}
        {%- endfor -%}
        {{ '1 / (1 - ' ~ euler_ratio(end) ~ ')' if loop.first else 'series_from_' ~ (end + 1) }}
        {{- ')' * (step - 2 if loop.first else step - 1) }} as series_from_{{ start }}
    from {{ 'terms' if loop.first else 'summed_from_' ~ (end + 1) }}
){{ ',\n\n' if not loop.last }}
{%- endfor -%}
{%- endmacro %}


{# The fit renders this, too, to know the error. #}
{% macro euler_terms() -%}
    {{ return(256) }}
{%- endmacro %}


{# ρ_k · z of euler_series(). #}
{% macro euler_ratio(term) -%}
    (first_parameter + {{ term }}) * (a + {{ term - 1 }}) / ((third_parameter + {{ term }}) * {{ term + 1 }}) * ahead
{%- endmacro %}
