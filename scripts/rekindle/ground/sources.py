"""The gate before a build: every raw file of the connector is there, can be read and has the declared columns.

What is looked at comes from the project itself (the sources that the connector's models read, from the manifest), so a
new connector is checked without a line of code. Only headers and footers are read: rows are the build's business.
Of text files that are said to be in another encoding than UTF-8, as much as it takes to doubt that.
"""

import datetime
import glob
import itertools
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping
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
from rekindle.ground.screen import counted

# names of fewer letters may differ by one and mean two things
SHORTEST_SLIP = 6
LONG_NAME = 10
_ESCAPED = re.compile(r"\[([*?[])\]")
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_FILE_NAME = re.compile(r",\s*filename\s*=\s*('(?:[^']|'')*'|\w+)", re.IGNORECASE)
_DATE = re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")
_HEADER = re.compile(r"\bheader\s*=\s*true\b", re.IGNORECASE)
_SEPARATORS = re.compile(rb"[^\w .-]+")
# where DuckDB says that a text file went wrong
_LINE = re.compile(r"\bLine: (\d+)")
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
# how the text files begin that say how they are written; a reader that was told something else takes that for a name
_MARKS = {b"\xef\xbb\xbf": "UTF-8", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
# how files begin that are called .csv and are none
_IN_UTF_16 = "is written in UTF-16: save it as 'CSV UTF-8', or as `iconv -f UTF-16 -t UTF-8 in.csv > out.csv` does."
_OTHER_FILES = {
    b"PK\x03\x04": "is a workbook or another packed file, not text: open it and save it as 'CSV UTF-8'.",
    b"\xd0\xcf\x11\xe0": "is an old workbook, not text: open it and save it as 'CSV UTF-8'.",
    b"\x1f\x8b": "is packed with gzip: unpack it, or let its name end in .gz.",
    b"\xff\xfe": _IN_UTF_16,
    b"\xfe\xff": _IN_UTF_16,
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
            problems.extend(_closed_folders("Connector parquet", paths.contract(), with_those_below=True))
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
    if _encoding(location) != "utf8":
        return []
    return [
        f"Raw table {source.source_name}.{source.name}: {file} {_what_it_is_instead(file, line)}"
        for _, file in _files(source)
        if (line := first_line_not_in_utf8(file)) is not None
    ]


def _what_it_is_instead(file: Path, line: int) -> str:
    with file.open("rb") as rows:
        beginning = rows.read(4)
    for mark, said in _OTHER_FILES.items():
        if beginning.startswith(mark):
            return said
    return (
        f"cannot be read as UTF-8, line {line} has other bytes: save it as 'CSV UTF-8', or, when a program on Windows "
        "wrote it, as `iconv -f WINDOWS-1252 -t UTF-8 in.csv > out.csv` does."
    )


def _encoding(location: str) -> str | None:
    """How a source's text files are said to be written, in one spelling; None when it has none."""
    said = re.search(r"\bencoding\s*=\s*'([^']*)'", location)
    if not location.lstrip().startswith("read_csv"):
        return None
    return said[1].lower().replace("-", "") if said else "utf8"


def _otherwise_encoded(source: Any) -> Iterator[str]:
    """One sentence per file that is read as something else than it is: its first column has no name, é is Ã©."""
    location = _location(source)
    encoding = _encoding(location)
    if encoding is None or encoding == "utf8":
        return
    for _, file in _files(source):
        if (written := _written_as(file)) and written.lower().replace("-", "") != encoding:
            yield (
                f"Raw table {source.source_name}.{source.name}: {file} is written in {written} and read as {encoding}: "
                "give it a source of its own that says so, or write all files of the table alike."
            )


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
    patterns = [each for each in _patterns(location) if glob.has_magic(_ESCAPED.sub("", each)) or not _matches(each)]
    if shut := [each for pattern in patterns for each in _closed_folders(f"Raw table {name}", *_walked(pattern))]:
        return shut
    missing = [pattern for pattern in _patterns(location) if not _matches(pattern)]
    if missing:
        return [f"Raw table {name}: there is no file {missing[0]}; {mend}."]
    if closed := [*_closed(source), *_of_the_future(source)]:
        return closed
    try:
        described = connection.execute(f"describe select * from {readable(source)}").fetchall()
    except duckdb.Error as error:
        if other := [*not_in_utf8(source), *_otherwise_encoded(source)] or list(damaged(connection, source)):
            return other
        kind = str(error).split(":", 1)[0]
        files = ", ".join(_patterns(location))
        return [f"Raw table {name}: {files} cannot be read ({kind}): the file is damaged or of another format; {mend}."]
    found = {str(row[0]).lower(): str(row[1]) for row in described}
    problems = list(_otherwise_encoded(source))
    if not problems:
        columns = _columns_by_file(connection, source)
        problems = [
            *_twice_named(connection, source),
            *_strange(source, columns),
            *_misspelt(connection, source, columns),
        ]
    for column in source.columns.values():
        actual = found.get(column.name.lower())
        if actual is None:
            problems.append(f"Raw table {name}: column {column.name} is missing; {mend}.")
        elif column.data_type and not _fits(column.data_type, actual):
            problems.append(
                f"Raw table {name}: column {column.name} is {actual} where {column.data_type} is declared; {mend}."
            )
    return problems


def _walked(pattern: str) -> tuple[Path, bool]:
    """The folder that an absolute name or glob begins in, and whether it looks into the folders below."""
    *folders, _ = Path(pattern).parts
    # signs of the project's own path stand for themselves
    plain = list(itertools.takewhile(lambda part: not glob.has_magic(_ESCAPED.sub("", part)), folders))
    return Path(*(_ESCAPED.sub(r"\1", part) for part in plain)), len(plain) < len(folders)


def _closed_folders(of: str, folder: Path, with_those_below: bool) -> Iterator[str]:
    """One sentence per folder that may not be looked into: what lies there would be missed without a word."""
    errors: list[OSError] = []
    walk = os.walk(folder, onerror=errors.append, followlinks=True)
    for _ in walk if with_those_below else itertools.islice(walk, 1):
        pass
    for error in errors:
        if isinstance(error, PermissionError):
            yield (
                f"{of}: the folder {error.filename} may not be looked into ({error.strerror}): check its owner and "
                "mode."
            )


def _closed(source: Any) -> Iterator[str]:
    """One sentence per file that may not be opened."""
    for _, file in _files(source):
        try:
            file.open("rb").close()
        except OSError as error:
            yield (
                f"Raw table {source.source_name}.{source.name}: {file} cannot be opened ({error.strerror}): check "
                "owner and mode of the file and its folder."
            )


def _of_the_future(source: Any) -> Iterator[str]:
    """One sentence per download whose name has a date to come: what it says would begin to count then, a no too."""
    # it may be tomorrow already where the shop is
    tomorrow = datetime.datetime.now(tz=datetime.UTC).date() + datetime.timedelta(days=1)
    for pattern, file in _files(source):
        dated = _DATE.search(file.name) if glob.has_magic(Path(pattern).name) else None
        if dated and dated[0] > tomorrow.isoformat():
            yield (
                f"Raw table {source.source_name}.{source.name}: {file} has a date to come in its name, and what it "
                "says would count from then on: give it the date on which it was downloaded."
            )


def damaged(connection: duckdb.DuckDBPyConnection, source: Any) -> Iterator[str]:
    """One sentence per text file that cannot be read to its end, with the line where that shows."""
    for pattern, file in _files(source) if _encoding(_location(source)) is not None else ():
        try:
            connection.execute(f"select count(columns(*)) from {_only(_location(source), pattern, file)}").fetchall()
        except duckdb.Error as error:
            line = _LINE.search(str(error))
            yield (
                f"Raw table {source.source_name}.{source.name}: {file}{f', line {line[1]}' if line else ''} cannot be "
                f"read as its source says ({_signs(file)}): write it as the others, or say in the source how it is "
                "written (separator, quotes, encoding, header)."
            )


def _signs(file: Path) -> str:
    """What is seen of a text file without its values."""
    if file.suffix in _PACKED:
        return "it is packed"
    with file.open("rb") as rows:
        first = rows.readline(100_000)
    if not first.strip():
        return "it begins with an empty line" if first else "it is empty"
    counts = {sign: first.count(sign.encode()) for sign in (",", ";", "\t", "|")}
    sign = max(counts, key=lambda each: counts[each])
    names = {",": "comma", ";": "semicolon", "\t": "tab", "|": "upright line"}
    return (
        f"its first line has {counted(counts[sign], names[sign])}" if counts[sign] else "its first line has one column"
    )


def _twice_named(connection: duckdb.DuckDBPyConnection, source: Any) -> Iterator[str]:
    """One sentence per name that the header of a text file has twice: the second column would be lost, a no perhaps."""
    location = _location(source)
    if _encoding(location) is None or not _HEADER.search(location):
        return
    for pattern, file in _files(source):
        if "skip" not in location and not _seems_to_repeat(file):
            continue
        first = _only(_HEADER.sub("header = false", location), pattern, file)
        try:
            row = connection.execute(f"select columns(*)::varchar from {first} limit 1").fetchone() or ()
        except duckdb.Error:
            continue  # what cannot be read is told as that
        names = [str(each).strip().lower() for each in row if each is not None]
        for name in sorted({each for each in names if names.count(each) > 1}):
            yield (
                f"Raw table {source.source_name}.{source.name}: {file} has the column '{name}' twice: take one of them "
                "out, or give it another name."
            )


def _seems_to_repeat(file: Path) -> bool:
    """Whether the first line of a text file may hold a word twice, whatever separates and encodes it."""
    if file.suffix in _PACKED:
        return True
    with file.open("rb") as rows:
        words = [word.strip().lower() for word in _SEPARATORS.split(rows.readline(1_000_000).replace(b"\0", b""))]
    return len(set(words)) < len(words)


def _strange(source: Any, columns: Mapping[Path, frozenset[str]]) -> Iterator[str]:
    """One sentence per file that has none of the columns of the others: columns meet by their names, and none would.

    A download that failed is empty or a page of HTML, and one that a spreadsheet saved again has other separators.
    """
    for file, own in columns.items():
        others = {column for other, theirs in columns.items() if other != file for column in theirs}
        if others and not own & others:
            yield (
                f"Raw table {source.source_name}.{source.name}: {file} has none of the columns of the other files "
                f"({_signs(file)}): write it as the others, or take it out of the folder."
            )


def _files(source: Any) -> Iterator[tuple[str, Path]]:
    """The files of a source, each with the pattern that names it."""
    for pattern in _patterns(_location(source)):
        for file in _matches(pattern):
            yield pattern, file


def _misspelt(
    connection: duckdb.DuckDBPyConnection, source: Any, columns: Mapping[Path, frozenset[str]]
) -> Iterator[str]:
    """One sentence per two names of columns that are almost one, and that no file of the table has both.

    Columns meet by their names: what another name holds is lost without a word, and a no may be in it. A file that has
    both names, or one beside it that only says which columns there are, means both.
    """
    having: dict[str, list[Path]] = {}
    for file, own in columns.items():
        for column in own:
            having.setdefault(column, []).append(file)
    # the rarer name of two is the slip
    for other, column in itertools.combinations(sorted(having, key=lambda each: (len(having[each]), each)), 2):
        if not set(having[other]) & set(having[column]) and _is_almost(connection, other, column):
            unlike = ", which only looks like it" if _looks(other) == _looks(column) else ""
            yield (
                f"Raw table {source.source_name}.{source.name}: {having[other][0]} has a column '{other}'{unlike} and "
                f"no '{column}', as {having[column][0]} has: give both one name, or add an empty column '{column}' "
                "when another thing is meant."
            )


def _looks(name: str) -> str:
    """A name as it is seen: blanks are alike, and signs without a shape are not there."""
    shown = "".join(sign for sign in unicodedata.normalize("NFKC", name) if unicodedata.category(sign) != "Cf")
    return " ".join(shown.split())


def _columns_by_file(connection: duckdb.DuckDBPyConnection, source: Any) -> dict[Path, frozenset[str]]:
    """The columns of each text file of a table whose files meet by the names of columns; none of other tables."""
    location = _location(source)
    if _encoding(location) is None or "union_by_name" not in location:
        return {}
    return {file: _columns(connection, location, pattern, file) for pattern, file in _files(source)}


def _columns(connection: duckdb.DuckDBPyConnection, location: str, pattern: str, file: Path) -> frozenset[str]:
    """The columns of one of the files that a pattern of the location matches, in small letters.

    Not the one that names the file: any file would have it.
    """
    own = _FILE_NAME.sub("", _only(location, pattern, file))
    try:
        described = connection.execute(f"describe select * from {own}").fetchall()
    except duckdb.Error:
        return frozenset()  # such a file shares no column with the others, and is told as that
    return frozenset(str(row[0]).lower() for row in described)


def _only(location: str, pattern: str, file: Path) -> str:
    """The location with one of the files that a pattern of it matches in the place of the pattern."""

    def only(found: re.Match[str]) -> str:
        quoted = found[1].replace("''", "'")
        return text(glob.escape(str(file))) if _is_file(quoted) and _absolute(quoted) == pattern else found[0]

    return _QUOTED.sub(only, location)


def _is_almost(connection: duckdb.DuckDBPyConnection, one: str, other: str) -> bool:
    """Whether two names are one but for signs between the letters, or for a slip of the pen.

    A slip is a letter too many, too few, another one, or two that changed places.
    """
    one, other = (re.sub(r"[\W_]+", "", each) for each in (one, other))
    if one == other:
        return True
    shorter = min(len(one), len(other))
    if shorter < SHORTEST_SLIP or re.sub(r"\d", "", one) == re.sub(r"\d", "", other):
        return False  # 'tax 1 name' and 'tax 2 name' are two
    ((slips,),) = connection.execute("select damerau_levenshtein(?, ?)", [one, other]).fetchall()
    return int(slips) <= (1 if shorter < LONG_NAME else 2)


def _written_as(file: Path) -> str | None:
    """What a text file is written in as far as its bytes tell: it begins with a mark, or is UTF-8 beyond ASCII."""
    if file.suffix in _PACKED:
        return None
    with file.open("rb") as rows:
        beginning = rows.read(3)
        if marked := [name for mark, name in _MARKS.items() if beginning.startswith(mark)]:
            return marked[0]
    with file.open("rb") as rows:
        is_ascii = all(row.isascii() for row in rows)
    return None if is_ascii or first_line_not_in_utf8(file) else "UTF-8"


def first_line_not_in_utf8(file: Path) -> int | None:
    """The number of the first line of a text file that is not UTF-8; None where all are, or it is packed."""
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
