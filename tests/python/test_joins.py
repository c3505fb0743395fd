"""Joins by a person's key are hashed: looking at all pairs of rows is fast on a demo and never ends on a million."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from compiled import dbt_compile
from workshop import Workshop

# joins of these would look at all pairs of what grows with the customers
KEYS = ("profile_id", "remembered_id", "contact_id", "contract_id", "order_id", "message_id", "decision_id")
BY_A_KEY = re.compile(rf"\b({'|'.join(KEYS)}) = \1\b|\bprofile_id = remembered_id\b")
LARGE = 1000
ALL_PAIRS = ("BLOCKWISE_NL_JOIN", "NESTED_LOOP_JOIN")
BY_HAND = (
    """
    select * from hub.dim_profiles as profiles left join core.fct_orders as orders
    on profiles.profile_id = orders.profile_id and profiles.is_contactable_by_email
    """,
    "select * from hub.dim_profiles as one inner join hub.dim_profiles as other on one.profile_id <> other.profile_id",
)


@pytest.fixture(scope="module")
def built(decided_workshop: Workshop) -> Iterator[duckdb.DuckDBPyConnection]:
    """The demo, whose tables are large enough for DuckDB to plan as it does for a retailer."""
    with duckdb.connect(str(decided_workshop.warehouse), read_only=True) as connection:
        yield connection


def steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All steps of a plan."""
    yield plan
    for step in plan.get("children", []):
        yield from steps(step)


def rows_of(step: dict[str, Any]) -> int:
    """How many DuckDB expects; of a step that does not say it, as many as of the step before."""
    told = "1" if step["name"] == "UNGROUPED_AGGREGATE" else step["extra_info"].get("Estimated Cardinality")
    return int(told) if told else max(map(rows_of, step["children"]), default=0)


def joins_of_all_pairs(connection: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    """The conditions of such joins in the plan of a query: by a person's key, or of two large sides by anything."""
    ((_, plan),) = connection.execute(f"explain (format json) {sql}").fetchall()
    told = [
        (str(step["extra_info"].get("Conditions") or step["extra_info"].get("Condition")), step["children"])
        for top in json.loads(plan)
        for step in steps(top)
        if step["name"] in ALL_PAIRS
    ]
    return [condition for condition, sides in told if BY_A_KEY.search(condition) or min(map(rows_of, sides)) > LARGE]


def test_no_join_by_a_persons_key_looks_at_all_pairs_of_rows(built: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for sql in BY_HAND:
        assert joins_of_all_pairs(built, sql), "a join that is known to do so is not recognised"
    variables = {"connector": "completejourney", "as_of_date": "2018-01-01"}
    dbt_compile(tmp_path, variables, "--write-json", "--select", "config.materialized:table")
    manifest = json.loads((tmp_path / "target" / "manifest.json").read_text(encoding="utf-8"))
    layers = ("identity", "core", "hub", "segments", "scenarios", "activation", "audiences", "measurement")
    models = {
        node["name"]: node["compiled_code"].replace('"compile".', '"build".')
        for node in manifest["nodes"].values()
        if node.get("compiled_code") and node["resource_type"] == "model" and node["fqn"][1] in layers
    }
    assert len(models) > 90
    found = {name: joins_of_all_pairs(built, sql) for name, sql in models.items()}
    assert {name: conditions for name, conditions in found.items() if conditions} == {}, "see the macro key_if"
