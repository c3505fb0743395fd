{#
  Distributions in arithmetic that every engine has: exp, ln, sqrt, power. Arguments are expressions and are repeated in what comes
  out, so name a column rather than a formula.
#}

{# A polynomial by Horner's rule, coefficients from the constant on. With an exponent a literal is a double on every engine. #}
{% macro polynomial(coefficients, x) -%}
    {%- set text = namespace(value='') -%}
    {%- for coefficient in coefficients | reverse -%}
        {%- set literal = coefficient ~ ('' if 'e' in coefficient else 'e0') -%}
        {%- set text.value = literal if loop.first else '(' ~ literal ~ ' + ' ~ x ~ ' * ' ~ text.value ~ ')' -%}
    {%- endfor -%}
    {{ return(text.value) }}
{%- endmacro %}


{#
  P(Z <= z) of the standard normal distribution.
  Source: Hart 1968 as in West, Better approximations to cumulative normal functions, 2005. Absolute error below 1e-14; the lower
  tail keeps some twelve digits, so a small p is normal_cdf of minus the absolute value.
#}
{% macro normal_cdf(z) -%}
    {%- set size = 'abs(' ~ z ~ ')' -%}
    {%- set above = polynomial([
        '220.206867912376', '221.213596169931', '112.079291497871', '33.912866078383', '6.37396220353165', '0.700383064443688',
        '0.0352624965998911'
    ], size) -%}
    {%- set below = polynomial([
        '440.413735824752', '793.826512519948', '637.333633378831', '296.564248779674', '86.7807322029461', '16.064177579207',
        '1.75566716318264', '0.0883883476483184'
    ], size) -%}
    {%- set tail -%}
        exp(-{{ size }} * {{ size }} / 2e0) * case
            when {{ size }} < 7.07106781186547e0 then {{ above }} / {{ below }}
            else 1e0 / (2.506628274631e0 * (
                {{ size }} + 1e0 / ({{ size }} + 2e0 / ({{ size }} + 3e0 / ({{ size }} + 4e0 / ({{ size }} + 0.65e0))))
            ))
        end
    {%- endset -%}
    case
        when {{ size }} > 37 then case when {{ z }} > 0 then 1e0 else 0e0 end
        when {{ z }} > 0 then 1e0 - {{ tail }}
        else {{ tail }}
    end
{%- endmacro %}


{#
  The z with P(Z <= z) = p, for p between 0 and 1.
  Source: Wichura, Algorithm AS 241 (PPND16), 1988. Relative error about 1e-15.
#}
{% macro normal_quantile(p) -%}
    {%- set middle = '(0.180625e0 - (' ~ p ~ ' - 0.5e0) * (' ~ p ~ ' - 0.5e0))' -%}
    {%- set depth = 'sqrt(-ln(least(' ~ p ~ ', 1e0 - ' ~ p ~ ')))' -%}
    {%- set near = '(' ~ depth ~ ' - 1.6e0)' -%}
    {%- set far = '(' ~ depth ~ ' - 5e0)' -%}
    case
        when abs({{ p }} - 0.5e0) <= 0.425e0
            then ({{ p }} - 0.5e0) * {{ polynomial([
                '3.3871328727963666080', '133.14166789178437745', '1971.5909503065514427', '13731.693765509461125',
                '45921.953931549871457', '67265.770927008700853', '33430.575583588128105', '2509.0809287301226727'
            ], middle) }} / {{ polynomial([
                '1', '42.313330701600911252', '687.18700749205790830', '5394.1960214247511077', '21213.794301586595867',
                '39307.895800092710610', '28729.085735721942674', '5226.4952788528545610'
            ], middle) }}
        else case when {{ p }} < 0.5e0 then -1e0 else 1e0 end * case
            when {{ depth }} <= 5 then {{ polynomial([
                '1.42343711074968357734', '4.63033784615654529590', '5.76949722146069140550', '3.64784832476320460504',
                '1.27045825245236838258', '0.241780725177450611770', '0.0227238449892691845833', '7.74545014278341407640e-4'
            ], near) }} / {{ polynomial([
                '1', '2.05319162663775882187', '1.67638483018380384940', '0.689767334985100004550', '0.148103976427480074590',
                '0.0151986665636164571966', '5.47593808499534494600e-4', '1.05075007164441684324e-9'
            ], near) }}
            else {{ polynomial([
                '6.65790464350110377720', '5.46378491116411436990', '1.78482653991729133580', '0.296560571828504891230',
                '0.0265321895265761230930', '1.24266094738807843860e-3', '2.71155556874348757815e-5', '2.01033439929228813265e-7'
            ], far) }} / {{ polynomial([
                '1', '0.599832206555887937690', '0.136929880922735805310', '0.0148753612908506148525', '7.86869131145613259100e-4',
                '1.84631831751005468180e-5', '1.42151175831644588870e-7', '2.04426310338993978564e-15'
            ], far) }}
        end
    end
{%- endmacro %}


{#
  The normal deviate that lies as far out as t does in Student's distribution of so many degrees of freedom (not a whole number, as a
  rule). normal_cdf of it is Student's: the one-sided p of t is normal_cdf(-z), the two-sided 2 * normal_cdf(-abs(z)).
  Source: Hill, Algorithm 395, CACM 1970. Absolute error of the probability: 4e-7 at 5 degrees of freedom, 2.2e-9 at 9, 1e-10 at 15,
  3e-12 from 30 on.
#}
{% macro student_deviate(t, degrees) -%}
    {%- set share = '(' ~ t ~ ' * ' ~ t ~ ' / ' ~ degrees ~ ')' -%}
    {%- set scale = '48e0 * (' ~ degrees ~ ' - 0.5e0) * (' ~ degrees ~ ' - 0.5e0)' -%}
    {#- the logarithm of a number next to 1 has lost its digits -#}
    {%- set y -%}
        (({{ degrees }} - 0.5e0) * case
            when {{ share }} > 1e-4 then ln(1e0 + {{ share }})
            else {{ polynomial(['0', '1', '-0.5', '0.3333333333333333'], share) }}
        end)
    {%- endset -%}
    case when {{ t }} < 0 then -1e0 else 1e0 end * sqrt({{ y }}) * (1e0 + (
        3e0 + {{ y }} - {{ polynomial(['85.5', '24', '3.3', '0.4'], y) }} / (0.8e0 * {{ y }} * {{ y }} + 100e0 + {{ scale }})
    ) / ({{ scale }}))
{%- endmacro %}


{#
  P(T <= t) of Student's distribution. Error: that of student_deviate, which is better named a column first.
#}
{% macro student_cdf(t, degrees) -%}
    {{ normal_cdf('(' ~ student_deviate(t, degrees) ~ ')') }}
{%- endmacro %}


{#
  The quantile of Student's distribution where the normal one is z: student_quantile(normal_quantile(0.975), degrees).
  Source: Hill, Algorithm 396, CACM 1970. Error at .975: 1.2e-8 at 9 degrees of freedom, 1.1e-9 at 15, 3.1e-11 from 30 on.
#}
{% macro student_quantile(z, degrees) -%}
    {%- set x = '(-abs(' ~ z ~ '))' -%}
    {%- set square = '(' ~ z ~ ' * ' ~ z ~ ')' -%}
    {%- set a = '(1e0 / (' ~ degrees ~ ' - 0.5e0))' -%}
    {%- set b = '(48e0 * (' ~ degrees ~ ' - 0.5e0) * (' ~ degrees ~ ' - 0.5e0))' -%}
    {%- set c = '(((20700e0 * ' ~ a ~ ' / ' ~ b ~ ' - 98e0) * ' ~ a ~ ' - 16e0) * ' ~ a ~ ' + 96.36e0)' -%}
    {%- set d -%}
        (((94.5e0 / ({{ b }} + {{ c }}) - 3e0) / {{ b }} + 1e0) * sqrt({{ a }} * 1.5707963267948966e0) * {{ degrees }})
    {%- endset -%}
    {%- set under -%}
        ((((0.05e0 * {{ d }} * {{ x }} - 5e0) * {{ x }} - 7e0) * {{ x }} - 2e0) * {{ x }} + {{ b }} + {{ c }})
    {%- endset -%}
    {%- set deviate -%}
        ((({{ polynomial(['94.5', '36', '6.3', '0.4'], square) }} / {{ under }} - {{ square }} - 3e0) / {{ b }} + 1e0) * {{ x }})
    {%- endset -%}
    case when {{ z }} < 0 then -1e0 else 1e0 end
    * sqrt({{ degrees }} * (exp({{ a }} * {{ deviate }} * {{ deviate }}) - 1e0))
{%- endmacro %}


{#
  P(X > x) of the chi-squared distribution of 1 to 9 whole degrees of freedom; null for more. Closed form, error that of normal_cdf.
  A test at a quantile is a test at its probability: above the .95 quantile is where this is below .05.
#}
{% macro chi_squared_tail(x, degrees) -%}
    {%- set gamma = namespace(odd=1.7724538509055159, even=1.0) -%}
    case
        when {{ degrees }} not between 1 and 9 then null
        when {{ x }} <= 0 then 1e0
        when mod({{ degrees }}, 2) = 1 then 2e0 * {{ normal_cdf('(-sqrt(' ~ x ~ '))') }}
            {%- for half in range(1, 5) %}
            {%- set gamma.odd = gamma.odd * (half - 0.5) %}
            + case
                when {{ degrees }} > {{ 2 * half }}
                    then power({{ x }} / 2e0, {{ half - 0.5 }}e0) * exp(-{{ x }} / 2e0) / {{ gamma.odd }}e0
                else 0e0
            end
            {%- endfor %}
        else exp(-{{ x }} / 2e0) * (
            1e0
            {%- for half in range(1, 4) %}
            {%- set gamma.even = gamma.even * half %}
            + case
                when {{ degrees }} > {{ 2 * half }} then power({{ x }} / 2e0, {{ half }}e0) / {{ gamma.even }}e0
                else 0e0
            end
            {%- endfor %}
        )
    end
{%- endmacro %}
