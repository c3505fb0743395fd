"""What stands in SQL and is needed in Python, too: rendered from its macro, or read by both and compared here."""

import datetime
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from compiled import compile_inline

from rekindle.ground import engine, rules
from rekindle.ground.calendar import newest_closed_month
from rekindle.ground.paths import PROJECT
from rekindle.ground.settings import project, setting

DAYS = [datetime.date(1900, 1, 1) + datetime.timedelta(days=17 * each) for each in range(23_000)]
CONTACTS = [("till", "1"), ("shop", "a|b"), ("", ""), ("tïll", "ß 1"), (None, "1"), ("till", None)]
COUNTRIES = [None, "", "  ", "fr", " Fr ", "DE", "xx"]


def values(rows: Iterable[tuple[str | None, ...]]) -> str:
    """Rows of text as SQL."""
    return ", ".join("(" + ", ".join("null" if each is None else f"'{each}'" for each in row) + ")" for row in rows)


def told(folder: Path, query: str, **variables: Any) -> Any:
    """What a query with macros says, as dbt compiles it."""
    return duckdb.execute(compile_inline(folder, query, **variables)).fetchall()


def test_the_month_that_a_build_publishes_is_the_last_one_that_ended_before_it() -> None:
    for day in DAYS:
        month = newest_closed_month(day)
        assert month.day == 1
        assert (month + datetime.timedelta(days=31)).replace(day=1) == day.replace(day=1), day


def test_a_command_renders_macros_as_dbt_does(tmp_path: Path) -> None:
    """The environment of rekindle.ground.rules is not dbt's: what it makes of each rule is held against dbt's SQL."""
    days = [day.isoformat() for day in DAYS[::500]]
    contacts = f"(values {values(CONTACTS)}) as t (source_system, contact_id)"
    countries = f"(values {values((each,) for each in COUNTRIES)}) as t (code)"
    default = {"default_country_code": "be"}
    query = (
        "select (select list({{ contact_digest('t') }}) from " + contacts + "), "
        "(select list({{ phone_country('t.code') }}) from " + countries + "), "
        "[{% for day in " + json.dumps(days) + " %}'{{ month_closed_by(day) }}',{% endfor %}]"
    )
    ((digests, read, months),) = told(tmp_path, query, **default)
    assert months == [rules.apply("month_closed_by", day) for day in days]
    assert duckdb.execute(f"select list({rules.contact_digest('t')}) from {contacts}").fetchall() == [(digests,)]
    rendered = rules.apply("phone_country", "t.code", settings=default)
    assert duckdb.execute(f"select list({rendered}) from {countries}").fetchall() == [(read,)]
    assert read == ["BE", "BE", "BE", "FR", "FR", "DE", "XX"]
    assert len({*digests}) == 5, "each record has its own, one without an id none"


@pytest.mark.parametrize("connector", ["fixture", "shopify"])
def test_a_command_finds_the_settings_that_dbt_finds(tmp_path: Path, connector: str) -> None:
    names = [*project()["vars"]["default_settings"], "default_as_of"]
    query = (
        "select [{% for name in "
        + json.dumps(names)
        + " %}'{{ setting(name) | tojson | replace(\"'\", \"''\") }}',{% endfor %}]"
    )
    ((found,),) = told(tmp_path, query, connector=connector)
    assert dict(zip(names, map(json.loads, found), strict=True)) == json.loads(
        json.dumps({name: setting(name, connector) for name in names}, default=str)
    )


def _profile() -> Any:
    """How dbt opens DuckDB."""
    return yaml.safe_load((PROJECT / "profiles.yml").read_text(encoding="utf-8"))["rekindle"]["outputs"]["duckdb"]


def test_commands_and_dbt_have_the_same_limits_when_nobody_names_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("REKINDLE_MEMORY_LIMIT", "REKINDLE_THREADS"):
        monkeypatch.delenv(variable, raising=False)
    options = _profile()["config_options"]
    defaults = {name: re.findall(r"'([^']*)'", str(options[name]))[1] for name in ("memory_limit", "threads")}
    assert defaults == {"memory_limit": engine.memory_limit(), "threads": str(engine.threads())}


def test_what_holds_for_the_whole_database_is_set_when_it_is_opened_and_not_for_each_node() -> None:
    profile = _profile()
    scopes = {name.lower(): scope for name, scope in duckdb.sql("select name, scope from duckdb_settings()").fetchall()}
    of_all = {
        kind: [name for name in profile[kind] if scopes[name.lower()] == "GLOBAL"]
        for kind in ("config_options", "settings")
    }
    assert of_all["config_options"] == [*profile["config_options"]]
    assert of_all["settings"] == ["TimeZone"], "which a connection may have of its own"
