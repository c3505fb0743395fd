"""What makes dbt cheaper in checks and tests changes nothing of what dbt finds and renders."""

import copy
import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dbt.adapters.duckdb.impl import DuckDBAdapter
from dbt.artifacts.resources.v1.components import InjectedCTE
from dbt.clients.jinja import MacroStack
from dbt.compilation import Linker
from dbt.context import base, providers
from dbt.context.base import Var
from dbt.context.macros import MacroNamespaceBuilder
from dbt.exceptions import DuplicateMacroNameError
from dbt.plugins.manager import PluginManager
from dbt.task.run import ModelRunner
from dbt.task.test import TestRunner as RunnerOfTests
from dbt_common.clients.jinja import get_template
from dbt_common.events import functions
from jinja2 import sandbox
from jinja2.exceptions import SecurityError

import faster_dbt
from dbt import compilation

OF_DBT = ["duckdb", "dbt"]
STACK: Any = MacroStack


@dataclass(frozen=True)
class Macro:
    package_name: str
    name: str
    unique_id: str
    original_file_path: str = ""


PACKAGES = {
    package: {name: Macro(package, name, f"{package}.{name}") for name in names.split()}
    for package, names in {
        "dbt": "everywhere of_dbt in_dbt_and_duckdb",
        "host": "everywhere of_host of_two",
        "duckdb": "in_dbt_and_duckdb of_duckdb",
        "rekindle": "everywhere of_rekindle of_two utils",
        "utils": "of_utils of_dbt",
    }.items()
}


def seen(namespace: Any) -> list[Any]:
    """All names and what they mean, alone and in each package."""
    top = {
        name: getattr(each, "macro", {*each} if isinstance(each, dict) else None) for name, each in namespace.items()
    }
    names = {name for package in PACKAGES.values() for name in package}
    inside = [
        getattr(namespace.get_from_package(package, name), "macro", None)
        for package in (None, "dbt", "host", "rekindle", "utils")
        for name in sorted(names)
    ]
    return [top, len(namespace), inside]


@pytest.mark.parametrize("root", ["rekindle", "host"])
@pytest.mark.parametrize("search", ["rekindle", "host", "utils", "dbt"])
def test_each_name_means_the_macro_that_dbt_finds(root: str, search: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def namespace(node: object) -> Any:
        builder = MacroNamespaceBuilder(root, search, STACK(), OF_DBT, node)
        return builder.build_namespace(PACKAGES, {"node": node})  # type: ignore[arg-type]

    expected = seen(namespace(None))
    monkeypatch.setattr(MacroNamespaceBuilder, "build_namespace", MacroNamespaceBuilder.build_namespace)
    faster_dbt._find_macros_once()
    for node in ("one", "another"):
        found = namespace(node)
        assert seen(found) == expected
        assert found["of_two"].node == node
        assert found["of_two"].context == {"node": node}


def test_a_project_with_other_macros_is_looked_through_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MacroNamespaceBuilder, "build_namespace", MacroNamespaceBuilder.build_namespace)
    faster_dbt._find_macros_once()

    def namespace(packages: Any) -> Any:
        return MacroNamespaceBuilder("rekindle", "rekindle", STACK(), OF_DBT, None).build_namespace(packages, {})

    packages = {"rekindle": {"one": Macro("rekindle", "one", "a")}}
    assert set(namespace(packages)) == {"rekindle", "dbt", "one"}
    packages["rekindle"]["two"] = Macro("rekindle", "two", "b")
    assert set(namespace(packages)) == {"rekindle", "dbt", "one", "two"}
    assert namespace({"rekindle": {"one": Macro("rekindle", "one", "c")}})["one"].macro.unique_id == "c"
    packages["rekindle"]["a key"] = Macro("rekindle", "two", "d")
    with pytest.raises(DuplicateMacroNameError):
        namespace(packages)


def lazy(stored: dict[str, Any], made: list[str]) -> faster_dbt._Lazy:
    """Two macros beside what is stored; `made` tells which of them were made."""

    def bind(macro: str) -> str:
        made.append(macro)
        return macro.upper()

    return faster_dbt._Lazy(stored, {"one": "one", "two": "two"}, bind)


def emptied_and_filled_again(each: Any) -> list[Any]:
    kept = copy.copy(each)
    del each["two"]
    each["left_behind"] = 3
    found = dict(each)
    each.clear()
    empty = dict(each)
    each.update(kept)
    return [found, empty]


@pytest.mark.parametrize(
    "do",
    [
        lambda each: [each["one"], each["stored"], each.get("two"), each.get("three"), each.get("three", 3)],
        lambda each: ["one" in each, "stored" in each, "three" in each],
        lambda each: [[*each], len(each), [*each.keys()], [*each.values()], [*each.items()], [*reversed(each)]],
        lambda each: [each.pop("one"), each.pop("one", None), each.setdefault("two", 2), each.setdefault("three", 3)],
        lambda each: [each.update({"one": 1}, two=2), each["one"], each["two"]],
        lambda each: [each | {"one": 1}, {"one": 1} | each, each == {}, each != {}, repr(each), {**each}],
        lambda each: [each.copy(), each.popitem()],
        lambda each: each.update(lazy({"stored": "another", "more": 1}, [])),
        lambda each: each.clear(),
        emptied_and_filled_again,
    ],
)
def test_macros_that_are_made_when_asked_for_are_as_if_all_were_there(do: Callable[[Any], Any]) -> None:
    all_there = {"stored": "stored", "one": "ONE", "two": "TWO"}
    asked = lazy({"stored": "stored"}, [])
    assert do(asked) == do(all_there)
    assert dict(asked) == all_there
    with pytest.raises(KeyError):
        asked["four"]


def test_a_macro_is_made_once_and_only_when_it_is_asked_for() -> None:
    made: list[str] = []
    namespace = lazy({"two": "stored"}, made)
    context = faster_dbt._Lazy({"one": "of dbt", "other": "of dbt"}, {})
    context.update(namespace)
    as_made = copy.copy(context)
    assert ("one" in context, "two" in context, context["two"], context["other"]) == (True, True, "stored", "of dbt")
    assert context
    assert lazy({}, made)
    assert made == []
    assert [context["one"], context.get("one"), dict(context)["one"]] == ["ONE"] * 3
    assert made == ["one"]
    context.clear()
    assert "one" not in context
    assert not context
    context.update(as_made)
    assert context["one"] == "ONE"
    assert made == ["one", "one"], "a node that runs has macros of its own"


def test_a_variable_is_rendered_where_it_is_a_template_and_read_where_it_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[str] = []
    values = {"number": 3, "word": "plain", "template": "{{ one }} and {{ stored }}"}

    def asked() -> list[Any]:
        variable = Var(lazy({"stored": "more"}, made), values)
        return [variable(name) for name in values]

    monkeypatch.setattr(Var, "get_rendered_var", Var.get_rendered_var)
    expected = asked()
    assert expected == [3, "plain", "ONE and more"]
    made.clear()
    faster_dbt._read_variables_at_once()
    assert asked() == expected
    del values["template"]
    made.clear()
    assert asked() == expected[:2]
    assert made == [], "nothing is copied for a plain word"


def test_a_word_of_a_test_is_rendered_with_what_the_node_may_call_and_nothing_is_copied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[str] = []
    template = "{% set two = one %}{{ [one, stored, two, range(2) | list, unknown is defined] }}"

    def rendered() -> Any:
        return get_template(template, {"stored": "of globals"}, native=True).render(lazy({"stored": "more"}, made))

    native = type(get_template("", {}, native=True))
    monkeypatch.setattr(native, "new_context", native.new_context)
    expected = rendered()
    assert expected == ["ONE", "more", "ONE", [0, 1], False]
    made.clear()
    faster_dbt._render_words_in_place()
    assert rendered() == expected
    assert made == ["one"]


def test_what_a_template_may_not_touch_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def function() -> None: ...

    def asked() -> list[bool]:
        things: list[Any] = [function, function, type, "word", {"one": 1}, iter([1]), (each for each in "one")]
        names = ("__globals__", "func_code", "mro", "gi_frame", "one", "upper", "__class__")
        return [sandbox.is_internal_attribute(thing, name) for thing in things for name in names]

    monkeypatch.setattr(sandbox, "is_internal_attribute", sandbox.is_internal_attribute)
    expected = asked()
    assert {*expected} == {True, False}
    faster_dbt._know_safe_attributes_once()
    assert asked() == asked() == expected
    with pytest.raises(SecurityError):
        get_template("{{ each.mro() }}", {}).render({"each": int})
    assert get_template("{{ each.mro() }}", {}).render({"each": SimpleNamespace(mro=lambda: 3)}) == "3"


def test_the_modules_that_templates_may_use_are_put_together_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((base, "get_context_modules"), (functions, "env_secrets")):
        monkeypatch.setattr(module, name, getattr(module, name))
    monkeypatch.setattr(PluginManager, "get_prefixed_modules", PluginManager.get_prefixed_modules)
    expected = base.get_context_modules()
    faster_dbt._know_process_once()
    found = base.get_context_modules()
    assert {name: {*each} for name, each in found.items()} == {name: {*each} for name, each in expected.items()}
    assert all(found[name] == expected[name] for name in ("pytz", "datetime", "re"))
    assert base.get_context_modules() is found


def test_a_template_that_another_process_compiled_renders_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment = type(get_template("", {}).environment)
    monkeypatch.setattr(environment, "compile", environment.compile)
    faster_dbt._compile_templates_once(tmp_path)
    source = "{{ [word, word] | as_native }}"
    for native, expected in ((False, "['a', 'a']"), (True, ["a", "a"])):
        said = [get_template(source, {}, native=native).render({"word": word}) for word in ("a", "b", "a")]
        assert [said[0], said[2]] == [expected] * 2
        assert said[1] != expected
    files = list(tmp_path.iterdir())
    assert len(files) == 2, "one kind of environment makes other code of the same template"
    for file in files:
        file.write_bytes(file.read_bytes()[:-10])
    assert get_template(source, {}).render({"word": "c"}) == "['c', 'c']", "half a file"


@dataclass
class Node:
    """A node, and what dbt's context says of it."""

    name: str
    compiled_code: str | None = None


@dataclass
class Context:
    """A context as dbt makes it: the same words alone and among the builtins."""

    node: Node
    config: object
    manifest: object
    provider: object
    of_parsing: object
    sql_results: dict[str, object] = field(default_factory=dict)
    words: dict[str, Any] = field(default_factory=dict)

    _context_members_ = {  # noqa: RUF012 - as dbt has it
        "model": property(lambda self: {"name": self.node.name, "compiled_code": self.node.compiled_code}),
        **dict.fromkeys(("compiled_code", "sql"), property(lambda self: self.node.compiled_code)),
        **dict.fromkeys(("pre_hooks", "post_hooks"), property(lambda self: [self.node.name])),
        "results": property(lambda self: self.sql_results),
    }

    def to_dict(self) -> dict[str, Any]:
        builtins = {name: each.__get__(self) for name, each in self._context_members_.items()}
        self.words.update(builtins, context=self.words, builtins=builtins, macro=lambda: self.words)
        return self.words


def test_a_context_that_was_made_for_compiling_is_as_new_when_the_node_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    modules = [importlib.import_module(f"dbt.{each}") for each in ("compilation", "task.run", "task.test")]
    for module in modules:
        monkeypatch.setattr(module, "generate_runtime_model_context", None)
    monkeypatch.setattr(providers, "ModelContext", Context)
    faster_dbt._make_contexts_once()
    compiling, running, testing = (vars(module)["generate_runtime_model_context"] for module in modules)
    config, manifest = object(), object()
    for find in (running, testing):
        node = Node("orders")
        context = compiling(node, config, manifest)
        context["left_behind"] = context["results"]["main"] = "by compiling"
        del context["sql"]
        node.compiled_code = "select 1"
        found = find(node, config, manifest)
        new = Context(node, config, manifest, None, None).to_dict()
        assert found is context, "macros are bound to it"
        assert found["macro"]() is found
        for made in (found, new):
            made["builtins"] = dict(made["builtins"])
            del made["context"], made["macro"]
        assert found == new

    compiling(node, config, manifest)
    for other in ((Node("orders"), config, manifest), (node, object(), manifest), (node, config, object())):
        first = compiling(node, config, manifest)
        assert running(*other) is not first
    first = compiling(node, config, manifest)
    assert running(node, config, manifest) is first
    assert running(node, config, manifest) is not first, "a node that runs again"


@pytest.mark.parametrize("edges", [[], [("a", "b"), ("b", "c"), ("a", "c")], [("a", "b"), ("b", "c"), ("c", "a")]])
def test_a_graph_is_summarised_and_searched_for_cycles_as_dbt_does(
    edges: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for method in ("find_cycles", "get_graph_summary"):
        monkeypatch.setattr(Linker, method, getattr(Linker, method))
    linker = Linker()
    for name in "abc":
        linker.add_node(name)  # type: ignore[no-untyped-call]
    for above, below in edges:
        linker.dependency(below, above)  # type: ignore[no-untyped-call]
    kinds = {"a": "seed", "b": "model", "c": "test"}
    manifest: Any = SimpleNamespace(
        expect=lambda name: SimpleNamespace(
            resource_type=kinds[name], to_dict=lambda omit_none: {"resource_type": kinds[name]}
        )
    )

    def asked() -> list[Any]:
        return [linker.find_cycles(), linker.get_graph_summary(manifest)]  # type: ignore[no-untyped-call]

    expected = asked()
    assert (expected[0] is None) == (len(edges) < 3 or edges[-1] == ("a", "c"))
    faster_dbt._draw_graphs_quickly()
    assert asked() == expected


@pytest.mark.parametrize(
    "sql",
    [
        "with one as (select 1) select * from one",
        "\n-- with a comment\n/* and\nwith another */ WITH one as (select 1)\nselect * from one",
        "with recursive one as (select 1) select * from one",
        "select 1 as withheld -- with nothing",
        "(with one as (select 1) select * from one)",
        "withheld",
    ],
)
def test_what_a_model_reads_is_put_where_dbt_puts_it(sql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ctes = [InjectedCTE(id="a", sql=" a as (\nselect 1\n)"), InjectedCTE(id="b", sql=" b as (\nselect 2\n)")]

    def put() -> list[list[str]]:
        """The words: how many spaces there are between them does not count."""
        return [compilation.inject_ctes_into_sql(sql, each).split() for each in ([], ctes[:1], ctes)]

    expected = put()
    monkeypatch.setattr(compilation, "inject_ctes_into_sql", compilation.inject_ctes_into_sql)
    faster_dbt._find_with_at_once()
    assert put() == expected


def test_columns_are_asked_for_once_in_unit_tests_and_again_when_the_model_has_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def ask(self: object, relation: str) -> list[str]:
        asked.append(relation)
        return [f"column {len(asked)}"]

    adapter: Any = DuckDBAdapter
    monkeypatch.setattr(adapter, "get_columns_in_relation", ask)
    monkeypatch.setattr(RunnerOfTests, "execute_unit_test", lambda self, *tables: [find(each) for each in tables])
    monkeypatch.setattr(ModelRunner, "run", lambda self, node, manifest: None)
    faster_dbt._describe_once()

    def find(table: str) -> list[str]:
        return list(adapter.get_columns_in_relation(None, table))

    def test(*tables: str) -> list[list[str]]:
        runner: Any = RunnerOfTests
        return list(runner.execute_unit_test(None, *tables))

    assert [find("orders"), find("orders")] == [["column 1"], ["column 2"]], "outside of unit tests"
    assert test("orders", "lines", "orders") == [["column 3"], ["column 4"], ["column 3"]]
    runner: Any = ModelRunner
    runner.run(None, SimpleNamespace(relation_name="orders"), None)
    assert test("orders", "lines") == [["column 5"], ["column 4"]]
