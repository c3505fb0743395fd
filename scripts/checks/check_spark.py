"""Builds the hand-written rows on Spark, with all unit and data tests, and compares each table with DuckDB's.

Called by `make test-spark`, in the virtual environment that holds requirements/spark.txt. DuckDB builds beside it, in a
process of its own. Spark is set up for small data, where planning and compiling take longer than the rows.
"""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import duckdb

# the programs of the project are one folder up
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rekindle.ground import paths
from rekindle.ground.errors import RekindleError
from rekindle.ground.quoting import name, parquet
from same_rows import differences

H2 = "/usr/share/java/h2.jar"
ICEBERG = "jars/iceberg-spark-runtime-3.5_2.12-*.jar"
SETTINGS = """\
spark.jars {jars}
spark.master local[2]
spark.driver.memory 3g
spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xss64m
spark.sql.adaptive.enabled false
spark.sql.codegen.wholeStage false
spark.sql.codegen.factoryMode NO_CODEGEN
spark.sql.shuffle.partitions 1
spark.ui.enabled false
spark.ui.showConsoleProgress false
"""
LOGGING = """\
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %p %c{1}: %m%n%ex
"""
# what DuckDB calls the types that models are made of; decimal(18,2) has the same name
TYPES = {"string": "VARCHAR", "int": "INTEGER"}


def jars() -> str:
    """Iceberg from its package and H2 from the system; a sentence when one is not here."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise RekindleError(
            "There is no Java: install version 17 (Debian: apt install openjdk-17-jre-headless), or unpack one "
            "anywhere and name it in JAVA_HOME."
        )
    h2 = Path(os.environ.get("H2_JAR", H2))
    if not h2.exists():
        raise RekindleError(
            f"{h2} is missing, the database that holds the catalog: install it (Debian: apt install libh2-java), or "
            "fetch the jar by `apt download libh2-java` and `dpkg -x`, which need no root, and name it in H2_JAR."
        )
    package = find_spec("snowpark_connect_deps_iceberg")
    if package is None or package.origin is None:
        raise RekindleError("The packages of Spark are not installed here: run `make test-spark`.")
    (iceberg,) = Path(package.origin).parent.glob(ICEBERG)
    return f"{iceberg},{h2}"


def in_background(folder: Path) -> "subprocess.Popen[bytes]":
    """DuckDB's build of the same rows; what it says goes to a file."""
    places = {
        "REKINDLE_WAREHOUSE": str(folder / "build.duckdb"),
        "REKINDLE_THREADS": "1",
        "DBT_TARGET_PATH": str(folder / "duckdb" / "target"),
        "DBT_LOG_PATH": str(folder / "duckdb" / "logs"),
    }
    with (folder / "duckdb.txt").open("wb") as said:
        return subprocess.Popen(
            [
                sys.executable,
                "-c",
                "from dbt.cli.main import cli; cli()",
                "build",
                "--quiet",
                "--vars",
                "{connector: fixture}",
                "--exclude-resource-type",
                "unit_test",
            ],
            cwd=paths.PROJECT,
            env={**os.environ, **places},
            stdout=said,
            stderr=subprocess.STDOUT,
        )


def build_on_spark(folder: Path) -> bool:
    """`dbt build` of the same rows in this process, which then holds the Spark session: whether it is green."""
    settings = folder / "conf"
    settings.mkdir()
    (settings / "spark-defaults.conf").write_text(SETTINGS.format(jars=jars()))
    (settings / "log4j2.properties").write_text(LOGGING)
    os.environ.update(
        REKINDLE_TARGET="spark",
        REKINDLE_LAKE=str(folder / "lake"),
        SPARK_CONF_DIR=str(settings),
        DBT_TARGET_PATH=str(folder / "spark" / "target"),
        DBT_LOG_PATH=str(folder / "spark" / "logs"),
    )
    from rekindle.ground.dbt import Dbt

    return Dbt("fixture").run("build", variables={}, progress="dbt build on Spark, connector fixture").success


def lake_as_duckdb(spark: Any, warehouse: Path, folder: Path) -> None:
    """Copies each table of the lake into a DuckDB file, by way of Parquet files in a folder."""
    spark.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for (schema,) in spark.sql("show schemas").collect():
            connection.execute(f"create schema if not exists {name(schema)}")
            for row in spark.sql(f"show tables in {schema}").collect():
                table, copy = f"{schema}.{row.tableName}", folder / schema / row.tableName
                stored = spark.table(table)
                stored.coalesce(1).write.parquet(str(copy))
                cells = [
                    f"cast({name(field.name)} as {TYPES.get(kind, kind)}) as {name(field.name)}"
                    for field in stored.schema.fields
                    for kind in [field.dataType.simpleString()]
                ]
                (file,) = copy.glob("*.parquet")
                connection.execute(f"create table {table} as select {', '.join(cells)} from {parquet(file)}")


@click.command()
def main() -> None:
    """Build the connector fixture on Spark with Iceberg tables, and compare every table with DuckDB's."""
    folder = paths.target() / "checks" / "spark"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    jars()
    duckdb_build = in_background(folder)
    green = build_on_spark(folder)
    if duckdb_build.wait():
        raise RekindleError(f"`dbt build` is not green on DuckDB: see {folder / 'duckdb.txt'}.")
    if not green:
        raise RekindleError("`dbt build` is not green on Spark, see above.")

    from pyspark.sql import SparkSession

    lake_as_duckdb(SparkSession.builder.getOrCreate(), folder / "lake.duckdb", folder / "parquet")
    said = differences(folder / "build.duckdb", folder / "lake.duckdb")
    if said:
        raise RekindleError("\n".join(["Spark and DuckDB do not hold the same:", *said]))
    click.echo("Spark and DuckDB hold the same rows.")


if __name__ == "__main__":
    main()
