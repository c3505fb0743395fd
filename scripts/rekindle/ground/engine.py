"""DuckDB, opened the way every program here opens it."""

import os
from pathlib import Path
from typing import Any

import duckdb


def connect(
    database: Path | str = ":memory:", *, read_only: bool = False, config: dict[str, Any] | None = None
) -> duckdb.DuckDBPyConnection:
    """A connection without DuckDB's own progress bar: it would stand between our lines, in logs too."""
    connection = duckdb.connect(str(database), read_only=read_only, config=config or {})
    connection.execute("set enable_progress_bar = false")
    return connection


def memory_limit() -> str:
    """What DuckDB may use (`REKINDLE_MEMORY_LIMIT`); profiles.yml has the same default, of this and of the threads."""
    return os.environ.get("REKINDLE_MEMORY_LIMIT", "4GB")


def threads() -> int:
    """The cores that DuckDB may use (`REKINDLE_THREADS`)."""
    return int(os.environ.get("REKINDLE_THREADS", "2"))


def connect_within_limits(spill: Path) -> duckdb.DuckDBPyConnection:
    """A connection for large tasks; `spill` takes what does not fit into memory."""
    connection = connect()
    connection.execute("set memory_limit = ?", [memory_limit()])
    connection.execute("set threads = ?", [threads()])
    connection.execute("set temp_directory = ?", [str(spill)])
    return connection
