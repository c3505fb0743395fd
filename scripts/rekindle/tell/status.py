"""How things stand in an installation, on one screen: what is there, what falls due, what waits for somebody."""

import contextlib
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import click
import duckdb

from rekindle.export import runs
from rekindle.forget import blocking
from rekindle.ground import calendar, paths, settings
from rekindle.ground.engine import connect
from rekindle.ground.errors import RekindleError
from rekindle.ground.screen import counted
from rekindle.ground.warehouse import Run, has_table, open_warehouse, read_runs

WIDTH = 78
LABEL = 12


@dataclass
class Status:
    """What is so in one installation; what is zero or unknown is not told."""

    connector: str
    built: Run | None = None
    unfinished: Run | None = None
    published_as_of: date | None = None
    newest_month: date | None = None
    held_back: str | None = None
    accepted: date | None = None
    feeds: int = 0
    export_runs: int = 0
    exported_as_of: date | None = None
    sealed: list[str] = field(default_factory=list)
    unacknowledged: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    erasures: int = 0
    unreadable_noes: int = 0
    problem: str | None = None

    @property
    def due(self) -> tuple[date, date] | None:
        """The month that is published next, and the day from which it may be."""
        if self.newest_month is None or self.held_back:
            return None
        coming = calendar.next_month(self.newest_month)
        return coming, calendar.next_month(coming)

    @property
    def is_empty(self) -> bool:
        """Nothing was ever built, published or exported here."""
        return not (self.built or self.unfinished or self.published_as_of or self.feeds or self.problem)


def look() -> Status:
    """Looks at the installation that was entered. A warehouse that is in use, or no DuckDB file, is told as it is."""
    status = Status(paths.connector())
    status.published_as_of = _published_as_of()
    _look_at_exports(status)
    status.erasures = len(blocking.own_requests())
    if paths.warehouse().exists():
        try:
            with contextlib.closing(open_warehouse(paths.warehouse(), read_only=True, patience=0)) as connection:
                _look_at_warehouse(connection, status)
        except RekindleError as error:
            status.problem = error.message
    return status


def _published_as_of() -> date | None:
    file = paths.public_file()
    with contextlib.suppress(duckdb.Error):  # the next publication replaces a file that cannot be read
        if file.exists():
            with contextlib.closing(connect(file, read_only=True)) as connection:
                found: list[tuple[date]] = connection.execute("select as_of_date from _published").fetchall()
                return found[0][0] if found else None
    return None


def _look_at_exports(status: Status) -> None:
    for folder in runs.feed_folders():
        try:
            committed, acknowledged = folder.runs(), folder.acknowledged()["acknowledged"]
        except RekindleError:
            status.damaged.append(folder.feed)
            continue
        if not committed:
            continue
        status.feeds += 1
        status.export_runs += len(committed)
        newest = committed[-1]
        as_of = date.fromisoformat(newest.folder.parent.name)
        status.exported_as_of = max(status.exported_as_of or as_of, as_of)
        # what is older is in the newest run, too
        if newest.run_id not in acknowledged and not newest.is_purged:
            status.unacknowledged.append(folder.feed)
    status.sealed = sorted({as_of for as_of, _, _ in runs.committed_dates()})


def _look_at_warehouse(connection: duckdb.DuckDBPyConnection, status: Status) -> None:
    wholes = [run for run in read_runs(connection) if run.command_scope in ("full", "daily")]
    status.built = next((run for run in reversed(wholes) if run.is_finished), None)
    status.unfinished = wholes[-1] if wholes and not wholes[-1].is_finished else None
    status.newest_month = _value(connection, "segments", "rfm_published", "max(segment_month)")
    checked = _row(connection, "segments", "publication_check", "is_publishable, is_accepted, reason, segment_month")
    if checked is not None:
        is_publishable, is_accepted, reason, month = checked
        status.held_back = None if is_publishable else f"{month:%B %Y}: {reason}"
        status.accepted = month if is_accepted and reason else None
    asked = _value(connection, "hub", "dim_profiles", "count(*) filter (where has_erasure_request)")
    # once built, requests that were given here are among these
    status.erasures = max(status.erasures, asked or 0)
    status.unreadable_noes = _value(connection, "quality", "unreadable_noes", "count(*)") or 0


def _row(connection: duckdb.DuckDBPyConnection, schema: str, table: str, columns: str) -> tuple[Any, ...] | None:
    """The first row; none when there is no such table, or it is one of another version."""
    with contextlib.suppress(duckdb.Error):
        if has_table(connection, schema, table):
            return connection.execute(f"select {columns} from {schema}.{table}").fetchone()
    return None


def _value(connection: duckdb.DuckDBPyConnection, schema: str, table: str, expression: str) -> Any:
    row = _row(connection, schema, table, expression)
    return row[0] if row else None


def lines(status: Status) -> Iterator[str]:
    """The screen: 78 columns; colours are taken out where no terminal reads it."""
    yield click.style(f"Rekindle, {status.connector}", bold=True)
    yield "=" * WIDTH
    if status.is_empty:
        yield from _line("Nothing", "is built here yet.")
    if status.problem:
        yield from _line("Warehouse", status.problem, "red")
    if status.built:
        kind = "" if status.built.command_scope == "full" else ", a daily run"
        yield from _line("Built", f"as of {status.built.as_of_date}{kind}: {paths.shown(paths.warehouse())}")
    if status.newest_month:
        yield from _line("Month", f"{status.newest_month:%B %Y} is the newest that was published")
    if status.accepted:
        yield from _line("", f"{status.accepted:%B %Y} was published because somebody looked and accepted it")
    if status.published_as_of:
        yield from _line("Published", f"as of {status.published_as_of}: {paths.shown(paths.public_file())}")
    if status.feeds:
        yield from _line(
            "Exported",
            f"as of {status.exported_as_of}: {counted(status.export_runs, 'run')} of {counted(status.feeds, 'feed')}",
        )
    if status.sealed:
        yield from _line("Sealed", f"{counted(len(status.sealed), 'date')}, the newest {status.sealed[-1]}")
    if status.due:
        yield from _line("Due next", f"{status.due[0]:%B %Y}, as of {status.due[1]}")
    for number, waiting in enumerate(_waiting(status)):
        yield from _line("" if number else "Waiting", waiting, "yellow")
    for number, step in enumerate(_next_steps(status)):
        yield from _line("" if number else "Next", step)


def _waiting(status: Status) -> Iterator[str]:
    if status.unfinished:
        yield f"the build as of {status.unfinished.as_of_date} did not finish"
    if status.held_back:
        yield f"{status.held_back}; it is not published before somebody has looked"
    if status.erasures:
        yield f"{counted(status.erasures, 'person', 'people')} asked to be forgotten"
    if status.unacknowledged:
        yield (
            f"{counted(len(status.unacknowledged), 'feed')} whose newest run no platform has acknowledged: "
            f"{_listed(status.unacknowledged)}"
        )
    if status.damaged:
        yield f"{counted(len(status.damaged), 'feed')} whose books are damaged: {_listed(status.damaged)}"
    if status.unreadable_noes:
        yield f"{counted(status.unreadable_noes, 'row')} that may be a no and cannot be read (quality.unreadable_noes)"


def _next_steps(status: Status) -> Iterator[str]:
    """What to do about it, the most urgent first."""
    of = "" if status.connector == settings.own_connector() else f" CONNECTOR={status.connector}"
    if status.problem:
        yield f"make status{of}, once that is mended"
        return
    if status.unfinished:
        yield f"make build AS_OF={status.unfinished.as_of_date}{of}"
    elif not status.built:
        yield f"make build{of}"
    if status.held_back and status.built:
        month = calendar.newest_closed_month(status.built.as_of_date)
        yield f"make build AS_OF={status.built.as_of_date} ACCEPT={month:%Y-%m}{of}, if the data is right"
    if status.erasures:
        yield f"make erase REQUESTS=1{of}"
    is_whole = status.built is not None and status.built.command_scope == "full"
    if is_whole and not status.unfinished and status.built and status.published_as_of != status.built.as_of_date:
        yield f"make publish{of}"
    if status.damaged:
        yield "restore what is missing below exports/ (docs/runbook.md)"
    if status.unacknowledged:
        ack = paths.command("export_audiences", "ack", "<run>")
        yield f"{ack}, once a platform took it (docs/activation.md)"
    if status.due and not status.unfinished:
        yield f"make build AS_OF={status.due[1]}{of}, on that day or later"


def _listed(names: list[str]) -> str:
    """The names, or the first three of many."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _line(label: str, told: str, colour: str | None = None) -> Iterator[str]:
    wrapped = textwrap.wrap(told, WIDTH - LABEL, break_long_words=False, break_on_hyphens=False)
    for number, text in enumerate(wrapped):
        begin = f"{'' if number else label:<{LABEL}}"
        yield click.style(begin, fg=colour) + text if colour else begin + text
