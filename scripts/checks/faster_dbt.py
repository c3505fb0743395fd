"""dbt as the checks and the tests run it: what it would make for each node, or in each process, is made once.

In checks and tests only, which run dbt hundreds of times: the project's own commands leave dbt's inside alone. What a
node is made of, runs and gives is the same; a thing is made more cheaply here or made once, and nothing is left out but
messages for a log.

`python scripts/checks/faster_dbt.py parse …` is `dbt parse …`.
"""

import contextlib
import functools
import gc
import hashlib
import importlib
import importlib.metadata
import json
import marshal
import sys
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dbt.cli.main import cli
from dbt.clients.jinja import MacroGenerator
from dbt.context import macros
from dbt.include.global_project import PROJECT_NAME as DBT


def make_faster(compiled: Path) -> None:
    """All of it, for this process and those forked from it. `compiled` is a folder that processes may share."""
    _make_fewer_events()
    _find_macros_once()
    _compile_templates_once(compiled)
    _know_dates_once()
    _write_artefacts_at_once()


def _make_fewer_events() -> None:
    """A tenth of a build: dbt makes twenty messages per node, and spells out each, for a log that nobody reads here."""
    base: Any = importlib.import_module("dbt_common.events.base_types")
    manager: Any = importlib.import_module("dbt_common.events.event_manager").EventManager
    event = base.BaseEvent
    fire, make, attribute = manager.fire_event, event.__init__, event.__getattr__

    def fire_what_is_read(self: Any, each: Any, level: Any = None, **named: Any) -> None:
        if (level or each.level_tag()) != base.EventLevel.DEBUG or type(each).__name__ == "NodeFinished":
            fire(self, each, level, **named)

    def keep_what_is_said(self: Any, *arguments: Any, **named: Any) -> None:
        self.__dict__["_said"] = arguments, named

    def spell_out(self: Any, name: str) -> Any:
        if "_said" in self.__dict__:
            arguments, named = self.__dict__.pop("_said")
            make(self, *arguments, **named)
        return attribute(self, name)

    manager.fire_event, event.__init__, event.__getattr__ = fire_what_is_read, keep_what_is_said, spell_out


class _Found(dict[str, Any]):
    """All macros by the name that a node calls them by: looked up in one step, where dbt takes up to five."""

    get_from_package = macros.MacroNamespace.get_from_package

    def __init__(self, found: Mapping[str, Any], of_dbt: Mapping[str, Any], packages: Mapping[str, Any]) -> None:
        super().__init__(found)
        self.global_project_namespace, self.packages = of_dbt, packages


def _find_macros_once() -> None:
    """An eighth of a build: dbt sorts all 800 macros into packages, the same each time, three times per node.

    Each node still gets objects of its own, since they carry who calls.
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


def _plan(builder: Any, by_package: Mapping[str, Mapping[str, Any]]) -> Callable[[Any], Any]:
    """How to make the namespace of any node of a package, from a function that binds a macro to the node."""
    internal = [name for name in reversed(builder.internal_package_names_order) if name in by_package]
    of_project = [name for name in by_package if name not in builder.internal_package_names]
    # of dbt's packages the first wins
    of_dbt = {macro.name: macro for package in internal for macro in by_package[package].values()}
    search, root_package = builder.search_package, builder.root_package

    def made(bind: Callable[[Any], Any]) -> _Found:
        dbts = dict(zip(of_dbt, map(bind, of_dbt.values()), strict=True))
        own = {package: {name: bind(macro) for name, macro in by_package[package].items()} for package in of_project}
        local = own.get(search, {})
        root = own.get(root_package, {}) if root_package != search else {}
        return _Found({**dbts, DBT: dbts, **own, **root, **local}, dbts, own)

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


if __name__ == "__main__":
    gc.set_threshold(200_000, 50, 50)  # dbt is short-lived; looking for garbage takes a fifth of its time
    make_faster(Path("target", "checks", "templates"))
    cli()
