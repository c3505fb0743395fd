"""The queries of sql/, filled in: Jinja with the rules of the dbt project."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from rekindle.ground import rules
from rekindle.ground.quoting import name, text

QUERIES = Path(__file__).with_name("sql")


def query(template: str, **values: Any) -> str:
    """A query by the name of its file."""
    return _environment().get_template(f"{template}.sql").render(rule=rules.apply, matches=_matches, **values)


def _matches(pattern: str, expression: str) -> str:
    return rules.apply("regex_like", expression, rules.apply(pattern))


@cache
def _environment() -> Environment:
    # from a loader, which compiles a template once: for each feed again, that was a seventh of a daily run
    environment = Environment(loader=FileSystemLoader(QUERIES), extensions=["jinja2.ext.do"])
    environment.filters.update({"name": name, "text": text})
    environment.globals["contract_lists"] = rules.contract_lists()
    return environment
