"""In which segment somebody is, since when and how she came there, and from whom a likelihood was learned, in words."""

from collections.abc import Iterator

import duckdb

from rekindle.ground.warehouse import has_table
from rekindle.tell.asking import Sentence, denies_profiling, rows_of

_SEGMENT = """
with months as (
    select *, lag(segment) over (order by segment_month) as segment_before
    from segments.rfm_published where profile_id = ?
)
select
    strftime(newest.segment_month, '%Y-%m') as month, segment_name, newest.recency_days, frequency, monetary_amount,
    strftime(
        (select max(segment_month) from months where segment is distinct from segment_before), '%Y-%m'
    ) as since_month
from months as newest left join config.segments using (segment)
order by newest.segment_month desc limit 1
"""
# the last fall, while she has not come back from it
_FALL = """
select
    strftime(segment_month, '%Y-%m') as month, segment_name as from_segment_name, steps_down, expected_loss_amount,
    case
        when r_score_fell and fm_score_fell then 'both'
        when r_score_fell then 'recency'
        when fm_score_fell then 'value'
        else 'threshold'
    end as cause
from segments.segment_moves left join config.segments on from_segment = segment
where profile_id = ? and is_down
qualify row_number() over (order by segment_month desc) = 1
    and (select arg_max(months_below, segment_month) from segments.segment_moves where profile_id = ?) > 0
"""
# a cell that nobody stood in has the rate of its recency; of few it weighs more than their own, by which they are told
_LEARNED_FROM = """
select
    rates.horizon_days, rates.profiles, rates.silent_profiles,
    round(100 * rates.recency_probability)::integer as percent,
    case
        when rates.profiles = 0 then 'nobody'
        when abs(rates.silent_probability - rates.recency_probability)
            < abs(rates.silent_probability - rates.silent_profiles / rates.profiles)
            then 'few'
        else '*'
    end as code
from segments.value_current as value
inner join segments.rfm_current as standing using (profile_id, segment_month)
inner join segments.return_rates as rates
    on value.segment_month = rates.segment_month
    and standing.recency_days >= rates.min_recency_days
    and (rates.next_min_recency_days is null or standing.recency_days < rates.next_min_recency_days)
    and value.order_days >= rates.min_order_days
    and (rates.next_min_order_days is null or value.order_days < rates.next_min_order_days)
where value.profile_id = ? and value.silent_91_probability is not null and rates.horizon_days = 91
"""


def segment_in_words(connection: duckdb.DuckDBPyConnection, profile_id: str, sentence: Sentence) -> Iterator[str]:
    """Lines about the newest published month of whoever bought."""
    if not has_table(connection, "segments", "segment_moves"):
        return
    for row in rows_of(connection, _SEGMENT, [profile_id]):
        yield sentence("segment", "*", row)
    for row in rows_of(connection, _FALL, [profile_id, profile_id]):
        yield sentence("fall", row["cause"], row)
        if row["expected_loss_amount"] is not None and not denies_profiling(connection, profile_id):
            yield sentence("at_stake", "*", row)


def learned_from_in_words(connection: duckdb.DuckDBPyConnection, profile_id: str, sentence: Sentence) -> Iterator[str]:
    """A line: of how many customers who stood where she stands the likelihood to stay away was learned."""
    if has_table(connection, "segments", "return_rates"):
        for row in rows_of(connection, _LEARNED_FROM, [profile_id]):
            yield sentence("learned_from", row["code"], row)
