"""What a file says about the replay that made it: run.replays, with a fingerprint of all that decides the result."""

import datetime
import hashlib
from collections.abc import Iterable
from pathlib import Path

import duckdb

from rekindle.ground import paths
from rekindle.ground.files import checksum_once
from rekindle.ground.quoting import text
from rekindle.ground.warehouse import has_table, open_warehouse

# What decides the result besides the data. Data tests are left out: they judge tables and do not make them.
CODE = (
    *("dbt_project.yml", "selectors.yml", *paths.TABLES_ARE_MADE_FROM),
    *("scripts/rekindle/addresses", "scripts/rekindle/forget/blocking.py"),
)


def fingerprint_of(files: Iterable[Path], *asked: object, code: Iterable[str] = ()) -> str:
    """Changes with the raw data, the models, seeds, macros and settings, and with what is `asked` for."""
    digest = hashlib.sha256(" ".join(map(str, asked)).encode())
    places = [paths.PROJECT / place for place in (*CODE, *code)]
    for path in [*(each for place in places for each in [place, *sorted(place.rglob("*"))]), *files]:
        if path.is_file():
            digest.update(f"\n{path.name} {path.stat().st_size}\n".encode())
            digest.update(checksum_once(path).encode())
    return digest.hexdigest()


def is_complete(path: Path, fingerprint: str) -> bool:
    """Whether the file holds the finished replay with that fingerprint."""
    return any(found == fingerprint and finished for found, finished in _replays(path))


def fingerprint_in(path: Path) -> str | None:
    """The fingerprint of the replay that a file was begun for."""
    return next((found for found, _ in _replays(path)), None)


def _replays(path: Path) -> list[tuple[str, bool]]:
    if not path.exists():
        return []
    connection = open_warehouse(path)
    try:
        if not has_table(connection, "run", "replays"):
            return []
        return connection.execute("select fingerprint, is_finished from run.replays").fetchall()
    finally:
        connection.close()


def note_start(path: Path, fingerprint: str, first: datetime.date, last: datetime.date, carried_from: Path) -> None:
    """Writes into a new file what is replayed in it, and what no raw data says again."""
    if fingerprint_in(path) is not None:
        return
    connection = open_warehouse(path)
    try:
        connection.execute("begin")
        _carry_identity(connection, carried_from)
        connection.execute("create schema if not exists run")
        connection.execute(
            "create table run.replays (fingerprint varchar, first_month date, last_month date, is_finished boolean)"
        )
        connection.execute("insert into run.replays values (?, ?, ?, false)", [fingerprint, first, last])
        connection.execute("commit")
    finally:
        connection.close()


def _carry_identity(connection: duckdb.DuckDBPyConnection, old: Path) -> None:
    """Who was one person and which address a record held: a no counts for both, and no raw data says it again."""
    if not old.exists():
        return
    connection.execute(f"attach {text(old)} as old (read_only)")
    held = connection.execute(
        "select table_name from duckdb_tables() where database_name = 'old' and schema_name = 'identity' "
        "and table_name in ('contact_profile_history', 'contact_address_history', 'profile_split_history')"
    ).fetchall()
    if held:
        connection.execute("create schema if not exists identity")
    for (table,) in held:
        connection.execute(f"create table identity.{table} as select * from old.identity.{table}")


def note_end(path: Path) -> None:
    """Writes into the file that its replay is complete."""
    connection = open_warehouse(path)
    try:
        connection.execute("update run.replays set is_finished = true")
    finally:
        connection.close()
