"""The lake: Iceberg tables that dbt builds on Spark (target `spark` of profiles.yml), copied into a DuckDB file.

Spark and its packages are imported when they are needed: nothing else asks for them.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import jinja2
import yaml

from rekindle.ground import paths
from rekindle.ground.engine import connect
from rekindle.ground.errors import RekindleError
from rekindle.ground.files import private_files
from rekindle.ground.quoting import name, parquet

# what DuckDB calls the types that models are made of; decimal(18,2) has the same name
TYPES = {"string": "VARCHAR", "int": "INTEGER"}


def is_chosen() -> bool:
    """Whether dbt builds on Spark (`REKINDLE_TARGET`)."""
    return os.environ.get("REKINDLE_TARGET", "duckdb") == "spark"


def session() -> Any:
    """The Spark session of this process: dbt's, else one with the settings of the profile."""
    if "REKINDLE_LAKE" not in os.environ:
        raise RekindleError("Name the folder of the lake in REKINDLE_LAKE, as an absolute path (docs/spark.md).")
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise RekindleError(
            "The packages of Spark are not in this environment: docs/spark.md says how they come into .venv-spark."
        ) from None
    builder = SparkSession.builder.appName("rekindle")
    profile = yaml.safe_load((paths.PROJECT / "profiles.yml").read_text(encoding="utf-8"))
    for setting, value in profile["rekindle"]["outputs"]["spark"]["server_side_parameters"].items():
        builder = builder.config(setting, jinja2.Template(str(value)).render(env_var=os.environ.__getitem__))
    return builder.getOrCreate()


def relations(spark: Any, *kinds: Literal["tables", "views"]) -> list[tuple[str, str]]:
    """Schema and name of each table of the lake, of each view, or of both."""
    return [
        (str(schema), str(row[1]))
        for (schema,) in spark.sql("show schemas").collect()
        for kind in kinds
        for row in spark.sql(f"show {kind} in {schema}").collect()
    ]


def copy(spark: Any, wanted: Iterable[tuple[str, str]], file: Path) -> None:
    """A new DuckDB file, with these tables or views of the lake, under the same names and with the same types.

    By way of Parquet files beside it: neither engine holds a table in memory. All of it is its owner's only.
    """
    spark.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
    file.unlink(missing_ok=True)
    with (
        private_files(),
        tempfile.TemporaryDirectory(prefix=".lake.", dir=file.parent) as folder,
        contextlib.closing(connect(file)) as connection,
    ):
        connection.execute("set TimeZone = 'UTC'")
        for schema, table in wanted:
            stored = spark.table(f"{schema}.{table}")
            written = Path(folder) / schema / table
            stored.write.parquet(str(written))
            cells = [
                f"cast({name(field.name)} as {TYPES.get(kind, kind)}) as {name(field.name)}"
                for field in stored.schema.fields
                for kind in [field.dataType.simpleString()]
            ]
            rows = parquet(*sorted(written.glob("*.parquet")))
            connection.execute(f"create schema if not exists {name(schema)}")
            connection.execute(f"create table {name(schema)}.{name(table)} as select {', '.join(cells)} from {rows}")
