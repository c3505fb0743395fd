"""The macros of the dbt project, rendered without dbt: a file and a model cannot normalise differently.

The macro files are plain Jinja over the dispatched primitives of macros/portability/text.sql. What dbt adds is little:
`adapter.dispatch` (the default is DuckDB's), `return` (here: the value itself) and `dbt.concat`.
"""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment

from rekindle import paths
from rekindle.quoting import name, text

MACROS = paths.PROJECT / "macros" / "portability"
QUERIES = Path(__file__).with_name("sql")


@cache
def rule_names() -> frozenset[str]:
    """The rules a target profile may name: the macros of identifiers.sql over one expression."""
    return frozenset(re.findall(r"macro (\w+)\(expression\)", (MACROS / "identifiers.sql").read_text(encoding="utf-8")))


def apply(rule: str, expression: str) -> str:
    """The SQL of a macro over a SQL expression of text."""
    return str(_macros()[rule](expression)).strip()


def query(template: str, **values: Any) -> str:
    """A query of sql/, filled in."""
    source = (QUERIES / f"{template}.sql").read_text(encoding="utf-8")
    return _environment().from_string(source).render(rule=apply, matches=_matches, **values)


def _matches(pattern: str, expression: str) -> str:
    macros = _macros()
    return str(macros["regex_like"](expression, str(macros[pattern]()).strip())).strip()


@cache
def _environment() -> Environment:
    environment = Environment(extensions=["jinja2.ext.do"])
    environment.filters.update({"name": name, "text": text})
    environment.globals.update(
        {
            "adapter": SimpleNamespace(dispatch=lambda macro, _package: _macros()[f"default__{macro}"]),
            "return": lambda value: value,
            "dbt": SimpleNamespace(concat=" || ".join),
        }
    )
    return environment


@cache
def _macros() -> dict[str, Callable[..., Any]]:
    source = "".join((MACROS / file).read_text(encoding="utf-8") for file in ("text.sql", "identifiers.sql"))
    return {name: macro for name, macro in vars(_environment().from_string(source).module).items() if callable(macro)}
