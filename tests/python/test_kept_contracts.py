"""A contract is asked of what was made, before it is committed (macros/portability/materializations.sql)."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from rekindle.ground.paths import PROJECT

MACROS = PROJECT / "macros" / "portability" / "materializations.sql"
OLD = "select 1 as id, 'old' as name, cast(1 as decimal(18, 2)) as amount"
PROMISED = [("id", "integer"), ("name", "varchar"), ("amount", "decimal(18,2)")]
# what a model selects now, and what it promises where that is something else
MODELS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "as_promised": ("select 2 as id, 'new' as name, cast(2 as decimal(18, 2)) as amount", []),
    "ending_in_a_comment": ("select 2 as id, 'new' as name, cast(2 as decimal(18, 2)) as amount -- euros", []),
    "in_another_order": ("select cast(2 as decimal(18, 2)) as amount, 'new' as name, 2 as id", []),
    "by_another_name_of_the_type": (
        "select 2 as id, 'new' as name, cast(2 as numeric(18, 2)) as amount",
        [{"name": "id", "data_type": "int"}, {"name": "name", "data_type": "text"}],
    ),
    "of_another_type": ("select cast(2 as bigint) as id, 'new' as name, cast(2 as decimal(18, 2)) as amount", []),
    "of_another_precision": ("select 2 as id, 'new' as name, cast(2 as decimal(18, 3)) as amount", []),
    "without_a_column": ("select 2 as id, 'new' as name", []),
    "with_one_more_column": ("select 2 as id, 'new' as name, cast(2 as decimal(18, 2)) as amount, 1 as more", []),
    "a_view": ("select 2 as id, 'new' as name, cast(2 as decimal(18, 2)) as amount", []),
    "a_view_of_another_type": (
        "select cast(2 as bigint) as id, 'new' as name, cast(2 as decimal(18, 2)) as amount",
        [],
    ),
    "with_a_constraint_that_holds": (
        "select 2 as id, 'new' as name, cast(2 as decimal(18, 2)) as amount",
        [{"name": "id", "data_type": "integer", "constraints": [{"type": "not_null"}]}],
    ),
    "with_a_constraint_that_does_not": (
        "select cast(null as integer) as id, 'new' as name, cast(2 as decimal(18, 2)) as amount",
        [{"name": "id", "data_type": "integer", "constraints": [{"type": "not_null"}]}],
    ),
}
KEPT = (
    *("as_promised", "a_view", "ending_in_a_comment", "in_another_order", "by_another_name_of_the_type"),
    "with_a_constraint_that_holds",
)


def columns_of(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The promised columns of a model, those that it words otherwise in its own words."""
    otherwise = {column["name"]: column for column in said}
    return [otherwise.get(name, {"name": name, "data_type": data_type}) for name, data_type in PROMISED]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, Any]]]:
    """A small project whose models were built before and are built again: its warehouse, what dbt says of each."""
    folder = tmp_path_factory.mktemp("contracts")
    project = {"name": "small", "version": "1.0.0", "profile": "small"}
    target = {"type": "duckdb", "path": str(folder / "small.duckdb"), "threads": 1}
    described = [
        {
            "name": name,
            "config": {
                "contract": {"enforced": True},
                "materialized": "view" if name.startswith("a_view") else "table",
            },
            "columns": columns_of(said),
        }
        for name, (_, said) in MODELS.items()
    ]
    for place in ("models", "macros"):
        (folder / place).mkdir()
    (folder / "dbt_project.yml").write_text(json.dumps(project))
    (folder / "profiles.yml").write_text(json.dumps({"small": {"target": "dev", "outputs": {"dev": target}}}))
    (folder / "models" / "models.yml").write_text(json.dumps({"models": described}))
    (folder / "macros" / MACROS.name).write_text(MACROS.read_text(encoding="utf-8"))
    for name, (sql, _) in MODELS.items():
        (folder / "models" / f"{name}.sql").write_text(sql)
    with duckdb.connect(str(folder / "small.duckdb")) as connection:
        for name in MODELS:
            connection.execute(f"create table {name} as {OLD}")
    dbt = ["-m", "dbt.cli.main", "--no-send-anonymous-usage-stats", "run"]
    places = ["--project-dir", str(folder), "--profiles-dir", str(folder), "--log-path", str(folder / "logs")]
    subprocess.run([sys.executable, *dbt, *places], capture_output=True, check=False, cwd=folder)
    said = json.loads((folder / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]
    return folder / "small.duckdb", {result["unique_id"].rpartition(".")[2]: result for result in said}


@pytest.mark.parametrize("model", MODELS)
def test_a_table_has_the_columns_of_its_contract_or_stays_as_it_was(
    built: tuple[Path, dict[str, dict[str, Any]]], model: str
) -> None:
    warehouse, said = built
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.execute(f"select * from {model}").fetchall()
        columns = [(row[0], row[1]) for row in connection.execute(f"describe {model}").fetchall()]
    assert columns == [("id", "INTEGER"), ("name", "VARCHAR"), ("amount", "DECIMAL(18,2)")]
    is_kept = model in KEPT
    assert said[model]["status"] == ("success" if is_kept else "error"), said[model]["message"]
    assert [(row[0], row[1], float(row[2])) for row in rows] == ([(2, "new", 2.0)] if is_kept else [(1, "old", 1.0)])


@pytest.mark.parametrize(
    ("model", "column", "mismatch"),
    [
        ("of_another_type", "id", "data type mismatch"),
        ("a_view_of_another_type", "id", "data type mismatch"),
        ("of_another_precision", "amount", "data type mismatch"),
        ("without_a_column", "amount", "missing in definition"),
        ("with_one_more_column", "more", "missing in contract"),
    ],
)
def test_a_broken_contract_is_told_with_its_column(
    built: tuple[Path, dict[str, dict[str, Any]]], model: str, column: str, mismatch: str
) -> None:
    message = built[1][model]["message"]
    assert "contract" in message
    assert any(column in line and mismatch in line for line in message.splitlines()), message
