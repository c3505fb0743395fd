"""Why the file of a seed cannot be read: the lines and cells that are not what their columns ask for."""

import csv
import datetime
import itertools
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

SHOWN = 5


def _switch(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


# by how the type of a column begins: what reads it, and what to write; a text is always one
KINDS: dict[str, tuple[Callable[[str], object], str]] = {
    "int": (int, "a whole number"),
    "bigint": (int, "a whole number"),
    "decimal": (float, "a number"),
    "double": (float, "a number"),
    "date": (datetime.date.fromisoformat, "a date, such as 2024-01-01"),
    "boolean": (_switch, "true or false"),
}


# what a spreadsheet puts between columns where a comma parts decimals
SEPARATORS = {";": "semicolons", "\t": "tabs"}


def misnamed(file: Path, columns: Collection[str], delimiter: str = ",") -> str | None:
    """Why the first line of a seed is not that of its columns, in a sentence; None where it is.

    dbt loads such a file all the same, and what reads it finds a column missing.
    """
    with file.open(encoding="utf-8-sig", newline="") as handle:
        header = next(csv.reader(handle, delimiter=delimiter), [])
    lacking = [column for column in columns if column not in header]
    if not lacking:
        return None
    for separator, words in SEPARATORS.items():
        if set(columns) <= set("".join(header).split(separator)):
            return f"Seed {file.stem}: its columns are parted by {words}: save it as CSV with commas."
    others = [column for column in header if column not in columns]
    instead = f" and has {', '.join(others)}" if others else ""
    return f"Seed {file.stem}, line 1: it lacks {', '.join(lacking)}{instead}: name the columns as they were."


def misread(file: Path, types: Mapping[str, str]) -> Iterator[str]:
    """A sentence each for the first cells that their columns cannot be: which line, which column, what to write."""
    yield from itertools.islice(_misread(file, types), SHOWN)


def _misread(file: Path, types: Mapping[str, str]) -> Iterator[str]:
    with file.open(encoding="utf-8", newline="") as handle:
        rows = csv.reader(handle)
        header = next(rows, [])
        for row in rows:
            place = f"Seed {file.stem}, line {rows.line_num}"
            if row and len(row) != len(header):
                yield (
                    f"{place}: it has {len(row)} fields, the header {len(header)}: put a text that has a comma between"
                    " double quotes, and write one comma less than there are columns."
                )
                continue
            for column, text in zip(header, row, strict=False):
                cure = _cure(types.get(column, "string"), text)
                if cure:
                    yield f"{place}: {column} is {text}: write {cure}."


def _cure(data_type: str, text: str) -> str | None:
    """What to write instead of a text that its column cannot be; empty cells are the business of the tests."""
    for kind, (read, cure) in KINDS.items():
        if text and data_type.lower().startswith(kind):
            try:
                read(text)
            except (ValueError, KeyError):
                return cure
    return None
