with

months as (
    select * from {{ ref('dim_months') }}
),

recency_bands as (
    select * from {{ ref('rfm_recency_bands') }}
    where sector = '{{ setting("rfm_sector") }}'
),

value_cuts as (
    select * from {{ ref('rfm_value_cuts') }}
    where sector = '{{ setting("rfm_sector") }}'
),

-- the newest row that is valid in a month applies, for bands and cuts alike
band_months as (
    select
        months.segment_month,
        max(recency_bands.valid_from_month) as valid_from_month
    from months
    inner join recency_bands on months.segment_month >= recency_bands.valid_from_month
    group by months.segment_month
),

cut_months as (
    select
        months.segment_month,
        max(value_cuts.valid_from_month) as valid_from_month
    from months
    inner join value_cuts on months.segment_month >= value_cuts.valid_from_month
    group by months.segment_month
),

bands as (
    select
        band_months.segment_month,
        {%- for score in [5, 4, 3, 2] %}
            max(case when recency_bands.r_score = {{ score }} then recency_bands.max_recency_days end)
                as max_recency_days_{{ score }},
        {%- endfor %}
        max(recency_bands.threshold_version) as version
    from band_months
    inner join recency_bands on band_months.valid_from_month = recency_bands.valid_from_month
    group by band_months.segment_month
),

cuts as (
    select
        cut_months.segment_month,
        {%- for measure in ['frequency', 'monetary'] %}
            {%- for score in [2, 3, 4, 5] %}
                max(case
                    when value_cuts.measure = '{{ measure }}' and value_cuts.score = {{ score }}
                        then value_cuts.min_value
                end) as min_{{ measure }}_{{ score }},
            {%- endfor %}
        {%- endfor %}
        max(value_cuts.threshold_version) as version
    from cut_months
    inner join value_cuts on cut_months.valid_from_month = value_cuts.valid_from_month
    group by cut_months.segment_month
),

thresholds as (
    select
        months.segment_month,
        months.month_end_date,
        {{ dbt.concat(['bands.version', "'.'", 'cuts.version']) }} as threshold_version,
        bands.max_recency_days_5,
        bands.max_recency_days_4,
        bands.max_recency_days_3,
        bands.max_recency_days_2,
        cuts.min_frequency_2,
        cuts.min_frequency_3,
        cuts.min_frequency_4,
        cuts.min_frequency_5,
        cuts.min_monetary_2,
        cuts.min_monetary_3,
        cuts.min_monetary_4,
        cuts.min_monetary_5
    from months
    left join bands on months.segment_month = bands.segment_month
    left join cuts on months.segment_month = cuts.segment_month
)

select * from thresholds
