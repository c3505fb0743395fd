"""Backing up the project's memory: the kept tables, which no input can make again, as Parquet with a manifest.

Everything else in the warehouse is rebuilt from the raw data. A backup is a folder: one Parquet file per table and
manifest.json (how to make each table, rows, sha256). It holds pseudonymous ids, phones and e-mails: mode 0700.
"""

import contextlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import duckdb
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import ModelNode, SnapshotNode

from rekindle.ground import paths
from rekindle.ground.engine import connect
from rekindle.ground.errors import RekindleError, of_another, without_values
from rekindle.ground.files import checksum, private_files, private_folder, private_writing, replace_file, sync
from rekindle.ground.quoting import name, parquet, text
from rekindle.ground.warehouse import (
    checkpoint,
    has_table,
    open_warehouse,
    read_runs,
    write_ahead_log,
)

# Written outside models: by the hooks of each run, by replays, by exports, by the step that reads addresses.
OWN_TABLES = (
    *(("run", "run_log"), ("run", "replays"), ("run", "sealed_dates")),
    *(("landing", "phone_numbers"), ("landing", "email_addresses"), ("landing", "clv_parameters")),
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
    unfinished = paths.backups() / f".unfinished-{os.getpid()}"
    private_folder(paths.backups())
    try:
        with private_files(), contextlib.closing(open_warehouse(warehouse, read_only=True)) as connection:
            for killed in paths.backups().glob(".unfinished-*"):
                shutil.rmtree(killed)
            private_folder(unfinished)
            runs = read_runs(connection)
            as_of = max((run.as_of_date for run in runs), default=None)
            tables = [
                _export(connection, schema, table, unfinished)
                for schema, table in kept_tables(manifest)
                if has_table(connection, schema, table)
            ]
        connector = runs[-1].connector if runs else None
        content = {"connector": connector, "as_of_date": str(as_of) if as_of else None, "tables": tables}
        with private_writing(unfinished / "manifest.json") as manifest_file:
            manifest_file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    except (duckdb.Error, OSError) as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        reason = error.strerror if isinstance(error, OSError) else without_values(str(error))
        raise RekindleError(
            f"Nothing was backed up ({reason}): mend the cause and run the same command again."
        ) from None
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
    theirs = _connector_of(folder)
    if theirs not in (None, paths.connector()):
        raise RekindleError(of_another(folder, str(theirs), paths.connector(), "REKINDLE_WAREHOUSE"))
    private_folder(warehouse.parent)
    unfinished = warehouse.with_name(f".{warehouse.name}.restored")
    for leftover in (unfinished, write_ahead_log(unfinished)):
        leftover.unlink(missing_ok=True)
    try:
        with private_files(), contextlib.closing(connect(unfinished)) as connection:
            for table in content["tables"]:
                connection.execute(f"create schema if not exists {name(table['schema'])}")
                connection.execute(table["definition"])
                connection.execute(
                    f"insert into {name(table['schema'])}.{name(table['table'])} by name "
                    f"select * from {parquet(folder / table['file'])}"
                )
    except duckdb.Error as error:
        raise RekindleError(f"The backup {folder} cannot be restored: {without_values(str(error))}") from None
    checkpoint(unfinished)
    replace_file(unfinished, warehouse)
    return sum(int(table["rows"]) for table in content["tables"])


def _connector_of(folder: Path) -> str | None:
    """Whose memory a backup holds, by its run_log, which backups have that are older than names in manifests."""
    run_log = folder / "run.run_log.parquet"
    if not run_log.exists():
        return None
    rows = duckdb.execute(
        f"select connector from {parquet(run_log)} "
        "order by started_at desc nulls last, invocation_id desc nulls last limit 1"
    ).fetchall()
    return str(rows[0][0]) if rows else None


def _export(connection: duckdb.DuckDBPyConnection, schema: str, table: str, folder: Path) -> dict[str, Any]:
    file, relation = folder / f"{schema}.{table}.parquet", f"{name(schema)}.{name(table)}"
    connection.execute(f"copy (select * from {relation} order by rowid) to {text(file)} (format parquet)")
    sync(file)
    rows = connection.execute(f"select count(*) from {relation}").fetchall()[0][0]
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
