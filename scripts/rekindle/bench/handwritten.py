"""The same tables by hand: plain DuckDB SQL with nothing around it, in a file of its own, compared row by row."""

import time
from pathlib import Path

import duckdb

from rekindle.bench.engine import SQL, Engine, count
from rekindle.bench.generate import World
from rekindle.bench.project import warehouse
from rekindle.ground.quoting import text
from rekindle.ground.settings import setting

# table by hand → the project's, in building order
TABLES = {
    "order_totals": "core.order_totals",
    "fct_orders": "core.fct_orders",
    "fct_order_lines": "core.fct_order_lines",
    "profile_days": "core.profile_days",
    "rfm_monthly": "segments.rfm_monthly",
}
# Up to so many order lines every row is compared, above it counts and sums.
ROWS_TO_COMPARE = 5_000_000

_NUMBERS = ("INTEGER", "BIGINT", "DECIMAL(18,2)")


def by_hand(folder: Path) -> Path:
    """The file that is written by hand."""
    return folder / "by_hand.duckdb"


def write(folder: Path, engine: Engine, world: World) -> dict[str, float]:
    """Writes the tables; returns the seconds of each.

    What identity and configuration make is given for free: the map from contact to profile, the cuts, the grid.
    """
    path = by_hand(folder)
    path.unlink(missing_ok=True)
    connection = engine.connect(path)
    seconds: dict[str, float] = {}
    try:
        _prepare(connection, folder, world)
        for script in sorted((SQL / "handwritten").glob("*.sql")):
            started = time.perf_counter()
            connection.execute(script.read_text(encoding="utf-8"))
            seconds[script.stem[3:]] = time.perf_counter() - started
    finally:
        connection.close()
    assert list(seconds) == list(TABLES)
    return seconds


def _prepare(connection: duckdb.DuckDBPyConnection, folder: Path, world: World) -> None:
    contract = folder / "contract"
    connection.execute(f"create view raw_orders as from {text(contract / 'input_orders' / '*.parquet')}")
    connection.execute(f"create view raw_order_lines as from {text(contract / 'input_order_lines' / '*.parquet')}")
    connection.execute(f"set variable first_month = date '{world.first_month}'")
    connection.execute(f"set variable as_of = date '{world.as_of}'")
    connection.execute(f"set variable months = {world.months}")
    connection.execute(f"set variable window_days = {int(setting('rfm_window_days', 'parquet'))}")
    connection.execute(f"attach {text(warehouse(folder))} as project (read_only)")
    connection.execute(
        "create table contact_profiles as "
        "select source_system, contact_id, profile_id from project.identity.contact_profiles"
    )
    connection.execute(
        "create table thresholds as "
        "select *, datediff('month', getvariable('first_month'), segment_month) as month_number "
        "from project.segments.rfm_thresholds"
    )
    connection.execute(
        "create table segment_grid as "
        "select r_score, fm_score, segment, rung from project.config.rfm_segment_grid "
        "join project.config.segments using (segment)"
    )
    connection.execute("detach project")


def differences(folder: Path, engine: Engine) -> dict[str, int]:
    """Per table, how many rows the project and the hand-written version do not share; 0 everywhere when they agree.

    With many rows, counts and sums of every column are compared instead, and a table that differs gives 1.
    """
    connection = engine.connect()
    try:
        connection.execute(f"attach {text(warehouse(folder))} as project (read_only)")
        connection.execute(f"attach {text(by_hand(folder))} as by_hand (read_only)")
        found = {}
        for table, relation in TABLES.items():
            mine, theirs = f"by_hand.main.{table}", f"project.{relation}"
            columns = connection.execute(f"describe {theirs}").fetchall()
            if connection.execute(f"describe {mine}").fetchall() != columns:
                found[table] = 1
                continue
            names = ", ".join(str(column[0]) for column in columns)
            if count(connection, f"select count(*) from {theirs}") <= ROWS_TO_COMPARE:
                missing, surplus = (
                    f"(select count(*) from (select {names} from {one} except all select {names} from {other}))"
                    for one, other in ((theirs, mine), (mine, theirs))
                )
                found[table] = count(connection, f"select {missing} + {surplus}")
            else:
                measures = ["count(*)", *(f"count({column[0]})" for column in columns)]
                measures += [f"sum({column[0]})" for column in columns if column[1] in _NUMBERS]
                measures += [f"min({column[0]}), max({column[0]})" for column in columns if column[1] == "DATE"]
                pair = [
                    connection.execute(f"select {', '.join(measures)} from {each}").fetchone()
                    for each in (mine, theirs)
                ]
                found[table] = 0 if pair[0] == pair[1] else 1
        return found
    finally:
        connection.close()
