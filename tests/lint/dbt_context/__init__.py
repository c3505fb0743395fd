"""What dbt's Jinja offers, as far as this project's macros use it, so that sqlfluff renders the SQL without dbt.

sqlfluff runs this package (`library_path` in `.sqlfluff`) and puts each name of it into the Jinja context: the macros
of the project, and stand-ins for dbt's own objects. `ref`, `source`, `this`, `config`, `is_incremental` and `return`
come from sqlfluff itself.
The rendered text only has to parse: it is never run.
"""

import datetime
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import jinja2
import pytz
import yaml
from sqlfluff.core.templaters.builtins.dbt import DBT_BUILTINS, DbtMacroWrapper

_PROJECT = Path(__file__).resolve().parents[3]
# dbt's own tag, which Jinja does not know; no model calls it
_MATERIALIZATION = re.compile(r"\{%-?\s*materialization\b.*?\bendmaterialization\s*-?%\}", re.DOTALL)
_MACRO = re.compile(r"(\{%-?\s*macro\s+)")


class _Dbt:
    """dbt's cross-database macros: a call of the same name parses as well as what dbt makes of it."""

    def __getattr__(self, name: str) -> Callable[..., str]:
        if name.startswith("type_"):
            return lambda: name.removeprefix("type_")

        def call(*arguments: Any, **named: Any) -> str:
            shown = [str(value) for argument in (*arguments, *named.values()) for value in _flat(argument)]
            return f"{name}({', '.join(shown)})"

        return call


def _flat(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _raise(message: str) -> None:
    raise jinja2.TemplateRuntimeError(message)


def _dbt_objects() -> dict[str, Any]:
    settings = yaml.load((_PROJECT / "dbt_project.yml").read_bytes(), Loader=yaml.CSafeLoader)["vars"]
    return {
        "dbt": _Dbt(),
        "env_var": lambda name, default="": default,
        "exceptions": SimpleNamespace(raise_compiler_error=_raise, warn=lambda message: ""),
        "execute": False,
        "invocation_id": "00000000-0000-0000-0000-000000000000",
        "log": lambda *arguments, **named: "",
        "model": SimpleNamespace(name="input_x", columns={"x": SimpleNamespace(name="x", data_type="string")}),
        "modules": SimpleNamespace(datetime=datetime, re=re, pytz=pytz),
        "run_started_at": datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC),
        "target": SimpleNamespace(name="duckdb", type="duckdb", schema="main", database="build"),
        "var": lambda name, default=None: settings.get(name, default),
    }


def _load() -> dict[str, Any]:
    """dbt's objects and all macros of the project by name; macros may call each other across files."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    loaded: dict[str, Callable[..., Any]] = {}

    def late(name: str) -> Callable[..., Any]:
        return lambda *arguments, **named: loaded[name](*arguments, **named)

    def dispatch(name: str, package: str | None = None) -> Callable[..., Any]:
        return loaded.get(f"duckdb__{name}") or loaded[f"default__{name}"]

    sources = [path.read_text(encoding="utf-8") for path in sorted((_PROJECT / "macros").rglob("*.sql"))]
    sources = [_MATERIALIZATION.sub("", source) for source in sources]
    # dbt's return() ends a macro with a value, which Jinja cannot: a wrapper catches it. For macros of one file to call
    # each other through the wrapper too, each is defined under another name than it is called by.
    sources = [_MACRO.sub(r"\1defined_", source) for source in sources]
    names = [name for source in sources for name in re.findall(r"\bdefined_(\w+)\(", source)]
    adapter = SimpleNamespace(dispatch=dispatch, quote='"{}"'.format)
    objects = {**_dbt_objects(), "adapter": adapter}
    macros = {name: late(name) for name in names}
    # some macros call each other by the name of the package, for models of other projects
    environment.globals.update(DBT_BUILTINS | objects | macros | {"rekindle": SimpleNamespace(**macros)})
    for source in sources:
        module = environment.from_string(source).module
        own = {name: getattr(module, f"defined_{name}", None) for name in names}
        loaded.update({name: DbtMacroWrapper(macro) for name, macro in own.items() if macro is not None})
    # the sentences of tests make a query of thousands of words, and nobody lays out what a macro writes
    loaded["filled_in"] = lambda text: "'a sentence'"
    return objects | loaded


# sqlfluff runs this file anew for every SQL file that it lints; compiling the macros takes longer than linting one.
_KEPT = "dbt_context_kept"
if _KEPT not in sys.modules:
    sys.modules[_KEPT] = ModuleType(_KEPT)
    vars(sys.modules[_KEPT]).update(_load())
globals().update({name: value for name, value in vars(sys.modules[_KEPT]).items() if not name.startswith("__")})
