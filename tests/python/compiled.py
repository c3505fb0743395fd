"""Models as dbt compiles them, run on rows of a test in an in-memory DuckDB: dbt per example would take too long."""

import functools
import graphlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import forked

from rekindle.ground.paths import PROJECT

Row = tuple[Any, ...]


def dbt_compile(folder: Path, variables: Mapping[str, Any], *arguments: str) -> str:
    """What `dbt compile` prints; its target and logs lie in the folder. Without a connector, of the empty one."""
    command = [
        *("--quiet", "compile", "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
        *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        *("--vars", json.dumps({"connector": "empty", **variables}), *arguments),
    ]
    # a process of its own: dbt leaves open logs behind in the one it runs in
    environment = {**os.environ, "DO_NOT_TRACK": "1", "REKINDLE_WAREHOUSE": str(folder / "compile.duckdb")}
    environment["REKINDLE_KEEP_OPEN"] = "1"
    output = folder / "output"
    code = forked.call(["-m", "dbt.cli.main", *command], environment, PROJECT, output)
    said = output.read_text(encoding="utf-8")
    assert code == 0, said
    return said


def compile_inline(folder: Path, query: str, **variables: Any) -> str:
    """A query with macros, as dbt compiles it."""
    said = dbt_compile(folder, variables, "--inline", query)
    return said[said.index("select") :]


class CompiledModels:
    """The SQL of models and singular tests by name; every relation in it is a table of the same name in memory."""

    def __init__(self, select: Iterable[str], variables: Mapping[str, Any]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            dbt_compile(Path(folder), variables, "--write-json", "--select", *select)
            manifest = json.loads((Path(folder) / "target" / "manifest.json").read_text(encoding="utf-8"))
        nodes = [*manifest["nodes"].values(), *manifest["sources"].values()]
        relations = [(node["relation_name"], node["name"]) for node in nodes if node.get("relation_name")]
        self.sql: dict[str, str] = {}
        for node in nodes:
            sql = node.get("compiled_code")
            if sql:
                for relation, name in relations:
                    sql = sql.replace(relation, f'"{name}"')
                self.sql[node["name"]] = sql
        models = {
            node["unique_id"]: node for node in nodes if node["resource_type"] == "model" and node["name"] in self.sql
        }
        parents = {
            node["name"]: [models[parent]["name"] for parent in manifest["parent_map"][node_id] if parent in models]
            for node_id, node in models.items()
        }
        # the models, each after those that it reads, and the columns that their contracts promise
        self.order = list(graphlib.TopologicalSorter(parents).static_order())
        self.columns = {
            node["name"]: {name: column["data_type"] for name, column in node["columns"].items()}
            for node in models.values()
        }

    def build(self, connection: duckdb.DuckDBPyConnection, *names: str) -> None:
        """Makes each model a table, in this order."""
        for name in names:
            connection.execute(f'create or replace table "{name}" as {self.sql[name]}')

    def rows(self, connection: duckdb.DuckDBPyConnection, name: str) -> list[Row]:
        """What a model or test selects."""
        return connection.execute(self.sql[name]).fetchall()


@functools.cache
def identity_models(*, strict: bool) -> CompiledModels:
    """Identity and consent, once per test session.

    As shipped; or strict: three rounds only, an identifier of more than two records links nobody, double opt-in is
    required, and a phone without a country is Belgian.
    """
    select = [
        *("contact_records", "contact_identifiers", "contact_edges", "contact_components", "different_records"),
        *("surviving_edges", "contact_profiles", "doubtful_noes", "record_words", "contact_words"),
        *(
            "address_permissions",
            "fct_consents",
            "profile_merges",
            "unread_phones",
            "identity_has_converged_else_raise_identity_rounds",
        ),
    ]
    variables: dict[str, Any] = {"require_double_opt_in": False}
    if strict:
        variables = {
            "default_country_code": "be",
            "identity_max_contacts_per_identifier": 2,
            "identity_rounds": 3,
            "require_double_opt_in": True,
        }
    return CompiledModels(select, variables)


def fill(connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str], rows: Iterable[Row]) -> None:
    """(Re)makes a table with these columns (name: type) and rows."""
    typed = ", ".join(f"{name} {data_type}" for name, data_type in columns.items())
    connection.execute(f'create or replace table "{table}" ({typed})')
    if rows := list(rows):
        placeholders = ", ".join(["(" + ", ".join("?" * len(columns)) + ")"] * len(rows))
        connection.execute(f'insert into "{table}" values {placeholders}', [value for row in rows for value in row])
