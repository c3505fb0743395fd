"""dbt as the checks and the tests run it: what it would make for each node, or in each process, is made once.

In checks and tests only, which run dbt hundreds of times: the project's own commands leave dbt's inside alone. What a
node is made of, runs and gives is the same; a thing is made more cheaply here or made once, and nothing is left out but
messages for a log.

`python scripts/checks/faster_dbt.py parse …` is `dbt parse …`.
"""

import contextlib
import copy
import functools
import gc
import hashlib
import importlib
import importlib.metadata
import json
import marshal
import re
import sys
import threading
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import networkx
from dbt.cli.main import cli
from dbt.clients.jinja import MacroGenerator
from dbt.context import macros
from dbt.include.global_project import PROJECT_NAME as DBT

# how the SQL of most models begins: comments, and the word after which another CTE may stand
WITH = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*with\b(?:\s+recursive\b)?", re.IGNORECASE | re.DOTALL)
# what dbt says of a node that is otherwise once the node is compiled
FOLLOWING_FROM_COMPILING = ("model", "compiled_code", "sql", "pre_hooks", "post_hooks")


def make_faster(compiled: Path, *, writes_sql: bool = False) -> None:
    """All of it, for this process and those forked from it. `compiled` is a folder that processes may share.

    Without `writes_sql` no SQL is written into the target folder.
    """
    _make_fewer_events()
    _find_macros_once()
    _compile_templates_once(compiled)
    _know_dates_once()
    _write_artefacts_at_once()
    _make_contexts_once()
    _draw_graphs_quickly()
    _know_process_once()
    _find_with_at_once()
    _describe_once()
    if not writes_sql:
        _write_no_sql()


def _make_fewer_events() -> None:
    """A tenth of a build: dbt makes twenty messages per node, and spells out each, for a log that nobody reads here.

    That a node starts, and that it is well, are among them.
    """
    base: Any = importlib.import_module("dbt_common.events.base_types")
    manager: Any = importlib.import_module("dbt_common.events.event_manager").EventManager
    event = base.BaseEvent
    fire, make, attribute = manager.fire_event, event.__init__, event.__getattr__
    kinds = ("LogStartLine", "LogModelResult", "LogTestResult", "LogSeedResult", "LogSnapshotResult")
    of_course = {(base.EventLevel.INFO, kind) for kind in kinds}

    def fire_what_is_read(self: Any, each: Any, level: Any = None, **named: Any) -> None:
        weight, kind = level or each.level_tag(), type(each).__name__
        if kind == "NodeFinished" or (weight != base.EventLevel.DEBUG and (weight, kind) not in of_course):
            fire(self, each, level, **named)

    def keep_what_is_said(self: Any, *arguments: Any, **named: Any) -> None:
        self.__dict__["_said"] = arguments, named

    def spell_out(self: Any, name: str) -> Any:
        if "_said" in self.__dict__:
            arguments, named = self.__dict__.pop("_said")
            make(self, *arguments, **named)
        return attribute(self, name)

    manager.fire_event, event.__init__, event.__getattr__ = fire_what_is_read, keep_what_is_said, spell_out


class _Lazy(dict[str, Any]):
    """Macros by name, each bound to the node when the node asks for it: it calls some twenty of 800.

    What is stored under a name comes before the macro of that name. Whoever wants to see all of it has all of it made.
    """

    def __init__(
        self, stored: Mapping[str, Any], macros: Mapping[str, Any], bind: Callable[[Any], Any] | None = None
    ) -> None:
        super().__init__(stored)
        self.macros, self.bind = macros, bind

    def __missing__(self, name: str) -> Any:
        macro = self.macros[name]
        assert self.bind is not None
        made = self[name] = self.bind(macro)
        return made

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self.macros

    def __bool__(self) -> bool:
        return super().__len__() > 0 or bool(self.macros)

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def __copy__(self) -> "_Lazy":
        return _Lazy(self._stored(), self.macros, self.bind)

    def clear(self) -> None:
        super().clear()
        self.macros = {}

    def update(self, other: Any = (), /, **named: Any) -> None:
        if isinstance(other, _Lazy):
            self._make_all()
            for name in [name for name in dict.__iter__(self) if name in other.macros]:
                super().__delitem__(name)
            self.macros, self.bind, other = other.macros, other.bind, other._stored()
        super().update(other, **named)

    def _stored(self) -> dict[str, Any]:
        return dict(dict.items(self))

    def _make_all(self) -> None:
        for name in self.macros:
            self[name]
        self.macros = {}


def _having_all(method: str) -> Any:
    of_dict = getattr(dict, method)

    def with_all(self: _Lazy, *arguments: Any) -> Any:
        self._make_all()
        return of_dict(self, *arguments)

    return with_all


for _method in (
    *("keys", "values", "items", "copy", "pop", "popitem", "setdefault", "__iter__", "__reversed__", "__len__"),
    *("__eq__", "__ne__", "__repr__", "__delitem__", "__or__", "__ror__"),
):
    setattr(_Lazy, _method, _having_all(_method))


class _Found(_Lazy):
    """All macros by the name that a node calls them by: looked up in one step, where dbt takes up to five."""

    get_from_package = macros.MacroNamespace.get_from_package
    global_project_namespace: Mapping[str, Any]
    packages: Mapping[str, Any]


def _find_macros_once() -> None:
    """A fifth of a build: dbt sorts all 800 macros into packages, the same each time, three times per node, and
    makes objects of all of them.

    Each node still gets objects of its own, since they carry who calls: of those that it asks for.
    """
    builder: Any = macros.MacroNamespaceBuilder
    build = builder.build_namespace
    # what was sorted last: every node of a project asks for it with the same dictionaries
    sorted_for: dict[tuple[Any, ...], tuple[Any, int, Callable[[Any], Any]]] = {}

    def build_from_plan(self: Any, by_package: Any, context: dict[str, Any]) -> Any:
        key = self.root_package, self.search_package, tuple(self.internal_package_names_order)
        count = sum(map(len, by_package.values()))
        known = sorted_for.get(key)
        if known is None or known[0] is not by_package or known[1] != count:
            build(self, by_package, context)  # it refuses two macros of one name
            known = by_package, count, _plan(self, by_package)
            sorted_for[key] = known
        node, stack = self.node, self.thread_ctx

        def bind(macro: Any) -> Any:
            made = MacroGenerator.__new__(MacroGenerator)
            made.__dict__ = {"context": context, "macro": macro, "node": node, "stack": stack}
            return made

        return known[2](bind)

    builder.build_namespace = build_from_plan

    of_manifest: Any = importlib.import_module("dbt.context.manifest").ManifestContext
    build_for_context = of_manifest._build_namespace

    def build_for_lazy_context(self: Any) -> Any:
        self._ctx = _Lazy(self._ctx, {})
        return build_for_context(self)

    of_manifest._build_namespace = build_for_lazy_context
    _read_variables_at_once()
    _render_words_in_place()
    _know_safe_attributes_once()


def _read_variables_at_once() -> None:
    """dbt copies all that a node may call to render the value of a variable, which next to never is a template."""
    variable: Any = importlib.import_module("dbt.context.base").Var
    is_template = importlib.import_module("dbt.clients.jinja")._HAS_RENDER_CHARS_PAT.search
    render = variable.get_rendered_var

    def read_or_render(self: Any, name: str) -> Any:
        raw = self._merged[name]
        return render(self, name) if isinstance(raw, str) and is_template(raw) else raw

    variable.get_rendered_var = read_or_render


def _know_safe_attributes_once() -> None:
    """A fiftieth of a build: for each dot in a template Jinja asks whether the attribute is one of Python's inside."""
    sandbox: Any = importlib.import_module("jinja2.sandbox")
    ask = sandbox.is_internal_attribute
    known: dict[tuple[type, str], bool] = {}

    def know_or_ask(each: Any, name: str) -> bool:
        key = type(each), name
        if key not in known:
            known[key] = ask(each, name)
        return known[key]

    sandbox.is_internal_attribute = know_or_ask


def _render_words_in_place() -> None:
    """dbt copies all that a node may call to render each word of a test; for models and macros it does not."""
    jinja: Any = importlib.import_module("dbt_common.clients.jinja")
    jinja.NativeSandboxTemplate.new_context = jinja.MacroFuzzTemplate.new_context


def _plan(builder: Any, by_package: Mapping[str, Mapping[str, Any]]) -> Callable[[Any], Any]:
    """How to make the namespace of any node of a package, from a function that binds a macro to the node."""

    internal = [name for name in reversed(builder.internal_package_names_order) if name in by_package]
    of_project = [name for name in by_package if name not in builder.internal_package_names]
    # of dbt's packages the first wins
    of_dbt = {macro.name: macro for package in internal for macro in by_package[package].values()}
    own = {package: by_package[package] for package in of_project}
    local = own.get(builder.search_package, {})
    root = own.get(builder.root_package, {}) if builder.root_package != builder.search_package else {}
    found = {**of_dbt, **root, **local}

    def made(bind: Callable[[Any], Any]) -> _Found:
        dbts = _Lazy({}, of_dbt, bind)
        packages = {package: _Lazy({}, macros_of, bind) for package, macros_of in own.items()}
        stored = {
            name: each for name, each in {DBT: dbts, **packages}.items() if name not in root and name not in local
        }
        namespace = _Found(stored, found, bind)
        namespace.global_project_namespace, namespace.packages = dbts, packages
        return namespace

    return made


def _compile_templates_once(folder: Path) -> None:
    """An eighth of a build: Jinja makes Python of every macro and of every node, the same in every process."""
    environment: Any = importlib.import_module("dbt_common.clients.jinja").MacroFuzzEnvironment
    make = environment.compile
    made_by = [importlib.metadata.version(program) for program in ("jinja2", "dbt-core", "dbt-common")]
    made_by.append(str(sys.implementation.cache_tag))
    folder.mkdir(parents=True, exist_ok=True)

    def make_or_read(self: Any, source: Any, name: Any = None, filename: Any = None, *rest: Any, **named: Any) -> Any:
        if not isinstance(source, str) or name or filename or rest or named:
            return make(self, source, name, filename, *rest, **named)
        kind = f"{made_by} {type(self).__name__} {sorted(self.extensions)} {source}"
        file = folder / f"{hashlib.sha256(kind.encode()).hexdigest()}.code"
        try:
            return marshal.loads(file.read_bytes())  # noqa: S302 - a process of this user wrote it
        except (OSError, ValueError, EOFError):
            code = make(self, source)
        # whoever reads half of it makes it again; nobody writes it twice, and a full disk is no concern of dbt's
        with contextlib.suppress(OSError), file.open("xb") as handle:
            handle.write(marshal.dumps(code))
        return code

    environment.compile = make_or_read


def _know_dates_once() -> None:
    """A thirtieth of a build: for each answer of the database dbt prepares itself for dates in words."""
    calendar: Any = importlib.import_module("parsedatetime")
    calendar.Constants = functools.cache(calendar.Constants)


def _write_artefacts_at_once() -> None:
    """Half of a command on few nodes: dbt has its artefacts written piece by piece, which Python does slowly."""
    system: Any = importlib.import_module("dbt_common.clients.system")

    def dump(artefact: Any, file: Any, **named: Any) -> None:
        file.write(json.dumps(artefact, **named))

    system.json = types.SimpleNamespace(**{**vars(json), "dump": dump})


def _make_contexts_once() -> None:
    """A tenth of a build: what a node may call is made for compiling it, and made again for running it."""
    providers: Any = importlib.import_module("dbt.context.providers")
    make = providers.generate_runtime_model_context
    last = threading.local()

    def make_for_compiling(node: Any, config: Any, manifest: Any) -> Any:
        maker = providers.ModelContext(node, config, manifest, providers.RuntimeProvider(), None)
        context = maker.to_dict()
        last.made = (node, config, manifest), maker, copy.copy(context)
        return context

    def find_for_running(node: Any, config: Any, manifest: Any) -> Any:
        made, last.made = getattr(last, "made", None), None
        if made is None or any(one is not other for one, other in zip(made[0], (node, config, manifest), strict=True)):
            return make(node, config, manifest)
        _, maker, as_made = made
        context = as_made["context"]
        # without what compiling left behind, and with what the node knows by now
        maker.sql_results.clear()
        context.clear()
        context.update(as_made)
        for name in FOLLOWING_FROM_COMPILING:
            context[name] = context["builtins"][name] = maker._context_members_[name].__get__(maker)
        return context

    for module, function in (
        ("compilation", make_for_compiling),
        ("task.run", find_for_running),
        ("task.test", find_for_running),
    ):
        vars(importlib.import_module(f"dbt.{module}"))["generate_runtime_model_context"] = function


def _draw_graphs_quickly() -> None:
    """Half a second of a command: dbt looks for a cycle edge by edge, and makes all of a node to say its kind.

    dbt's option of fewer edges from tests to models is no help: a failed test then skips nothing that hangs on it.
    """
    linker: Any = importlib.import_module("dbt.compilation").Linker
    find = linker.find_cycles

    def find_where_there_is_one(self: Any) -> Any:
        return None if networkx.is_directed_acyclic_graph(self.graph) else find(self)

    def summarise(self: Any, manifest: Any) -> dict[int, dict[str, Any]]:
        number = {name: index for index, name in enumerate(self.graph)}
        summary = {}
        for name, index in number.items():
            summary[index] = {"name": name, "type": str(manifest.expect(name).resource_type)}
            if following := [number[each] for each in self.graph.successors(name)]:
                summary[index]["succ"] = following
        return summary

    linker.find_cycles, linker.get_graph_summary = find_where_there_is_one, summarise


def _know_process_once() -> None:
    """Asked for each message, node or command, and the same in all of the process: secrets, modules, plugins."""
    functions: Any = importlib.import_module("dbt_common.events.functions")
    functions.env_secrets = functools.cache(functions.env_secrets)
    context: Any = importlib.import_module("dbt.context.base")
    context.get_context_modules = functools.cache(context.get_context_modules)
    manager: Any = importlib.import_module("dbt.plugins.manager").PluginManager
    manager.get_prefixed_modules = staticmethod(functools.cache(manager.get_prefixed_modules))


def _find_with_at_once() -> None:
    """A fifth of a build with unit tests: dbt takes a model's SQL apart to find the word `with` at its beginning."""
    compilation: Any = importlib.import_module("dbt.compilation")
    inject = compilation.inject_ctes_into_sql

    def inject_at_once(sql: str, ctes: Any) -> str:
        found = WITH.match(sql)
        if not ctes or found is None:
            return str(inject(sql, ctes))
        before = found.end()
        return f"{sql[:before]}{', '.join(cte.sql for cte in ctes)}, {sql[before:]}"

    compilation.inject_ctes_into_sql = inject_at_once


def _describe_once() -> None:
    """A sixth of a build with unit tests: each of them asks the database for the columns of each table that it fills.

    Those of a table are asked for again once the model, seed or snapshot of that name has run.
    """
    adapter: Any = importlib.import_module("dbt.adapters.duckdb.impl").DuckDBAdapter
    tests: Any = importlib.import_module("dbt.task.test").TestRunner
    models: Any = importlib.import_module("dbt.task.run").ModelRunner
    ask, test, run = adapter.get_columns_in_relation, tests.execute_unit_test, models.run
    known: dict[str, Any] = {}
    here = threading.local()

    def know_or_ask(self: Any, relation: Any) -> Any:
        if not vars(here).get("is_unit_test"):
            return ask(self, relation)
        name = str(relation)
        if name not in known:
            known[name] = ask(self, relation)
        return known[name]

    def test_and_know(self: Any, *arguments: Any) -> Any:
        here.is_unit_test = True
        try:
            return test(self, *arguments)
        finally:
            here.is_unit_test = False

    def run_and_forget(self: Any, node: Any, manifest: Any) -> Any:
        try:
            return run(self, node, manifest)
        finally:
            known.pop(str(node.relation_name), None)

    adapter.get_columns_in_relation, tests.execute_unit_test, models.run = know_or_ask, test_and_know, run_and_forget


def ask_no_contracts(manifest: Any) -> None:
    """A third of a build on Spark: to ask a model's query for its columns, Spark plans it as it does to run it.

    For whoever compares the columns and types of all tables with those of another engine, which has kept the contracts.
    """
    name = "default__get_assert_columns_equivalent"
    manifest.macros[f"macro.dbt.{name}"].macro_sql = f"{{% macro {name}(sql) %}}{{% endmacro %}}"


def _write_no_sql() -> None:
    """A fifteenth of a build: each node's SQL is written into the target folder twice, compiled and as it was run."""
    node: Any = importlib.import_module("dbt.contracts.graph.nodes").ParsedNode
    node.write_node = lambda *_: None


if __name__ == "__main__":
    gc.set_threshold(200_000, 50, 50)  # dbt is short-lived; looking for garbage takes a fifth of its time
    make_faster(Path("target", "checks", "templates"))
    cli()
