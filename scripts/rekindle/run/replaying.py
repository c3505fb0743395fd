"""Replaying history: a new warehouse file, filled month by month, that takes the place of the old one when complete.

Nothing is rewound in place: what was published in the old file stays readable until the swap. The new file is its own
state (run_log says which steps are finished, run.replays what is being replayed), so a replay killed anywhere goes on
where it stopped: an interrupted step is run again, and running a step twice changes nothing.
"""

import datetime
import hashlib
import itertools
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import click
import duckdb

from rekindle.demo import responses
from rekindle.demo.sending import export_messages
from rekindle.export.runs import committed_dates
from rekindle.export.staging import count_of
from rekindle.gates.raw import check_raw
from rekindle.ground import paths
from rekindle.ground.calendar import months_between, newest_closed_month, next_month
from rekindle.ground.dbt import Dbt
from rekindle.ground.errors import RekindleError
from rekindle.ground.files import private_folder, replace_file
from rekindle.ground.quoting import text
from rekindle.ground.sources import source_files
from rekindle.ground.warehouse import (
    checkpoint,
    has_table,
    open_warehouse,
    use_warehouse,
    warehouse_runs,
    write_ahead_log,
)
from rekindle.run.backups import back_up
from rekindle.run.building import build, prepare, variables

# What decides the result besides the data. Data tests are left out: they judge tables and do not make them.
CODE = (
    *("dbt_project.yml", "selectors.yml", "macros", "models", "seeds", "snapshots"),
    *("scripts/rekindle/addresses", "scripts/rekindle/forget/blocking.py", "scripts/rekindle/demo"),
)


@dataclass(frozen=True)
class Rhythm:
    """When a replay decides whom to write to: with each month published from `decides_from` on, daily later on."""

    decides_from: datetime.date | None = None
    daily_from: datetime.date | None = None

    def decides_with(self, as_of: datetime.date) -> bool:
        """Whether the date that publishes a month also decides."""
        return self.decides_from is not None and as_of >= self.decides_from

    def days_before(self, as_of: datetime.date) -> list[datetime.date]:
        """The days between two publications that decide: after the first of the month before, up to `as_of`."""
        if self.daily_from is None:
            return []
        first = newest_closed_month(as_of) + datetime.timedelta(days=1)
        days = [first + datetime.timedelta(days=each) for each in range((as_of - first).days)]
        return [day for day in days if day >= self.daily_from]


NO_DECISIONS = Rhythm()


def replay(
    connector: str,
    first: datetime.date,
    last: datetime.date,
    accepted: frozenset[datetime.date],
    rhythm: Rhythm,
    *,
    force: bool,
) -> None:
    """Replays the months `first` to `last` (first days) and swaps the result in; the error says where it stopped."""
    warehouse = paths.warehouse()
    building = warehouse.parent / "replay" / warehouse.name  # views name their file: same name, other folder
    dbt = Dbt(connector)
    check_raw(dbt.manifest, connector, next_month(last))
    files = [file for file in source_files(dbt.manifest, connector) if not responses.is_answer(file)]
    fingerprint = fingerprint_of(files, connector, first, last, rhythm)
    if not force and is_complete(warehouse, fingerprint):
        shutil.rmtree(building.parent, ignore_errors=True)
        click.echo(f"Replay: {first:%Y-%m} to {last:%Y-%m} is in the warehouse already and nothing changed since.")
        return
    if not force:
        _keep_other_months(warehouse, first, last)
    if force or _fingerprint_in(building) != fingerprint:
        shutil.rmtree(building.parent, ignore_errors=True)
        if responses.is_laid_out(paths.data()):
            responses.lay_out(paths.data())  # another history has other answers
    use_warehouse(building)
    try:
        _note_start(building, fingerprint, first, last, carried_from=warehouse)
        _replay_months(dbt, building, months_between(first, last), accepted, rhythm)
        _note_end(building)
    finally:
        use_warehouse(warehouse)
    if rhythm.decides_from is None:
        carry_decisions(warehouse, building)
    swap(dbt, building, warehouse)
    if rhythm.decides_from is not None:
        set_exports_aside()


def _replay_months(
    dbt: Dbt, building: Path, months: list[datetime.date], accepted: frozenset[datetime.date], rhythm: Rhythm
) -> None:
    started = time.monotonic()
    finished = {(run.command_scope, run.as_of_date) for run in warehouse_runs(building) if run.is_finished}
    click.echo(f"Replay of {months[0]:%Y-%m} to {months[-1]:%Y-%m} in {building}")
    if not any(scope == "base" for scope, _ in finished):
        prepare(dbt, next_month(months[0]), is_replay=True)
        _step(dbt, "base", next_month(months[0]), None)
        click.echo(f"  customers and facts    {time.monotonic() - started:5.1f} s")
    _refuse_months_before_data(building, months[0])
    for month in months[:-1]:
        as_of = next_month(month)
        begun = time.monotonic()
        days = [day for day in rhythm.days_before(as_of) if day > next_month(months[0])]
        _decide(dbt, building, days, finished)
        decides = rhythm.decides_with(as_of)
        if ("monthly", as_of) not in finished:
            _step(dbt, "publication_day" if decides else "monthly", as_of, month if month in accepted else None)
        if decides:
            _send(building, as_of)
        click.echo(f"  {month:%Y-%m}                {time.monotonic() - begun:5.1f} s")
    as_of = next_month(months[-1])
    begun = time.monotonic()
    days = [day for day in rhythm.days_before(as_of) if day > next_month(months[0])]
    _decide(dbt, building, days, finished)
    if days:
        click.echo(f"  {len(days)} days of decisions  {time.monotonic() - begun:5.1f} s")
    if rhythm.decides_from is not None and ("full", as_of) not in finished:
        _step(dbt, "facts_of_replay", as_of, None)
    if ("full", as_of) not in finished:
        build(
            dbt,
            as_of,
            months[-1] if months[-1] in accepted else None,
            title=f"  {months[-1]:%Y-%m} and what is wanted once",
            selection=("--selector", "complete"),
        )
    click.echo(f"  replayed in            {time.monotonic() - started:5.1f} s")


def _decide(dbt: Dbt, building: Path, days: list[datetime.date], finished: set[tuple[str, datetime.date]]) -> None:
    """Days between two publications: decide, send, hear what comes back before the next."""
    for day in days:
        if ("daily", day) not in finished:
            _step(dbt, "day_of_replay", day, None)
        _send(building, day)


def _send(building: Path, as_of: datetime.date) -> None:
    """Exports what was decided as of a date, and lets the demo's world answer it."""
    if responses.folder_of(paths.data(), as_of).is_dir():
        return
    exported = export_messages(building, building.parent / "exports", as_of)
    responses.play(paths.data(), as_of, [exported])


def _step(dbt: Dbt, selector: str, as_of: datetime.date, accept: datetime.date | None) -> None:
    result = dbt.run(
        "build",
        "--selector",
        selector,
        "--no-write-json",
        variables=variables(as_of, accept),
    )
    if not result.success:
        raise RekindleError(
            f"The replay stopped as of {as_of} (see above); the warehouse in use is as it was. "
            "Mend the cause and run the same command again: it goes on from there unless data or models changed."
        )


def swap(dbt: Dbt, building: Path, warehouse: Path) -> None:
    """Puts the replayed file in the warehouse's place; the kept tables of the old one are backed up before."""
    checkpoint(building)
    if warehouse.exists():
        if any(run.is_finished for run in warehouse_runs(warehouse)):
            kept = back_up(dbt.manifest, warehouse)
            click.echo(f"The memory of the warehouse that is replaced is in {kept}")
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
        click.echo(
            "Decisions and entries are carried over; audiences are empty until the next `python scripts/run.py`."
        )


def set_exports_aside() -> None:
    """What was exported belongs to the history that was replaced: it would seal dates that were decided again."""
    if not any(committed_dates()):
        return
    private_folder(paths.backups())
    kept = next(
        folder for number in itertools.count(1) if not (folder := paths.backups() / f"exports_{number}").exists()
    )
    paths.exports().replace(kept)
    click.echo(f"What was exported from the warehouse that is replaced is in {kept}")


def fingerprint_of(
    files: list[Path], connector: str, first: datetime.date, last: datetime.date, rhythm: Rhythm = NO_DECISIONS
) -> str:
    """Changes with the raw data, the models, seeds, macros and settings, and with what is asked for."""
    digest = hashlib.sha256(f"{connector} {first} {last} {rhythm}".encode())
    code = [path for name in CODE for path in [paths.PROJECT / name, *sorted((paths.PROJECT / name).rglob("*"))]]
    for path in [*code, *files]:
        if path.is_file():
            digest.update(f"\n{path.name} {path.stat().st_size}\n".encode())
            with path.open("rb") as handle:
                digest.update(hashlib.file_digest(handle, "blake2b").digest())
    return digest.hexdigest()


def is_complete(path: Path, fingerprint: str) -> bool:
    """Whether the file holds the finished replay with that fingerprint."""
    return any(found == fingerprint and finished for found, finished in _replays(path))


def _fingerprint_in(path: Path) -> str | None:
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


def _note_start(path: Path, fingerprint: str, first: datetime.date, last: datetime.date, carried_from: Path) -> None:
    if _fingerprint_in(path) is not None:
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


def _note_end(path: Path) -> None:
    connection = open_warehouse(path)
    try:
        connection.execute("update run.replays set is_finished = true")
    finally:
        connection.close()


def _keep_other_months(warehouse: Path, first: datetime.date, last: datetime.date) -> None:
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


def _refuse_months_before_data(building: Path, first: datetime.date) -> None:
    connection = open_warehouse(building)
    try:
        row = connection.execute("select min(order_date) from core.profile_days").fetchone()
    finally:
        connection.close()
    if row and row[0] is not None and first < row[0].replace(day=1):
        raise RekindleError(
            f"The first order is of {row[0]}: replay from {row[0]:%Y-%m} on, there is nothing to publish before."
        )
