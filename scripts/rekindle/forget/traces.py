"""What is below exports/ of a person: run folders that hold them, the ledgers of what was sent, and taking them out.

A row of a ledger is theirs by its profile id. An address of theirs may also stand under the id of somebody else, with
whom they were taken for one before: that row stays with whoever has the id, and loses the address.
"""

import gzip
import mmap
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import duckdb

from rekindle.export import runs
from rekindle.export.runs import CommittedRun, FeedFolder
from rekindle.export.staging import sent_address
from rekindle.export.targets import addresses_in, load_target, target_names
from rekindle.ground import rules
from rekindle.ground.errors import RekindleError
from rekindle.ground.files import private_writing
from rekindle.ground.quoting import name, parquet, text

CHUNK = 1 << 20


@dataclass(frozen=True)
class Traces:
    """What one feed holds of a person."""

    folder: FeedFolder
    runs: list[CommittedRun]
    ledgers: dict[Path, int]  # rows to take out
    is_waiting: bool  # the platform may still hold the person: the removal was not acknowledged

    def __str__(self) -> str:
        rows = max(self.ledgers.values(), default=0)
        return f"{self.folder.feed}: {len(self.runs)} export runs, {rows} identifiers in the ledger"


def find(connection: duckdb.DuckDBPyConnection, ids: Collection[str], addresses: Collection[str]) -> list[Traces]:
    """What each feed holds of the person with these profile ids and addresses."""
    folders = runs.feed_folders()
    ledgers = {folder.feed: sorted((folder.path / "ledger").glob("*.parquet")) for folder in folders}
    sent = as_sent(connection, addresses)
    sought = {*ids, *addresses, *sent}
    for files in ledgers.values():
        for file in files:
            sought |= _identifiers(connection, file, ids)
    found = []
    for folder in folders:
        # of a run whose files were being removed when a call was killed, nobody asks whom those that are left hold
        held = [
            run for run in folder.runs() if (run.data_files() if run.is_purged else run_holds(connection, run, sought))
        ]
        rows = {file: _count(connection, file, ids, sent) for file in ledgers[folder.feed]}
        traces = Traces(folder, held, {file: count for file, count in rows.items() if count}, False)
        if traces.runs or traces.ledgers:
            found.append(Traces(folder, held, traces.ledgers, _is_waiting(connection, folder, ids, sent)))
    return found


def as_sent(connection: duckdb.DuckDBPyConnection, addresses: Collection[str]) -> set[str]:
    """Addresses of somebody's alone as the platforms know them, spelled and hashed.

    Where a platform's spelling makes one of another person's address, too, what it was sent may be about that one.
    """
    columns = {
        (kind, column.rule, column.hash): column
        for target in map(load_target, target_names())
        for number, kind in addresses_in(target.columns).items()
        for column in (target.columns[number],)
    }
    theirs = {kind: sorted(each for each in addresses if ("@" in each) == (kind == "email")) for kind, _, _ in columns}
    found: set[str] = set()
    for (kind, rule, _), column in columns.items():
        kept = "true"
        if rule != "as_is":
            spelled = f"spelled_{kind}_{rule}"
            # once for all people that are looked for
            connection.execute(
                f"create temp table if not exists {spelled} as select identifier_value as address, "
                f"{rules.apply(rule, 'identifier_value')} as spelled from identity.contact_identifiers "
                f"where identifier_type = {text(kind)}"
            )
            own = f"select {rules.apply(rule, 'address')} from (select unnest($theirs) as address) as own"
            kept = (
                f"({rules.apply(rule, 'address')}) not in (select spelled from temp.{spelled} "
                f"where spelled is not null and spelled in ({own}) and not list_contains($theirs, address))"
            )
        rows = connection.execute(
            f"select {sent_address(column)} from (select unnest($theirs) as address) as own where {kept}",
            {"theirs": theirs[kind]},
        ).fetchall()
        found |= {value for (value,) in rows if value is not None}
    return found


def erase(
    connection: duckdb.DuckDBPyConnection, found: list[Traces], ids: Collection[str], addresses: Collection[str]
) -> None:
    """Removes the data files of the runs found, then writes the ledgers anew: what is sought comes from them."""
    sent = as_sent(connection, addresses)
    for traces in found:
        with traces.folder.locked():
            for run in traces.runs:
                runs.drop(run, runs.ERASURE)
    for traces in found:
        with traces.folder.locked():
            for file in traces.ledgers:
                with private_writing(file) as unfinished:
                    # without the addresses that are theirs, and without rows that nothing is left of
                    columns = _identifying(connection, file)
                    blanked = [f"case when not {_among(each, sent)} then {each} end as {each}" for each in columns]
                    left = f"(select * replace ({', '.join(blanked)}) from {parquet(file)} where not {_is_of(ids)})"
                    connection.execute(
                        f"copy (select * from {left} where coalesce({', '.join(columns)}) is not null) "
                        f"to {text(unfinished)} (format parquet, use_tmp_file false)"
                    )


def folder_holds(
    connection: duckdb.DuckDBPyConnection, folder: Path, ids: Collection[str], addresses: Collection[str]
) -> bool:
    """Whether any file of an exports folder that was set aside holds the person."""
    files = [file for file in sorted(folder.rglob("*")) if runs.FILE_NAME.fullmatch(file.name)]
    ledgers = sorted(folder.glob("*/ledger/*.parquet"))
    sent = as_sent(connection, addresses)
    sought = {*ids, *addresses, *sent}
    for ledger in ledgers:
        sought |= _identifiers(connection, ledger, ids)
    return any(_count(connection, ledger, ids, sent) for ledger in ledgers) or any(
        file_holds(connection, file, sought) for file in files
    )


def _is_waiting(
    connection: duckdb.DuckDBPyConnection, folder: FeedFolder, ids: Collection[str], sent: Collection[str]
) -> bool:
    """Whether an identifier was sent and its removal is not part of the run that the platform acknowledged."""
    newest, base = folder.newest_ledger(), folder.base()
    if newest is None:
        return False
    columns = ", ".join(_identifying(connection, folder.ledger(newest)))
    theirs = are_theirs(connection, folder.ledger(newest), ids, sent)
    query = f"select {columns} from {parquet(folder.ledger(newest))} where {theirs} and status <> 'left'"
    if base is not None:
        # the base may be of a time when the platform was sent other identifiers: then nothing is known for sure
        if _identifying(connection, folder.ledger(base)) != _identifying(connection, folder.ledger(newest)):
            return True
        ledger = parquet(folder.ledger(base))
        query += f" except select {columns} from {ledger} where {theirs} and status <> 'member'"
        query += f" union all select {columns} from {ledger} where {theirs} and status = 'member'"
    return bool(connection.execute(f"select 1 from ({query}) limit 1").fetchall())


def _identifiers(connection: duckdb.DuckDBPyConnection, file: Path, ids: Collection[str]) -> set[str]:
    """Everything a platform was sent for the person, spelled or hashed as it was sent."""
    columns = ", ".join(_identifying(connection, file))
    rows = connection.execute(f"select {columns} from {parquet(file)} where {_is_of(ids)}").fetchall()
    return {value for row in rows for value in row if value is not None}


def run_holds(connection: duckdb.DuckDBPyConnection, run: CommittedRun, sought: Collection[str]) -> bool:
    """Whether a data file of a run holds one of the values."""
    return any(file_holds(connection, run.folder / entry["name"], sought) for entry in run.manifest["files"])


def file_holds(connection: duckdb.DuckDBPyConnection, file: Path, sought: Collection[str]) -> bool:
    """Whether a data file (csv, jsonl, gzip, parquet) holds one of the values."""
    if not sought:
        return False
    if file.suffix == ".parquet":
        values = ", ".join(map(text, sorted(sought)))
        conditions = [f"cast({name(column)} as varchar) in ({values})" for column in _columns(connection, file)]
        query = f"select 1 from {parquet(file)} where {' or '.join(conditions)} limit 1"
        return bool(connection.execute(query).fetchall())
    needles = [value.encode() for value in sought]
    if file.suffix != ".gz":
        if file.stat().st_size == 0:
            return False
        with file.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return any(content.find(needle) >= 0 for needle in needles)
    overlap = max(map(len, needles), default=1) - 1
    with gzip.open(file, "rb") as unzipped:
        rest = b""
        while chunk := unzipped.read(CHUNK):
            window = rest + chunk
            if any(needle in window for needle in needles):
                return True
            rest = window[-overlap:] if overlap else b""
    return False


def _columns(connection: duckdb.DuckDBPyConnection, file: Path) -> list[str]:
    try:
        described = connection.execute(f"describe select * from {parquet(file)}").fetchall()
    except (duckdb.InvalidInputException, duckdb.IOException):
        raise RekindleError(f"{file} is damaged: {runs.FROM_BACKUP}, nobody can be looked for in it.") from None
    return [str(row[0]) for row in described]


def are_theirs(connection: duckdb.DuckDBPyConnection, file: Path, ids: Collection[str], sent: Collection[str]) -> str:
    """The condition for rows of a ledger that are theirs by their profile id or by an address."""
    return f"({' or '.join([_is_of(ids), *(_among(each, sent) for each in _identifying(connection, file))])})"


def _identifying(connection: duckdb.DuckDBPyConnection, file: Path) -> list[str]:
    """The columns of a ledger that a platform finds people by."""
    return [name(column) for column in _columns(connection, file) if column.startswith("id ")]


def _count(connection: duckdb.DuckDBPyConnection, file: Path, ids: Collection[str], sent: Collection[str]) -> int:
    theirs = are_theirs(connection, file, ids, sent)
    counted = connection.execute(f"select count(*) from {parquet(file)} where {theirs}").fetchone()
    return int(counted[0]) if counted else 0


def _is_of(ids: Collection[str]) -> str:
    return _among("profile_id", ids)


def _among(column: str, values: Collection[str]) -> str:
    return f"coalesce({column} in ({', '.join(map(text, sorted(values))) or 'null'}), false)"
