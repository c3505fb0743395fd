"""Raw contract Parquet at any size: what connector `parquet` reads, made by DuckDB SQL, the same every time."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rekindle.bench.engine import SQL, Engine, count
from rekindle.ground.calendar import next_month
from rekindle.ground.errors import RekindleError
from rekindle.ground.quoting import text

# The last month of the data, whatever its length: the "one more month" that is added to a finished build.
LAST_MONTH = datetime.date(2025, 12, 1)
LEAST_MONTHS = 13

SINGLE_FILES = (
    "contacts",
    "consents",
    "stores",
    "products",
    "messages",
    "message_events",
    "web_events",
)
MONTHLY_FILES = ("orders", "order_lines")
# A dictionary pays for a handful of values; building one of all amounts costs a third of the writing.
FORMAT = "format parquet, dictionary_size_limit 1000"


@dataclass(frozen=True)
class World:
    """How much to generate: persons, and closed months before the last one."""

    profiles: int
    months: int = 24

    def __post_init__(self) -> None:
        if self.profiles < 1:
            raise RekindleError(f"--profiles is {self.profiles}: it must be at least 1.")
        if self.months < LEAST_MONTHS:
            raise RekindleError(
                f"--months is {self.months}: at least {LEAST_MONTHS}, a window of a year and a month to move in."
            )

    @property
    def first_month(self) -> datetime.date:
        """The first day of the data."""
        months = LAST_MONTH.year * 12 + LAST_MONTH.month - 1 - self.months
        return datetime.date(months // 12, months % 12 + 1, 1)

    @property
    def as_of(self) -> datetime.date:
        """The date of the full build: the last month of the data is not closed yet."""
        return LAST_MONTH

    @property
    def next_as_of(self) -> datetime.date:
        """The date of the build a month later."""
        return next_month(LAST_MONTH)


def generate(world: World, folder: Path, engine: Engine) -> dict[str, int]:
    """Writes input_<entity>.parquet (orders and lines: a folder with a file per month) and phone_numbers.parquet.

    Returns rows per entity. `folder`/contract is what REKINDLE_CONTRACT_PATH names; phone_numbers.parquet is beside it.
    A file that is there, of a call before, is left as it is.
    """
    contract = folder / "contract"
    contract.mkdir(parents=True, exist_ok=True)
    scratch = folder / "generate.duckdb"
    scratch.unlink(missing_ok=True)
    rows: dict[str, int] = {}
    connection = engine.connect(scratch)
    try:
        connection.execute(f"set variable profiles = {world.profiles}")
        connection.execute(f"set variable months = {world.months + 1}")
        connection.execute(f"set variable first_month = date '{world.first_month}'")
        for script in sorted((SQL / "generate").glob("*.sql")):
            connection.execute(script.read_text(encoding="utf-8"))
        for relation, file in [*_files(world, contract), ("phone_numbers", folder / "phone_numbers.parquet")]:
            if not file.exists():
                half = folder / "half.parquet"
                connection.execute(f"copy (from {relation}) to {text(half)} ({FORMAT})")
                half.replace(file)
        for entity in SINGLE_FILES:
            rows[entity] = count(connection, f"select count(*) from {text(contract / f'input_{entity}.parquet')}")
        for entity in MONTHLY_FILES:
            rows[entity] = count(connection, f"select count(*) from {text(contract / f'input_{entity}' / '*.parquet')}")
    finally:
        connection.close()
        scratch.unlink(missing_ok=True)
    return rows


def _files(world: World, contract: Path) -> Iterator[tuple[str, Path]]:
    for entity in SINGLE_FILES:
        yield f"input_{entity}", contract / f"input_{entity}.parquet"
    month = world.first_month
    for number in range(world.months + 1):
        for entity in MONTHLY_FILES:
            file = contract / f"input_{entity}" / f"{month:%Y-%m}.parquet"
            file.parent.mkdir(exist_ok=True)
            yield f"input_{entity}({number})", file
        month = next_month(month)
