"""Where dbt builds: the one thing that differs for programs between a DuckDB file and a lake.

Programs read and write SQL of DuckDB, in the file that `paths.warehouse()` names. On DuckDB that is the warehouse
itself. Of a lake it is a file that a command has at hand while it runs: what it is about to read is fetched into it,
what it wrote is stored from it, each table in one commit, and the file goes when the command ends.
"""

import contextlib
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from rekindle.ground import lake, paths
from rekindle.ground.lake import Place
from rekindle.ground.warehouse import columns_of, open_warehouse, write_ahead_log

# what commands know of runs
RUNS = (("run", "run_log"), ("run", "sealed_dates"), ("run", "last_build"), ("run", "loaded_seeds"))


class Store(Protocol):
    """What programs ask of a warehouse besides SQL."""

    def opened(self) -> contextlib.AbstractContextManager[None]:
        """While a command works, and nobody else does: what is known of runs is at hand."""

    def fetch(self, *wanted: Place | str) -> None:
        """Brings tables, or all tables of schemas, as they are now; what is not there is not there after either."""

    def store(self, *written: Place | str) -> None:
        """Keeps what a program wrote, dropped tables too."""

    def relations(self) -> set[Place]:
        """Every table and view."""

    def columns(self, wanted: Iterable[Place]) -> Mapping[Place, set[str]]:
        """The columns of those of the tables and views that are there."""


class _File:
    """The DuckDB file is all there is: nothing to bring or to keep."""

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        yield

    def fetch(self, *wanted: Place | str) -> None:
        del wanted

    def store(self, *written: Place | str) -> None:
        del written

    def relations(self) -> set[Place]:
        return set(self.columns(()))

    def columns(self, wanted: Iterable[Place]) -> Mapping[Place, set[str]]:
        del wanted  # DuckDB tells all at once
        with contextlib.closing(open_warehouse(paths.warehouse(), read_only=True)) as connection:
            return columns_of(connection)


class _Lake:
    """Iceberg tables, by the Spark session of this process."""

    def __init__(self) -> None:
        # what is in the file, and of which version; None: of a view, which may show other rows at any time
        self._at_hand: dict[Place, str | None] = {}

    @property
    def file(self) -> Path:
        """Private, and there while a command runs."""
        return paths.warehouse()

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        self._clear()  # what a killed command left
        try:
            open_warehouse(self.file).close()
            self.fetch(*RUNS)
            yield
        finally:
            self._clear()

    def fetch(self, *wanted: Place | str) -> None:
        spark = lake.session()
        schemas = {each if isinstance(each, str) else each[0] for each in wanted}
        tables = self._meant(lake.relations(spark, "tables", schemas=schemas), wanted)
        views = self._meant(lake.relations(spark, "views", schemas=schemas), wanted)
        versions = {place: lake.version(spark, place) for place in tables}
        lake.copy(spark, [*(each for each in tables if self._at_hand.get(each) != versions[each]), *views], self.file)
        gone = [place for place in self._meant(self._at_hand, wanted) if place not in {*tables, *views}]
        with contextlib.closing(open_warehouse(self.file)) as connection:
            for place in gone:
                connection.execute(f"drop table if exists {'.'.join(place)}")
        self._at_hand = {each: held for each, held in self._at_hand.items() if each not in gone}
        self._at_hand |= versions | dict.fromkeys(views)

    def store(self, *written: Place | str) -> None:
        spark = lake.session()
        with contextlib.closing(open_warehouse(self.file, read_only=True)) as connection:
            held = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        lake.put(
            spark, self._meant({*held, *(each for each in written if not isinstance(each, str))}, written), self.file
        )
        self._at_hand |= {place: lake.version(spark, place) for place in self._meant(held, written)}

    def relations(self) -> set[Place]:
        return {*lake.relations(lake.session(), "tables", "views")}

    def columns(self, wanted: Iterable[Place]) -> Mapping[Place, set[str]]:
        return lake.columns(lake.session(), {*wanted})

    @staticmethod
    def _meant(places: Iterable[Place], wanted: Iterable[Place | str]) -> list[Place]:
        schemas = {each for each in wanted if isinstance(each, str)}
        return sorted(place for place in places if place in wanted or place[0] in schemas)

    def _clear(self) -> None:
        self._at_hand = {}
        for file in (self.file, write_ahead_log(self.file)):
            file.unlink(missing_ok=True)
        for folder in self.file.parent.glob(f"{lake.ON_THE_WAY}*"):
            shutil.rmtree(folder)


_FILE, _LAKE = _File(), _Lake()


def store() -> Store:
    """That of this process (`REKINDLE_TARGET`)."""
    return _LAKE if paths.on_spark() else _FILE
