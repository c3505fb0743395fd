"""DuckDB, opened the way every program here opens it."""

import os
import re
from pathlib import Path
from typing import Any

import duckdb

from rekindle.ground.errors import RekindleError

_AMOUNT = re.compile(r"\d+(\.\d+)? ?[kmgt]i?b", re.IGNORECASE)


def connect(
    database: Path | str = ":memory:", *, read_only: bool = False, config: dict[str, Any] | None = None
) -> duckdb.DuckDBPyConnection:
    """A connection without DuckDB's own progress bar: it would stand between our lines, in logs too."""
    connection = duckdb.connect(str(database), read_only=read_only, config=config or {})
    connection.execute("set enable_progress_bar = false")
    return connection


def memory_limit() -> str:
    """What DuckDB may use (`REKINDLE_MEMORY_LIMIT`); profiles.yml has the same default, of this and of the threads."""
    given = os.environ.get("REKINDLE_MEMORY_LIMIT", "4GB")
    if _AMOUNT.fullmatch(given) is None:
        raise RekindleError("REKINDLE_MEMORY_LIMIT is no amount of memory: write one such as 4GB.")
    return given


def threads() -> int:
    """The cores that DuckDB may use (`REKINDLE_THREADS`)."""
    given = os.environ.get("REKINDLE_THREADS", "2")
    if not given.isdecimal() or int(given) == 0:
        raise RekindleError("REKINDLE_THREADS is no number of cores: write a whole number, at least 1.")
    return int(given)


def connect_within_limits(spill: Path) -> duckdb.DuckDBPyConnection:
    """A connection for large tasks; `spill` takes what does not fit into memory."""
    return connect(config={"memory_limit": memory_limit(), "threads": threads(), "temp_directory": str(spill)})
