"""What a build was made from, and which nodes need not be built again because nothing of it has changed.

The note lies in the warehouse it speaks of (run.last_build), so that a restored or swapped file carries its own. Any
doubt means a whole build: no note, a run that the note does not know, a table that is gone, another version.
"""

import contextlib
import datetime
import hashlib
import importlib.metadata
import json
import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import duckdb
from dbt.contracts.graph.manifest import Manifest

from rekindle.forget import blocking
from rekindle.ground import paths, stores
from rekindle.ground.dbt import Dbt
from rekindle.ground.files import checksum_once
from rekindle.ground.quoting import name
from rekindle.ground.settings import project
from rekindle.ground.sources import is_file, source_files
from rekindle.ground.warehouse import has_table, open_warehouse, read_runs

# The layers that are a function of raw data, seeds, settings and addresses; right of them the memory of runs is read.
SETTLING = ("staging", "input", "intake", "identity", "core", "quality")
# every way to the as-of date goes through it
CLOCK = "macro.rekindle.as_of_date_text"
TAG = "left_out_of_this_run"
# what reads a variable that each run gives, its moment, or the warehouse: SQL made with it may be another next time
OF_ONE_RUN = re.compile(
    r"""\bvar\(\s*['"](?:as_of_date|as_of_time|accept_publication|nodes_left_out)\b|\brun_started_at\b|\binvocation_id\b"""
    r"""|\brun_query\b|\bstatement\b|\bload_\w*relation\b|\badapter\.get_"""
)
# arguments of `dbt build` that leave out what is tagged, and nothing else: a test is tagged itself or is run.
# The selector `daily` says so by itself.
LEFT_OUT = ("--indirect-selection", "empty", "--exclude", f"tag:{TAG}")
# what dbt reads of the project
DEFINED_IN = ("dbt_project.yml", "profiles.yml", *paths.TABLES_ARE_MADE_FROM, "tests/dbt")
# the schema of what is read of addresses before a build
LANDED = "landing"
NOTE = ("run", "last_build")
SEEDS_NOTE = ("run", "loaded_seeds")
PROGRAMS = ("dbt-core", "dbt-adapters", "dbt-duckdb", "duckdb", "dbt-spark", "pyspark", "phonenumbers", "idna")
# Variables that move or size what is built and do not change it. A secret is never written down, not even as a digest.
WITHOUT_EFFECT = {
    *("REKINDLE_WAREHOUSE", "REKINDLE_PUBLISHED", "REKINDLE_BACKUPS", "REKINDLE_EXPORTS", "REKINDLE_ACCESS"),
    *("REKINDLE_LATE_NOES", "REKINDLE_ERASURES", "REKINDLE_THREADS", "REKINDLE_MEMORY_LIMIT", "REKINDLE_KEEP_OPEN"),
    *("REKINDLE_BOARDS", "REKINDLE_ERASURE_KEY", "REKINDLE_TESTS_PARSED", "REKINDLE_TESTS_MOMENTS"),
}


@dataclass(frozen=True)
class Inputs:
    """What the layers up to the core are made from, before anything is built."""

    fingerprint: str | None  # None: nobody can tell
    is_all_built: bool = False  # asked for: whatever the last build was made from


NOT_KNOWN = Inputs(None)


@dataclass(frozen=True)
class LastBuild:
    """A finished build whose raw data, code, settings and addresses are those of today."""

    as_of_date: datetime.date | None  # None: days were decided since, so that tables are of several dates
    built_at: datetime.datetime
    is_whole: bool  # segments, decisions and measurement, too, are of that date and of the code of today

    def __str__(self) -> str:
        return f"the build of {self.built_at:%Y-%m-%d %H:%M} UTC"

    def settled(self, manifest: Manifest, as_of: datetime.date) -> frozenset[str]:
        """The nodes that a run as of a date may skip."""
        return settled(manifest, is_same_date=self.as_of_date == as_of)


def settled(manifest: Manifest, *, is_same_date: bool) -> frozenset[str]:
    """Seeds, models and tests that give what they gave: none of what they are made from is built, and, where the date
    is another one, they do not read it. What reads the memory of runs is built always.
    """
    asks_clock = asking(manifest, CLOCK)

    @cache
    def is_settled(unique_id: str) -> bool:
        source = manifest.sources.get(unique_id)
        if source is not None:
            return source.schema == LANDED or is_file(source)
        node: Any = manifest.nodes.get(unique_id)
        if node is None or not (str(node.resource_type) in ("seed", "test") or _settles(node)):
            return False
        if not is_same_date and not asks_clock.isdisjoint(node.depends_on_macros):
            return False
        return all(map(is_settled, node.depends_on_nodes))

    return frozenset(filter(is_settled, manifest.nodes))


def _settles(node: Any) -> bool:
    return str(node.resource_type) == "model" and node.fqn[1] in SETTLING


def asking(manifest: Manifest, asked: str) -> frozenset[str]:
    """The macro and all that call it, however deep."""
    callers: dict[str, list[str]] = {}
    for unique_id, macro in manifest.macros.items():
        for called in macro.depends_on.macros:
            callers.setdefault(called, []).append(unique_id)
    found, open_ends = {asked}, [asked]
    while open_ends:
        new = set(callers.get(open_ends.pop(), ())) - found
        found |= new
        open_ends += new
    return frozenset(found)


def lasting_views(manifest: Manifest) -> frozenset[str]:
    """Views with the same SQL on every date: once made, they need not be made again while nothing else changes."""
    of_one_run: set[str] = set()
    for unique_id, macro in manifest.macros.items():
        if unique_id not in of_one_run and OF_ONE_RUN.search(macro.macro_sql):
            of_one_run |= asking(manifest, unique_id)
    return frozenset(
        unique_id
        for unique_id, node in manifest.nodes.items()
        if str(node.resource_type) == "model"
        and node.config.materialized == "view"
        and of_one_run.isdisjoint(node.depends_on_macros)
        and not OF_ONE_RUN.search(node.raw_code)
    )


def last_build(dbt: Dbt, inputs: Inputs) -> LastBuild | None:
    """The build that the warehouse holds, when nothing up to the core has changed since; None when in doubt."""
    if inputs.fingerprint is None or inputs.is_all_built or not paths.warehouse().exists():
        return None
    stores.store().fetch(LANDED)
    with contextlib.closing(open_warehouse(paths.warehouse())) as connection:
        if not has_table(connection, "run", "last_build"):
            return None
        noted = connection.execute("select * from run.last_build")
        columns = [column for column, *_ in noted.description or []]
        rows, runs = noted.fetchall(), read_runs(connection)
        if len(rows) != 1 or not runs:
            return None
        note = dict(zip(columns, rows[0], strict=True))
        # whatever was built since, by hand, say, may have been built from something else
        known = {"inputs": inputs.fingerprint, "landed": _landed(connection), "newest_run": runs[-1].invocation_id}
        if known.items() - note.items():
            return None
    held = stores.store().relations()
    if not _tables(dbt.manifest, settled(dbt.manifest, is_same_date=True)) <= held:
        return None
    is_whole = note.get("project") == _project() and _tables(dbt.manifest, dbt.manifest.nodes) <= held
    return LastBuild(note["as_of_date"], note["built_at"], is_whole)


def _tables(manifest: Manifest, nodes: Iterable[str]) -> set[tuple[str, str]]:
    """Where seeds, models and snapshots among the nodes are built."""
    built = ("seed", "model", "snapshot")
    made = [node for node in map(manifest.nodes.__getitem__, nodes) if str(node.resource_type) in built]
    return {(str(node.schema), str(node.alias)) for node in made}


def forget_build() -> None:
    """Before tables are built: whatever happens meanwhile, the next run builds all."""
    with contextlib.closing(open_warehouse(paths.warehouse())) as connection:
        if has_table(connection, "run", "last_build"):
            connection.execute("drop table run.last_build")
    stores.store().store(NOTE)


def landed_addresses() -> str:
    """Changes with the addresses that were read and the records that are kept out, as dbt is going to find them."""
    stores.store().fetch(LANDED)
    with contextlib.closing(open_warehouse(paths.warehouse())) as connection:
        return _landed(connection)


def note_build(
    inputs: Inputs,
    landed: str,
    as_of: datetime.date | None,
    built_at: datetime.datetime | None,
    *,
    is_whole: bool,
) -> None:
    """After a green build: what it was made from. `built_at`: of the build whose tables are still used, else now."""
    if inputs.fingerprint is None:
        return
    stores.store().fetch(*stores.RUNS)
    with contextlib.closing(open_warehouse(paths.warehouse())) as connection:
        newest = read_runs(connection)[-1].invocation_id
        now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
        connection.execute(
            "create or replace table run.last_build as select ? as inputs, ? as landed, ? as newest_run, "
            "cast(? as date) as as_of_date, cast(? as timestamp) as built_at, cast(? as varchar) as project",
            [inputs.fingerprint, landed, newest, as_of, built_at or now, _project() if is_whole else None],
        )
    stores.store().store(NOTE)


def seeds_are_loaded(manifest: Manifest) -> bool:
    """Whether the warehouse holds the seeds as their files are: noted after the newest run, and not changed since."""
    if not paths.warehouse().exists():
        return False
    with contextlib.closing(open_warehouse(paths.warehouse())) as connection:
        if not has_table(connection, *SEEDS_NOTE):
            return False
        noted = connection.execute("select seeds, newest_run from run.loaded_seeds").fetchall()
        runs = read_runs(connection)
    return bool(runs) and noted == [(_seeds(manifest), runs[-1].invocation_id)]


def note_seeds(manifest: Manifest) -> None:
    """After a green build that loaded the seeds, or found them loaded."""
    stores.store().fetch(*stores.RUNS)
    with contextlib.closing(open_warehouse(paths.warehouse())) as connection:
        connection.execute(
            "create or replace table run.loaded_seeds as select ? as seeds, ? as newest_run",
            [_seeds(manifest), read_runs(connection)[-1].invocation_id],
        )
    stores.store().store(SEEDS_NOTE)


def _seeds(manifest: Manifest) -> str:
    """Changes with the rows and the columns of any seed."""
    seeds: list[Any] = [node for _, node in sorted(manifest.nodes.items()) if str(node.resource_type) == "seed"]
    told = [_text([seed.unique_id, seed.checksum.checksum, seed.config.to_dict()]) for seed in seeds]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def leave_out(manifest: Manifest, skipped: Collection[str]) -> None:
    """Tags these nodes in the parsed project, and no other: dbt takes seconds to look for some hundred names."""
    for unique_id, node in manifest.nodes.items():
        node.tags = [tag for tag in node.tags if tag != TAG] + [TAG] * (unique_id in skipped)


def tables_among(manifest: Manifest, skipped: Collection[str]) -> int | None:
    """How many seeds and models are left out, which run_log has to know: with them, it was all. None: nothing is."""
    return sum(str(manifest.nodes[each].resource_type) != "test" for each in skipped) or None


def inputs_of(dbt: Dbt, *, is_all_built: bool = False) -> Inputs:
    """The inputs as they are now."""
    return Inputs(_fingerprint(dbt), is_all_built)


def _fingerprint(dbt: Dbt) -> str | None:
    """Changes with the raw data, code and settings that the layers up to the core are made from.

    Raw files count by content, all of it: a file may be written again with its size and its time of before, and
    reading a file costs a hundredth of building from it.
    """
    manifest = dbt.manifest
    if any(not (is_file(source) or source.schema in (LANDED, "activation", "run")) for source in _used(manifest)):
        return None  # tables that somebody else fills
    digest = hashlib.sha256()
    for part in (*_code(manifest), *_settings(dbt.connector), *_versions()):
        digest.update(f"{part}\n".encode())
    erasures = [file for file in (blocking.tokens_file(), blocking.requests_file()) if file.exists()]
    programs = sorted((paths.PROJECT / "scripts").rglob("*.py"))
    for file in [*source_files(manifest, dbt.connector), *erasures, *programs]:
        digest.update(f"{file} {checksum_once(file)}\n".encode())
    return digest.hexdigest()


def _project() -> str:
    """Changes with whatever tables and tests are made from, besides the inputs of the layers up to the core."""
    digest = hashlib.sha256()
    places = [paths.PROJECT / place for place in DEFINED_IN]
    for file in sorted(file for place in places for file in (place, *place.rglob("*")) if file.is_file()):
        digest.update(f"{file} {checksum_once(file)}\n".encode())
    return digest.hexdigest()


def _used(manifest: Manifest) -> list[Any]:
    used = {parent for node in manifest.nodes.values() for parent in node.depends_on_nodes}
    return [source for unique_id, source in manifest.sources.items() if unique_id in used]


def _code(manifest: Manifest) -> Iterable[str]:
    """Every node that may be settled, the sources they read, and all macros of the project: few change alone."""
    for unique_id in sorted(settled(manifest, is_same_date=True)):
        node: Any = manifest.nodes[unique_id]
        described = {column.name: column.data_type for column in getattr(node, "columns", {}).values()}
        test = getattr(node, "test_metadata", None)
        yield _text([unique_id, node.checksum.checksum, node.raw_code, node.config.to_dict(), described])
        yield _text(test.kwargs if test else None)
    for source in sorted(_used(manifest), key=lambda source: str(source.unique_id)):
        yield _text([source.unique_id, source.config.to_dict(), source.meta, sorted(source.columns)])
    for unique_id, macro in sorted(manifest.macros.items()):
        if macro.package_name not in ("dbt", "dbt_duckdb", "dbt_spark"):  # of those the version is known
            yield _text([unique_id, macro.macro_sql])


def _settings(connector: str) -> Iterable[str]:
    variables = dict(project()["vars"])
    own = variables.pop("connector_settings").get(connector)
    yield _text([connector, own, variables])
    known = {key: value for key, value in os.environ.items() if key.startswith("REKINDLE_")}
    yield _text({key: value for key, value in known.items() if key not in WITHOUT_EFFECT})


def _versions() -> Iterable[str]:
    yield str(project()["version"])
    for program in PROGRAMS:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            yield f"{program} {importlib.metadata.version(program)}"


def _text(value: object) -> str:
    return json.dumps(value, default=str, sort_keys=True)


def _landed(connection: duckdb.DuckDBPyConnection) -> str:
    """The order of rows does not count; the digest holds no value."""
    tables = connection.execute(
        "select table_name from duckdb_tables() where schema_name = ? and database_name = current_catalog() order by 1",
        [LANDED],
    ).fetchall()
    counts = [
        connection.execute(
            f"select ?, count(*), sum(cast(hash(landed) as hugeint)) from {LANDED}.{name(table)} as landed", [table]
        ).fetchone()
        for (table,) in tables
    ]
    return hashlib.sha256(_text(counts).encode()).hexdigest()
