{#
  The signals of a fall that late orders have undone, which is no reason to write: what was published stays published, and the
  month told anew has the segment that was left, or a better one. `signals` is a CTE with profile_id, segment_month and from_segment;
  the model has the CTEs rfm_monthly and segments.
#}
{% macro undone_falls(signals) -%}
    select
        {{ signals }}.profile_id,
        {{ signals }}.segment_month
    from {{ signals }}
    inner join rfm_monthly
        on
            {{ signals }}.profile_id = rfm_monthly.profile_id
            and {{ signals }}.segment_month = rfm_monthly.segment_month
    inner join segments as left_segments
        on {{ signals }}.from_segment = left_segments.segment
    inner join segments as restated_segments
        on rfm_monthly.segment = restated_segments.segment
    where restated_segments.rung >= left_segments.rung
{%- endmacro %}
