"""What a person buys again, may like and will soon need, as sentences to be: subject, code and values."""

import datetime
from collections.abc import Iterator

import duckdb

from rekindle.ground.warehouse import has_table
from rekindle.tell.asking import Row, denies_profiling, rows_of

# a row per kind, with the hit rate of the method that it comes from
_LIKES = """
select
    recommendations.method as code,
    string_agg(
        item || coalesce(' (' || purchases || ' times)', ' (she buys ' || because_item || ')', ''),
        ', ' order by recommendation_rank
    ) as items,
    coalesce(
        round(100 * any_value(quality.precision_share))::integer || ' % of such items were bought in the month after',
        'how many of such items are bought is not known yet'
    ) as hits
from segments.recommendations as recommendations
left join segments.recommendation_quality as quality using (kind, method)
where recommendations.profile_id = ?
group by kind, recommendations.method
order by kind desc
"""
# what ran out longer ago is not waited for any more
_RUNS_OUT = """
select
    coalesce(no_interval_reason, interval_source) as code,
    category, interval_days, observations, last_purchase_date, runs_out_date
from segments.replenishments
where profile_id = ? and coalesce(runs_out_date > ?::date - 28, true)
order by runs_out_date nulls last, category
"""


def tastes_of(
    connection: duckdb.DuckDBPyConnection, profile_id: str, as_of: datetime.date
) -> Iterator[tuple[str, str, Row]]:
    """Subject, code and values of a sentence each: what is recommended, then what runs out, or did lately."""
    if has_table(connection, "segments", "recommendations") and denies_profiling(connection, profile_id):
        yield "recommendation", "profiling_denied", {}
        return
    for table, subject, question, parameters in (
        ("recommendations", "recommendation", _LIKES, [profile_id]),
        ("replenishments", "replenishment", _RUNS_OUT, [profile_id, as_of]),
    ):
        if has_table(connection, "segments", table):
            for row in rows_of(connection, question, list(parameters)):
                yield subject, row["code"], row
