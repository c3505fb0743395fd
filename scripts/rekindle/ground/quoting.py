"""Names and texts as SQL spells them, for statements that take no parameter in that place."""

import glob
from pathlib import Path


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
