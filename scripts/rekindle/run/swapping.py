"""A replayed file takes the place of the warehouse, and what has happened is carried over."""

import datetime
import itertools
import shutil
from pathlib import Path

from rekindle.export.runs import committed_dates
from rekindle.export.staging import count_of
from rekindle.ground import paths
from rekindle.ground.calendar import newest_closed_month
from rekindle.ground.dbt import Dbt
from rekindle.ground.errors import RekindleError
from rekindle.ground.files import private_folder, replace_file
from rekindle.ground.quoting import text
from rekindle.ground.screen import say
from rekindle.ground.warehouse import checkpoint, open_warehouse, warehouse_runs, write_ahead_log
from rekindle.run.backups import back_up


def keep_other_months(warehouse: Path, first: datetime.date, last: datetime.date) -> None:
    """A warehouse that has published months outside the replay would lose them: that is asked for with --force only."""
    published = {
        newest_closed_month(run.as_of_date)
        for run in warehouse_runs(warehouse)
        if run.is_finished and run.command_scope in ("full", "monthly")
    }
    lost = sorted(month for month in published if not first <= month <= last)
    if lost:
        raise RekindleError(
            f"The warehouse has published {lost[0]:%Y-%m} to {lost[-1]:%Y-%m}, which a replay of "
            f"{first:%Y-%m} to {last:%Y-%m} would drop: "
            f"replay {min(lost[0], first):%Y-%m} to {max(lost[-1], last):%Y-%m}, or use --force."
        )


def swap(dbt: Dbt, building: Path, warehouse: Path) -> None:
    """Puts the replayed file in the warehouse's place; the kept tables of the old one are backed up before."""
    checkpoint(building)
    if warehouse.exists():
        if any(run.is_finished for run in warehouse_runs(warehouse)):
            kept = back_up(dbt.manifest, warehouse)
            say(f"The memory of the warehouse that is replaced is in {paths.shown(kept)}")
        # a log left behind by a killed process would be applied to the new file: into the old one with it
        checkpoint(warehouse)
    write_ahead_log(warehouse).unlink(missing_ok=True)
    replace_file(building, warehouse)
    shutil.rmtree(building.parent)


def carry_decisions(old: Path, new: Path) -> None:
    """What was decided and sent has happened, whatever history says now: the old memory replaces the new one's.

    Audiences of the new file know nothing of it, so they are emptied: nothing leaves before the next run.
    """
    if not old.exists():
        return
    connection = open_warehouse(new)
    try:
        connection.execute("begin")
        connection.execute(f"attach {text(old)} as old (read_only)")
        carried = 0
        for schema, table in (("activation", "decisions"), ("activation", "scenario_entries"), ("run", "sealed_dates")):
            found = connection.execute(
                "select column_name from duckdb_columns() where schema_name = ? and table_name = ? "
                "group by column_name having count(distinct database_name) = 2",
                [schema, table],
            ).fetchall()
            columns = ", ".join(name for (name,) in found)
            if columns:
                carried += count_of(connection, f"old.{schema}.{table}")
                connection.execute(f"delete from {schema}.{table}")
                connection.execute(
                    f"insert into {schema}.{table} ({columns}) select {columns} from old.{schema}.{table}"
                )
        if carried:
            for (table,) in connection.execute(
                "select table_name from duckdb_tables() "
                "where schema_name = 'audiences' and database_name = current_database()"
            ).fetchall():
                connection.execute(f"delete from audiences.{table}")
        connection.execute("commit")
    finally:
        connection.close()
    if carried:
        say(f"Decisions and entries are carried over; audiences are empty until the next `{paths.command('run')}`.")


def set_exports_aside() -> None:
    """What was exported belongs to the history that was replaced: it would seal dates that were decided again."""
    if not any(committed_dates()):
        return
    private_folder(paths.backups())
    kept = next(
        folder for number in itertools.count(1) if not (folder := paths.backups() / f"exports_{number}").exists()
    )
    paths.exports().replace(kept)
    say(f"What was exported from the warehouse that is replaced is in {paths.shown(kept)}")
