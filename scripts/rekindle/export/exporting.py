"""Plans or writes the files of all feeds, each by itself: what stops one does not stop the others."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from rekindle.export import runs
from rekindle.export.activation import open_activation
from rekindle.export.late_noes import LateNoes
from rekindle.export.lists import LISTS, newest_ledgers, send_list
from rekindle.export.one_feed import send_feed
from rekindle.export.runs import FeedFolder
from rekindle.export.staging import read_whole
from rekindle.export.writing import Report, Writer
from rekindle.gates.judge import Gate
from rekindle.ground import files, paths
from rekindle.ground.errors import DONE, PLAN_HAS_CHANGES, ContractError, RekindleError, without_values, worst
from rekindle.ground.progress import Progress
from rekindle.ground.screen import counted


@dataclass(frozen=True)
class Outcome:
    """What became of all feeds, how many noes came after the publication, and how many feeds rest."""

    reports: list[Report]
    late_noes: LateNoes
    resting: int = 0

    @property
    def exit_code(self) -> int:
        """The exit code of the command."""
        return worst(report.exit_code for report in self.reports)

    def lines(self, label: str = "", *, everything: bool = False) -> Iterator[str]:
        """For people, each behind the label: feeds with nobody on them are counted, unless each is asked for."""
        begin = f"{label:<12}" if label else ""
        if self.late_noes.noes:
            yield f"Late noes   {self.late_noes}"
        fine = (DONE, PLAN_HAS_CHANGES)
        told = [each for each in self.reports if everything or each.exit_code not in fine or any(each.counts.values())]
        yield from (f"{begin}{report}" for report in told)
        if len(told) < len(self.reports):
            yield f"{begin}{counted(len(self.reports) - len(told), 'list')} with nobody on them"
        if self.resting:
            yield f"{begin}{counted(self.resting, 'feed')} of scenarios that are not in use: not written"


def export(names: tuple[str, ...], as_of: date | None, *, dry: bool, accepted: tuple[str, ...] = ()) -> Outcome:
    """Plans (`dry`) or writes the feeds named; without names all of them, and the opt-out and erasure lists after.

    A feed of a scenario that is not in use rests, unless it is named or was written before: then its people have to
    leave the platform.
    """
    runs.refuse_others()
    reports = []
    gate = Gate("export")
    with files.private_files(), _spill() as spill, open_activation(as_of, spill) as activation, gate.documented():
        configured = {feed.feed: (audience, feed) for audience, feed in activation.feeds}
        sent_to, damaged = _sent_to(activation.connection)
        resting = activation.resting - {folder.feed for folder in runs.feed_folders()}
        targets = sorted(sent_to | {feed.target for _, feed in configured.values()})
        written_to = sent_to | {feed.target for _, feed in configured.values() if feed.feed not in resting}
        lists = {f"{kind}_{target}": (kind, target) for kind in LISTS for target in targets}
        known = [*configured, *lists]
        for unknown in [each for each in (*names, *accepted) if each not in known]:
            raise ContractError(f"There is no feed '{unknown}': there are {', '.join(known) or 'none'}.")
        with Progress("Plan" if dry else "Export") as progress:
            lists_at_rest = {each for each, (_, target) in lists.items() if target not in written_to}
            chosen = names or [each for each in known if each not in resting | lists_at_rest]
            progress.expect(len(chosen))
            ledgers = None
            for each in chosen:
                report = Report(each)
                with _stopping_here(report):
                    if each in damaged:
                        raise damaged[each]
                    folder = FeedFolder(each)
                    with contextlib.nullcontext() if dry else folder.locked():
                        writer = Writer(activation, folder, report, gate, dry=dry)
                        if each in lists:
                            ledgers = ledgers or newest_ledgers(damaged)
                            send_list(writer, *lists[each], ledgers, damaged)
                        else:
                            ledgers = None  # has another one after this
                            send_feed(writer, *configured[each], accepted=each in accepted)
                reports.append(report)
                progress.advance()
        # of a feed that is not configured any more nobody would hear otherwise
        told = {report.feed for report in reports}
        reports += [
            Report(feed, "stopped", error.exit_code, message=error.message)
            for feed, error in damaged.items()
            if not names and feed not in told
        ]
        return Outcome(reports, activation.late_noes, 0 if names else len(resting))


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
