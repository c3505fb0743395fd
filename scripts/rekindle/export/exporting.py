"""From a feed's rows to a committed run: what changed, whether the guards let it out, and the files, manifest last."""

import contextlib
import os
import shutil
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from rekindle.export import runs
from rekindle.export.activation import Activation, columns_of, open_activation
from rekindle.export.feeds import Feed
from rekindle.export.late_noes import LateNoes
from rekindle.export.queries import query
from rekindle.export.runs import CommittedRun, FeedFolder
from rekindle.export.staging import (
    audience_rows,
    compare,
    concerns,
    count_of,
    digest,
    ledger_rows,
    permitted,
    read_whole,
    stage,
    with_closed,
)
from rekindle.export.targets import Table, Target, addresses_in, load_target
from rekindle.gates.files import Promise, check_files, ledger_measure, people_of
from rekindle.gates.judge import Gate, Measure
from rekindle.ground import files, paths
from rekindle.ground.errors import (
    CONTRACT,
    DONE,
    GUARD,
    PLAN_HAS_CHANGES,
    ContractError,
    RekindleError,
    without_values,
    worst,
)
from rekindle.ground.files import Format
from rekindle.ground.progress import Progress
from rekindle.ground.quoting import name, text

FORMATS = {
    "csv": "format csv, quote '\"', escape '\"', nullstr ''",
    "csv.gz": "format csv, compression gzip, quote '\"', escape '\"', nullstr ''",
    "parquet": "format parquet, compression zstd",
    "jsonl": "format json",
}
# feeds that follow from what was ever sent to a platform: kind and the withdrawals it lists
LISTS = {"opt_out": "reason <> 'erased'", "erasure": "reason = 'erased'"}
LIST_RETENTION_DAYS = 30
REPORTED = ("members", "added", "changed", "removed", "withdrawn", "rejected", "late_noes", "left_out")
REJECTED = ("profile_id", "reason", "column")
# what every manifest says, until its run says otherwise
NO_MANIFEST = {"kind": "whole", "seals": False, "has_ledger": False, "base_run_id": None, "guards": []}


@dataclass
class Report:
    """What became, or would become, of one feed. Counts only."""

    feed: str
    status: str = "unchanged"
    exit_code: int = DONE
    run_id: str | None = None
    path: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    message: str = ""

    def __str__(self) -> str:
        # only what is not zero, so that a line fits a terminal; how many members there are is always said
        told = {what: count for what, count in self.counts.items() if count or what == "members"}
        counts = ", ".join(f"{count:,} {what.replace('_', ' ')}" for what, count in told.items())
        return "  ".join(part for part in (f"{self.feed:<28}", f"{self.status:<9}", counts, self.message) if part)


@dataclass(frozen=True)
class Outcome:
    """What became of all feeds, and how many noes came after the publication."""

    reports: list[Report]
    late_noes: LateNoes

    @property
    def exit_code(self) -> int:
        """The exit code of the command."""
        return worst(report.exit_code for report in self.reports)


@dataclass(frozen=True)
class Piece:
    """One data file to be: how it is made, and what whoever reads it back is to find."""

    role: str
    query: str
    promise: Promise

    def copy_to(self, connection: duckdb.DuckDBPyConnection, folder: Path, prefix: str) -> dict[str, Any]:
        """Writes the file whole; returns its entry in the manifest."""
        promise = self.promise
        file = folder / f"{prefix}__{self.role}.{promise.format}"
        options = [FORMATS[promise.format], "use_tmp_file false"]
        if promise.format.startswith("csv"):
            options.append(f"header {str(promise.has_header).lower()}, delim {text(promise.delimiter)}")
        with files.private_writing(file) as unfinished:
            copied = connection.execute(f"copy ({self.query}) to {text(unfinished)} ({', '.join(options)})").fetchone()
        return {
            "name": file.name,
            "role": self.role,
            "rows": copied[0] if copied else 0,
            "bytes": file.stat().st_size,
            "sha256": files.checksum(file),
            "columns": promise.columns,
        }


def export(names: tuple[str, ...], as_of: date | None, *, dry: bool, accepted: tuple[str, ...] = ()) -> Outcome:
    """Plans (`dry`) or writes the feeds named; without names all of them, and the opt-out and erasure lists after."""
    runs.refuse_others()
    reports = []
    gate = Gate("export")
    with files.private_files(), _spill() as spill, open_activation(as_of, spill) as activation, gate.documented():
        configured = {feed.feed: (audience, feed) for audience, feed in activation.feeds}
        sent_to, damaged = _sent_to(activation.connection)
        targets = sorted(sent_to | {feed.target for _, feed in configured.values()})
        lists = {f"{kind}_{target}": (kind, target) for kind in LISTS for target in targets}
        known = [*configured, *lists]
        for unknown in [each for each in (*names, *accepted) if each not in known]:
            raise ContractError(f"There is no feed '{unknown}': there are {', '.join(known) or 'none'}.")
        with Progress("Plan" if dry else "Export") as progress:
            chosen = names or known
            progress.expect(len(chosen))
            for each in chosen:
                report = Report(each)
                with _stopping_here(report):
                    if each in damaged:
                        raise damaged[each]
                    folder = FeedFolder(each)
                    with contextlib.nullcontext() if dry else folder.locked():
                        writer = _Writer(activation, folder, report, gate, dry=dry)
                        if each in lists:
                            _send_list(writer, *lists[each], damaged)
                        else:
                            _send(writer, *configured[each], accepted=each in accepted)
                reports.append(report)
                progress.advance()
        # of a feed that is not configured any more nobody would hear otherwise
        told = {report.feed for report in reports}
        reports += [
            Report(feed, "stopped", error.exit_code, message=error.message)
            for feed, error in damaged.items()
            if not names and feed not in told
        ]
        return Outcome(reports, activation.late_noes)


def _sent_to(connection: duckdb.DuckDBPyConnection) -> tuple[set[str], dict[str, ContractError]]:
    """The targets that were ever sent anything, and the feeds whose books are damaged."""
    targets, damaged = set(), {}
    for folder in runs.feed_folders():
        try:
            targets |= {str(run.manifest["target"]) for run in folder.runs()}
            newest = folder.newest_ledger()
            if newest is not None:
                read_whole(connection, folder, newest)
        except ContractError as error:
            damaged[folder.feed] = error
    return targets, damaged


@contextlib.contextmanager
def _stopping_here(report: Report) -> Iterator[None]:
    """What stops a feed does not stop the others: withdrawals must reach every platform."""
    try:
        yield
    except RekindleError as error:
        report.status, report.exit_code, report.message = "stopped", error.exit_code, error.message
    except (duckdb.Error, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else without_values(str(error))
        report.status, report.exit_code = "stopped", 1
        report.message = f"Nothing of feed {report.feed} was committed ({reason}): mend the cause and run this again."


def _send(writer: "_Writer", audience: str, feed: Feed, *, accepted: bool) -> None:
    """One configured feed."""
    connection, folder, report, target = writer.connection, writer.folder, writer.report, feed.platform
    own, *also = tables = feed.tables(audience)
    for table in tables:
        stage(connection, table, feed, target)
    for table in also:
        connection.execute(
            f"delete from {table.staged} where person in (select person from {own.staged} where reject is not null)"
        )
    compare(connection, feed, target, folder, tables)
    found = connection.execute(f"select {', '.join(REPORTED)} from counts").fetchall()[0]
    report.counts = dict(zip(REPORTED, found, strict=True))
    base, last_whole = folder.base(), folder.newest_ledger()
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

    if last_whole is not None:
        known = count_of(connection, "known where status = 'member'")
        writer.measures = ledger_measure(folder.feed, last_whole.manifest["counts"]["members"], known)
    pieces = []
    last_full = last_whole.manifest["full_as_of_date"] if last_whole else None
    is_full = feed.mode != "delta" or base is None or _is_too_old(last_full, writer.as_of_date, feed.full_age_days)
    in_files = own.staged if is_full else f"{own.staged} inner join delta on {own.staged}.rowid = delta.member"
    people = None if writer.dry else _people(connection, own, in_files, feed, target)
    if is_full:
        last_full = writer.as_of_date
        pieces.append(_piece("full", "members", feed.format, target, people=people))
    if feed.mode == "full_and_delta" or not pieces:
        changed = "staged inner join delta on staged.rowid = delta.member where change = '{}'"
        pieces += [
            _piece(change, changed.format(change), feed.format, target, people=people)
            for change in ("added", "changed")
        ]
    for table in also:
        rows, shape = f"{table.staged} where reject is null", target.model_copy(update={"columns": table.columns})
        people = _people(connection, table, table.staged, feed, target)
        pieces.append(_piece(table.name, rows, feed.format, shape, people=people))
    pieces.append(_piece("removed", "removed", feed.format, target, only_identifiers=True))
    pieces.append(Piece("rejected", "from rejected order by all", Promise([*REJECTED], "csv", True, ",")))
    manifest["full_as_of_date"] = last_full

    closed = [] if accepted else closed_guards(connection, feed, target)
    if not closed:
        closed = writer.write(pieces, content, manifest, target)
    if closed:
        forced = _piece("removed", "removed where is_forced", feed.format, target, only_identifiers=True)
        _send_withdrawals_only(writer, closed, content, manifest, forced, target)


def _send_withdrawals_only(
    writer: "_Writer", closed: list[str], content: list[Any], manifest: dict[str, Any], piece: Piece, target: Target
) -> None:
    """A guard holds everything back but the people who withdrew or are to be forgotten."""
    report = writer.report
    if report.counts["withdrawn"]:
        manifest |= {"kind": "withdrawals_only", "seals": False, "has_ledger": False, "guards": closed}
        content = [*content, digest(writer.connection, "(from removed where is_forced)")]
        if not writer.is_known(content):
            writer.write([piece], content, manifest, target)
        closed = [*closed, "Withdrawals go out all the same."]
    report.status, report.exit_code, report.message = "guard", GUARD, " ".join(closed)


def _send_list(writer: "_Writer", kind: str, target_name: str, damaged: Collection[str]) -> None:
    """Whom a platform was ever sent, by whichever feed, and who has withdrawn or is to be erased since.

    A feed whose books are damaged tells so itself, and keeps nobody else on a platform.

    To opt out are also addresses that are not a person's to be written to any more while another one is: those alone,
    without what else the platform knows her by.
    """
    connection, target = writer.connection, load_target(target_name)
    numbers = [number for number, column in enumerate(target.columns) if column.identifier]
    closed = addresses_in(target.columns) if kind == "opt_out" else {}
    alone = ", ".join(
        f"case when is_closed_{n} then c{n} end as c{n}" if n in closed else f"null as c{n}" for n in numbers
    )
    ids = ", ".join(f"c{number}" for number in numbers)
    selects = []
    for folder in runs.feed_folders():
        run = None if folder.feed in damaged else folder.newest_ledger()
        if run is not None and run.manifest["target"] == target_name:
            channel, purpose = run.manifest["channel"], run.manifest["purpose"]
            ledger = f"({ledger_rows(connection, folder, run, target)})"
            selects.append(
                f"select {ids} from {ledger} as sent where profile_id in "
                f"(select profile_id from withdrawals where {LISTS[kind]} and {concerns(channel, purpose)})"
            )
            if closed:
                # members of this very publication have been looked at when they were written
                is_new = run.manifest["published"] == writer.activation.published
                if is_new and not writer.activation.late_noes.closed:
                    ledger = f"(from {ledger} where status <> 'member')"
                any_closed = " or ".join(f"is_closed_{number}" for number in closed)
                selects.append(
                    f"select {alone} from {with_closed(ledger, target, channel, purpose)} where {any_closed}"
                )
    sent = " union all ".join(selects) or ledger_rows(connection, writer.folder, None, target)
    connection.execute(f"create or replace temp table staged as select distinct {ids} from ({sent})")
    writer.report.counts = {"people": count_of(connection, "staged")}
    if damaged:
        writer.report.exit_code = CONTRACT
        writer.report.message = f"Without whom feed {', '.join(damaged)} was sent: its books are damaged."
    content = [writer.as_of_date, kind, target.model_dump(), duckdb.__version__, digest(connection, "staged")]
    if writer.is_known(content):
        return
    manifest = NO_MANIFEST | {"target": target_name, "mode": kind, "config": {"retention_days": LIST_RETENTION_DAYS}}
    opt_out = target.opt_out if kind == "opt_out" else {}
    constants = {header: target.booleans[0 if yes else 1] for header, yes in opt_out.items()}
    piece = _piece("full", "staged", target.formats[0], target, only_identifiers=True, constants=constants)
    writer.write([piece], content, manifest, target)


class _Writer:
    """Writes the runs of one feed."""

    def __init__(self, activation: Activation, folder: FeedFolder, report: Report, gate: Gate, *, dry: bool) -> None:
        self.gate = gate
        self.measures: list[Measure] = []  # of the run as a whole, judged with its files
        self.activation = activation
        self.connection = activation.connection
        self.as_of_date = activation.as_of_date
        self.folder = folder
        self.report = report
        self.dry = dry
        self.last: CommittedRun | None = next(reversed(folder.runs()), None)
        if self.last is not None and self.last.manifest["as_of_date"] > self.as_of_date:
            raise ContractError(
                f"Feed {folder.feed} was exported as of {self.last.manifest['as_of_date']} already and the audiences "
                f"are as of {self.as_of_date}: an older list is never sent after a newer one."
            )

    def is_known(self, content: list[Any]) -> bool:
        """Whether the newest run has this content already: then there is nothing to do."""
        if (
            self.last is None
            or self.last.is_erased
            or self.last.manifest["input_checksum"] != runs.checksum_of(content)
        ):
            return False
        self.report.run_id, self.report.path = self.last.run_id, str(self.last.folder)
        return True

    def write(self, pieces: list[Piece], content: list[Any], manifest: dict[str, Any], target: Target) -> list[str]:
        """Commits a run, whole or not at all; returns why not, when its files are too large for the platform."""
        self.report.status = "new run"
        if self.dry:
            self.report.exit_code = self.report.exit_code or PLAN_HAS_CHANGES
            return []
        previous = self.last.run_id if self.last else None
        checksum = runs.checksum_of(content)
        run_id = runs.checksum_of([checksum, manifest["base_run_id"], previous])[:16]
        run_folder = self.folder.path / self.as_of_date / run_id
        runs.make_folder(run_folder)
        run = CommittedRun(run_folder, {**manifest, "run_id": run_id})
        ledger = self.folder.ledger(run)
        try:
            prefix = f"{self.folder.feed}__{self.as_of_date}"
            written = [piece.copy_to(self.connection, run_folder, prefix) for piece in pieces]
            too_large = [
                f"{file['name']}: {file['bytes']:,} bytes, {target.name} takes {target.max_bytes:,}: split the feed."
                for file in written
                if target.max_bytes is not None and file["bytes"] > target.max_bytes
            ]
            if too_large:
                shutil.rmtree(run_folder)
                return too_large
            promised = [
                (run_folder / file["name"], file["rows"], piece.promise)
                for piece, file in zip(pieces, written, strict=True)
            ]
            check_files(self.gate, self.connection, self.folder.feed, promised, self.measures)
            if manifest["has_ledger"]:
                runs.make_folder(ledger.parent)
                with files.private_writing(ledger) as unfinished:
                    # hashes do not get smaller: trying to takes as long as writing them
                    options = "format parquet, compression uncompressed, use_tmp_file false"
                    self.connection.execute(f"copy ledger to {text(unfinished)} ({options})")
            runs.commit(
                run_folder,
                manifest
                | {
                    "format": 1,
                    "connector": paths.connector(),
                    "feed": self.folder.feed,
                    "as_of_date": self.as_of_date,
                    "run_id": run_id,
                    "sequence": self.last.sequence + 1 if self.last else 1,
                    "previous_run_id": previous,
                    "input_checksum": checksum,
                    "published": self.activation.published,
                    "late_noes": asdict(self.activation.late_noes),
                    "duckdb_version": duckdb.__version__,
                    "counts": self.report.counts,
                    "files": written,
                },
            )
        except BaseException:
            shutil.rmtree(run_folder, ignore_errors=True)
            ledger.unlink(missing_ok=True)
            raise
        self.report.run_id, self.report.path = run_id, str(run_folder)
        return []


def closed_guards(connection: duckdb.DuckDBPyConnection, feed: Feed, target: Target) -> list[str]:
    """Why somebody has to look before this leaves, in sentences; empty when all is well."""
    closed = connection.execute(query("guards", guards=feed.guards, target=target)).fetchall()
    return [str(sentence) for (sentence,) in closed]


def _piece(
    role: str,
    rows: str,
    format: Format,
    target: Target,
    *,
    only_identifiers: bool = False,
    constants: dict[str, str] | None = None,
    people: str | None = None,
) -> Piece:
    """A file of staged rows, in the order of their identifiers; `constants`: columns that say the same in every row."""
    same = constants or {}
    chosen = [(n, column) for n, column in enumerate(target.columns) if column.identifier or not only_identifiers]
    headers = [*(column.header for _, column in chosen), *same]
    values = zip([*(f"c{n}" for n, _ in chosen), *map(text, same.values())], headers, strict=True)
    selected = ", ".join(f"{sql} as {name(header)}" for sql, header in values)
    ids = tuple(place for place, (_, column) in enumerate(chosen) if column.identifier)
    hashed = tuple(place for place, (_, column) in enumerate(chosen) if column.hash)
    order = ", ".join(f"c{n}" for n, column in chosen if column.identifier)
    promise = Promise(headers, format, target.header, target.delimiter, ids, hashed, people)
    return Piece(role, f"select {selected} from {rows} order by {order}", promise)


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


def _is_too_old(last_full: str | None, as_of: str, days: int | None) -> bool:
    if last_full is None or days is None:
        return last_full is None
    return (date.fromisoformat(as_of) - date.fromisoformat(last_full)).days >= days


@contextlib.contextmanager
def _spill() -> Iterator[Path]:
    """Where DuckDB puts what does not fit into memory; what a killed export left there is removed first."""
    for left in paths.exports().glob(".spill-*"):
        if not Path("/proc", left.name.removeprefix(".spill-")).exists():
            shutil.rmtree(left, ignore_errors=True)
    spill = paths.exports() / f".spill-{os.getpid()}"
    try:
        yield spill
    finally:
        shutil.rmtree(spill, ignore_errors=True)
