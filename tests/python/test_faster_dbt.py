"""What makes dbt cheaper in checks and tests changes nothing of what dbt finds and renders."""

import importlib
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
import yaml
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.environments.local import LocalEnvironment
from dbt.clients.jinja import MacroStack
from dbt.compilation import Linker
from dbt.context import providers
from dbt.context.macros import MacroNamespaceBuilder
from dbt.exceptions import DuplicateMacroNameError
from dbt_common.clients.jinja import get_template

import faster_dbt
from rekindle.ground.paths import PROJECT

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
        "rekindle": "everywhere of_rekindle of_two",
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


def test_only_settings_of_the_whole_database_are_set_once() -> None:
    profile = yaml.safe_load((PROJECT / "profiles.yml").read_text(encoding="utf-8"))
    settings = profile["rekindle"]["outputs"]["duckdb"]["settings"]
    scopes = {name.lower(): scope for name, scope in duckdb.sql("select name, scope from duckdb_settings()").fetchall()}
    of_a_connection = [name for name in settings if scopes[name.lower()] != "GLOBAL"]
    assert of_a_connection != []
    assert {*of_a_connection} <= {*faster_dbt.OF_A_CONNECTION} < {*settings}


def test_each_connection_has_all_settings_whatever_was_opened_and_closed_before(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(LocalEnvironment, "handle", LocalEnvironment.handle)
    faster_dbt._set_settings_once()
    settings = {"TimeZone": "Asia/Tokyo", "preserve_insertion_order": "false", "enable_progress_bar": "false"}
    environment: Any = LocalEnvironment(
        DuckDBCredentials(path=str(tmp_path / "build.duckdb"), schema="main", settings=settings)
    )
    asked = "select current_setting('TimeZone'), current_setting('preserve_insertion_order')"
    for _ in range(2):  # the second time the database is opened anew
        handles = [environment.handle() for _ in range(3)]
        for handle in handles:
            assert handle.cursor().execute(asked).fetchall() == [("Asia/Tokyo", False)]
            handle.close()
    environment.close()


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
