"""Two decided warehouses side by side: who moves, who comes in and goes out, what each gate stops, what it costs.

Reads both files only. People are named by the pseudonymous profile id, and only when asked for.
"""

import contextlib
import datetime
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from rekindle.ground.engine import connect
from rekindle.ground.quoting import text

SIDES = ("before", "after")
# as wide as the screen that is asked for: a name, two values and the difference
LINE = "  {:<40} {:>11} {:>11} {:>11}"

Values = dict[tuple[str, str], Decimal | int]  # by scenario and what is counted


def side_by_side(before: Path, after: Path, as_of: datetime.date, *, people: bool) -> Iterator[str]:
    """The comparison in lines of at most 80 characters; lists of people are longer than a screen."""
    with contextlib.closing(connect()) as connection:
        for side, file in zip(SIDES, (before, after), strict=True):
            connection.execute(f"attach {text(file)} as {side} (read_only)")
        yield from _moves(connection, "segments.rfm_monthly", "segment", "RFM segments")
        yield from _moves(connection, "segments.value_published", "spend_cluster", "Spend clusters")
        yield from _decisions(connection, as_of, people=people)


def _moves(connection: duckdb.DuckDBPyConnection, table: str, column: str, title: str) -> Iterator[str]:
    newest = f"(select max(segment_month) from before.{table})"
    sides = {side: f"(select * from {side}.{table} where segment_month = {newest})" for side in SIDES}
    [(month,)] = connection.execute(f"select {newest}").fetchall()
    moved = connection.execute(
        f"select coalesce(old.{column}, 'in none'), coalesce(new.{column}, 'in none'), count(*) "
        f"from {sides['before']} as old full join {sides['after']} as new using (profile_id) "
        f"where old.{column} is distinct from new.{column} group by all order by 3 desc, 1, 2"
    ).fetchall()
    if not moved:
        return
    counts = connection.execute(
        "select name, sum(old), sum(new) from ("
        f"select {column} as name, 1 as old, 0 as new from {sides['before']} "
        f"union all select {column}, 0, 1 from {sides['after']}) group by all order by all"
    ).fetchall()
    yield _line(f"{title}, {month:%Y-%m}", "before", "after", "change").removeprefix("  ")
    for name, old, new in counts:
        yield _compared(str(name or "in none"), old, new)
    yield ""
    total = sum(row[2] for row in moved)
    yield f"  {total:,} {'customer' if total == 1 else 'customers'} would be elsewhere:"
    for old, new, count in moved:
        yield f"    {old + ' -> ' + new:<60} {count:>11,}"
    yield ""


def _decisions(connection: duckdb.DuckDBPyConnection, as_of: datetime.date, *, people: bool) -> Iterator[str]:
    old, new = (_counts(connection, side, as_of) for side in SIDES)
    others = _otherwise(connection, as_of)
    moved = {direction: _people(connection, as_of, *sides) for direction, sides in DIRECTIONS.items()}
    scenarios = sorted({scenario for scenario, _ in [*old, *new]})
    if not scenarios:
        yield f"No step is due as of {as_of}, before or after."
    as_before = []
    for scenario in scenarios:
        kinds = sorted({kind for each, kind in [*old, *new] if each == scenario}, key=_place)
        changed = any(old.get((scenario, kind), 0) != new.get((scenario, kind), 0) for kind in kinds)
        theirs = {direction: found.get(scenario, []) for direction, found in moved.items()}
        if not (changed or others.get(scenario) or any(theirs.values())):
            as_before.append(
                f"{scenario} ({old[scenario, 'due']:,} due, {old.get((scenario, 'selected'), 0):,} selected)"
            )
            continue
        yield _line(scenario, "before", "after", "change").removeprefix("  ")
        for kind in kinds:
            yield _compared(kind, old.get((scenario, kind), 0), new.get((scenario, kind), 0))
        yield f"  people: {len(theirs['come in']):,} come in, {len(theirs['go out']):,} go out"
        for sentence, count in others.get(scenario, {}).items():
            yield f"  {count:,} of those who stay {sentence}"
        for direction, ids in theirs.items() if people else ():
            for profile_id in ids:
                yield f"    {direction:<7} {profile_id}"
        yield ""
    for number, told in enumerate(as_before):
        yield f"{'As before' if number == 0 else '':<11} {told}"


DIRECTIONS = {"come in": ("after", "before"), "go out": ("before", "after")}


def _counts(connection: duckdb.DuckDBPyConnection, side: str, as_of: datetime.date) -> Values:
    """What is counted of each scenario on one side."""
    questions = {
        "'due'": ("count(*)", "true"),
        "'stopped at ' || closed_gate": ("count(*)", "closed_gate is not null"),
        "'selected'": ("count(*)", "outcome = 'selected'"),
        # a list of whom to delete goes by no channel
        "'selected by ' || channel": ("count(*)", "outcome = 'selected' and channel is not null"),
        "'selected with offer ' || coalesce(offer_id, offer_type)": (
            "count(*)",
            "outcome = 'selected' and coalesce(offer_id, offer_type) is not null",
        ),
        "'worth of the offers'": ("sum(offer_amount)", "outcome = 'selected' and offer_amount is not null"),
        "'cost of the channels'": ("sum(channel_cost_amount)", "outcome = 'selected' and channel_cost_amount <> 0"),
    }
    found: Values = {}
    for kind, (value, condition) in questions.items():
        rows = connection.execute(
            f"select scenario_id, {kind}, {value} from {side}.activation.decisions "
            f"where as_of_date = ? and {condition} group by all",
            [as_of],
        ).fetchall()
        found |= {(scenario, counted): number for scenario, counted, number in rows}
    audience = connection.execute(
        f"select scenario_id, 'in the audience', count(*) from {side}.audiences.audience_members group by all"
    ).fetchall()
    return found | {(scenario, counted): number for scenario, counted, number in audience}


def _place(kind: str) -> tuple[int, str]:
    order = ("due", "stopped at", "selected", "selected by", "selected with", "in the", "worth", "cost")
    return max(number for number, start in enumerate(order) if kind.startswith(start)), kind


def _otherwise(connection: duckdb.DuckDBPyConnection, as_of: datetime.date) -> dict[str, dict[str, int]]:
    """Of the messages that go out on both sides: what is not as it was."""
    rows = connection.execute(
        "select old.scenario_id, count(*) filter (old.content is distinct from new.content), "
        "count(*) filter (old.template is distinct from new.template or old.variant is distinct from new.variant), "
        "count(*) filter (old.channel is distinct from new.channel), "
        "count(*) filter (old.send_at is distinct from new.send_at) "
        "from before.audiences.audience_members as old join after.audiences.audience_members as new "
        "using (decision_id) where new.as_of_date = ? group by all",
        [as_of],
    ).fetchall()
    sentences = ("read something else", "get another template", "get it by another channel", "get it at another time")
    told = {row[0]: {said: count for said, count in zip(sentences, row[1:], strict=True) if count} for row in rows}
    return {scenario: said for scenario, said in told.items() if said}


def _people(
    connection: duckdb.DuckDBPyConnection, as_of: datetime.date, there: str, not_there: str
) -> dict[str, list[str]]:
    selected = "activation.decisions where as_of_date = $day and outcome = 'selected'"
    rows = connection.execute(
        f"select scenario_id, profile_id from {there}.{selected} "
        f"except select scenario_id, profile_id from {not_there}.{selected} order by all",
        {"day": as_of},
    ).fetchall()
    found: dict[str, list[str]] = {}
    for scenario, profile_id in rows:
        found.setdefault(scenario, []).append(profile_id)
    return found


def _compared(name: str, old: Decimal | int, new: Decimal | int) -> str:
    return _line(name, f"{old:,}", f"{new:,}", f"{new - old:+,}" if new != old else "")


def _line(*parts: Any) -> str:
    return LINE.format(*parts).rstrip()
