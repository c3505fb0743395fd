"""The DuckDB file: a clear sentence when it is locked, one command at a time, and replacing it in one step."""

import contextlib
import datetime
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import filelock

from rekindle.ground import paths
from rekindle.ground.engine import connect
from rekindle.ground.errors import RekindleError
from rekindle.ground.files import private_file, private_files, private_folder

LOCK_PATIENCE_SECONDS = 5.0
_HOLDER = re.compile(r"lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")


def open_warehouse(
    path: Path, *, read_only: bool = False, patience: float = LOCK_PATIENCE_SECONDS
) -> duckdb.DuckDBPyConnection:
    """Opens a DuckDB file, waiting a little for another process to let go of it; says in one sentence why it cannot.

    It is private: a plain `dbt` of before, or a copy, may have left it open to others.
    """
    if "?" in str(path):
        raise RekindleError(
            f"{path} has a ? in its path, which DuckDB takes for the end of it: move the file elsewhere."
        )
    until = time.monotonic() + patience
    for file in (path, write_ahead_log(path)):
        private_file(file)
    while True:
        try:
            with private_files():
                return connect(path, read_only=read_only)
        except duckdb.IOException as error:
            holder = _HOLDER.search(str(error))
            if "Permission denied" in str(error):
                raise RekindleError(
                    f"{path} may not be opened: check owner and mode of the file and its folder."
                ) from None
            if holder is None:
                raise RekindleError(
                    f"{path} cannot be opened as a DuckDB file ({first_line(error)}): restore it from a backup "
                    "(docs/runbook.md) or remove it and replay."
                ) from None
            if time.monotonic() > until:
                raise RekindleError(
                    f"{path} is locked by process {holder['pid']} ({Path(holder['program']).name}): close that program "
                    "or wait for it, then run the command again."
                ) from None
            time.sleep(0.25)


def first_line(error: BaseException) -> str:
    """The first line of an error's message."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


@contextlib.contextmanager
def only_command(warehouse: Path) -> Iterator[None]:
    """Keeps run, replay, publish and backup of one warehouse apart: between two steps dbt lets go of the file.

    Whatever they write is private.
    """
    private_folder(warehouse.parent)
    note = warehouse.with_suffix(".command")
    lock = filelock.FileLock(str(note.with_suffix(".command.lock")), timeout=0, mode=0o600)
    try:
        lock.acquire()
    except filelock.Timeout:
        holder = note.read_text(encoding="utf-8") if note.exists() else "another command"
        raise RekindleError(f"{warehouse} is in use by {holder}: wait for it to end, then run this again.") from None
    except OSError as error:
        raise RekindleError(
            f"Nothing can be written beside {warehouse} ({error.strerror}): check the disk, and owner and mode of the "
            "folder."
        ) from None
    try:
        with private_files():
            note.write_text(f"process {os.getpid()}", encoding="utf-8")
            yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


@dataclass(frozen=True)
class Run:
    """A row of run_log: one `dbt build` or `dbt run`."""

    invocation_id: str
    connector: str
    command_scope: str
    as_of_date: datetime.date
    is_finished: bool


def read_runs(connection: duckdb.DuckDBPyConnection) -> list[Run]:
    """run_log in the order of writing; empty when nothing ever ran."""
    if not has_table(connection, "run", "run_log"):
        return []
    rows = connection.execute(
        "select invocation_id, connector, command_scope, as_of_date, finished_at is not null "
        "from run.run_log order by started_at, rowid"
    ).fetchall()
    return [Run(*row) for row in rows]


def has_table(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    """Whether the file holds that table or view."""
    found = connection.execute(
        "select count(*) from information_schema.tables "
        "where table_schema = ? and table_name = ? and table_catalog = current_catalog()",
        [schema, table],
    ).fetchone()
    return found is not None and bool(found[0])


def columns_of(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], set[str]]:
    """The columns of every table and view."""
    found: dict[tuple[str, str], set[str]] = {}
    for schema, table, column in connection.execute(
        "select schema_name, table_name, column_name from duckdb_columns() where database_name = current_catalog()"
    ).fetchall():
        found.setdefault((schema, table), set()).add(column)
    return found


def must_hold(found: Mapping[tuple[str, str], set[str]], wanted: Mapping[tuple[str, str], Iterable[str]]) -> None:
    """Says what to do when tables or columns of this version are missing: (schema, table) to columns.

    After an upgrade and after a restore there is the memory, and what is built from it is older or not there.
    """
    missing = [".".join(place) for place, columns in wanted.items() if not found.get(place, set()) >= {*columns}]
    if missing:
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise RekindleError(
            f"{missing[0]}{others} are not there as this version makes them: the warehouse was restored, or built by "
            f"another version. Run `{paths.command('run')}` without --daily first (docs/upgrade.md)."
        )


def warehouse_runs(path: Path) -> list[Run]:
    """run_log of a warehouse file; empty when there is none yet. Opens it for writing, to see that nobody holds it."""
    if not path.exists():
        return []
    connection = open_warehouse(path)
    try:
        return read_runs(connection)
    finally:
        connection.close()


def checkpoint(path: Path) -> None:
    """Writes the file's log into it, so that the file is complete by itself."""
    connection = open_warehouse(path)
    try:
        connection.execute("checkpoint")
    finally:
        connection.close()


def write_ahead_log(path: Path) -> Path:
    """The file in which DuckDB keeps what a killed process had committed but not yet written into the warehouse."""
    return path.with_name(path.name + ".wal")


def use_warehouse(path: Path) -> None:
    """Makes `path` the warehouse of this process and of dbt in it.

    The same place spelt in another way is left as it is spelt: dbt would parse everything again from nothing.
    """
    private_folder(path.parent)
    if path.resolve() != paths.warehouse():
        os.environ["REKINDLE_WAREHOUSE"] = str(path)
    assert paths.warehouse() == path.resolve()
