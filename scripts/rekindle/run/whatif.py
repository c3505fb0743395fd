"""What changed seeds and settings would do: two copies of the warehouse, decided as committed and as the files say now.

Nothing but the copies is written, and they are removed. Made again is what the change can reach and no more, on both
copies alike, from the kept memory before the date: what was published stays published, what a date's export sealed is
decided anew on the copies only.
"""

import contextlib
import datetime
import io
import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import ModelNode

from rekindle.ground import paths
from rekindle.ground.dbt import Dbt
from rekindle.ground.errors import RekindleError
from rekindle.ground.files import private_folder
from rekindle.ground.settings import project, read_yaml
from rekindle.ground.warehouse import (
    columns_of,
    must_hold,
    only_command,
    open_warehouse,
    read_runs,
    use_warehouse,
    write_ahead_log,
)
from rekindle.run import installation
from rekindle.run.building import variables
from rekindle.run.fingerprints import asking

PROJECT_FILE = "dbt_project.yml"
# The layers in the order of reading; quality is read by nothing.
LAYERS = ("staging", "input", "intake", "identity", "core", "segments", "hub", "scenarios", "activation", "audiences")
FIRST_FACTS, FIRST_SEGMENTS, FIRST_DECISIONS = LAYERS[0], "segments", "hub"
# what is compared
COMPARED = ("decisions", "audience_members")
COMPARED_SEGMENTS = ("rfm_monthly", "value_published")
TAG = "made_again"


@dataclass(frozen=True)
class Change:
    """In what two states of the project differ, for one connector."""

    files: tuple[str, ...]
    settings: Mapping[str, tuple[Any, Any]]  # before and after
    is_of_the_project: bool  # dbt_project.yml differs in more than settings


@dataclass(frozen=True)
class Tried:
    """Two decided copies, to be compared."""

    before: Path
    after: Path
    as_of: datetime.date
    change: Change
    made_from: str  # the first layer that was made again


@contextlib.contextmanager
def tried(connector: str, revision: str, as_of: datetime.date | None, given: Mapping[str, object]) -> Iterator[Tried]:
    """Decides both copies, and removes them at the end, however it ends. `given`: settings that no file has."""
    warehouse = paths.warehouse()
    if not warehouse.exists():
        raise RekindleError(f"Nothing was built yet to try a change on: run `{paths.command('run')}` first.")
    folder = warehouse.parent / "whatif"
    with only_command(folder / warehouse.name):
        try:
            yield _try(connector, revision, as_of, given, folder)
        finally:
            use_warehouse(warehouse)
            shutil.rmtree(folder)


def _try(
    connector: str, revision: str, as_of: datetime.date | None, given: Mapping[str, object], folder: Path
) -> Tried:
    warehouse, tree = paths.warehouse(), folder / "committed"
    shutil.rmtree(tree, ignore_errors=True)  # what a killed one left
    take_committed(revision, tree)
    change = change_between(tree, paths.PROJECT, connector, given)
    if not (change.files or change.settings or change.is_of_the_project):
        raise RekindleError(
            f"No seed, setting, model or macro differs from {revision}: edit a row first, or name an older state with "
            "--against."
        )
    before, after = (folder / side / warehouse.name for side in ("before", "after"))
    # views name the file that they are in: same name, other folder
    with installation.only_command():
        built = newest_date(warehouse)
        day = as_of or built
        if day < built:
            raise RekindleError(
                f"The warehouse stands as of {built} and cannot go back to {day}: name {built} or a later date."
            )
        for copy in (before, after):
            copy_warehouse(warehouse, copy)
    forget_seal(before, day)
    forget_seal(after, day)
    dbt_after, dbt_before = Dbt(connector), Dbt(connector, tree)
    reached = touched(dbt_after.manifest, change)
    first = FIRST_FACTS if day != built else first_layer(dbt_after.manifest, change)
    _decide(dbt_before, before, day, first, frozenset(), {}, f"As {revision} has it, {day}")
    _decide(dbt_after, after, day, first, reached, given, f"As it is now, {day}")
    return Tried(before, after, day, change, first)


def take_committed(revision: str, tree: Path) -> None:
    """The project as a revision has it, in a folder; git's own folder is only read."""
    if revision.startswith("-"):
        # git would read it as an option, and one of those writes a file
        raise RekindleError(f"'{revision}' is no revision: name a commit, a branch or a tag with --against.")
    command = ["git", "archive", "--format=tar", revision]
    try:
        done = subprocess.run(command, cwd=paths.PROJECT, capture_output=True, check=False)
    except FileNotFoundError:
        raise RekindleError(
            "There is no program 'git', which knows what was committed: install it, and keep the project in it."
        ) from None
    if done.returncode != 0:
        reason = (done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
        raise RekindleError(
            f"git has no state '{revision}' of {paths.PROJECT} to compare with ({reason}): commit the project, or name "
            "a commit with --against."
        )
    private_folder(tree)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(tree, filter="data")
    for beside in paths.PROJECT.iterdir():
        # dbt works from its project's folder, and raw data is named from there
        if not (tree / beside.name).exists() and beside.name not in (".git", "target", "logs"):
            (tree / beside.name).symlink_to(beside)


def given_settings(words: Iterable[str]) -> dict[str, object]:
    """`name=value` as on the command line, for settings that are one value."""
    found: dict[str, object] = {}
    defaults = project()["vars"]["default_settings"]
    for word in words:
        name, _, written = word.partition("=")
        if name not in defaults:
            raise RekindleError(f"There is no setting '{name}': name one of default_settings in dbt_project.yml.")
        value: object = written
        # what is text is taken as it is written: YAML reads 18:30 and NO as something else
        if not (defaults[name] is None or isinstance(defaults[name], str)):
            with contextlib.suppress(yaml.YAMLError):
                value = yaml.safe_load(written)
        if not isinstance(value, str | int | float):
            raise RekindleError(f"--set {name} needs one value, as in --set {name}=5: edit dbt_project.yml for others.")
        found[name] = value
    return found


def change_between(before: Path, after: Path, connector: str, given: Mapping[str, object]) -> Change:
    """Files by content, settings by what holds for the connector: another's, and comments, change nothing."""
    one, other = _files(before), _files(after)
    files = tuple(sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path)))
    (old, old_rest), (new, new_rest) = _settings(before, connector), _settings(after, connector)
    new |= given
    settings = {key: (old.get(key), new.get(key)) for key in sorted(old.keys() | new.keys())}
    changed = {key: pair for key, pair in settings.items() if pair[0] != pair[1]}
    return Change(files, changed, old_rest != new_rest)


def _files(tree: Path) -> dict[str, bytes]:
    folders = (tree / name for name in paths.TABLES_ARE_MADE_FROM)
    found = (file for folder in folders for file in folder.rglob("*") if file.suffix in (".csv", ".sql", ".yml"))
    return {str(file.relative_to(tree)): file.read_bytes() for file in found}


def _settings(tree: Path, connector: str) -> tuple[dict[str, Any], dict[str, Any]]:
    rest = read_yaml(tree / PROJECT_FILE)
    given = rest.pop("vars")
    own = {key: value for key, value in (given["connector_settings"].get(connector) or {}).items() if value is not None}
    return {**given["default_settings"], **own}, rest


def newest_date(warehouse: Path) -> datetime.date:
    """The newest date that a finished run built or decided."""
    scopes = ("full", "monthly", "daily")
    with contextlib.closing(open_warehouse(warehouse, read_only=True)) as connection:
        runs = read_runs(connection)
    dates = [run.as_of_date for run in runs if run.is_finished and run.command_scope in scopes]
    if not dates:
        raise RekindleError(f"No build has finished yet to try a change on: run `{paths.command('run')}` first.")
    return max(dates)


def copy_warehouse(warehouse: Path, copy: Path) -> None:
    """Copies the file while nobody writes it; who reads it is not in the way."""
    shutil.rmtree(copy.parent, ignore_errors=True)
    private_folder(copy.parent)
    with contextlib.closing(open_warehouse(warehouse, read_only=True)):
        # its log first: closing a file of this process lets go of DuckDB's lock on it
        if write_ahead_log(warehouse).exists():
            shutil.copyfile(write_ahead_log(warehouse), write_ahead_log(copy))
        shutil.copyfile(warehouse, copy)


def forget_seal(copy: Path, as_of: datetime.date) -> None:
    """A date that was exported is decided anew, on a copy."""
    with contextlib.closing(open_warehouse(copy)) as connection:
        connection.execute("delete from run.sealed_dates where as_of_date = ?", [as_of])


def touched(manifest: Manifest, change: Change) -> frozenset[str]:
    """Seeds, models and snapshots that a change is of: their own files, macros they call, settings they read."""
    asked = [_asked_for(key) for key in change.settings]

    def reads(code: str) -> bool:
        return any(each.search(code) for each in asked)

    macros: set[str] = set()
    for unique_id, macro in manifest.macros.items():
        if macro.original_file_path in change.files or reads(macro.macro_sql):
            macros |= asking(manifest, unique_id)
    return frozenset(
        unique_id
        for unique_id, node in manifest.nodes.items()
        if str(node.resource_type) in ("seed", "model", "snapshot")
        and (
            node.original_file_path in change.files
            or str(getattr(node, "patch_path", None) or "").partition("://")[2] in change.files
            or not macros.isdisjoint(node.depends_on_macros)
            or reads(getattr(node, "raw_code", ""))
        )
    )


def _asked_for(setting: str) -> re.Pattern[str]:
    return re.compile(rf"""setting\(\s*['"]{setting}['"]""")


def first_layer(manifest: Manifest, change: Change) -> str:
    """From which layer on tables are made again: facts, segments, or decisions only."""
    code = [*(each.macro_sql for each in manifest.macros.values())]
    code += [getattr(each, "raw_code", "") for each in manifest.nodes.values()]
    # a name that is put together somewhere is found nowhere: in doubt, everything
    in_doubt = [key for key in change.settings if not any(map(_asked_for(key).search, code))]
    if change.is_of_the_project or in_doubt:
        return FIRST_FACTS
    reached = touched(manifest, change)
    readers = {
        unique_id
        for unique_id, node in manifest.nodes.items()
        if unique_id in reached or not reached.isdisjoint(_seeds(node))
    }
    layers = {LAYERS.index(layer) for each in readers if (layer := _layer(manifest.nodes[each])) is not None}
    first = min(layers, default=LAYERS.index(FIRST_DECISIONS))
    if first < LAYERS.index(FIRST_SEGMENTS):
        return FIRST_FACTS
    return FIRST_SEGMENTS if first == LAYERS.index(FIRST_SEGMENTS) else FIRST_DECISIONS


def _seeds(node: Any) -> set[str]:
    return {parent for parent in node.depends_on_nodes if parent.startswith("seed.")}


def _layer(node: Any) -> str | None:
    if str(node.resource_type) == "snapshot":
        return FIRST_SEGMENTS
    if str(node.resource_type) != "model" or node.fqn[1] not in LAYERS:
        return None
    return str(node.fqn[1])


def chosen(manifest: Manifest, first: str, judged: Collection[str]) -> frozenset[str]:
    """All seeds, what the compared tables are made from, from a layer on, and the tests of the seeds that changed."""
    compared = COMPARED if first == FIRST_DECISIONS else (*COMPARED, *COMPARED_SEGMENTS)
    again = set(LAYERS[LAYERS.index(first) :])
    open_ends = [f"model.{manifest.metadata.project_name}.{name}" for name in compared]
    found: set[str] = set()
    while open_ends:
        unique_id = open_ends.pop()
        node: Any = manifest.nodes.get(unique_id)
        if node is None or unique_id in found or _layer(node) not in again:
            continue
        found.add(unique_id)
        open_ends += node.depends_on_nodes
    seeds = {unique_id for unique_id in manifest.nodes if unique_id.startswith("seed.")}
    tests = {
        unique_id
        for unique_id, test in manifest.nodes.items()
        if str(test.resource_type) == "test" and not {*judged}.isdisjoint(_seeds(test))
    }
    return frozenset(found | seeds | tests)


def _decide(
    dbt: Dbt,
    copy: Path,
    as_of: datetime.date,
    first: str,
    judged: Collection[str],
    given: Mapping[str, object],
    title: str,
) -> None:
    nodes = chosen(dbt.manifest, first, judged)
    for unique_id, node in dbt.manifest.nodes.items():
        node.tags = [*(tag for tag in node.tags if tag != TAG), *([TAG] * (unique_id in nodes))]
    use_warehouse(copy)
    read = {parent for unique_id in nodes for parent in dbt.manifest.nodes[unique_id].depends_on_nodes} - nodes
    tables = [node for node in dbt.manifest.nodes.values() if isinstance(node, ModelNode) and node.unique_id in read]
    with contextlib.closing(open_warehouse(copy)) as connection:
        must_hold(columns_of(connection), {(node.schema, node.alias): node.columns for node in tables})
    result = dbt.run(
        *("build", "--select", f"tag:{TAG}", "--indirect-selection", "empty", "--no-write-json"),
        variables={**variables(as_of, None), **given},
        progress=title,
    )
    if not result.success:
        raise RekindleError(
            f"{title}: this cannot be built (see above), so there is nothing to compare. A build would stop as well."
        )


def headline(found: Tried, revision: str) -> Iterator[str]:
    """What was changed, and what was made again to see what it does."""
    yield f"What if, as of {found.as_of}: the files as they are, against {revision}"
    for file in found.change.files:
        yield f"  {file}"
    for key, (old, new) in found.change.settings.items():
        yield f"  {key}: {_written(old)} -> {_written(new)}"
    if found.change.is_of_the_project:
        yield f"  {PROJECT_FILE}: more than settings"
    yield {
        FIRST_FACTS: "Made again: all tables. Published months stay as they are.",
        FIRST_SEGMENTS: "Made again: segments and decisions. Published months stay as they are.",
    }.get(found.made_from, "Made again: decisions only; facts and segments stay as they are.")
    yield ""


def _written(value: object) -> str:
    """A value as dbt_project.yml has it."""
    return value if isinstance(value, str) else json.dumps(value)
