"""DuckDB as every part of the benchmark uses it: same memory limit, same threads, same settings as profiles.yml."""

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from rekindle.ground.errors import RekindleError

SQL = Path(__file__).resolve().parent / "sql"
UNITS = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
# what DuckDB gets of a process' memory: dbt needs some, and DuckDB allocates beside the buffers that its limit counts
SHARE_OF_DUCKDB = 0.9


@dataclass(frozen=True)
class Engine:
    """What a process may use; `memory` in DuckDB's notation: 12GB, 500MB, 8GiB."""

    memory: str = "9GB"
    threads: int = 2

    @property
    def memory_bytes(self) -> int:
        """`memory` as a number. Raises RekindleError when it is not one."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]i?b)", self.memory.strip().lower())
        if not found:
            raise RekindleError(f"'{self.memory}' is no size of memory: give a number and a unit, such as 12GB.")
        return int(float(found[1]) * UNITS[found[2]])

    @property
    def memory_limit(self) -> str:
        """The limit that DuckDB is given."""
        return f"{int(self.memory_bytes * SHARE_OF_DUCKDB / 1e6)}MB"

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
