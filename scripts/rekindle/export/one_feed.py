"""One configured feed: what changed since the platform took the last run, and whether the guards let it out."""

from datetime import date
from typing import Any

import duckdb

from rekindle.export.activation import columns_of
from rekindle.export.bodies import calls_of
from rekindle.export.feeds import Feed
from rekindle.export.queries import query
from rekindle.export.runs import CommittedRun
from rekindle.export.staging import audience_rows, compare, concerns, count_of, digest, permitted, stage
from rekindle.export.targets import Table, Target
from rekindle.export.writing import NO_MANIFEST, Piece, Writer, piece_of
from rekindle.gates.files import Promise, ledger_measure, people_of
from rekindle.ground.errors import GUARD, ContractError
from rekindle.ground.quoting import name

REPORTED = ("members", "added", "changed", "removed", "withdrawn", "rejected", "late_noes", "left_out")
REJECTED = ("profile_id", "reason", "column")


def send_feed(writer: Writer, audience: str, feed: Feed, *, accepted: bool) -> None:
    """One configured feed."""
    connection, folder, report, target = writer.connection, writer.folder, writer.report, feed.platform
    base, last_sent = folder.base(), folder.newest_ledger()
    _must_be_the_same_platform(feed, last_sent)
    own, *also = tables = feed.tables(audience)
    for table in tables:
        stage(connection, table, feed, target)
    for table in also:
        connection.execute(
            f"delete from {table.staged} where person in (select person from {own.staged} where reject is not null)"
        )
    compare(connection, feed, target, folder, tables, writer.sequence)
    found = connection.execute(f"select {', '.join(REPORTED)} from counts").fetchall()[0]
    report.counts = dict(zip(REPORTED, found, strict=True))
    config = {**feed.model_dump(), "profile": target.model_dump()}
    content = [writer.as_of_date, config, duckdb.__version__, *(digest(connection, table.staged) for table in tables)]
    manifest = NO_MANIFEST | {
        "seals": True,
        "has_ledger": True,
        "target": feed.target,
        "mode": feed.mode,
        "channel": feed.channel,
        "purpose": feed.purpose,
        "config": feed.model_dump(),
        "declare": target.declare,
        "base_run_id": base.run_id if base else None,
    }
    if writer.is_known(content):
        return
    _must_be_the_same_audience(feed, last_sent)
    api = target.api
    add = calls_of(api, api.add, [feed.destination])[0] if api else None
    remove = calls_of(api, api.remove, [feed.destination])[0] if api else None

    if last_sent is not None:
        known = count_of(connection, "known where status = 'member'")
        writer.measures = ledger_measure(folder.feed, last_sent.manifest["counts"]["members"], known)
    pieces = []
    last_full = last_sent.manifest["full_as_of_date"] if last_sent else None
    is_full = feed.mode != "delta" or base is None or _is_too_old(last_full, writer.as_of_date, feed.full_age_days)
    in_files = own.staged if is_full else f"{own.staged} inner join delta on {own.staged}.rowid = delta.member"
    people = None if writer.dry else _people(connection, own, in_files, feed, target)
    if is_full:
        last_full = writer.as_of_date
        pieces.append(piece_of("full", "members", feed.format, target, people=people, call=add))
    if feed.mode == "full_and_delta" or not pieces:
        changed = "staged inner join delta on staged.rowid = delta.member where change = '{}'"
        pieces += [
            piece_of(change, changed.format(change), feed.format, target, people=people, call=add)
            for change in ("added", "changed")
        ]
    for table in also:
        rows, shape = f"{table.staged} where reject is null", target.model_copy(update={"columns": table.columns})
        people = _people(connection, table, table.staged, feed, target)
        pieces.append(piece_of(table.name, rows, feed.format, shape, people=people))
    pieces.append(piece_of("removed", "removed", feed.format, target, only_identifiers=True, call=remove))
    pieces.append(Piece("rejected", "from rejected order by all", Promise([*REJECTED], "csv", True, ",")))
    manifest["full_as_of_date"] = last_full

    closed = [] if accepted else closed_guards(connection, feed, target)
    if not closed:
        closed = writer.write(pieces, content, manifest, target)
    if closed:
        forced = piece_of("removed", "removed where is_forced", feed.format, target, only_identifiers=True, call=remove)
        _send_withdrawals_only(writer, closed, content, manifest, forced, target)


def _send_withdrawals_only(
    writer: Writer, closed: list[str], content: list[Any], manifest: dict[str, Any], piece: Piece, target: Target
) -> None:
    """A guard holds everything back but the people who withdrew or are to be forgotten.

    Its ledger says that they may be gone: whoever of them is a member again is sent again.
    """
    report, last_sent = writer.report, writer.folder.newest_ledger()
    if report.counts["withdrawn"] and last_sent is not None:  # always: whom nobody was sent cannot be taken off
        members = count_of(writer.connection, "ledger_of_withdrawals where status = 'member'")
        manifest |= {"kind": "withdrawals_only", "seals": False, "guards": closed, "counts": {"members": members}}
        manifest |= {"full_as_of_date": last_sent.manifest["full_as_of_date"]}
        content = [*content, digest(writer.connection, "(from removed where is_forced)")]
        if not writer.is_known(content):
            writer.write([piece], content, manifest, target, "ledger_of_withdrawals")
        closed = [*closed, "Withdrawals go out all the same."]
    report.status, report.exit_code, report.message = "guard", GUARD, " ".join(closed)


def closed_guards(connection: duckdb.DuckDBPyConnection, feed: Feed, target: Target) -> list[str]:
    """Why somebody has to look before this leaves, in sentences; empty when all is well."""
    closed = connection.execute(query("guards", guards=feed.guards, target=target)).fetchall()
    return [str(sentence) for (sentence,) in closed]


def _people(
    connection: duckdb.DuckDBPyConnection, table: Table, in_files: str, feed: Feed, target: Target
) -> str | None:
    """Who is behind the rows of the files of a table; none when it is not about people."""
    if target.person not in columns_of(connection, "audiences", table.source):
        return None
    rows = audience_rows(connection, table.source, feed)
    evidenced = f"select cast({name(target.person)} as varchar) from {rows} as audience where {table.evidence}"
    withdrawn = f"select profile_id from withdrawals where {concerns(feed.channel, feed.purpose)}"
    ids = [f"c{number}" for number, column in enumerate(table.columns) if column.identifier]
    behind = people_of(in_files, evidenced, withdrawn, permitted(table, in_files, feed), ids)
    # several files are held against it
    connection.execute(f"create or replace temp table people_{table.staged} as {behind}")
    return f"from people_{table.staged}"


def _must_be_the_same_platform(feed: Feed, last: CommittedRun | None) -> None:
    """What was sent to one platform cannot be taken off another, and is not known there."""
    if last and last.manifest["target"] != feed.target:
        before = last.manifest["target"]
        raise ContractError(
            f"Feed {feed.feed} was sent to {before}: give {feed.target} a feed of another name. Keep {feed.feed} for "
            f"{before}, or take its row out and delete its list there; opt_out_{before} and erasure_{before} go on."
        )


def _must_be_the_same_audience(feed: Feed, last: CommittedRun | None) -> None:
    """A new audience of the platform lacks everybody, and the old one would keep everybody."""
    sent_to = last.manifest["config"].get("destination", {}) if last else {}
    if sent_to and sent_to["audience_id"] != feed.destination.get("audience_id"):
        raise ContractError(
            f"Feed {feed.feed} was sent to another audience of {feed.target}: give the new one a feed of its own."
        )


def _is_too_old(last_full: str | None, as_of: str, days: int | None) -> bool:
    if last_full is None or days is None:
        return last_full is None
    return (date.fromisoformat(as_of) - date.fromisoformat(last_full)).days >= days
