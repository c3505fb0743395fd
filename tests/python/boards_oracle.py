"""What the boards must show, by pandas from the published tables, written from docs/boards.md and not from the queries.

Each function gives the rows of one panel; a column that is text stands as text, a figure as it is, and
nan where it would be about too few people.
"""

from collections.abc import Callable
from typing import Any

import pandas as pd

Tables = Callable[[str], pd.DataFrame]
Rows = list[list[Any]]
ORACLES: dict[tuple[str, str], Callable[[Tables], Rows]] = {}
LEAST = 10


def panel(board: str, title: str) -> Callable[[Callable[[Tables], Rows]], Callable[[Tables], Rows]]:
    """Names the panel that a function computes."""

    def named(oracle: Callable[[Tables], Rows]) -> Callable[[Tables], Rows]:
        ORACLES[board, title] = oracle
        return oracle

    return named


def few(people: float, figure: Any) -> Any:
    """The figure, unless it is about too few people."""
    return float("nan") if 0 < people < LEAST else figure


def ladder(tables: Tables) -> pd.DataFrame:
    """The segments, best first."""
    return tables("segments.dim_segments").sort_values("rung", ascending=False, na_position="last")


def newest(frame: pd.DataFrame, column: str = "segment_month") -> pd.DataFrame:
    """The rows of the newest month."""
    return frame[frame[column] == frame[column].max()]


def year(frame: pd.DataFrame, column: str = "segment_month") -> pd.DataFrame:
    """The rows of the newest twelve months."""
    return frame[frame[column] > frame[column].max() - pd.DateOffset(months=12)]


def month(stamp: pd.Timestamp) -> str:
    """A month as the page spells it."""
    return f"{stamp:%b %Y}"


@panel("customer-base", "Customers per segment, now")
def customers_now(tables: Tables) -> Rows:
    base = tables("measurement.customer_base")
    base = newest(base)
    base = base[base["slice_kind"] == "rfm"].set_index("slice")
    return [
        [row["segment_name"], base.at[row["segment"], "people"], base.at[row["segment"], "net_amount"]]
        for _, row in ladder(tables).iterrows()
        if row["segment"] in base.index
    ]


@panel("customer-base", "Customers per segment, over a year")
def customers_over_a_year(tables: Tables) -> Rows:
    published = tables("segments.rfm_published")
    counts = published.groupby(["segment_month", "segment"]).size().unstack()
    counts = counts[counts.index > counts.index.max() - pd.DateOffset(months=12)]
    named = [each for each in ladder(tables)["segment"] if each in counts and counts[each].notna().any()]
    return [
        [month(at), *(float("nan") if pd.isna(row[each]) else few(row[each], row[each]) for each in named)]
        for at, row in counts.iterrows()
    ]


@panel("who-went-down", "Down and up, month by month")
def down_and_up(tables: Tables) -> Rows:
    moves = year(tables("segments.segment_moves"))
    found = moves.groupby("segment_month").agg(
        down=("is_down", "sum"), up=("direction", lambda each: each.isin(["up", "back"]).sum())
    )
    return [[month(at), few(row["down"], row["down"]), few(row["up"], row["up"])] for at, row in found.iterrows()]


@panel("who-went-down", "From where to where")
def from_where_to_where(tables: Tables) -> Rows:
    moves = newest(tables("segments.segment_moves"))
    moves = moves[(moves["from_segment"] != moves["to_segment"]) & ~moves["direction"].isin(["first", "recalibrated"])]
    published = newest(tables("segments.rfm_published")).set_index("profile_id")["monetary_amount"]
    names, rungs = (ladder(tables).set_index("segment")[column] for column in ("segment_name", "rung"))
    moves = moves.assign(spent=moves["profile_id"].map(published).astype(float))
    found = []
    for (left, right), group in moves.groupby(["from_segment", "to_segment"]):
        figures = [len(group), group["spent"].sum(), group["expected_loss_amount"].astype(float).sum()]
        way = "down" if rungs[right] < rungs[left] else "up"
        found.append(
            ((-rungs[left], -rungs[right]), [names[left], names[right], way, *(few(len(group), f) for f in figures)])
        )
    return [row for _, row in sorted(found, key=lambda each: each[0])]
