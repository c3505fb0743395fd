"""Metrics by name, asked of a published file: MetricFlow writes the query, DuckDB answers it."""

import json
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb

from rekindle.ground.engine import connect
from rekindle.ground.errors import RekindleError
from rekindle.ground.quoting import name, text

_CONDITION = re.compile(r"(\w+)(=|<>|<=|>=|<|>)(.+)")


class Metrics:
    """The metrics of `semantic_manifest.json`, which dbt makes when it parses; `published` is opened read-only."""

    def __init__(self, semantic_manifest: str, published: Path) -> None:
        self._manifest = semantic_manifest
        self._published = published

    @cached_property
    def declared(self) -> dict[str, str]:
        """What each metric says, in the order of the yml."""
        return {each["name"]: " ".join(each["description"].split()) for each in json.loads(self._manifest)["metrics"]}

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        connection = connect()
        # queries name the tables of the warehouse that was parsed for
        [database] = {each["node_relation"]["database"] for each in json.loads(self._manifest)["semantic_models"]}
        connection.execute(f"attach {text(self._published)} as {name(database)} (read_only)")
        return connection

    @cached_property
    def _engine(self) -> Any:
        try:
            from metricflow.engine.metricflow_engine import MetricFlowEngine
            from metricflow.protocols.sql_client import SqlEngine
            from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
            from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
            from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup
        except ImportError as error:
            raise RekindleError(
                "Metrics need MetricFlow: install the extra `metrics`, as `make metrics` does."
            ) from error
        # it names the dialect and is never asked to run anything
        client: Any = SimpleNamespace(sql_engine_type=SqlEngine.DUCKDB, sql_plan_renderer=DuckDbSqlPlanRenderer())
        return MetricFlowEngine(
            SemanticManifestLookup(parse_manifest_from_dbt_generated_manifest(self._manifest)), client
        )

    def groups(self, metric: str) -> list[str]:
        """The entities and dimensions that a metric may be grouped by; those of time can have __month and the like."""
        self._must_be_declared([metric])
        entities = {each.name for each in self._engine.entities_for_metrics([metric])}
        dimensions = {
            each.granularity_free_dunder_name for each in self._engine.simple_dimensions_for_metrics([metric])
        }
        return sorted(entities | dimensions)

    def query(self, metrics: Sequence[str], by: Sequence[str] = (), where: Sequence[str] = ()) -> str:
        """The SQL that answers; a condition reads `performance__channel=email`."""
        from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

        self._must_be_declared(metrics)
        request = MetricFlowQueryRequest.create(
            metric_names=list(metrics),
            group_by_names=list(by) or None,
            where_constraints=[_condition(each) for each in where] or None,
            order_by_names=list(by) or None,
        )
        try:
            return str(self._engine.explain(request).sql_statement.without_descriptions.sql)
        except Exception as error:  # its own errors have no common class, and tell of the names that were asked for
            groups = ", ".join(self.groups(metrics[0]))
            raise RekindleError(f"{metrics[0]} cannot be asked for like that: it is grouped by {groups}.") from error

    def ask(
        self, metrics: Sequence[str], by: Sequence[str] = (), where: Sequence[str] = ()
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The columns and rows of the answer: one row per group, in their order."""
        found = self._connection.execute(self.query(metrics, by, where))
        return [column[0] for column in found.description or []], found.fetchall()

    def _must_be_declared(self, metrics: Sequence[str]) -> None:
        unknown = [each for each in metrics if each not in self.declared]
        if unknown:
            raise RekindleError(f"There is no metric {unknown[0]}: `make metrics` lists them.")


def _condition(given: str) -> str:
    """MetricFlow's spelling of a condition."""
    read = _CONDITION.fullmatch(given)
    if read is None:
        raise RekindleError(f"'{given}' is no condition: write it as performance__channel=email.")
    field, comparison, value = read.groups()
    kind = "Dimension" if "__" in field else "Entity"
    return f"{{{{ {kind}('{field}') }}}} {comparison} {text(value)}"
