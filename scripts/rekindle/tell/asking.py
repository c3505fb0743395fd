"""Questions to a warehouse, and what answers are given as."""

from collections.abc import Callable
from typing import Any

import duckdb

from rekindle.ground.warehouse import has_table

Row = dict[str, Any]
# subject, code and values of a row of the seed sentences
Sentence = Callable[[str, str, Row], str]


def rows_of(connection: duckdb.DuckDBPyConnection, question: str, parameters: list[Any] | None = None) -> list[Row]:
    """The answer to a question, each row by its columns."""
    cursor = connection.execute(question, parameters or [])
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def denies_profiling(connection: duckdb.DuckDBPyConnection, profile_id: str) -> bool:
    """Has the person said no to profiling, also since the last run that foretold something of her?"""
    denials = "select 1 from core.profiling_denials where profile_id = ?"
    return has_table(connection, "core", "profiling_denials") and bool(rows_of(connection, denials, [profile_id]))
