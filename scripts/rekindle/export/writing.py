"""One run of a feed, whole or not at all: files, as promised to the gate that reads them back; the manifest last."""

import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from rekindle.export import runs
from rekindle.export.activation import Activation
from rekindle.export.bodies import Call, bodies_of, bodies_query, session_of
from rekindle.export.runs import CommittedRun, FeedFolder
from rekindle.export.staging import count_of
from rekindle.export.targets import Target
from rekindle.gates.files import Promise, check_files
from rekindle.gates.judge import Gate, Measure
from rekindle.ground import files, paths
from rekindle.ground.errors import DONE, PLAN_HAS_CHANGES, ContractError
from rekindle.ground.files import Format
from rekindle.ground.quoting import name, text
from rekindle.ground.screen import counted

FORMATS = {
    "csv": "format csv, quote '\"', escape '\"', nullstr ''",
    "csv.gz": "format csv, compression gzip, quote '\"', escape '\"', nullstr ''",
    "parquet": "format parquet, compression zstd",
    "jsonl": "format json",
}
# what every manifest says, until its run says otherwise
NO_MANIFEST = {"kind": "whole", "seals": False, "has_ledger": False, "base_run_id": None, "guards": []}

# what is counted, as it is said of one and of several
_WORDS = {"members": ("member", "members"), "late_noes": ("late no", "late noes")}


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
        counts = ", ".join(counted(count, *_WORDS.get(what, (what, what))) for what, count in told.items())
        return "  ".join(part for part in (f"{self.feed:<28}", f"{self.status:<9}", counts, self.message) if part)


@dataclass(frozen=True)
class Piece:
    """One data file to be: how it is made, and what whoever reads it back is to find."""

    role: str
    query: str
    promise: Promise
    call: Call | None = None  # then `query` fills the table `bodies`

    def copy_to(self, connection: duckdb.DuckDBPyConnection, folder: Path, prefix: str) -> dict[str, Any]:
        """Writes the file whole; returns its entry in the manifest."""
        promise = self.promise
        file = folder / f"{prefix}__{self.role}.{promise.format}"
        options, query, requests = [FORMATS[promise.format], "use_tmp_file false"], self.query, {}
        if promise.format.startswith("csv"):
            options.append(f"header {str(promise.has_header).lower()}, delim {text(promise.delimiter)}")
        if promise.bodies and self.call:
            connection.execute(f"set variable session = {session_of(folder.name, self.role)}")
            connection.execute(query)
            keys = ", ".join(f"{name(f'body {key}')} as {name(key)}" for key in promise.bodies.keys)
            query = f"select {keys} from bodies order by batch"
            requests = {"requests": self.call.told | {"bodies": count_of(connection, "bodies")}}
        with files.private_writing(file) as unfinished:
            copied = connection.execute(f"copy ({query}) to {text(unfinished)} ({', '.join(options)})").fetchone()
        if requests:
            copied = connection.execute("select cast(coalesce(sum(members), 0) as bigint) from bodies").fetchone()
        return requests | {
            "name": file.name,
            "role": self.role,
            "rows": copied[0] if copied else 0,
            "bytes": file.stat().st_size,
            "sha256": files.checksum(file),
            "columns": promise.columns,
        }


def piece_of(
    role: str,
    rows: str,
    format: Format,
    target: Target,
    *,
    only_identifiers: bool = False,
    constants: dict[str, str] | None = None,
    people: str | None = None,
    call: Call | None = None,
) -> Piece:
    """A file of staged rows, in the order of their identifiers; `constants`: columns that say the same in every row.

    With a `call` its lines are bodies of requests.
    """
    same = constants or {}
    chosen = [(n, column) for n, column in enumerate(target.columns) if column.identifier or not only_identifiers]
    headers = [*(column.header for _, column in chosen), *same]
    values = zip([*(f"c{n}" for n, _ in chosen), *map(text, same.values())], headers, strict=True)
    selected = ", ".join(f"{sql} as {name(header)}" for sql, header in values)
    ids = tuple(place for place, (_, column) in enumerate(chosen) if column.identifier)
    hashed = tuple(place for place, (_, column) in enumerate(chosen) if column.hash)
    order = ", ".join(f"c{n}" for n, column in chosen if column.identifier)
    bodies = bodies_of(call, headers) if call else None
    promise = Promise(headers, format, target.header, target.delimiter, ids, hashed, people, bodies)
    if call:
        return Piece(role, bodies_query(call, chosen, rows, order), promise, call)
    return Piece(role, f"select {selected} from {rows} order by {order}", promise)


class Writer:
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

    @property
    def sequence(self) -> int:
        """Of the run to be."""
        return self.last.sequence + 1 if self.last else 1

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

    def write(
        self,
        pieces: list[Piece],
        content: list[Any],
        manifest: dict[str, Any],
        target: Target,
        ledger_view: str = "ledger",
    ) -> list[str]:
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
                    self.connection.execute(f"copy {ledger_view} to {text(unfinished)} ({options})")
            runs.commit(
                run_folder,
                manifest
                | {
                    "format": 1,
                    "connector": paths.connector(),
                    "feed": self.folder.feed,
                    "as_of_date": self.as_of_date,
                    "run_id": run_id,
                    "sequence": self.sequence,
                    "previous_run_id": previous,
                    "input_checksum": checksum,
                    "published": self.activation.published,
                    "late_noes": asdict(self.activation.late_noes),
                    "duckdb_version": duckdb.__version__,
                    "counts": {**self.report.counts, **manifest.get("counts", {})},
                    "files": written,
                },
            )
        except BaseException:
            shutil.rmtree(run_folder, ignore_errors=True)
            ledger.unlink(missing_ok=True)
            raise
        self.report.run_id, self.report.path = run_id, str(run_folder)
        return []
