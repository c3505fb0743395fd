"""Rules of the dbt project, rendered from its macros without dbt: a command and a model cannot disagree.

The macro files are plain Jinja over the dispatched primitives of macros/portability/text.sql. What dbt adds to the
macros that are rendered here is little: `adapter.dispatch` (the default is DuckDB's), `return` (here: the value itself,
at the end of a macro), `dbt.concat`, `dbt.hash`, `modules.datetime` and settings.
"""

import ast
import datetime
import re
from collections.abc import Callable, Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment

from rekindle.ground import paths

MACROS = paths.PROJECT / "macros"
IDENTIFIERS = MACROS / "portability" / "identifiers.sql"
# where a rule stands that is needed outside dbt, too
FILES = (
    MACROS / "portability" / "text.sql",
    MACROS / "portability" / "bits.sql",
    MACROS / "portability" / "spark.sql",
    MACROS / "portability" / "casts.sql",
    MACROS / "portability" / "time_zones.sql",
    IDENTIFIERS,
    MACROS / "intake" / "erased_contacts.sql",
    MACROS / "intake" / "noes.sql",
    MACROS / "intake" / "is_readable_email.sql",
    MACROS / "identity" / "phone_numbers.sql",
    MACROS / "time" / "as_of.sql",
    MACROS / "segments" / "expected_value.sql",
    MACROS / "project" / "references.sql",
    MACROS / "project" / "scenarios_in_use.sql",
)


@cache
def rule_names() -> frozenset[str]:
    """The rules a target profile may name: the macros of identifiers.sql over one expression."""
    return frozenset(re.findall(r"macro (\w+)\(expression\)", IDENTIFIERS.read_text(encoding="utf-8")))


def apply(rule: str, *arguments: str | list[str], settings: Mapping[str, Any] | None = None) -> str:
    """What a macro makes of its arguments, SQL expressions as a rule; `settings`: those that it reads."""
    return str(_macros(tuple((settings or {}).items()))[rule](*arguments)).strip()


@cache
def _macros(settings: tuple[tuple[str, Any], ...]) -> dict[str, Callable[..., Any]]:
    macros: dict[str, Callable[..., Any]] = {}
    package = SimpleNamespace()
    environment = Environment(extensions=["jinja2.ext.do"])
    environment.globals.update(
        {
            "adapter": SimpleNamespace(dispatch=lambda macro, _package: macros[f"default__{macro}"]),
            "return": lambda value: value,
            "dbt": SimpleNamespace(
                concat=" || ".join,
                hash=lambda expression: f"md5(cast({expression} as varchar))",
                type_string=lambda: "varchar",
            ),
            # the package, by whose name a macro calls another one that dbt has as well
            "rekindle": package,
            "modules": SimpleNamespace(datetime=datetime),
            "setting": dict(settings).__getitem__,
        }
    )
    source = "".join(file.read_text(encoding="utf-8") for file in FILES)
    module = vars(environment.from_string(source).module)
    macros |= {name: macro for name, macro in module.items() if callable(macro)}
    vars(package).update(macros)
    return macros


def contact_digest(row: str) -> str:
    """How landing.blocked_contacts names a contact record, given as a table or its alias."""
    return apply("contact_digest", row)


def is_blocked(row: str) -> str:
    """The SQL condition for a contact record that is kept out, because its person was erased; false without ids."""
    return f"coalesce({contact_digest(row)} in (select contact_digest from landing.blocked_contacts), false)"


def contract_lists() -> dict[str, list[str]]:
    """What the input contract knows as channel and as purpose."""
    found: dict[str, list[str]] = ast.literal_eval(apply("contract_lists"))
    return found


def references() -> dict[str, list[str]]:
    """The foreign keys of published tables: the key referred to (model.column), and the columns that do so."""
    found: dict[str, list[str]] = ast.literal_eval(apply("references"))
    return found


def told_only() -> list[str]:
    """Those of the columns whose values need not be found: the retailer names them, or history does."""
    told: list[str] = ast.literal_eval(apply("told_only"))
    return [child for parent, children in references().items() for child in children if {parent, child} & {*told}]


def not_in_use(scenario_ids: list[str], names: str | list[str]) -> list[str]:
    """Those of the scenarios that a connector, which uses `names`, has switched off."""
    found: list[str] = ast.literal_eval(str(_macros(())["not_in_use"](scenario_ids, names)).strip())
    return found
