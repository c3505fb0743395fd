"""DuckDB as every part of the benchmark uses it: same memory limit, same threads, same settings as profiles.yml."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

SQL = Path(__file__).resolve().parent / "sql"


@dataclass(frozen=True)
class Engine:
    """What DuckDB may use."""

    memory_limit: str = "12GB"
    threads: int = 2

    def connect(self, path: Path | None = None) -> duckdb.DuckDBPyConnection:
        """A database file, or one in memory."""
        connection = duckdb.connect(
            ":memory:" if path is None else str(path),
            config={"memory_limit": self.memory_limit, "threads": self.threads, "preserve_insertion_order": False},
        )
        connection.execute("set timezone = 'UTC'; set enable_progress_bar = false")
        return connection


def count(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    """The one number a query returns."""
    row = connection.execute(sql).fetchone()
    assert row is not None
    return int(row[0])
