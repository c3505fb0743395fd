"""DuckDB, opened the way every program here opens it."""

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
