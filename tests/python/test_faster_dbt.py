"""What makes dbt cheaper in checks and tests changes nothing of what dbt finds and renders."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dbt.clients.jinja import MacroStack
from dbt.context.macros import MacroNamespaceBuilder
from dbt.exceptions import DuplicateMacroNameError
from dbt_common.clients.jinja import get_template

import faster_dbt

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
