"""A workshop: a folder of its own where the real programs run as somebody would call them, and what they left there.

One per worker and connector, emptied for each test. The programs run in processes of their own, see forked.py.
"""

import hashlib
import os
import shutil
import signal
import stat
import tempfile
import termios
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import forked

from rekindle.ground.paths import PROJECT
from rekindle.ground.warehouse import write_ahead_log

FIXTURES = PROJECT / "tests" / "fixtures" / "raw"
# Months of the hand-written rows that are replayed, and the as-of date after the last of them.
FIRST_MONTH, LAST_MONTH, LAST_AS_OF = "2024-02", "2024-06", "2024-07-01"
# A handful of people: in these months more of them go down than usual, and the brake asks that somebody looks.
ACCEPTED = tuple(part for month in ("02", "03", "04", "05") for part in ("--accept", f"2024-{month}"))


# What runs remember of fitting the expected value. They ask for a fit when it is due, of what was built by then: two
# ways to the same tables may have asked at other times, and a replay never asks.
FITS = ["landing.clv_parameters", "segments.expected_values"]


# what no command says: all that a terminal was told has been read
END_OF_TERMINAL = b"\x04"


@dataclass(frozen=True)
class Said:
    """What a command said, on both streams, and how it ended."""

    code: int
    text: str

    @property
    def error(self) -> str:
        """The sentence it stopped with."""
        return self.text[self.text.rindex("Error: ") + len("Error: ") :].strip()


@dataclass
class Workshop:
    """A folder of its own for the real commands."""

    root: Path
    connector: str
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse" / "build.duckdb"

    @property
    def published(self) -> Path:
        return self.root / "published" / "rekindle.duckdb"

    @property
    def backups(self) -> Path:
        return self.root / "backups"

    @property
    def erasures(self) -> Path:
        return self.root / "erasures"

    @property
    def access(self) -> Path:
        return self.root / "access"

    @property
    def boards(self) -> Path:
        return self.root / "boards"

    @property
    def exports(self) -> Path:
        return self.root / "exports"

    def variables(self) -> dict[str, str]:
        """The environment of a command in this workshop."""
        return {
            **os.environ,
            "REKINDLE_WAREHOUSE": str(self.warehouse),
            "REKINDLE_PUBLISHED": str(self.published.parent),
            "REKINDLE_BACKUPS": str(self.backups),
            "REKINDLE_ERASURES": str(self.erasures),
            "REKINDLE_ACCESS": str(self.access),
            "REKINDLE_BOARDS": str(self.boards),
            "REKINDLE_LATE_NOES": str(self.root / "late_noes"),
            "REKINDLE_EXPORTS": str(self.exports),
            "REKINDLE_FIXTURES": str(FIXTURES),
            "DBT_TARGET_PATH": str(self.root / "target"),
            "DBT_LOG_PATH": str(self.root / "logs"),
            "PYTHONUTF8": "1",
            # two tests run side by side: a second thread of each costs a fifth more and makes nothing faster
            "REKINDLE_THREADS": "1",
            # the hand-written rows are few: what needs more memory than this is wasteful
            **({"REKINDLE_MEMORY_LIMIT": "1GB"} if self.connector == "fixture" else {}),
            **self.environment,
        }

    def clear(self) -> None:
        """As new, except for dbt's artefacts."""
        places = [self.exports, self.root / "logs", self.erasures, self.access, self.boards]
        for place in (self.warehouse.parent, self.published.parent, self.backups, *places):
            shutil.rmtree(place, ignore_errors=True)
        self.warehouse.parent.mkdir(parents=True)
        self.environment.clear()

    def start_from(self, warehouse: Path) -> None:
        """Puts a copy of a warehouse here."""
        write_ahead_log(self.warehouse).unlink(missing_ok=True)
        shutil.copy(warehouse, self.warehouse)

    def run(self, script: str, *arguments: str, largest_file: int | None = None) -> Said:
        """Calls `python scripts/<script>.py`, for this workshop's connector where that is an option."""
        return self._call(
            [str(PROJECT / "scripts" / f"{script}.py"), *arguments, *self._connector(script, arguments)], largest_file
        )

    def shown(self, script: str, *arguments: str, **variables: str) -> Said:
        """The same on a terminal of 80 columns, colours and all."""
        ours, theirs = os.openpty()
        termios.tcsetwinsize(theirs, (24, 80))
        with os.fdopen(theirs, "wb"), os.fdopen(ours, "rb", buffering=0) as terminal, ThreadPoolExecutor(1) as reader:
            read = reader.submit(lambda: b"".join(iter(lambda: terminal.read(1), END_OF_TERMINAL)))
            command = [str(PROJECT / "scripts" / f"{script}.py"), *arguments, *self._connector(script, arguments)]
            code = forked.call(command, {**self.variables(), **variables}, PROJECT, Path(os.ttyname(theirs)))
            os.write(theirs, END_OF_TERMINAL)
            return Said(code, read.result().decode().replace("\r\n", "\n"))

    def kill(self, where: str, call: int, script: str, *arguments: str) -> Said:
        """The same, killed (-9) in the given call of a function, as in `rekindle.run.replaying:replace_file`."""
        killer = Path(__file__).with_name("killed.py")
        command = [str(killer), where, str(call), str(PROJECT / "scripts" / f"{script}.py")]
        said = self._call([*command, *arguments, *self._connector(script, arguments)], None)
        assert said.code == -signal.SIGKILL, said.text
        return said

    def kill_at(self, moment: str, script: str, *arguments: str) -> Said:
        """The same at one of all its moments (killed.py), if it comes to that; moment 0 counts them."""
        killer = Path(__file__).with_name("killed.py")
        command = [str(killer), "moment", moment, str(PROJECT / "scripts" / f"{script}.py")]
        return self._call([*command, *arguments, *self._connector(script, arguments)], None)

    def dbt(self, *arguments: str) -> Said:
        """Plain dbt, as an analytics engineer calls it; but that it would open the file anew for every node."""
        return self._call(["-m", "dbt.cli.main", *arguments], None, keeps_open="1")

    def _connector(self, script: str, arguments: Sequence[str]) -> list[str]:
        is_option = script not in ("demo", "load_demo", "demo_world")
        return ["--connector", self.connector] if is_option and "--connector" not in arguments else []

    def _call(self, command: list[str], largest_file: int | None, keeps_open: str = "") -> Said:
        variables = {"REKINDLE_KEEP_OPEN": keeps_open, **self.variables()}
        with tempfile.NamedTemporaryFile() as output:
            code = forked.call(command, variables, PROJECT, Path(output.name), largest_file)
            return Said(code, output.read().decode())


def must(said: Said) -> Said:
    """The command ended well."""
    assert said.code == 0, said.text
    return said


def open_to_others(root: Path) -> dict[str, str]:
    """What others than the owner may read, write or list below a folder: the path and its mode."""
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in root.rglob("*") if not path.is_symlink()}
    return {str(path.relative_to(root)): f"{mode:o}" for path, mode in sorted(modes.items()) if mode & 0o077}


def digest(path: Path) -> str:
    """The content of a file, to see that nobody touched it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def tables(warehouse: Path, *schemas: str) -> list[str]:
    """Tables of a DuckDB file as schema.table; without schemas all but `run`, which knows when things ran."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.execute(
            "select schema_name || '.' || table_name, schema_name from duckdb_tables()"
        ).fetchall()
    return sorted(name for name, schema in rows if (schema in schemas if schemas else schema != "run"))


def differences(one: Path, other: Path, *schemas: str) -> list[str]:
    """Tables that are not equal, row for row and column by name, in two DuckDB files (`except all`, both ways)."""
    names = tables(one, *schemas)
    assert names, f"{one} holds no tables to compare"
    found = sorted(set(names) ^ set(tables(other, *schemas)))
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only)")
        connection.execute(f"attach '{other}' as other (read_only)")
        for name in set(names) - set(found):
            # an upgrade appends what a table has gained
            columns = ", ".join(f'"{row[0]}"' for row in connection.execute(f"describe one.{name}").fetchall())
            mine, theirs = f"select {columns} from one.{name}", f"select {columns} from other.{name}"
            (count,) = connection.execute(
                f"select count(*) from (({mine} except all {theirs}) union all ({theirs} except all {mine}))"
            ).fetchall()[0]
            if count:
                found.append(name)
    return sorted(found)


def rows(database: Path, question: str) -> list[tuple[object, ...]]:
    """The answer to a question, read-only."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(question).fetchall()
