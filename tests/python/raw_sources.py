"""A project in miniature: raw Parquet files declared as sources."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from dbt.artifacts.resources.types import NodeType
from dbt.artifacts.resources.v1.components import ColumnInfo
from dbt.artifacts.resources.v1.source_definition import SourceConfig
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import SourceDefinition


def manifest_of(
    folder: Path,
    columns: Mapping[str, str],
    *names: str,
    expect: Mapping[str, Any] | None = None,
    expect_of: Mapping[str, Mapping[str, Any]] | None = None,
) -> Manifest:
    """A manifest with one model that reads these Parquet files as sources; `expect`: meta.expect of tables, columns."""
    of_columns = expect_of or {}
    sources = {
        f"source.rekindle.mine.{name}": SourceDefinition(
            database="build",
            schema="mine",
            name=name,
            resource_type=NodeType.Source,
            package_name="rekindle",
            path="",
            original_file_path="",
            unique_id=f"source.rekindle.mine.{name}",
            fqn=["rekindle", "mine", name],
            source_name="mine",
            source_description="",
            loader="",
            identifier=name,
            columns={
                column: ColumnInfo(name=column, data_type=data_type, meta={"expect": of_columns.get(column, {})})
                for column, data_type in columns.items()
            },
            meta={"external_location": f"{folder}/{{name}}.parquet", "expect": expect or {}},
            config=SourceConfig(),
        )
        for name in names
    }
    reader = SimpleNamespace(depends_on_nodes=list(sources))
    manifest: Manifest = SimpleNamespace(sources=sources, nodes={"model.rekindle.reader": reader})  # type: ignore[assignment]
    return manifest
