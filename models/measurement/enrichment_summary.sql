-- Who was asked for an address that was missing, and gave it.
with

enrichment_questions as (
    select * from {{ ref('enrichment_questions') }}
),

counted as (
    select
        scenario_id,
        {%- for kind in ['email', 'mobile'] %}
            count(distinct case when asked_for = '{{ kind }}' then profile_id end) as {{ kind }}s_asked,
            count(distinct case when asked_for = '{{ kind }}' and is_recovered then profile_id end)
                as {{ kind }}s_recovered,
        {%- endfor %}
        is_over,
        asked_month
    from enrichment_questions
    group by
        scenario_id,
        is_over,
        asked_month
)

-- of few who were asked for one kind, many may have been asked for the other: each is left out by itself
select
    scenario_id,
    {{ withheld_because('least(emails_asked, mobiles_asked)') }} as withheld_because,
    {%- for kind in ['email', 'mobile'] %}
        {%- for name in ['asked', 'recovered'] %}
            cast({{ unless_withheld(kind ~ 's_asked', kind ~ 's_' ~ name) }} as bigint) as {{ kind }}s_{{ name }},
        {%- endfor %}
    {%- endfor %}
    {%- for kind in ['email', 'mobile'] %}
        {{ unless_withheld(kind ~ 's_asked', 'cast(' ~ kind ~ 's_recovered as double) / ' ~ kind ~ 's_asked') }}
            as {{ kind }}s_recovered_share,
    {%- endfor %}
    is_over,
    asked_month
from counted
