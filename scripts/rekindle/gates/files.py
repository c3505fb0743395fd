"""The gate after an export: each file is read back as it was written and judged before the manifest commits the run.

It asks again what staging promised, by another road: from the bytes on the disk back to the people behind them. DuckDB
counts; Great Expectations sees counts that are out of bounds.
"""

import csv
import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from rekindle.gates.judge import Gate, Measure
from rekindle.ground.errors import ContractError
from rekindle.ground.files import Format
from rekindle.ground.quoting import file_text, name, parquet, text

# erasing people takes them out of a ledger and leaves its manifest: half of many is more than ever asks for it
ROWS_WORTH_COMPARING = 500
LEAST_LEDGER_SHARE = 0.5


@dataclass(frozen=True)
class Bodies:
    """A file of request bodies, one per line: where its rows are found, as JSON paths."""

    keys: list[str]  # of every body
    most: int  # members of one body
    members: str
    values: list[str]  # in a member, per column of the promise


@dataclass(frozen=True)
class Promise:
    """What a file must be. Columns are numbered in its order; `people` finds who is behind a row."""

    columns: list[str]
    format: Format
    has_header: bool
    delimiter: str
    identifiers: tuple[int, ...] = ()
    hashed: tuple[int, ...] = ()
    # a query of one row per person: key (of the identifiers as written), has_evidence, is_withdrawn, is_permitted
    people: str | None = None
    bodies: Bodies | None = None

    @property
    def written(self) -> list[str]:
        """The columns that the file itself names."""
        return self.bodies.keys if self.bodies else self.columns


def check_files(
    gate: Gate,
    connection: duckdb.DuckDBPyConnection,
    feed: str,
    files: list[tuple[Path, int, Promise]],
    more: list[Measure],
) -> None:
    """Raises ContractError, one sentence per expectation that a file (path, rows, promise) does not meet."""
    measures = [measure for path, rows, promise in files for measure in measures_of(connection, path, rows, promise)]
    closed = gate.judge(f"{feed} {files[0][0].parent.name}", [*more, *measures])
    if closed:
        raise ContractError(
            " ".join(closed) + f" Nothing of feed {feed} was committed: {gate.page} shows all that was expected."
        )


def people_of(rows: str, evidenced: str, withdrawn: str, permitted: str, identifiers: list[str]) -> str:
    """The query of Promise.people for staged rows: from two queries of persons and a condition.

    A row's identifiers become one number: joining texts takes many times as long.
    """
    return (
        f"select {_key(identifiers)} as key, person in ({evidenced}) as has_evidence, "
        f"person in ({withdrawn}) as is_withdrawn, {permitted} as is_permitted from {rows} where reject is null"
    )


def ledger_measure(feed: str, members: int, known: int) -> list[Measure]:
    """The ledger that the run starts from, against its manifest: whom it has lost can never be removed."""
    if members < ROWS_WORTH_COMPARING:
        return []
    least = members * LEAST_LEDGER_SHARE
    rule = f"{least:,.0f} to {members:,} members in the ledger of the last run, whose manifest says {members:,}"
    return [Measure(f"Feed {feed}", "ledger", known, rule, f"{known:,}", smallest=least, largest=members)]


def measures_of(connection: duckdb.DuckDBPyConnection, path: Path, rows: int, promise: Promise) -> list[Measure]:
    """The suite of one file, measured."""
    written = _columns(path, promise)
    differing = len(set(promise.written) ^ set(written)) or int(promise.written != written)
    subject = f"File {path.name}"
    rule = "its columns are those of the target, in their order"
    measures = [Measure(subject, "columns", differing, rule, f"{differing} others", largest=0)]
    if differing:
        return measures
    try:
        return measures + _rows_measures(connection, path, rows, promise, subject)
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        return [*measures, Measure(subject, "readable", 1, "it can be read back", "an error", largest=0)]


def _rows_measures(
    connection: duckdb.DuckDBPyConnection, path: Path, rows: int, promise: Promise, subject: str
) -> list[Measure]:
    columns = ", ".join(f"{name(column)} as f{number}" for number, column in enumerate(promise.columns))
    table = f"(select {columns} from {_rows(path, promise)})"
    ids = [f"f{number}" for number in promise.identifiers]
    asked = {"rows": "count(*)"}
    if ids:
        asked["anonymous"] = f"count(case when coalesce({', '.join(ids)}) is null then 1 end)"
    if promise.hashed:
        # all of a row at once: a counted repetition per column takes longer than reading the file
        hashed = [f"f{number}" for number in promise.hashed]
        bad = [
            f"regexp_matches(concat({', '.join(hashed)}), '[^0-9a-f]')",
            *(f"strlen({each}) <> 64" for each in hashed),
        ]
        asked["unhashed"] = f"count(case when {' or '.join(bad)} then 1 end)"
    if ids:
        # as many different hashes as rows means as many different rows; counting the rows themselves takes far longer
        asked["different"] = f"count(distinct {_key(ids)})"
        asked["digest"] = _digest(_key(ids))
    found = _counts(connection, asked, table)
    if ids:
        found["repeated"] = found["rows"] - found["different"]
        if found["repeated"]:
            distinct = _counts(connection, {"rows": "count(*)"}, f"(select distinct {', '.join(ids)} from {table})")
            found["repeated"] = found["rows"] - distinct["rows"]
    if promise.bodies:
        each = f"(select len({_members(promise.bodies)}) as members from {_lines(path, promise)})"
        largest = f"count(case when members > {promise.bodies.most} then 1 end)"
        found |= _counts(connection, {"oversized": largest}, each)
    if promise.people:
        found |= _people(connection, table, promise, found)
    rules = {
        "anonymous": "no row is without an identifier",
        "unhashed": "what is to be hashed is 64 hex digits",
        "repeated": "no identifier stands in two rows",
        "oversized": "no request has more members than the platform takes",
        "without_evidence": "every row is somebody with evidence of consent",
        "withdrawn": "nobody who withdrew or is to be erased",
        "not_permitted": "nobody, and no address, that may not be written to",
    }
    read = found["rows"]
    return [
        Measure(subject, "rows", read, f"{rows:,} rows as written", f"{read:,}", smallest=rows, largest=rows),
        *(
            Measure(subject, key, found[key], rule, f"{found[key]:,} rows", largest=0)
            for key, rule in rules.items()
            if key in found
        ),
    ]


def _people(
    connection: duckdb.DuckDBPyConnection, table: str, promise: Promise, found: dict[str, int]
) -> dict[str, int]:
    """How many rows are of somebody without evidence, of somebody who withdrew, or where nobody may be written to."""
    allowed = f"({promise.people}) as people where has_evidence and not is_withdrawn and is_permitted"
    theirs = {"rows": "count(*)", "digest": _digest("key")}
    if not found["repeated"] and all(
        found[key] == value for key, value in _counts(connection, theirs, allowed).items()
    ):
        return {"without_evidence": 0, "withdrawn": 0, "not_permitted": 0}
    who = {
        "without_evidence": "count(case when not coalesce(has_evidence, false) then 1 end)",
        "withdrawn": "count(case when is_withdrawn then 1 end)",
        "not_permitted": "count(case when not is_permitted then 1 end)",
    }
    key = _key([f"f{number}" for number in promise.identifiers])
    return _counts(connection, who, f"{table} as file left join ({promise.people}) as people on {key} = people.key")


def _key(identifiers: list[str]) -> str:
    return f"hash({', '.join(identifiers)})"


def _digest(key: str) -> str:
    """Equal for two sets of rows that are equal, whatever their order: joining them takes ten times as long."""
    return f"coalesce(sum(cast({key} as hugeint)), 0)"


def _counts(connection: duckdb.DuckDBPyConnection, asked: dict[str, str], source: str) -> dict[str, int]:
    (answer,) = connection.execute(f"select {', '.join(asked.values())} from {source}").fetchall()
    return dict(zip(asked, answer, strict=True))


def _rows(path: Path, promise: Promise) -> str:
    """The rows of the file, also when several of them stand in a line."""
    if promise.bodies is None:
        return _lines(path, promise)
    values = ", ".join(
        f"{_value(place)} as {name(column)}"
        for column, place in zip(promise.columns, promise.bodies.values, strict=True)
    )
    return f"(select {values} from (select unnest({_members(promise.bodies)}) as member from {_lines(path, promise)}))"


def _members(bodies: Bodies) -> str:
    """The members of a body, as a list."""
    key = next(key for key in bodies.keys if bodies.members.startswith(f'$."{key}"'))
    place = bodies.members.replace(f'$."{key}"', "$", 1)
    return f"cast(json_extract({name(key)}, {text(place)}) as json[])"


def _value(place: str) -> str:
    """One value of a member; where the place is in a list, the first."""
    found = f"json_extract_string(member, {text(place)})"
    return f"nullif({found + '[1]' if '[*]' in place else found}, '')"


def _lines(path: Path, promise: Promise) -> str:
    """The file as DuckDB reads it: text, without guessing."""
    type = "JSON" if promise.bodies else "VARCHAR"
    columns = "{" + ", ".join(f"{text(column)}: '{type}'" for column in promise.written) + "}"
    if promise.format == "parquet":
        return parquet(path)
    if promise.format == "jsonl":
        return (
            f"read_json({file_text(path)}, format = 'newline_delimited', columns = {columns}, "
            "hive_partitioning = false)"
        )
    return (
        f"read_csv({file_text(path)}, auto_detect = false, header = {str(promise.has_header).lower()}, "
        f"delim = {text(promise.delimiter)}, quote = '\"', escape = '\"', comment = '', nullstr = '', "
        f"columns = {columns}, "
        "hive_partitioning = false)"
    )


def _columns(path: Path, promise: Promise) -> list[str]:
    """The columns that the file itself names; those promised when it names none."""
    if promise.format == "parquet":
        described = duckdb.execute(f"describe select * from {parquet(path)}").fetchall()
        return [str(row[0]) for row in described]
    opener: Any = gzip.open if promise.format == "csv.gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as handle:
        if promise.format == "jsonl":
            first = handle.readline()
            return list(json.loads(first)) if first else promise.written
        if not promise.has_header:
            return promise.columns
        return next(csv.reader(handle, delimiter=promise.delimiter), [])
