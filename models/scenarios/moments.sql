{{ config(materialized=view_of_views()) }}
-- The moments of all kinds in setting `moments`, one below the other: what happened to whom, whoever listens.
{% for model in setting('moments') -%}
    select
        profile_id,
        moment,
        moment_key,
        moment_reference,
        subject,
        reason_parameters,
        personalisation,
        cast(moment_value as decimal(18, 2)) as moment_value,
        expected_value_amount,
        moment_date,
        moment_at
    from {{ ref(model) }}
    {{ 'union all' if not loop.last }}
{% endfor %}
