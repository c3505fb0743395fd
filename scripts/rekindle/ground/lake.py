"""The lake: Iceberg tables that dbt builds on Spark (target `spark` of profiles.yml), and how rows get in and out.

Spark and its packages are imported when they are needed: nothing else asks for them.
"""

import contextlib
import datetime
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Literal

import duckdb
import jinja2

from rekindle.ground import paths, settings
from rekindle.ground.engine import connect
from rekindle.ground.errors import RekindleError
from rekindle.ground.files import private_files
from rekindle.ground.quoting import name, parquet, text
from rekindle.ground.warehouse import has_table

Place = tuple[str, str]  # schema and name of a table

# what DuckDB calls the types that models are made of; decimal(18,2) has the same name
TYPES = {"string": "VARCHAR", "int": "INTEGER"}
CATALOG = "lake"
# the folders of rows that are on the way in or out, beside the file that they go to or come from
ON_THE_WAY = ".lake."
# How long a file that no table names is let alone: a program that is not ours may be about to name it.
ORPHANS_WAIT = datetime.timedelta(days=1)


def session() -> Any:
    """The Spark session of this process: dbt's, else one with the settings of the profile, which dbt then uses.

    It logs nothing: what Spark says of a failure quotes rows. What can be said of it, dbt and our commands say.
    """
    if "REKINDLE_LAKE" not in os.environ:
        raise RekindleError("Name the folder of the lake in REKINDLE_LAKE, as an absolute path (docs/spark.md).")
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise RekindleError(
            "The packages of Spark are not in this environment: docs/spark.md says how they come into .venv-spark."
        ) from None
    builder = SparkSession.builder.appName("rekindle")
    profile = settings.read_yaml(paths.PROJECT / "profiles.yml")
    for setting, value in profile["rekindle"]["outputs"]["spark"]["server_side_parameters"].items():
        builder = builder.config(setting, jinja2.Template(str(value)).render(env_var=os.environ.__getitem__))
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    return spark


def relations(spark: Any, *kinds: Literal["tables", "views"], schemas: Collection[str] | None = None) -> list[Place]:
    """Schema and name of each table of the lake, of each view, or of both; of those of the schemas that are there."""
    there = [str(row[0]) for row in spark.sql("show schemas").collect()]
    return [
        (schema, str(row[1]))
        for schema in there
        if schemas is None or schema in schemas
        for kind in kinds
        for row in spark.sql(f"show {kind} in {schema}").collect()
        if not row[2]  # temporary, and of no schema
    ]


def iceberg_table(spark: Any, place: Place) -> Any:
    """The table as Iceberg's library has it."""
    named = ".".join((CATALOG, *place))
    return spark._jvm.org.apache.iceberg.spark.Spark3Util.loadIcebergTable(spark._jsparkSession, named)


def version(spark: Any, place: Place) -> str:
    """Changes with the rows of a table."""
    snapshot = iceberg_table(spark, place).currentSnapshot()
    return "empty" if snapshot is None else str(snapshot.snapshotId())


def columns(spark: Any, wanted: Collection[Place]) -> dict[Place, set[str]]:
    """The columns of those of the tables and views that are there, as they are noted.

    Spark itself would look into what a view reads, and raw files are known to it only while dbt runs.
    """
    catalog = spark._jsparkSession.sessionState().catalogManager().catalog(CATALOG)
    identifier = spark._jvm.org.apache.spark.sql.connector.catalog.Identifier
    schema = spark.sparkContext._gateway.new_array(spark._jvm.java.lang.String, 1)
    found = {}
    for place in relations(spark, "tables"):
        if place in wanted:
            noted = iceberg_table(spark, place).schema()
            found[place] = {str(field.name()) for field in _each(noted.columns())}
    for place in relations(spark, "views"):
        if place in wanted:
            schema[0] = place[0]
            found[place] = {*catalog.loadView(identifier.of(schema, place[1])).schema().fieldNames()}
    return found


def copy(spark: Any, wanted: Iterable[Place], file: Path) -> None:
    """These tables or views of the lake in a DuckDB file, under the same names and with the same types.

    By way of Parquet files beside it: neither engine holds a table in memory. All of it is its owner's only.
    """
    spark.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
    with _by_way_of_parquet(file) as (folder, connection):
        for schema, table in wanted:
            stored = spark.table(f"{schema}.{table}")
            written = folder / schema / table
            stored.write.parquet(str(written))
            cells = [
                f"cast({name(field.name)} as {TYPES.get(kind, kind)}) as {name(field.name)}"
                for field in stored.schema.fields
                for kind in [field.dataType.simpleString()]
            ]
            rows = parquet(*sorted(written.glob("*.parquet")))
            connection.execute(f"create schema if not exists {name(schema)}")
            connection.execute(
                f"create or replace table {name(schema)}.{name(table)} as select {', '.join(cells)} from {rows}"
            )


def put(spark: Any, written: Iterable[Place], file: Path) -> None:
    """These tables of a DuckDB file in the lake, each in one commit, in the place of what was there.

    A table that the file has not got goes, with its files.
    """
    with _by_way_of_parquet(file) as (folder, connection):
        for schema, table in written:
            place = f"{schema}.{table}"
            if not has_table(connection, schema, table):
                spark.sql(f"drop table if exists {place} purge")
                continue
            rows = folder / f"{place}.parquet"
            connection.execute(f"copy {name(schema)}.{name(table)} to {text(rows)} (format parquet)")
            found = spark.read.parquet(str(rows))
            # a timestamp without a zone is of UTC on both sides
            columns = ", ".join(
                f"cast(`{field.name}` as {kind.removesuffix('_ntz')}) as `{field.name}`"
                for field in found.schema.fields
                for kind in [field.dataType.simpleString()]
            )
            found.createOrReplaceTempView("written")
            spark.sql(f"create schema if not exists {schema}")
            spark.sql(f"create or replace table {place} using iceberg as select {columns} from written")
            spark.catalog.dropTempView("written")


@contextlib.contextmanager
def _by_way_of_parquet(file: Path) -> Iterator[tuple[Path, duckdb.DuckDBPyConnection]]:
    with (
        private_files(),
        tempfile.TemporaryDirectory(prefix=ON_THE_WAY, dir=file.parent) as folder,
        contextlib.closing(connect(file)) as connection,
    ):
        connection.execute("set TimeZone = 'UTC'")
        yield Path(folder), connection


def expire(spark: Any, place: Place, older_than: datetime.datetime) -> set[str]:
    """Forgets the earlier snapshots of a table, and removes the files that only they named; the files that stay.

    What was deleted or replaced is readable until then.
    """
    iceberg = iceberg_table(spark, place)
    held = {*_files_of(spark._jvm, iceberg)}
    if len([*_each(iceberg.snapshots())]) > 1:
        moment = int(older_than.timestamp() * 1000)
        # the library would leave what the newest snapshot itself took out: nothing names that either
        iceberg.expireSnapshots().expireOlderThan(moment).retainLast(1).cleanExpiredFiles(False).commit()
        iceberg.refresh()
        released, held = held, {*_files_of(spark._jvm, iceberg)}
        for file in released - held:
            iceberg.io().deleteFile(file)
    return held


def tidy(spark: Any, *, keep: datetime.timedelta) -> list[datetime.datetime]:
    """Takes out of the lake what no table shows any more; when the orphans were written that are too young to go.

    Earlier snapshots go when they are older than `keep`; orphans when they are older than a day: nobody can tell from
    the outside whether somebody is about to name them in a table.
    """
    now = datetime.datetime.now(datetime.UTC)
    tables = relations(spark, "tables")
    named = {file.rsplit("/", 1)[-1] for place in tables for file in expire(spark, place, now - keep)}
    waiting = []
    for path, written_at, remove in _files_of_rows(spark, {schema for schema, _ in tables}):
        if path.rsplit("/", 1)[-1] in named:
            continue
        if now - written_at > ORPHANS_WAIT:
            remove()
        else:
            waiting.append(written_at)
    return waiting


def _files_of(jvm: Any, iceberg: Any) -> Iterator[str]:
    """The files of rows, and of what is said of them, of each snapshot of a table. Their names hold a UUID."""
    for snapshot in _each(iceberg.snapshots()):
        yield str(snapshot.manifestListLocation())
        for manifest in _each(snapshot.allManifests(iceberg.io())):
            if str(manifest.content()) != "DATA":
                raise RekindleError(
                    f"{iceberg.name()} holds delete files, which Rekindle does not write: rewrite its data files first."
                )
            yield str(manifest.path())
            held = jvm.org.apache.iceberg.ManifestFiles.readPaths(manifest, iceberg.io())
            yield from map(str, _each(held))
            held.close()


def _each(collection: Any) -> Iterator[Any]:
    """What a collection of Java holds."""
    iterator = collection.iterator()
    while iterator.hasNext():
        yield iterator.next()


def _files_of_rows(spark: Any, schemas: Collection[str]) -> Iterator[tuple[str, datetime.datetime, Any]]:
    """Every file of these schemas that may hold rows, when it was written, and what removes it."""
    for schema in schemas:
        folder = spark._jvm.org.apache.hadoop.fs.Path(f"{os.environ['REKINDLE_LAKE']}/{schema}")
        system = folder.getFileSystem(spark._jsc.hadoopConfiguration())
        if not system.exists(folder):
            continue
        found = system.listFiles(folder, True)
        while found.hasNext():
            status = found.next()
            file = status.getPath()
            if str(file.getName()).endswith((".parquet", ".avro")):
                written_at = datetime.datetime.fromtimestamp(status.getModificationTime() / 1000, datetime.UTC)
                yield str(file), written_at, partial(system.delete, file, False)
