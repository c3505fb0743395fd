"""Backing up the project's memory: the kept tables, which no input can make again, as Parquet with a manifest.

Everything else in the warehouse is rebuilt from the raw data. A backup is a folder: one Parquet file per table and
manifest.json (how to make each table, rows, sha256). It holds pseudonymous ids, phones and e-mails: mode 0700.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import duckdb
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import ModelNode, SnapshotNode

from rekindle import paths
from rekindle.errors import RekindleError
from rekindle.files import checksum, replace_file, sync
from rekindle.warehouse import (
    checkpoint,
    first_line,
    has_table,
    open_warehouse,
    read_runs,
    write_ahead_log,
)

# Written outside models: by the hooks of each run, by replays, by exports, by the step that reads addresses.
OWN_TABLES = (
    *(("run", "run_log"), ("run", "replays"), ("run", "sealed_dates")),
    *(("landing", "phone_numbers"), ("landing", "email_addresses")),
)


def kept_tables(manifest: Manifest) -> list[tuple[str, str]]:
    """(schema, table) of every model that a full refresh leaves alone, every snapshot and the project's own tables."""
    kept = [
        (node.schema, node.alias)
        for node in manifest.nodes.values()
        if isinstance(node, SnapshotNode) or (isinstance(node, ModelNode) and node.config.full_refresh is False)
    ]
    return sorted(kept) + list(OWN_TABLES)


def back_up(manifest: Manifest, warehouse: Path) -> Path:
    """Exports the kept tables of a warehouse; returns the new folder, complete or not there at all."""
    if not warehouse.exists():
        raise RekindleError(f"There is no warehouse at {warehouse}, so there is nothing to back up.")
    connection = open_warehouse(warehouse, read_only=True)
    try:
        as_of = max((run.as_of_date for run in read_runs(connection)), default=None)
        for killed in paths.backups().glob(".unfinished-*"):
            shutil.rmtree(killed)
        unfinished = paths.backups() / f".unfinished-{os.getpid()}"
        unfinished.mkdir(parents=True, mode=0o700)
        tables = [
            _export(connection, schema, table, unfinished)
            for schema, table in kept_tables(manifest)
            if has_table(connection, schema, table)
        ]
    finally:
        connection.close()
    content = {"as_of_date": str(as_of) if as_of else None, "tables": tables}
    (unfinished / "manifest.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    number = 1
    while (folder := paths.backups() / f"{as_of or 'empty'}_{number}").exists():
        number += 1
    replace_file(unfinished, folder)
    return folder


def restore(folder: Path, warehouse: Path) -> int:
    """Makes a new warehouse from a backup; returns the number of rows. Refuses to touch one that exists."""
    if warehouse.exists():
        raise RekindleError(
            f"{warehouse} exists and a backup is restored into a fresh warehouse only: move the file away first."
        )
    try:
        content: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise RekindleError(f"{folder} is not a backup: it has no readable manifest.json.") from None
    for table in content["tables"]:
        file = folder / table["file"]
        if not file.exists() or checksum(file) != table["sha256"]:
            raise RekindleError(f"{file} is missing or was changed after the backup: restore another backup.")
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    unfinished = warehouse.with_name(f".{warehouse.name}.restored")
    for leftover in (unfinished, write_ahead_log(unfinished)):
        leftover.unlink(missing_ok=True)
    connection = duckdb.connect(str(unfinished))
    try:
        for table in content["tables"]:
            connection.execute(f"create schema if not exists {table['schema']}")
            connection.execute(table["definition"])
            name = f"{table['schema']}.{table['table']}"
            connection.execute(
                f"insert into {name} by name select * from read_parquet(?)", [str(folder / table["file"])]
            )
    except duckdb.Error as error:
        raise RekindleError(f"The backup {folder} cannot be restored: {first_line(error)}") from None
    finally:
        connection.close()
    checkpoint(unfinished)
    replace_file(unfinished, warehouse)
    return sum(int(table["rows"]) for table in content["tables"])


def put_backup(new: Path, folder: Path) -> None:
    """A backup written anew in the place of the old one; sweep_backups() ends what a kill leaves."""
    old = folder.with_name(f".old-{folder.name}")
    folder.rename(old)
    replace_file(new, folder)
    shutil.rmtree(old)


def sweep_backups() -> None:
    """Puts backups in order of which put_backup() was killed, and removes what was never finished."""
    for old in paths.backups().glob(".old-*"):
        folder = old.with_name(old.name.removeprefix(".old-"))
        if not folder.exists():
            replace_file(old.with_name(f".new-{folder.name}"), folder)
        shutil.rmtree(old)
    for new in paths.backups().glob(".new-*"):
        shutil.rmtree(new)


def _export(connection: duckdb.DuckDBPyConnection, schema: str, table: str, folder: Path) -> dict[str, Any]:
    file = folder / f"{schema}.{table}.parquet"
    connection.execute(f"copy (select * from {schema}.{table} order by rowid) to '{file}' (format parquet)")
    sync(file)
    rows = connection.execute(f"select count(*) from {schema}.{table}").fetchall()[0][0]
    definition = connection.execute(
        "select sql from duckdb_tables() "
        "where schema_name = ? and table_name = ? and database_name = current_catalog()",
        [schema, table],
    ).fetchall()[0][0]
    return {
        "schema": schema,
        "table": table,
        "file": file.name,
        "rows": rows,
        "sha256": checksum(file),
        "definition": definition,
    }
