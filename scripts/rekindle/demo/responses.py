"""The demo's simulated world: the e-mail provider and the customers answer what was exported for a date.

It reads the exported files of date D, the raw baskets and who is who in reality, never the warehouse, and writes
events later than D to `raw/world/caused_by=D/`. The feedback loop is unrolled in time: a decision sees what earlier
decisions caused, no more. Draws are sha256 of a seed and keys: the same exports give the same files, byte by byte.
"""

import datetime
import shutil
from collections.abc import Sequence
from pathlib import Path

import duckdb

from rekindle.ground.engine import connect
from rekindle.ground.errors import RekindleError
from rekindle.ground.quoting import file_text, parquet, text

SQL_FOLDER = Path(__file__).with_name("world_sql")
# what is written: file name, table, a unique order
FILES = (
    ("messages", "messages", "message_id"),
    ("message_events", "message_events", "message_id, event_type, occurred_at, is_machine"),
    ("offer_assignments", "offer_assignments", "assignment_id"),
    ("offer_redemptions", "offer_redemptions", "redemption_id"),
    ("transactions", "transactions_of_the_world", "basket_id, line_number"),
    ("web_events", "web_events", "event_id"),
    ("service_events", "service_events", "event_id"),
    ("contact_preferences", "contact_preferences", "source_system, contact_id, declared_at, preference_type"),
)
# what the world looks at: of an exported file, of the offers, of who is who in reality, of the baskets
TABLES = {
    "exported": {
        "decision_id": "varchar",
        "profile_id": "varchar",
        "scenario_id": "varchar",
        "entry_key": "varchar",
        "step": "varchar",
        "channel": "varchar",
        "variant": "varchar",
        "offer_id": "varchar",
        "send_at": "varchar",
    },
    "offers": {"offer_id": "varchar", "face_value_amount": "decimal(18, 2)"},
    "people": {"source_system": "varchar", "contact_id": "varchar", "person_id": "varchar"},
    "till_lines": {
        "household_id": "varchar",
        "store_id": "varchar",
        "basket_id": "varchar",
        "line_number": "integer",
        "product_id": "varchar",
        "quantity": "integer",
        "sales_value": "decimal(18, 2)",
        "retail_disc": "decimal(18, 2)",
        "transaction_timestamp": "timestamp",
    },
}
NOBODY_YET = "nobody_yet"


def folder_of(data: Path, as_of: datetime.date) -> Path:
    """Where the answers to what was decided as of that date are."""
    return data / "raw" / "world" / f"caused_by={as_of}"


def play(data: Path, as_of: datetime.date, exported: Sequence[Path]) -> dict[str, int]:
    """Writes what the exported files of a date cause, all of it or nothing; rows per file. Files are Parquet or CSV."""
    return _write(data, folder_of(data, as_of), exported, as_of)


def lay_out(data: Path) -> None:
    """Empties the world: files with the right columns and no rows, so that a build without answers finds its tables."""
    shutil.rmtree(data / "raw" / "world", ignore_errors=True)
    _write(data, data / "raw" / "world" / f"caused_by={NOBODY_YET}", [], datetime.date.min)


def is_laid_out(data: Path) -> bool:
    """Whether the world has been emptied at all; it may have been played since."""
    return (data / "raw" / "world" / f"caused_by={NOBODY_YET}").is_dir()


def is_answer(file: Path) -> bool:
    """Whether a raw file was written by the world: it follows from the others and from the code."""
    return file.parent.parent.name == "world"


def _write(data: Path, folder: Path, exported: Sequence[Path], as_of: datetime.date) -> dict[str, int]:
    unfinished = data / "raw" / f".{folder.name}"  # not below world/: a build may look there at any moment
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    rows = {}
    with connect(config={"threads": 1}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        _read(connection, data / "raw", exported, as_of)
        for script in sorted(SQL_FOLDER.glob("*.sql")):
            connection.execute(script.read_text(encoding="utf-8"))
        for name, table, order in FILES:
            counted = connection.execute(f"select count(*) from {table}").fetchone()
            rows[name] = int(counted[0]) if counted else 0
            path = unfinished / f"{name}.parquet"
            connection.execute(f"copy (select * from {table} order by {order}) to {text(path)} (format parquet)")
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)
    return rows


def _read(connection: duckdb.DuckDBPyConnection, raw: Path, exported: Sequence[Path], as_of: datetime.date) -> None:
    for name, columns in TABLES.items():
        connection.execute(f"create table {name} ({', '.join(f'{column} {kind}' for column, kind in columns.items())})")
    for file in exported:
        csv = f"read_csv({file_text(file)}, header = true, all_varchar = true, comment = '', hive_partitioning = false)"
        reader = parquet(file) if file.suffix == ".parquet" else csv
        # a list that ad platforms mirror leaves again and again: who is on it answers to the first time
        connection.execute(
            f"insert into exported select {', '.join(TABLES['exported'])} from {reader} "
            "where cast(send_at as date) > ?",
            [as_of],
        )
    counted = connection.execute("select count(*) from exported").fetchone()
    if counted == (0,):
        return  # nobody was written to: nothing of the world is needed to say that nothing came back
    people = raw / "synthetic" / "_truth_people.parquet"
    baskets = raw / "completejourney" / "transactions.parquet"
    archive = raw / "synthetic" / "till_archive.parquet"
    offers = raw / "synthetic" / "marketing_offers.parquet"
    for file in (people, baskets, archive, offers):
        if not file.is_file():
            raise RekindleError(f"The world lacks {file}: load the demo first, `python scripts/load_demo.py`.")
    connection.execute(f"insert into offers select {', '.join(TABLES['offers'])} from {parquet(offers)}")
    connection.execute(f"insert into people select {', '.join(TABLES['people'])} from {parquet(people)}")
    # a view: few households come back, the files are not kept
    line = ", ".join(TABLES["till_lines"])
    tills = " union all ".join(f"select {line} from {parquet(file)}" for file in (baskets, archive))
    connection.execute("drop table till_lines")
    connection.execute(f"create view till_lines as {tills}")
