"""Names and texts as SQL spells them, for statements that take no parameter in that place."""

import glob
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from rekindle.ground import rules


def name(identifier: str) -> str:
    """A quoted SQL name."""
    return '"' + identifier.replace('"', '""') + '"'


def file_text(path: str | Path) -> str:
    """A quoted SQL text for readers of files, which take * ? [ in a name for a pattern and read other files too."""
    return text(glob.escape(str(path)))


def parquet(path: str | Path, *others: str | Path) -> str:
    """The rows of Parquet files of one shape as a relation; a folder called a=b on the way adds no column."""
    files = file_text(path) if not others else f"[{', '.join(map(file_text, (path, *others)))}]"
    return f"read_parquet({files}, hive_partitioning = false)"


def text(value: str | Path) -> str:
    """A quoted SQL text."""
    return "'" + str(value).replace("'", "''") + "'"


class Spelling(NamedTuple):
    """How an engine spells names, texts, and a choice among pairs of values."""

    name: Callable[[str], str]
    text: Callable[[str], str]
    pairs: Callable[[tuple[str, str], list[tuple[str, str]]], str]


def _spark_name(identifier: str) -> str:
    return "`" + identifier.replace("`", "``") + "`"


def _spark_text(value: str) -> str:
    return rules.apply("spark_text", value)


def _among_pairs(columns: tuple[str, str], values: list[tuple[str, str]]) -> str:
    return f"({', '.join(columns)}) in ({', '.join(f'({text(one)}, {text(other)})' for one, other in values)})"


def _spark_among_pairs(columns: tuple[str, str], values: list[tuple[str, str]]) -> str:
    one, other = columns
    each = (f"({one} = {_spark_text(first)} and {other} = {_spark_text(second)})" for first, second in values)
    return f"({' or '.join(each)})"


DUCKDB = Spelling(name, text, _among_pairs)
# there a backslash escapes, and rows are no pairs
SPARK = Spelling(_spark_name, _spark_text, _spark_among_pairs)
