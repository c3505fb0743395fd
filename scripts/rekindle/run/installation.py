"""One connector's installation: chosen when a command starts, and never mixed with another connector's.

Publications, manifests of exports, seals and backups carry the name of their connector, a warehouse has it in its
run_log. What was made before they did is taken for this installation's own.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import click
import duckdb

from rekindle.export import runs
from rekindle.ground import paths, stores, warehouse
from rekindle.ground.engine import connect
from rekindle.ground.errors import RekindleError, of_another
from rekindle.ground.settings import chosen_connector
from rekindle.ground.warehouse import has_table, open_warehouse, read_runs

# for every command that works in an installation
CONNECTOR = click.option("--connector", help="Whose installation; default: `connector` in dbt_project.yml.")
# The folders that lay in the project folder itself when all connectors shared them, and what moves each of them since.
SHARED = {
    "warehouse": "REKINDLE_WAREHOUSE",
    "published": "REKINDLE_PUBLISHED",
    "exports": "REKINDLE_EXPORTS",
    "erasures": "REKINDLE_ERASURES",
    "backups": "REKINDLE_BACKUPS",
    "late_noes": "REKINDLE_LATE_NOES",
}
# and their raw data; the sources of a connector of one's own say themselves where theirs is
SHARED_DATA = {
    "completejourney": {"data/raw": "REKINDLE_DATA"},
    "parquet": {"data/contract": "REKINDLE_CONTRACT_PATH"},
}


def enter(connector: str | None, *, only_duckdb: bool = False) -> str:
    """The connector that a command works for, the project's own when it names none; its installation is used.

    `only_duckdb`: it refuses where dbt builds on Spark.
    """
    if only_duckdb and paths.on_spark():
        raise RekindleError(
            "This command works on a DuckDB warehouse only, and REKINDLE_TARGET names Spark: docs/spark.md says which "
            "commands work there."
        )
    chosen = chosen_connector(connector)
    paths.use_connector(chosen)
    if "REKINDLE_INSTALLATION" not in os.environ:
        _refuse_shared_folders(chosen)
    return chosen


@contextlib.contextmanager
def only_command() -> Iterator[None]:
    """For commands that write: alone in the installation, and nothing in it is another connector's."""
    with warehouse.only_command(paths.warehouse()), stores.store().opened():
        refuse_others()
        yield


def refuse_others() -> None:
    """Nothing of another connector is read, replaced or sent; one sentence says what is whose."""
    for place, variable, found in _names():
        if found != paths.connector():
            raise RekindleError(of_another(place, found, paths.connector(), variable))


def _names() -> Iterator[tuple[Path, str, str]]:
    """Every place that carries a name, the variable that moves it, and the name."""
    for found in _names_in_warehouse(paths.warehouse()):
        yield paths.warehouse(), "REKINDLE_WAREHOUSE", found
    for each in paths.PUBLICATIONS:
        file = paths.published() / each
        for found in _names_in_publication(file):
            yield file, "REKINDLE_PUBLISHED", found
    for found in runs.connectors():
        yield paths.exports(), "REKINDLE_EXPORTS", found
    for manifest in sorted(paths.backups().glob("*/manifest.json")):
        with contextlib.suppress(OSError, ValueError):  # whoever reads such a backup says what is wrong with it
            named = json.loads(manifest.read_text(encoding="utf-8")).get("connector")
            if named is not None:
                yield manifest.parent, "REKINDLE_BACKUPS", str(named)


def _names_in_warehouse(file: Path) -> set[str]:
    if not file.exists():
        return set()
    with contextlib.closing(open_warehouse(file, read_only=True)) as connection:
        built = [run for run in read_runs(connection) if run.is_finished and run.command_scope in ("full", "monthly")]
        names = {built[-1].connector} if built else set()
        if "connector" in _columns(connection, "run", "sealed_dates"):
            sealed = connection.execute(
                "select distinct connector from run.sealed_dates where connector is not null"
            ).fetchall()
            names |= {str(row[0]) for row in sealed}
        return names


def _names_in_publication(file: Path) -> set[str]:
    """Nothing of a file that cannot be read: it is replaced by the next publication, and the exporter says so."""
    with contextlib.suppress(duckdb.Error):
        if file.exists():
            with contextlib.closing(connect(file, read_only=True)) as connection:
                if "connector" in _columns(connection, "main", "_published"):
                    return {str(row[0]) for row in connection.execute("select connector from _published").fetchall()}
    return set()


def _columns(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> set[str]:
    if not has_table(connection, schema, table):
        return set()
    return {str(row[0]) for row in connection.execute(f"describe {schema}.{table}").fetchall()}


def _refuse_shared_folders(chosen: str) -> None:
    owners = set()
    for file in sorted((paths.PROJECT / "warehouse").glob("*.duckdb")):
        owners |= _names_in_warehouse(file)
    owner = min(owners) if len(owners) == 1 else None
    found = [folder for folder, variable in SHARED.items() if variable not in os.environ and _has_files(folder)]
    for folder, variable in SHARED_DATA.get(owner or chosen, {}).items():
        if variable not in os.environ and _has_files(folder):
            found.append("data")
    if found:
        target = f"installations/{owner or '<the connector that they are of>'}"
        raise RekindleError(
            f"The project folder still holds {', '.join(found)}, which every connector shared: "
            f"`mkdir -p {target} && mv {' '.join(found)} {target}/`, then run this again (docs/runbook.md)."
        )


def _has_files(folder: str) -> bool:
    return any(path.is_file() for path in (paths.PROJECT / folder).rglob("*"))
