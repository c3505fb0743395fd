"""Builds the hand-written rows on Spark and, a month later, builds on what is there; compares each table with DuckDB's.

`make test-spark`, in the virtual environment of requirements/spark.txt. Each engine builds from nothing in a process of
its own, DuckDB beside Spark, publishes and exports. Spark is set up for small data, where planning and compiling take
longer than the rows.
"""

import contextlib
import datetime
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click

# the programs of the project are one folder up
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from faster_dbt import make_faster
from made_up_experiments import SCHEMA, judge, write_people
from rekindle.export.runs import MANIFEST
from rekindle.ground import lake, paths
from rekindle.ground.dbt import Dbt
from rekindle.ground.engine import connect
from rekindle.ground.errors import RekindleError
from rekindle.ground.quoting import parquet
from rekindle.ground.warehouse import use_warehouse
from rekindle.run.building import variables
from same_rows import differences

CONNECTOR = "fixture"
# what the first publishes is memory for the second
DATES = (datetime.date(2024, 6, 1), datetime.date(2024, 7, 1))
# a handful of customers goes down in larger shares than the brake lets pass
ACCEPTED = datetime.date(2024, 5, 1)
JAVA = "17"
ICEBERG = "jars/iceberg-spark-runtime-3.5_2.12-*.jar"
SETTINGS = """\
spark.jars {jars}
spark.master local[2]
spark.driver.memory 3g
spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=256m -Xss64m
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


def java() -> None:
    """A sentence when Spark would not start."""
    program = Path(os.environ["JAVA_HOME"]) / "bin" / "java" if "JAVA_HOME" in os.environ else shutil.which("java")
    said = ""
    if program is not None and Path(program).exists():
        said = subprocess.run([str(program), "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    if found is None or found[1] != JAVA:
        raise RekindleError(
            f"Spark needs Java {JAVA} and {f'this is {found[1]}' if found else 'there is none'}: install it (Debian: "
            f"apt install openjdk-{JAVA}-jre-headless), or unpack one anywhere, without root, and name it in JAVA_HOME."
        )


def iceberg() -> Path:
    """The jar of Iceberg, from its package."""
    package = find_spec("snowpark_connect_deps_iceberg")
    if package is None or package.origin is None:
        raise RekindleError("The packages of Spark are not installed here: run `make test-spark`.")
    (jar,) = Path(package.origin).parent.glob(ICEBERG)
    return jar


def h2(system: Path = Path("/usr/share/java/h2.jar"), own: Path = Path(sys.prefix) / "h2.jar") -> Path:
    """The jar of H2, which holds the catalog: from the system, else from Debian's package, which needs no root."""
    for jar in (Path(os.environ.get("H2_JAR", system)), own):
        if jar.exists():
            return jar
    with tempfile.TemporaryDirectory() as folder:
        try:
            for command in ("apt-get -qq download libh2-java", "dpkg -x libh2-java_*.deb ."):
                subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, check=True)
            shutil.copyfile(next(Path(folder).glob("usr/share/java/h2-*.jar")), own)
        except (subprocess.CalledProcessError, StopIteration):
            raise RekindleError(
                "H2 is missing, the database that holds the catalog: install it (Debian: apt install libh2-java), or "
                "fetch its jar, version 2 (com.h2database:h2 in Maven's repository), and name it in H2_JAR."
            ) from None
    return own


def build(engine: str) -> None:
    """Both dates in this process, the second on what the first has left; then what is published and exported of it.

    Data tests run once, where the first month has become memory.
    """
    make_faster(paths.target() / "templates", writes_sql=True)
    use_warehouse(paths.warehouse())
    dbt = Dbt(CONNECTOR)
    for date in DATES:
        left_out = ["unit_test"] if date == DATES[-1] else ["unit_test", "test"]
        done = dbt.run(
            *("build", "--no-write-json", "--exclude-resource-type", *left_out),
            variables=variables(date, ACCEPTED),
            progress=f"dbt build on {engine} as of {date}",
        )
        if not done.success:
            raise RekindleError(f"`dbt build` on {engine} as of {date} is not green, see above.")
    for program, *arguments in (("publish",), ("export_audiences", "export")):
        with contextlib.suppress(SystemExit):  # a platform takes no list as short as that of a handful of people
            import_module(program).main.main([*arguments, "--connector", CONNECTOR], standalone_mode=False)


def compiled() -> Path:
    """The models of measurement as dbt has compiled them in this process."""
    return paths.target() / "compiled" / "rekindle" / "models" / "measurement"


def on_duckdb(folder: Path) -> None:
    """The builds, and the comparisons of people who are made up."""
    build("DuckDB")
    people = folder / "people.parquet"
    write_people(people)
    with contextlib.closing(connect(paths.warehouse())) as connection:
        connection.execute(f"create schema {SCHEMA}")
        connection.execute(f"create table {SCHEMA}.scenario_outcomes as from {parquet(people)}")
        judge(compiled(), lambda table, query: connection.execute(f"create table {table} as {query}"))


def on_spark(folder: Path) -> None:
    """The same with the lake, and a copy of it where DuckDB has its warehouse."""
    settings = folder / "conf"
    settings.mkdir()
    (settings / "spark-defaults.conf").write_text(SETTINGS.format(jars=f"{iceberg()},{h2()}"))
    (settings / "log4j2.properties").write_text(LOGGING)
    os.environ.update(REKINDLE_TARGET="spark", REKINDLE_LAKE=str(folder / "lake"), SPARK_CONF_DIR=str(settings))
    build("Spark")
    spark = lake.session()
    people = folder / "people.parquet"
    write_people(people)
    spark.sql(f"create schema {SCHEMA}")
    spark.read.parquet(str(people)).writeTo(f"{SCHEMA}.scenario_outcomes").create()
    judge(compiled(), lambda table, query: spark.sql(f"create table {table} using iceberg as {query}"))
    lake.copy(spark, lake.relations(spark, "tables"), paths.warehouse())


def exported(installation: Path) -> dict[str, bytes]:
    """Each exported file by feed, date, run and name, but for the manifests, which name the build."""
    files = [file for file in installation.glob("exports/*/*/*/*") if file.name != MANIFEST]
    return {str(file.relative_to(installation)): file.read_bytes() for file in files}


def compare(expected: Path, found: Path) -> list[str]:
    """What differs between two installations, a sentence each."""
    said = []
    for file in ("warehouse/build.duckdb", *(f"published/{each}" for each in paths.PUBLICATIONS)):
        said += [f"{file}: {difference}" for difference in differences(expected / file, found / file)]
    files, others = exported(expected), exported(found)
    if not files:
        said.append("nothing was exported")
    return said + [f"{each} differs" for each in sorted({*files, *others}) if files.get(each) != others.get(each)]


def start(engine: str, folder: Path) -> "subprocess.Popen[bytes]":
    """The builds of one engine in a process and an installation of their own; what DuckDB's say goes to a file."""
    folder.mkdir(parents=True)
    places = {"REKINDLE_INSTALLATION": folder, "DBT_TARGET_PATH": folder / "target", "DBT_LOG_PATH": folder / "logs"}
    with (folder / "said.txt").open("wb") as said:
        return subprocess.Popen(
            [sys.executable, __file__, "--only", engine],
            env={**os.environ, **{name: str(place) for name, place in places.items()}},
            stdout=None if engine == "spark" else said,
            stderr=None if engine == "spark" else subprocess.STDOUT,
        )


@click.command()
@click.option("--only", type=click.Choice(["duckdb", "spark"]), help="Build with this engine only, compare nothing.")
def main(only: str | None) -> None:
    """Build the connector fixture on Spark with Iceberg tables, twice, and compare everything with DuckDB's."""
    if only == "duckdb":
        on_duckdb(paths.installation())
    elif only == "spark":
        on_spark(paths.installation())
    else:
        java()
        folder = paths.target() / "checks" / "spark"
        shutil.rmtree(folder, ignore_errors=True)
        duckdb, spark = start("duckdb", folder / "duckdb"), start("spark", folder / "spark")
        if spark.wait():
            duckdb.kill()
            raise RekindleError("What differs could not be said: it did not come to the end on Spark, see above.")
        if duckdb.wait():
            raise RekindleError((folder / "duckdb" / "said.txt").read_text())
        said = compare(folder / "duckdb", folder / "spark")
        if said:
            raise RekindleError("\n".join(["Spark and DuckDB do not give the same:", *said]))
        click.echo("Spark and DuckDB give the same rows, and the same files.")


if __name__ == "__main__":
    main()
