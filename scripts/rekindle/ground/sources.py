"""The gate before a build: every raw file of the connector is there, can be read and has the declared columns.

What is looked at comes from the project itself (the sources that the connector's models read, from the manifest), so a
new connector is checked without a line of code. Only headers and footers are read: rows are the build's business.
"""

import glob
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
from dbt.adapters.duckdb.relation import DuckDBRelation
from dbt.contracts.graph.manifest import Manifest

from rekindle.ground import paths
from rekindle.ground.engine import connect
from rekindle.ground.errors import RekindleError
from rekindle.ground.quoting import text

_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_FAMILIES = {
    "BOOLEAN": "boolean",
    "TINYINT": "integer",
    "SMALLINT": "integer",
    "INTEGER": "integer",
    "INT": "integer",
    "BIGINT": "integer",
    "HUGEINT": "integer",
    "UTINYINT": "integer",
    "USMALLINT": "integer",
    "UINTEGER": "integer",
    "UBIGINT": "integer",
    "FLOAT": "number",
    "REAL": "number",
    "DOUBLE": "number",
    "DECIMAL": "number",
    "NUMERIC": "number",
    "VARCHAR": "text",
    "TEXT": "text",
    "STRING": "text",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "DATETIME": "timestamp",
}
# what DuckDB unpacks while it reads
_PACKED = (".gz", ".zst")
# An integer column serves where a number is declared: the values fit.
_ACCEPTED = {("number", "integer")}


def source_files(manifest: Manifest, connector: str) -> list[Path]:
    """The raw files the connector reads, sorted; missing ones are left out."""
    if connector == "parquet":
        return sorted(paths.contract().glob("**/*.parquet"))
    found = {
        path
        for source in external_sources(manifest, connector)
        for pattern in _patterns(_location(source))
        for path in _matches(pattern)
    }
    return sorted(found)


def check_sources(manifest: Manifest, connector: str) -> None:
    """Raises RekindleError, one sentence per raw table that cannot be built from."""
    problems: list[str] = []
    connection = connect()
    try:
        for source in external_sources(manifest, connector):
            problems.extend(_problems(connection, source, connector))
        problems.extend(_unread(manifest, connector))
        if connector == "parquet":
            problems.extend(_unreadable(connection, source_files(manifest, connector)))
    finally:
        connection.close()
    if problems:
        raise RekindleError("\n".join(problems))


def external_sources(manifest: Manifest, connector: str) -> list[Any]:
    """Sources that are files and that something enabled reads (models of other connectors are disabled)."""
    used = {parent for node in manifest.nodes.values() for parent in node.depends_on_nodes}
    return [
        source
        for unique_id, source in sorted(manifest.sources.items())
        if unique_id in used and _relation(source).external is not None
    ]


def not_in_utf8(source: Any) -> list[str]:
    """One sentence per file of a source that is read as UTF-8 and is not; the whole file is looked at."""
    location = _location(source)
    encoding = re.search(r"\bencoding\s*=\s*'([^']*)'", location)
    is_utf8 = encoding is None or encoding[1].lower().replace("-", "") == "utf8"
    if not is_utf8 or not location.lstrip().startswith("read_csv"):
        return []
    return [
        f"Raw table {source.source_name}.{source.name}: {file} cannot be read as UTF-8, line {line} has other bytes: "
        "save it as 'CSV UTF-8', or, when a program on Windows wrote it, as "
        "`iconv -f WINDOWS-1252 -t UTF-8 in.csv > out.csv` does."
        for pattern in _patterns(location)
        for file in _matches(pattern)
        if (line := _first_line_not_in_utf8(file)) is not None
    ]


def is_file(source: Any) -> bool:
    """Whether a source is read from files, which its location names."""
    return _relation(source).external is not None and bool(_patterns(_location(source)))


def _relation(source: Any) -> DuckDBRelation:
    return DuckDBRelation.create_from_source(SimpleNamespace(quoting={}), source)


def _location(source: Any) -> str:
    return str(_relation(source).external)


def _patterns(location: str) -> list[str]:
    """Every file name or glob in the location, absolute: `read_parquet('data/x/*.parquet')` → [/…/data/x/*.parquet]."""
    found = [each.replace("''", "'") for each in _QUOTED.findall(location)]
    return [_absolute(each) for each in found if _is_file(each)]


def _is_file(quoted: str) -> bool:
    """Whether a text of a location is a file, and not an option of its reader."""
    return "." in quoted or "/" in quoted


def _absolute(pattern: str) -> str:
    """From any folder; a sign of the project's own path is none of the pattern."""
    return str(Path(glob.escape(str(paths.PROJECT)), pattern))


def _matches(pattern: str) -> list[Path]:
    """The files of an absolute name or glob."""
    path = Path(pattern)
    return sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))


def readable(source: Any) -> str:
    """The location as DuckDB reads it from any folder."""

    def absolute(found: re.Match[str]) -> str:
        file = found[1].replace("''", "'")
        return text(_absolute(file)) if _is_file(file) else found[0]

    return _QUOTED.sub(absolute, _location(source))


def _problems(connection: duckdb.DuckDBPyConnection, source: Any, connector: str) -> list[str]:
    name = f"{source.source_name}.{source.name}"
    location = _location(source)
    mend = "load the raw data again" + (
        " (`python scripts/load_demo.py`)" if connector == "completejourney" else f" for connector '{connector}'"
    )
    missing = [pattern for pattern in _patterns(location) if not _matches(pattern)]
    if missing:
        return [f"Raw table {name}: there is no file {missing[0]}; {mend}."]
    try:
        described = connection.execute(f"describe select * from {readable(source)}").fetchall()
    except duckdb.Error as error:
        if other := not_in_utf8(source):
            return other
        kind = str(error).split(":", 1)[0]
        files = ", ".join(_patterns(location))
        return [f"Raw table {name}: {files} cannot be read ({kind}): the file is damaged or of another format; {mend}."]
    found = {str(row[0]).lower(): str(row[1]) for row in described}
    problems = []
    for column in source.columns.values():
        actual = found.get(column.name.lower())
        if actual is None:
            problems.append(f"Raw table {name}: column {column.name} is missing; {mend}.")
        elif column.data_type and not _fits(column.data_type, actual):
            problems.append(
                f"Raw table {name}: column {column.name} is {actual} where {column.data_type} is declared; {mend}."
            )
    return problems


def _first_line_not_in_utf8(file: Path) -> int | None:
    if file.suffix in _PACKED:
        return None
    with file.open("rb") as rows:
        for line, row in enumerate(rows, start=1):
            try:
                row.decode("utf-8")
            except UnicodeDecodeError:
                return line
    return None


def _unread(manifest: Manifest, connector: str) -> Iterator[str]:
    """One sentence per file in a download folder that no source reads: a no may be in it.

    A download folder is one where a pattern names the files. Where each has one name, a new delivery replaces the old.
    """
    patterns = {pattern for source in external_sources(manifest, connector) for pattern in _patterns(_location(source))}
    of_folders: dict[Path, set[str]] = {}
    for pattern in map(Path, patterns):
        if glob.has_magic(pattern.name):
            for folder in _matches(str(pattern.parent)):
                of_folders.setdefault(folder, set())
    for folder, names in of_folders.items():
        names.update(Path(each).name for each in patterns if folder in _matches(str(Path(each).parent)))
    read = set(_declared_files(manifest)) if of_folders else set()
    for folder, names in sorted(of_folders.items()):
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            is_hidden = any(part.startswith(".") for part in inside.parts)
            if is_hidden or path in read or (path.is_dir() and not path.is_symlink()):
                continue
            yield (
                f"Raw folder {folder}: nothing reads {inside}, and a no may be in it: give it a name that is read "
                f"there ({', '.join(sorted(names))}), or take it out of the folder."
            )


def _declared_files(manifest: Manifest) -> Iterator[Path]:
    """The files of all sources, of those too that no model reads yet or that are another connector's."""
    disabled = [node for nodes in getattr(manifest, "disabled", {}).values() for node in nodes]
    for source in [*manifest.sources.values(), *(node for node in disabled if node.resource_type == "source")]:
        if _relation(source).external is not None:
            for pattern in _patterns(_location(source)):
                yield from _matches(pattern)


def _unreadable(connection: duckdb.DuckDBPyConnection, files: list[Path]) -> list[str]:
    """Contract-shaped files have no dbt source; the macro contract_parquet reads them and names missing columns."""
    problems = []
    for file in files:
        try:
            connection.execute("select * from parquet_file_metadata(?)", [str(file)])
        except duckdb.Error:
            problems.append(f"{file} cannot be read as Parquet: it is damaged or of another format; write it again.")
    return problems


def _fits(declared: str, actual: str) -> bool:
    wanted, given = _family(declared), _family(actual)
    return wanted == given or (wanted, given) in _ACCEPTED


def _family(data_type: str) -> str:
    word = re.split(r"[\s(]", data_type.strip().upper(), maxsplit=1)[0]
    return _FAMILIES.get(word, word)
