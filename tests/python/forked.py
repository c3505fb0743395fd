"""Runs the project's programs in processes forked from one that has imported dbt and Great Expectations already.

Importing the two takes longer than most commands, and the tests call hundreds of commands. A forked process has its own
environment, folder, limits, streams and end, as one that a shell starts; whoever kills it kills only it. What the
server has in memory when it forks, nobody makes again: modules, schemas of dbt's own files, projects that were parsed.

The server reads one request per line (JSON) and answers each, when its process has ended, with the exit code.
"""

import atexit
import contextlib
import gc
import hashlib
import importlib
import json
import os
import resource
import runpy
import subprocess
import sys
import traceback
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

# the folder of what dbt has parsed in this session; conftest.py makes it
PARSED = "REKINDLE_TESTS_PARSED"
# variables that the SQL of a node depends on and nothing else: neither which nodes there are nor what they refer to
ONLY_IN_SQL = {
    *("as_of_date", "as_of_time", "business_timezone", "default_country_code", "send_time", "rfm_sector"),
    *("global_holdout_salt", "global_holdout_share", "max_rejected_share", "require_double_opt_in"),
    *("identity_rounds", "identity_max_contacts_per_identifier"),
    *("open_tracking_consent_countries", "click_tracking_consent_countries"),
    *("default_as_of", "rfm_window_days"),
}
# the project by its name; a host of it has folders of packages, which a copy does not share
OURS = "rekindle"
# set to 1: the command's builds ask all data tests of it
ASK_KEYS = "TESTS_ASK_KEYS"
# generic tests about keys and ranges of one table each: four in five data tests
ABOUT_KEYS = ("unique_key", "not_null_columns", "relationship", "expression_is_true")
# a note beside a parsed project: somebody has read it
READ = ".read"
# in the server: parsed projects by the digest of their file, and the notes that it has seen
_projects: dict[str, Any] = {}
_noticed: set[Path] = set()


def call(
    command: Sequence[str], variables: dict[str, str], folder: Path, output: Path, largest_file: int | None = None
) -> int:
    """What `subprocess.run([sys.executable, *command])` returns: the exit code, or a signal's number below zero.

    `command` starts with a file or with -m and a module. Both streams go to the file `output`. `folder` is where it
    runs: the project, or a copy of it, which is served by a process that has imported the copy's own modules.
    """
    server = _server(folder)
    assert server.stdin is not None
    assert server.stdout is not None
    # plain dbt writes all of the project into artefacts, twice: half of a short command.
    # Who reads them says --write-json.
    environment = {"DBT_WRITE_JSON": "false", **variables, PARSED: os.environ[PARSED]}
    request = [list(command), environment, str(folder), str(output), largest_file]
    server.stdin.write(json.dumps(request) + "\n")
    server.stdin.flush()
    return int(server.stdout.readline())


@cache
def _server(project: Path) -> subprocess.Popen[str]:
    """This process's server for a project; it ends when this process does."""
    server = subprocess.Popen(
        [sys.executable, "-X", "utf8", __file__, str(project / "scripts")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(server.communicate)  # its input ends, and with it the server
    return server


def import_anew() -> None:
    """Lets go of all servers: who changes the Python of a copy wants it imported again."""
    _server.cache_clear()


def _import_what_is_slow(scripts: str) -> None:
    sys.path.insert(0, scripts)
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    for module in ("rekindle.ground.dbt", "rekindle.export.exporting"):
        importlib.import_module(module)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own past, not ours
        for module in ("expectations.core", "render.renderer.page_renderer"):
            importlib.import_module(f"great_expectations.{module}")


def _parse_once() -> None:
    """Shares what dbt has parsed between all processes of the session.

    dbt keeps it in the target folder, which each workshop has of its own, and throws it away when the path of the
    warehouse or a variable changes; parsing from nothing takes longer than most tests. Here it lies in one folder, by
    what it does depend on. The path and `ONLY_IN_SQL` are no part of that: a replay changes path and date and parses
    nothing, and another time zone or another number of rounds compiles the same nodes otherwise. A copy of the project
    begins with what another copy has parsed: dbt compares the files and parses those that differ.
    """
    manifest: Any = importlib.import_module("dbt.parser.manifest")
    check = manifest.ManifestLoader.build_manifest_state_check

    def check_what_counts(self: Any) -> Any:
        state, project = check(self), self.root_project
        hash_of = type(state.profile_hash).from_contents
        state.profile_hash = hash_of(project.credentials.database)
        variables = {name: value for name, value in project.cli_vars.items() if name not in ONLY_IN_SQL}
        state.vars_hash = hash_of(repr([sorted(variables.items()), project.target_name]))
        if project.project_name in state.project_hashes:
            state.project_hashes[project.project_name] = hash_of(_parsed_of_project(Path(project.project_root)))
        kind, place = (hashlib.sha256(repr(each).encode()).hexdigest() for each in (state, project.project_root))
        file = Path(os.environ[PARSED], f"{kind}-{place[:8]}.msgpack")
        others = sorted(file.parent.glob(f"{kind}-*.msgpack"))
        if project.project_name == OURS and others and file not in others:
            file.write_bytes(others[0].read_bytes())
        # an absolute path: joined to the target folder, it takes its place
        manifest.PARTIAL_PARSE_FILE_NAME = str(file)
        return state

    read = manifest.ManifestLoader.read_manifest_for_partial_parse

    def read_as_of_here(self: Any) -> Any:
        found = read(self)
        for node in found.nodes.values() if found is not None else ():
            if getattr(node, "root_path", None) and node.package_name == self.root_project.project_name:
                node.root_path = self.root_project.project_root  # where the file of a seed lies
        return found

    manifest.ManifestLoader.build_manifest_state_check = check_what_counts
    manifest.ManifestLoader.read_manifest_for_partial_parse = read_as_of_here


def _parsed_of_project(root: Path) -> str:
    """What dbt_project.yml says, without the settings that only SQL depends on."""
    said = yaml.safe_load((root / "dbt_project.yml").read_text(encoding="utf-8"))
    of_all = said.get("vars", {})
    for settings in (of_all, *(of_all.get("connector_settings") or {}).values()):
        for name in ONLY_IN_SQL & set(settings or {}):
            del settings[name]
    return json.dumps(said, default=str, sort_keys=True)


def _make_faster() -> None:
    sys.path.append(str(Path(__file__).resolve().parents[2] / "scripts" / "checks"))
    importlib.import_module("faster_dbt").make_faster(Path(os.environ[PARSED], "templates"))


def _remember_schemas() -> None:
    """Makes once what dbt would make in each process: the schemas of its files, and from where it asks for flags."""
    classes = {
        "dbt.contracts.project": ("ProjectFlags", "ProfileConfig", "Project", "PackageConfig", "Configuration"),
        "dbt.contracts.selection": ("SelectorFile",),
        "dbt.adapters.duckdb.credentials": ("DuckDBCredentials",),
    }
    for module, names in classes.items():
        for name in names:
            getattr(importlib.import_module(module), name).json_schema()
    # a name for messages, for which dbt looks through the source files of all modules
    flags: Any = importlib.import_module("dbt_common.behavior_flags")
    flags.BehaviorFlagRendered._default_source = staticmethod(lambda: "dbt.adapters.base.impl")


@cache
def _dbts_own_reading() -> Any:
    """How dbt reads a parsed project; it writes code for that, once, before `_remember_projects` takes its place."""
    manifest: Any = importlib.import_module("dbt.parser.manifest")
    nothing = manifest.Manifest().to_msgpack(manifest.extended_mashumaro_encoder)
    manifest.Manifest.from_msgpack(nothing, decoder=manifest.extended_mashumuro_decoder)
    return manifest.Manifest.from_msgpack


def _remember_projects() -> None:
    """Has forked processes find in memory the parsed projects that the server has read, instead of reading them."""
    manifest: Any = importlib.import_module("dbt.parser.manifest")
    read = _dbts_own_reading()

    def read_or_remember(data: bytes, **named: Any) -> Any:
        Path(f"{manifest.PARTIAL_PARSE_FILE_NAME}{READ}").touch()
        # once only: whoever gets it changes it
        return _projects.pop(hashlib.sha256(data).hexdigest(), None) or read(data, **named)

    manifest.Manifest.from_msgpack = read_or_remember


def _ask_keys_where_wanted() -> None:
    """Has our own programs leave out tests about keys, a sixth of a build, unless the environment asks for them.

    The hand-written rows are the same in hundreds of builds, and their keys are asked for in the two builds of
    `make test`, in the states that tests share, and where a test is about data tests or follows a page. Plain dbt asks
    what it is told to.
    """
    selector: Any = importlib.import_module("dbt.graph.selector").ResourceTypeSelector
    is_chosen = selector.node_is_match

    def is_wanted(self: Any, node: Any) -> bool:
        test = getattr(node, "test_metadata", None)
        is_about_keys = test is not None and test.name in ABOUT_KEYS
        return bool(is_chosen(self, node)) and (os.environ.get(ASK_KEYS) == "1" or not is_about_keys)

    selector.node_is_match = is_wanted


def _read_projects() -> None:
    """Reads, in the server, the parsed projects that a forked process had to read: others will too."""
    manifest: Any = importlib.import_module("dbt.parser.manifest")
    for note in Path(os.environ[PARSED]).glob(f"*{READ}"):
        if note not in _noticed:
            _noticed.add(note)
            data = note.with_suffix("").read_bytes()
            with contextlib.suppress(ValueError):  # another worker is writing it just now: everybody reads it alone
                project = _dbts_own_reading()(data, decoder=manifest.extended_mashumuro_decoder)
                _projects[hashlib.sha256(data).hexdigest()] = project
                _describe_once(project)
            _keep()


def _describe_once(project: Any) -> None:
    """Has mashumaro write the code that describes each kind of node, which it does in each process when first asked."""
    nodes = (*project.nodes.values(), *project.sources.values(), *project.macros.values(), *project.exposures.values())
    for node in {type(node): node for node in nodes}.values():
        node.to_dict(omit_none=True)
        node.to_dict()
        if hasattr(node, "config"):
            node.config.to_dict(omit_none=True)
            node.config.to_dict()


def _keep() -> None:
    """Spares what is in memory by now the collector of garbage, which would look through it again and again."""
    gc.collect()
    gc.freeze()


def _serve() -> Any:
    """Answers requests; returns, in each forked process, the request that it is to carry out."""
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        _read_projects()
        child = os.fork()
        if child == 0:
            gc.set_threshold(200_000, 50, 50)  # commands are short, and looking for garbage takes a third of their time
            return json.loads(line)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)
    sys.exit()


def _carry_out(
    command: list[str], variables: dict[str, str], folder: str, output: str, largest_file: int | None
) -> None:
    for stream, (path, flags) in enumerate(
        [(os.devnull, os.O_RDONLY), *[(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)] * 2]
    ):
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, stream)
        os.close(opened)
    os.umask(0)  # what is private is so by itself
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    if command[0] == "-m":
        os.environ[ASK_KEYS] = "1"
        sys.argv = command[1:]
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = command
        sys.path[0] = str(Path(command[0]).parent)
        runpy.run_path(command[0], run_name="__main__")


def _end(code: object) -> None:
    """As Python ends, but for threads that only the server has: taking those down would abort."""
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
    atexit._run_exitfuncs()
    gc.collect()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    _import_what_is_slow(sys.argv[1])
    _parse_once()
    _make_faster()
    _remember_schemas()
    _remember_projects()
    _ask_keys_where_wanted()
    _keep()
    request = _serve()
    code: object = 1
    try:
        _carry_out(*request)
        code = 0
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
    _end(code)
