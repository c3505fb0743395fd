"""What is held about a person, as sentences."""

from collections.abc import Callable, Iterator, Mapping

import duckdb

from rekindle.forget.finding import Warehouse
from rekindle.ground.warehouse import has_table
from rekindle.tell.asking import Row
from rekindle.tell.explaining import CHANNELS, Explainer, edges_in_words, value_in_words
from rekindle.tell.scope import Scope, ends_of, profile_of

WORDS = {"granted": "yes", "denied": "no", "withdrawn": "no, from now on"}


def _by(found: Mapping[str, list[Row]], title: str, column: str) -> list[Row]:
    return sorted(found.get(title, []), key=lambda row: str(row[column]))


def why(warehouse: Warehouse, scope: Scope) -> Iterator[str]:
    """Why the records that are told are one person."""
    if scope.told.profile_ids:
        for edge, told in edges_in_words(warehouse.connection, profile_of(warehouse, scope.person)):
            if ends_of(edge) <= scope.told.contacts:
                yield told


def consents(delivered: Mapping[str, list[Row]]) -> Iterator[str]:
    """Every yes and no, as delivered."""
    yield from map(_consent, _by(delivered, "input_consents", "changed_at"))


def _consent(row: Row) -> str:
    said = WORDS.get(row["status"], f"a word that nobody could read ({row['status'] or 'nothing'})")
    address = f", given for {row['address']}" if row["address"] else ""
    proof = f", proof {row['evidence_reference']}" if row["evidence_reference"] else ""
    confirmed = row.get("double_opt_in_confirmed_at")
    return (
        f"{row['changed_at'] or 'at a time that nobody could read'} (UTC): {said} to {_purpose(row)} by "
        f"{CHANNELS.get(row['channel'], row['channel'] or 'a channel that nobody could read')}{address}{proof}"
        + (f", confirmed {confirmed}" if confirmed else "")
    )


def _purpose(row: Row) -> str:
    return str(row["purpose"] or "something that nobody could read").replace("_", " ")


def permissions(tables: Mapping[str, list[Row]]) -> Iterator[str]:
    """Per channel and purpose, whether the person may be written to."""
    yield from map(_permission, _by(tables, "hub.channel_permissions", "purpose"))


def _permission(row: Row) -> str:
    channel = CHANNELS.get(row["channel"], row["channel"])
    if row["is_contactable"]:
        return f"{_purpose(row)} by {channel}: yes, since the yes of {row['consented_at']} (UTC)"
    reason = (row["closed_by"] or row["stopped_by"] or "no address that works has a yes").replace("_", " ")
    return f"{_purpose(row)} by {channel}: no ({reason}{' since ' + row['closed_at'] if row['closed_at'] else ''})"


def _segment_names(connection: duckdb.DuckDBPyConnection) -> Callable[[str | None], str]:
    if not has_table(connection, "config", "segments"):
        return str
    names = dict(connection.execute("select segment, segment_name from config.segments").fetchall())
    return lambda segment: names.get(segment, str(segment))


def segments(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, list[Row]]) -> Iterator[str]:
    """The segment of each published month."""
    named = _segment_names(connection)
    for row in _by(tables, "segments.rfm_published", "segment_month"):
        yield f"{row['segment_month'][:7]}: {named(row['segment'])}"


def moves(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, list[Row]]) -> Iterator[str]:
    """From which segment to which, month by month."""
    named = _segment_names(connection)
    for row in _by(tables, "segments.segment_moves", "segment_month"):
        before, after = row["from_segment"], row["to_segment"]
        if before != after:
            came = f"from {named(before)} to" if before else "first in"
            steps = "down" if row["steps_down"] is None else f"{row['steps_down']} steps down"
            left = f", {steps}" if row["is_down"] else ""
            yield f"{row['segment_month'][:7]}: {came} {named(after)}{left}"


def value(tables: Mapping[str, list[Row]]) -> Iterator[str]:
    """The spend cluster of each published month, and how likely it was that nothing more came."""
    for row in _by(tables, "segments.value_published", "segment_month"):
        yield f"{row['segment_month'][:7]}: {value_in_words(row)}"


def decisions(warehouse: Warehouse, scope: Scope, tables: Mapping[str, list[Row]]) -> Iterator[list[str]]:
    """What was decided about messages, as `make explain` says it, of the decisions that are told."""
    explainer = Explainer.of(warehouse.connection)
    if explainer is None or not scope.told.profile_ids:
        return
    if not scope.is_whole:  # what is masked is not read anew
        for row in sorted(tables.get("activation.decisions", []), key=_order):
            yield _told(row, explainer.told_in_part(row))
        return
    told = {row["decision_id"] for row in tables.get("activation.decisions", [])}
    profile_id = profile_of(warehouse, scope.person)
    of_today = explainer.of_newest_run(profile_id)
    for row in explainer.decisions(sorted(scope.person.profile_ids)):
        if row["decision_id"] in told:
            yield _told(row, explainer.told(row, of_today.get(row["decision_id"]), profile_id))


def _order(row: Row) -> tuple[str, str, str]:
    return row["as_of_date"], row["scenario_id"], row["step"]


def _told(row: Row, lines: Iterator[str]) -> list[str]:
    return [f"As of {row['as_of_date']}", *(line.strip() for line in lines)]
