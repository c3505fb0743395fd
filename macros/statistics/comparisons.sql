{#
  Two groups compared, from sums that anybody can add up. Arguments are columns; every result is a double, and null where an argument
  is: greatest() and least() would skip it.
#}

{# What rounding made negative is 0. #}
{% macro not_negative(expression) -%}
    ({{ expression }} + abs({{ expression }})) / 2e0
{%- endmacro %}


{# The variance of a sample from its sum and sum of squares, divided by n - 1. #}
{% macro sample_variance(sum, sum_squares, n) -%}
    {{ not_negative('(' ~ sum_squares ~ ' - ' ~ sum ~ ' * ' ~ sum ~ ' / ' ~ n ~ ')') }} / nullif({{ n }} - 1e0, 0e0)
{%- endmacro %}


{# The covariance of two columns of a sample, divided by n - 1. #}
{% macro sample_covariance(sum, other_sum, sum_product, n) -%}
    ({{ sum_product }} - {{ sum }} * {{ other_sum }} / {{ n }}) / nullif({{ n }} - 1e0, 0e0)
{%- endmacro %}


{#
  Wilson's score interval of one rate, lower (sign '-') or upper (sign '+') end; z is the normal quantile of its level.
  Source: Wilson 1927; statsmodels proportion_confint(method='wilson'). Exact formula.
#}
{% macro wilson_bound(rate, n, z, sign) -%}
    (
        ({{ rate }} + {{ z }} * {{ z }} / (2e0 * {{ n }}) {{ sign }} {{ z }} * sqrt(
            {{ rate }} * (1e0 - {{ rate }}) / {{ n }} + {{ z }} * {{ z }} / (4e0 * {{ n }} * {{ n }})
        ))
        / (1e0 + {{ z }} * {{ z }} / {{ n }})
    )
{%- endmacro %}


{#
  Newcombe's hybrid score interval of rate - base_rate, lower (sign '-') or upper (sign '+') end, from the Wilson bounds of both.
  Holds its level where a rate is near 0 or 1 and groups are small.
  Source: Newcombe 1998, method 10; statsmodels confint_proportions_2indep(method='newcomb'). Exact formula.
#}
{% macro newcombe_bound(rate, base_rate, lower, upper, base_lower, base_upper, sign) -%}
    {%- if sign == '-' -%}
        {{ rate }} - {{ base_rate }} - sqrt(
            ({{ rate }} - {{ lower }}) * ({{ rate }} - {{ lower }})
            + ({{ base_upper }} - {{ base_rate }}) * ({{ base_upper }} - {{ base_rate }})
        )
    {%- else -%}
        {{ rate }} - {{ base_rate }} + sqrt(
            ({{ upper }} - {{ rate }}) * ({{ upper }} - {{ rate }})
            + ({{ base_rate }} - {{ base_lower }}) * ({{ base_rate }} - {{ base_lower }})
        )
    {%- endif -%}
{%- endmacro %}


{#
  Degrees of freedom of a difference of means whose groups have variances of their own.
  Source: Welch 1947, Satterthwaite 1946. Exact formula; null when nothing varies.
#}
{% macro welch_degrees(variance, n, base_variance, base_n) -%}
    power({{ variance }} / {{ n }} + {{ base_variance }} / {{ base_n }}, 2e0) / nullif(
        power({{ variance }} / {{ n }}, 2e0) / nullif({{ n }} - 1e0, 0e0)
        + power({{ base_variance }} / {{ base_n }}, 2e0) / nullif({{ base_n }} - 1e0, 0e0),
        0e0
    )
{%- endmacro %}


{#
  Standard error of mean - base_mean.
#}
{% macro standard_error(variance, n, base_variance, base_n) -%}
    sqrt({{ variance }} / {{ n }} + {{ base_variance }} / {{ base_n }})
{%- endmacro %}


{#
  Standard error of (mean - base_mean) / base_mean by the delta method: the base is a guess, too.
  Source: Deng, Knoblich, Lu 2018 (arXiv 1803.06336), section 3. First order in the error of the base.
#}
{% macro relative_standard_error(mean, variance, n, base_mean, base_variance, base_n) -%}
    sqrt(
        {{ variance }} / ({{ n }} * {{ base_mean }} * {{ base_mean }})
        + {{ base_variance }} * {{ mean }} * {{ mean }} / ({{ base_n }} * power({{ base_mean }}, 4e0))
    )
{%- endmacro %}


{#
  Variance per person of a ratio of two sums, such as amount per order, by the delta method: divided by the number of people it is
  the square of the standard error. People are drawn, not orders: the error per order is too small.
  Source: Deng, Knoblich, Lu 2018, section 4. `ratio` is sum over denominator_sum.
#}
{% macro ratio_variance(ratio, variance, denominator_mean, denominator_variance, covariance) -%}
    {%- set spread -%}
        ({{ variance }} - 2e0 * {{ ratio }} * {{ covariance }} + {{ ratio }} * {{ ratio }} * {{ denominator_variance }})
    {%- endset -%}
    {{ not_negative(spread) }} / nullif({{ denominator_mean }} * {{ denominator_mean }}, 0e0)
{%- endmacro %}


{#
  CUPED: what people did before they entered explains part of what they do after; taking it out leaves the difference of the arms and
  narrows its interval. The slope is that of both groups together; the variance is of the outcome less slope times covariate.
  Source: Deng, Xu, Kohavi, Walker 2013. Exact formula; a covariate that does not vary explains nothing.
#}
{% macro cuped_slope(covariance, covariate_variance) -%}
    coalesce({{ covariance }} / nullif({{ covariate_variance }}, 0e0), 0e0)
{%- endmacro %}


{% macro cuped_variance(variance, slope, covariate_variance, covariance) -%}
    {{ not_negative(
        '(' ~ variance ~ ' + ' ~ slope ~ ' * ' ~ slope ~ ' * ' ~ covariate_variance ~ ' - 2e0 * ' ~ slope ~ ' * ' ~ covariance ~ ')'
    ) }}
{%- endmacro %}


{#
  How many standard errors wide half an always-valid interval is after n people, when it is to be narrowest after expected_n: it holds
  its level however often somebody looks. Level .05.
  Source: Waudby-Smith et al., Time-uniform central limit theory and asymptotic confidence sequences (arXiv 2103.06476), theorem 2.2
  and its appendix on rho. Asymptotic: not for a few dozen people.
#}
{% macro always_valid_multiplier(n, expected_n) -%}
    {%- set spread = '(' ~ n ~ ' * ' ~ always_valid_rho(expected_n) ~ ')' -%}
    sqrt(({{ spread }} + 1e0) / {{ spread }} * (ln({{ spread }} + 1e0) - 2e0 * ln(0.05e0)))
{%- endmacro %}


{# The level at which that interval would just touch nothing, for a difference of z standard errors. #}
{% macro always_valid_p(z, n, expected_n) -%}
    {%- set spread = '(' ~ n ~ ' * ' ~ always_valid_rho(expected_n) ~ ')' -%}
    case
        when {{ z }} is not null
            then least(1e0, sqrt({{ spread }} + 1e0) * exp(-{{ z }} * {{ z }} * {{ spread }} / (2e0 * ({{ spread }} + 1e0))))
    end
{%- endmacro %}


{#
  One step, from a guess n, towards the number of people in whom the always-valid interval finds a lift four times in five, at a single
  look: n = unit * (multiplier(n) + .8416)^2, where `unit` is the number of people whose standard error is that lift.
  Source: as always_valid_multiplier; .8416212… is the .8 quantile of the normal distribution. Newton's method on logarithms: four steps
  from any number of people there are come within 1e-8 of the solution, for lifts up to a hundred times too small to be found.
#}
{% macro people_needed(n, unit, expected_n) -%}
    {%- set multiplier = '(' ~ always_valid_multiplier(n, expected_n) ~ ')' -%}
    {%- set reach = '(' ~ multiplier ~ ' + 0.8416212335729143e0)' -%}
    {{ n }} * power(
        {{ unit }} * {{ reach }} * {{ reach }} / {{ n }},
        1e0 / (
            1e0 - {{ multiplier }} / {{ reach }}
            * (1e0 / ({{ multiplier }} * {{ multiplier }}) - 1e0 / ({{ n }} * {{ always_valid_rho(expected_n) }} + 1e0))
        )
    )
{%- endmacro %}


{% macro always_valid_rho(expected_n) -%}
    ((-2e0 * ln(0.05e0) + ln(-2e0 * ln(0.05e0) + 1e0)) / {{ expected_n }})
{%- endmacro %}


{#
  Holm's adjustment of the p at `place` of so many tests, from the smallest on, and all before it in the partition.
  Source: Holm 1979; statsmodels multipletests(method='holm'). Exact.
#}
{% macro holm_p(p, place, tests, partition) -%}
    case
        when {{ p }} is not null
            then least(1e0, max(({{ tests }} - {{ place }} + 1) * {{ p }}) over (
                partition by {{ partition }}
                order by {{ place }} asc nulls last
                rows between unbounded preceding and current row
            ))
    end
{%- endmacro %}


{#
  The chance of finding a difference that is there, two-sided at .05.
  Source: the normal approximation; growthbook/growthbook, packages/shared/src/power.
#}
{% macro power_of(effect, standard_error) -%}
    {{ normal_cdf('(' ~ effect ~ ' / ' ~ standard_error ~ ' - 1.959963984540054e0)') }}
    + {{ normal_cdf('(-' ~ effect ~ ' / ' ~ standard_error ~ ' - 1.959963984540054e0)') }}
{%- endmacro %}


{#
  The smallest relative lift that is found four times in five, two-sided at .05, with so many people per group whose mean and variance
  are these. The lift changes its own error, hence the quadratic; null where no lift would be found.
  Source: as power_of. 2.8015852… is the .975 quantile of the normal distribution and its .8 quantile, added.
#}
{% macro smallest_detectable_lift(mean, variance, n) -%}
    {%- set noise = '(' ~ '7.848879734349088e0 * ' ~ variance ~ ' / (' ~ n ~ ' * ' ~ mean ~ ' * ' ~ mean ~ '))' -%}
    case
        when {{ noise }} < 1
            then ({{ noise }} + sqrt({{ noise }} * (2e0 - {{ noise }}))) / (1e0 - {{ noise }})
    end
{%- endmacro %}
