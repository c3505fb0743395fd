"""Another dbt project has this one as a package: examples/host, built with dbt alone.

What its few rows give is worked out by hand:
  Ada  c1 of the till and w1 of the web shop, one e-mail. In January to March 20 + 30 + 60 = 110 on three days, the last
       112 days before the end of June: R 2, F 3, M 3, FM 3, at risk. She said yes and left a basket: written to.
  Bea  c2, 120 + 90 = 210 on two days, the last 10 days before: R 5, F 2, M 4, FM 3, potential loyalist. She said no.
  Cem  c3, 40 on one day in April, 71 days before: R 3, F 1, M 1, FM 1, about to sleep. His wine of a quarter past
       midnight is of July, though it was still June in UTC.
  Dov  c4, never bought; what stands in place of his e-mail is none.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from pages import blocks, commands

from rekindle.ground.paths import PROJECT

README = "examples/host/README.md"
# a proxy that is not there: what asks the network fails
NO_NETWORK = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """The example as somebody would copy it, with the path of this project instead of its place in the repository."""
    folder = tmp_path / "corner_shop"
    shutil.copytree(
        PROJECT / "examples" / "host",
        folder,
        ignore=shutil.ignore_patterns("dbt_packages", "target", "logs", "*.duckdb*", "package-lock.yml"),
    )
    packages = folder / "packages.yml"
    text = packages.read_text(encoding="utf-8")
    assert "local: ../.." in text
    packages.write_text(text.replace("../..", str(PROJECT)), encoding="utf-8")
    dbt(folder, "deps")
    return folder


def dbt(folder: Path, *arguments: str, code: int = 0) -> str:
    """What plain dbt says in the folder; none of this project's own environment reaches it."""
    own = ("REKINDLE_", "DBT_")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(own)} | NO_NETWORK
    done = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "--quiet", *arguments],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_a_host_project_builds_with_dbt_alone(host: Path) -> None:
    assert commands(README) == ["dbt deps", "dbt build"]
    said = dbt(host, "build")
    assert "Rekindle, host, as of 2024-07-01" in said
    assert "Abandoned cart         2 due, 1 without consent, 1 go out" in said
    with duckdb.connect(str(host / "corner_shop.duckdb"), read_only=True) as warehouse:

        def rows(query: str) -> list[tuple[Any, ...]]:
            return warehouse.execute(query).fetchall()

        for question in blocks(README, "sql")[0].split(";\n")[:-1]:
            assert rows(question), question
        records = "string_agg(contact_id, ' ' order by contact_id)"
        people: dict[str, str] = dict(rows(f"select profile_id, {records} from identity.contact_profiles group by 1"))
        segments = rows("select profile_id, segment from segments.rfm_published where segment_month = '2024-06-01'")
        assert sorted(people.values()) == ["c1 w1", "c2", "c3", "c4"]
        assert {people[profile]: segment for profile, segment in segments} == {
            "c1 w1": "at_risk",
            "c2": "potential_loyalist",
            "c3": "about_to_sleep",
        }
        decisions = rows("select scenario_id, profile_id, outcome, closed_gate from activation.decisions")
        assert sorted((scenario, people[profile], *rest) for scenario, profile, *rest in decisions) == [
            ("abandoned_cart", "c1 w1", "selected", None),
            ("abandoned_cart", "c2", "closed", "consented"),
        ]
        assert rows("select email, channel from audiences.audience_members") == [("ada@example.com", "email")]
        # months are dated by the calendar, the run is one whole, and the cuts are those of the host
        assert rows("select distinct cast(dbt_valid_from as varchar) from snapshots.rfm_segments") == [
            ("2024-07-01 00:00:00",)
        ]
        assert rows("select command_scope, finished_at is not null from run.run_log") == [("full", True)]
        assert rows("select comment from main.rfm_value_cuts where score = 2 and measure = 'monetary'") == [
            ("a corner shop sells less",)
        ]
        assert rows("from duckdb_tables() where schema_name = 'config' and table_name = 'rfm_value_cuts'") == []


def test_the_page_asks_for_what_the_example_says() -> None:
    """Flags, dispatch and unit tests, word for word; entities and country are the shop's own."""
    example = yaml.safe_load((PROJECT / "examples" / "host" / "dbt_project.yml").read_text(encoding="utf-8"))
    [told] = [text for text in blocks("docs/host-project.md", "yaml") if text.startswith("flags:")]
    asked = yaml.safe_load(told.replace("your_project", example["name"]))
    assert asked["flags"].items() <= example["flags"].items()
    assert (asked["dispatch"], asked["unit_tests"]) == (example["dispatch"], example["unit_tests"])
    host, shop = (each["vars"]["connector_settings"]["host"] for each in (asked, example))
    assert set(host) == set(shop) - {"default_as_of"}


def test_a_host_that_lacks_what_it_must_say_is_told_so(host: Path) -> None:
    project = host / "dbt_project.yml"
    text = project.read_text(encoding="utf-8")
    start, end = text.index("dispatch:"), text.index("vars:")
    moved = "models: {rekindle: {activation: {+schema: elsewhere}}}\n\n"
    project.write_text(text[:start] + moved + text[end:], encoding="utf-8")
    said = " ".join(dbt(host, "run", "--select", "rekindle_carts", code=2).split())
    assert (
        "The snapshots would be dated by the clock on the wall: write dispatch with search_order [corner_shop, "
        "rekindle, dbt] for macro_namespace dbt into dbt_project.yml, as docs/host-project.md says."
    ) in said
    assert (
        "The model decisions goes to schema elsewhere and is read again from activation: leave the schemas of "
        "package rekindle as they are, as docs/host-project.md says."
    ) in said
