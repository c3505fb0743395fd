"""dbt in this process: parsed once, failures told in one sentence each as they happen, exit code kept.

dbt's own console is switched off: its error lines repeat the database's message, and that may quote a value, which may
be a customer's. What is printed here names the model, the cause without values, and what to do.
"""

import contextlib
import gc
import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

# Read by dbt's tracking when it is imported: nobody is told that this runs.
os.environ["DO_NOT_TRACK"] = "1"
os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.environments import Environment
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import SeedNode
from dbt_common.events.base_types import EventMsg

from rekindle.ground import engine, paths
from rekindle.ground.adapters import keep_values_out
from rekindle.ground.errors import DATABASE_ERROR, STACK, RekindleError, sentence_of, without_values
from rekindle.ground.progress import Progress
from rekindle.ground.screen import say
from rekindle.ground.seeds import misnamed, misread
from rekindle.ground.settings import own_connector, read_yaml
from rekindle.ground.sources import first_line_not_in_utf8

# a log file that cannot be written, on a full disk, must not print tracebacks into what people read
logging.raiseExceptions = False


keep_values_out()
# what dbt reads before it looks at models
SETTLED_FIRST = ("dbt_project.yml", "profiles.yml", "selectors.yml")
# the folders of files that it reads then
READ_THEN = (*paths.TABLES_ARE_MADE_FROM, "tests/dbt")
# how a message of dbt begins, with the file where it knows it
_PLACE = re.compile(r"[A-Z]\w* Error(?: in .*\((.+)\))?$")
# what it says of models of the input contract that are missing, or that fill what is not listed
_LACKING = re.compile(r"a node named 'input_(\w+)' which is disabled")
_UNLISTED = re.compile(r'two models with the name "input_(\w+)".*models/input/empty/', re.DOTALL)


@contextlib.contextmanager
def _held_open() -> Iterator[None]:
    """Keeps the warehouse open during a command and lets go of it after (the profile opens it again for every node)."""
    os.environ["REKINDLE_KEEP_OPEN"] = "1"
    try:
        yield
    finally:
        del os.environ["REKINDLE_KEEP_OPEN"]
        environment: Environment | None = DuckDBConnectionManager._ENV
        DuckDBConnectionManager._ENV = None
        if environment is not None:
            environment.close()  # type: ignore[no-untyped-call]


class Dbt:
    """The project, parsed once for one connector, and commands on it.

    The warehouse is the file named by `REKINDLE_WAREHOUSE` when a command runs; parse before changing it, because dbt
    parses again from nothing when the path in the profile is another one. `project` is another state of the project's
    files, with a target folder of its own.
    """

    def __init__(self, connector: str, project: Path = paths.PROJECT) -> None:
        # profiles.yml passes both on as they are, wrong ones too
        engine.memory_limit()
        engine.threads()
        os.chdir(paths.PROJECT)  # views name raw files relative to it, as a plain `dbt build` makes them
        # Python's collector would look through the parsed project again and again, for a fifth of the time of a build
        gc.set_threshold(200_000, 50, 50)
        self.connector = connector
        self.project = project
        self._manifest: Manifest | None = None

    @property
    def manifest(self) -> Manifest:
        """The parsed project. Dates are not part of it: they come with each command, and nothing is parsed again."""
        if self._manifest is None:
            parse = [*self._arguments("parse"), "--no-write-json", "--vars", self._vars({})]
            result = dbtRunner().invoke(parse)
            if not result.success:
                # A model of the same name per connector, all but one disabled, can confuse dbt's partial parsing when
                # a new model refers to it, and the confusion stays: what is wrong is judged from a parse from nothing.
                result = dbtRunner().invoke([*parse, "--no-partial-parse"])
            if not isinstance(result.result, Manifest):
                self._find_the_file()
                raise RekindleError(_unparsed(result, self.connector))
            if misnamed_seeds := list(_misnamed_seeds(result.result)):
                raise RekindleError("\n".join(misnamed_seeds))
            self._manifest = result.result
        return self._manifest

    def _find_the_file(self) -> None:
        """Raises RekindleError that names the file which dbt could not read, where dbt does not say which."""
        for file in (self.project / name for name in SETTLED_FIRST):
            if file.exists():
                read_yaml(file)
        folders = (self.project / name for name in READ_THEN)
        for file in sorted(each for folder in folders for each in folder.rglob("*.*") if each.is_file()):
            if line := first_line_not_in_utf8(file):
                raise RekindleError(
                    f"{file.relative_to(self.project)}, line {line} is not UTF-8: save the file in UTF-8 (spreadsheets "
                    "call it CSV UTF-8)."
                )

    def run(
        self, command: str, *arguments: str, variables: Mapping[str, object], progress: str | None = None
    ) -> dbtRunnerResult:
        """Runs a dbt command and prints each failure as it happens, under a progress line when one is named.

        Does not raise for failing nodes; raises RekindleError, with dbt's sentence, when dbt could not run at all.
        """
        manifest = self.manifest
        with Progress(progress) as shown:
            watcher = _Watcher(manifest, shown)
            runner = dbtRunner(manifest=manifest, callbacks=[watcher.see])
            with _held_open():
                result = runner.invoke([*self._arguments(command), *arguments, "--vars", self._vars(variables)])
        if result.exception is not None:
            raise RekindleError(_cause(result))
        if not result.success and not watcher.failures:
            raise RekindleError(f"dbt {command} failed: see {log_file()}.")
        return result

    def _arguments(self, command: str) -> list[str]:
        return [
            *("--log-level", "none", "--log-level-file", "info"),
            "--no-use-colors",
            command,
            "--project-dir",
            str(self.project),
            "--profiles-dir",
            str(self.project),
            "--target-path",
            str(target_folder() if self.project == paths.PROJECT else self.project / "target"),
        ]

    def _vars(self, variables: Mapping[str, object]) -> str:
        # the project's own connector is left out, as in a plain `dbt build`: other vars would parse everything again
        given = {name: value for name, value in variables.items() if value is not None}
        if self.project != paths.PROJECT or self.connector != own_connector():
            given["connector"] = self.connector
        return str(yaml.safe_dump(given, default_flow_style=True, width=10_000)).strip()


def target_folder() -> Path:
    """Where dbt writes its artefacts."""
    return paths.target()


def log_file() -> Path:
    """Where dbt writes its log."""
    return (paths.PROJECT / os.environ.get("DBT_LOG_PATH", "logs") / "dbt.log").resolve()


def file_of(seed: SeedNode) -> Path:
    """The CSV file of a seed."""
    return Path(seed.root_path or paths.PROJECT, seed.original_file_path)


def _misnamed_seeds(manifest: Manifest) -> Iterator[str]:
    for seed in manifest.nodes.values():
        if isinstance(seed, SeedNode):
            problem = misnamed(file_of(seed), seed.config.column_types, seed.config.delimiter)
            if problem is not None:
                yield problem


def _cause(result: dbtRunnerResult) -> str:
    """Why dbt could not run, without its stack of macros and without values."""
    said = sentence_of(str(getattr(result.exception, "msg", None) or result.exception or "dbt could not run"))
    return without_values(said) if DATABASE_ERROR.search(said) else said


def _unparsed(result: dbtRunnerResult, connector: str) -> str:
    """Why dbt could not read the project, and in which file: it has read no row, and nothing of it is left out."""
    message = str(result.exception or "dbt could not read the project")
    if entity := _LACKING.search(message):
        return (
            f"Connector '{connector}' lists {entity[1]} among its entities in dbt_project.yml and has no model for it: "
            f"write models/input/{connector}/input_{entity[1]}.sql, or take it off the list."
        )
    if entity := _UNLISTED.search(message):
        return (
            f"Connector '{connector}' has a model input_{entity[1]} and does not list {entity[1]} among its entities: "
            "add it in dbt_project.yml."
        )
    head, _, rest = message.partition("\n")
    known = _PLACE.match(head)
    if known is None:
        return sentence_of(message)
    said, place = sentence_of(rest), known[1]
    # what a macro of ours says when it refuses, with a stack, is about the project and not about that file
    return said if place is None or place in said or STACK[0] in rest else f"{said}\n({place})"


class _Watcher:
    """Follows dbt's events: counts finished nodes and says each failure in one sentence."""

    def __init__(self, manifest: Manifest, progress: Progress) -> None:
        self.manifest = manifest
        self.progress = progress
        self.failures = 0

    def see(self, event: EventMsg) -> None:
        if event.info.name == "PrintEvent":
            self.progress.tell(event.data.msg)
        elif event.info.name == "ConcurrencyLine":
            self.progress.expect(event.data.node_count)
        elif event.info.name == "NodeFinished":
            info, result = event.data.node_info, event.data.run_result
            if result.status in ("error", "fail", "runtime error"):
                self.failures += 1
                sentence = self._sentence(info, result)
                if sentence is not None:
                    self.progress.say(sentence)
            if info.resource_type != "unit_test":  # dbt counts it with its model
                self.progress.advance()

    def _sentence(self, info: Any, result: Any) -> str | None:
        node: Any = self.manifest.nodes.get(info.unique_id) or self.manifest.unit_tests.get(info.unique_id)
        path = getattr(node, "original_file_path", info.node_path)
        kind = str(info.resource_type).replace("unit_test", "unit test")
        if result.status == "error" or result.status == "runtime error":
            if kind == "seed" and node is not None:
                # what the database says of it hides the value, as of any table
                told = list(misread(file_of(node), node.config.column_types))
                if told:
                    return "\n".join(told)
            return f"{kind.capitalize()} {info.node_name} could not be built: {without_values(result.message)} ({path})"
        if kind == "unit test":
            return (
                f"Unit test {info.node_name} does not hold ({path}): see it with `dbt test --select {info.node_name}`."
            )
        description = " ".join(str(getattr(node, "description", "") or "").split())
        if node is not None and node.config.meta.get("reason_column"):
            return description or None  # finish_run() prints the reasons in its rows, also for a plain `dbt build`
        rows = "1 row fails" if result.num_failures == 1 else f"{result.num_failures} rows fail"
        rule = f"{info.node_name}: {description}" if description else info.node_name
        return f"Test {rule.rstrip('.')}: {rows} ({path}); see them with `dbt show --select {info.node_name}`."


def warn(sentence: str) -> None:
    """A line on standard error that does not stop anything."""
    say(sentence, file=sys.stderr)
