"""What an installation does, on Spark and on DuckDB: two months, a day and a person forgotten, compared in every table.

`make test-spark`, in the virtual environment of requirements/spark.txt. Each engine works from nothing in a process of
its own, DuckDB beside Spark. Spark is set up for small data, where planning and compiling take
longer than the rows.
"""

import contextlib
import io
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest import mock

import click
from dbt.artifacts.schemas.run import RunExecutionResult

# the programs of the project are one folder up
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from faster_dbt import ask_no_contracts, make_faster
from hard_texts import SCHEMA as TEXTS_SCHEMA
from hard_texts import asked, write_texts
from made_up_experiments import SCHEMA, judge, write_people
from rekindle.bench.engine import Engine
from rekindle.bench.generate import LEAST_MONTHS, World, generate
from rekindle.export.runs import MANIFEST
from rekindle.forget import blocking
from rekindle.ground import lake, paths
from rekindle.ground.dbt import Dbt
from rekindle.ground.engine import connect
from rekindle.ground.errors import RekindleError
from rekindle.ground.quoting import parquet, text
from rekindle.ground.warehouse import use_warehouse
from same_rows import differences

CONNECTOR = "fixture"
# whose raw files are of other kinds; from there on their models are the same
READ = ("parquet", "shopify")
FILES = "files"
# of these only what connectors make of their files is compared
INPUT = "input"
# what is published and decided is memory for what comes after
# a handful of customers goes down in larger shares than the brake lets pass
STEPS = (
    ("run", "--as-of", "2024-06-01", "--accept", "2024-05", "--no-publish"),
    ("erase", "--contact", "pos:rita_champion", "--now", "--yes"),
    ("run", "--as-of", "2024-07-01"),
    ("run", "--as-of", "2024-07-02", "--daily"),
)
# data tests are asked once, where the first month has become memory
TESTED = STEPS[2]
# what is killed: a run after the first step
KILLED = {
    "day": ("run", "--as-of", "2024-06-02", "--daily"),
    "month": ("run", "--as-of", "2024-07-01"),
}
# What was exported is noted by the next run, whose files are compared themselves: where the killed one had come as far
# as that, there was one run more than without a kill. None may be lacking.
SEALED = "warehouse/build.duckdb: run.sealed_dates lacks 0 rows "
# of her, and of somebody who stays
VALUES = (b"rita@example.com", b"fatima@example.com")
AVRO_MARK = 16
SLOWEST = 12
JAVA = "17"
ICEBERG = "jars/iceberg-spark-runtime-3.5_2.12-*.jar"
SETTINGS = """\
spark.jars {jars}
spark.master local[2]
spark.sql.constraintPropagation.enabled false
spark.ui.showConsoleProgress false
"""
# Hadoop has a program set the rights of each file: a Java on Linux need not start one to start that one.
SPAWNING = "-Djdk.lang.Process.launchMechanism=VFORK" if sys.platform == "linux" else ""
# What is planned is used once and thrown away: it is compiled with less inlined, classes are not verified, and plans
# that are too large for young memory are not copied within it.
FOR_A_HANDFUL = f"""\
spark.driver.memory 3g
spark.driver.extraJavaOptions -Xss64m -Xmn1600m -XX:+UseParallelGC -XX:MaxTenuringThreshold=2 -XX:MetaspaceSize=512m \
-XX:ReservedCodeCacheSize=256m -XX:MaxInlineLevel=6 -XX:FreqInlineSize=120 -XX:+UnlockDiagnosticVMOptions \
-XX:-BytecodeVerificationRemote {SPAWNING}
spark.sql.adaptive.enabled false
spark.sql.codegen.wholeStage false
spark.sql.codegen.factoryMode NO_CODEGEN
spark.sql.shuffle.partitions 1
spark.sql.catalog.lake.table-default.write.parquet.compression-codec uncompressed
spark.sql.catalog.lake.io.manifest.cache-enabled true
"""
FOR_MANY = """\
spark.driver.memory 10g
spark.driver.extraJavaOptions -Xss64m
spark.sql.shuffle.partitions 4
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
            # a machine that is new knows no packages yet
            for command in (
                "apt-get -qq download libh2-java || { apt-get -qq update && apt-get -qq download libh2-java; }",
                "dpkg -x libh2-java_*.deb .",
            ):
                subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, check=True)
            shutil.copyfile(next(Path(folder).glob("usr/share/java/h2-*.jar")), own)
        except (subprocess.CalledProcessError, StopIteration):
            raise RekindleError(
                "H2 is missing, the database that holds the catalog: install it (Debian: apt install libh2-java), or "
                "fetch its jar, version 2 (com.h2database:h2 in Maven's repository), and name it in H2_JAR."
            ) from None
    return own


def told(what: str) -> None:
    """Says what an engine does."""
    click.echo(f"{'Spark' if paths.on_spark() else 'DuckDB'}: {what}")


def work(steps: Sequence[Sequence[str]], connector: str = CONNECTOR) -> None:
    """What an installation does.

    A platform takes no list as short as that of a handful of people, and says so by the exit code.
    """
    for program, *arguments in steps:
        told(f"{program} {' '.join(arguments)}")
        began = time.monotonic()
        with data_tests_when((program, *arguments) == TESTED), contextlib.suppress(SystemExit):
            import_module(program).main.main([*arguments, "--connector", connector], standalone_mode=False)
        told(f"done in {time.monotonic() - began:.0f} s")


@contextlib.contextmanager
def data_tests_when(are_asked: bool) -> Iterator[None]:
    """Leaves data tests out of builds, unless they are asked."""
    run = Dbt.run
    left_out = () if are_asked else ("--exclude-resource-type", "test")

    def build(self: Dbt, command: str, *arguments: str, **given: Any) -> Any:
        if paths.on_spark():
            ask_no_contracts(self.manifest)
        done = run(self, command, *arguments, *(left_out if command == "build" else ()), **given)
        if paths.on_spark() and isinstance(done.result, RunExecutionResult):
            nodes = sorted(done.result.results, key=lambda node: -node.execution_time)[:SLOWEST]
            click.echo("Slowest     " + ", ".join(f"{each.node.name} {each.execution_time:.0f} s" for each in nodes))
        return done

    with mock.patch.object(Dbt, "run", build):
        yield


def write_files(folder: Path) -> None:
    """Raw files of other kinds than the hand-written ones: what a shop downloads, and the contract as Parquet.

    Of the second, orders lie in a file per month, and the dates of consents are text with a zone.
    """
    downloads = folder / "raw" / "shopify"
    downloads.mkdir(parents=True)
    for place in (paths.PROJECT / "tests/fixtures/shopify", paths.PROJECT / "models/staging/shopify/columns"):
        for file in place.glob("*.csv"):
            shutil.copy(file, downloads)
    generate(World(60, LEAST_MONTHS), folder, Engine())
    consents = folder / "contract" / "input_consents.parquet"
    with contextlib.closing(connect()) as connection:
        connection.execute(
            "create table consents as "
            "select * replace (strftime(changed_at, '%Y-%m-%d %H:%M:%S+02:00') as changed_at) "
            f"from {parquet(consents)}; copy consents to {text(consents)}"
        )


def places(installation: Path, data: Path | None = None) -> dict[str, str]:
    """What the environment says of an installation, and of its raw files where they are not hand-written."""
    named = {"REKINDLE_INSTALLATION": installation}
    if data is not None:
        named |= {"REKINDLE_DATA": data, "REKINDLE_CONTRACT_PATH": data / "contract"}
    return {name: str(place) for name, place in named.items()}


def read_files(folder: Path) -> None:
    """Builds what each of the other connectors makes of its raw files, in an installation beside that one.

    In the same process, when all else is done: a Java that has just begun is slow.
    """
    data = folder.with_name(FILES)
    for connector in READ:
        told(f"reads the files of {connector}")
        installation = folder.with_name(f"{folder.name}_{connector}")
        os.environ.update(places(installation, data), REKINDLE_LAKE=str(installation / "lake"))
        use_warehouse(paths.warehouse())
        if paths.on_spark():
            # the session takes its settings, and forgets which lake it has open
            lake.session()._jsparkSession.sessionState().catalogManager().reset()
        is_built = Dbt(connector).run("run", "--select", "+path:models/input", variables={"as_of_date": "2024-07-01"})
        if not is_built.success:
            raise RekindleError("What it makes of them could not be built, see above.")
        if paths.on_spark():
            copy_lake([INPUT])


def compiled() -> Path:
    """The models of measurement as dbt has compiled them in this process."""
    return paths.target() / "compiled" / "rekindle" / "models" / "measurement"


def on_duckdb(folder: Path) -> None:
    """The work, the comparisons of people who are made up, and texts that are hard to read."""
    work(STEPS)
    people, texts = folder / "people.parquet", folder / "texts.parquet"
    write_people(people)
    write_texts(texts)
    answers = asked(Dbt(CONNECTOR))
    with contextlib.closing(connect(paths.warehouse())) as connection:
        connection.execute(f"create schema {SCHEMA}")
        connection.execute(f"create table {SCHEMA}.scenario_outcomes as from {parquet(people)}")
        judge(compiled(), lambda table, query: connection.execute(f"create table {table} as {query}"))
        connection.execute(f"create schema {TEXTS_SCHEMA}")
        connection.execute(f"create table {TEXTS_SCHEMA}.texts as from {parquet(texts)}")
        connection.execute(f"create table {TEXTS_SCHEMA}.answers as {answers}")
    read_files(folder)


def use_lake(folder: Path, size: str = FOR_A_HANDFUL) -> None:
    """From here on Spark is the engine, set up for as many rows, and the lake is in the folder."""
    settings = folder / "conf"
    settings.mkdir(exist_ok=True)
    (settings / "spark-defaults.conf").write_text(SETTINGS.format(jars=f"{iceberg()},{h2()}") + size)
    (settings / "log4j2.properties").write_text(LOGGING)
    os.environ.update(REKINDLE_TARGET="spark", REKINDLE_LAKE=str(folder / "lake"), SPARK_CONF_DIR=str(settings))
    # more than cores: each waits for files and the catalog now and then
    os.environ.setdefault("REKINDLE_THREADS", "4")


def copy_lake(schemas: Sequence[str] | None = None) -> None:
    """A copy of it, or of these schemas, where DuckDB has its warehouse."""
    spark = lake.session()
    paths.warehouse().parent.mkdir(exist_ok=True)
    lake.copy(spark, lake.relations(spark, "tables", schemas=schemas), paths.warehouse().with_name("build.duckdb"))


def on_spark(folder: Path) -> None:
    """The same with the lake."""
    use_lake(folder)
    work(STEPS[:1])
    forgets_what_killed_commands_left(folder / "lake" / "core" / "profiles" / "data")
    work(STEPS[2:])
    spark = lake.session()
    people, texts = folder / "people.parquet", folder / "texts.parquet"
    write_people(people)
    write_texts(texts)
    keep(spark)
    spark.sql(f"create schema {SCHEMA}")
    spark.read.parquet(str(people)).writeTo(f"{SCHEMA}.scenario_outcomes").create()
    judge(compiled(), lambda table, query: spark.sql(f"create table {table} using iceberg as {query}"))
    spark.sql(f"create schema {TEXTS_SCHEMA}")
    spark.read.parquet(str(texts)).writeTo(f"{TEXTS_SCHEMA}.texts").create()
    spark.sql(f"create table {TEXTS_SCHEMA}.answers using iceberg as {asked(Dbt(CONNECTOR))}")
    copy_lake()
    holds_nobody_forgotten(folder / "lake")
    read_files(folder)


def keep(spark: Any) -> None:
    """The upkeep of a lake by the words of its page; the comparison that follows shows that it loses no row."""
    page = (paths.PROJECT / "docs" / "scale.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^ *```sql\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL)
    for statement in filter(str.strip, block.split(";")):
        spark.sql(statement)


def of_dates(dates: Sequence[str]) -> list[tuple[str, ...]]:
    """The steps of an installation that has data of its own (REKINDLE_DATA, REKINDLE_CONTRACT_PATH)."""
    return [("run", "--as-of", date, *(() if date == dates[-1] else ("--no-publish",))) for date in dates]


def forgets_what_killed_commands_left(data: Path) -> None:
    """The erasure, with two files in the lake that no table names: an old one goes, a young one is reported."""
    old, young = data / "old.parquet", data / "young.parquet"
    for file in (old, young):
        file.touch()
    os.utime(old, (0, 0))
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        work(STEPS[1:2])
    click.echo(said.getvalue(), nl=False)
    if old.exists() or not young.exists() or "1 file of killed commands" not in said.getvalue():
        raise RekindleError(
            "A file that no table names was not removed after a day, or removed before, or not reported."
        )
    young.unlink()


def holds_nobody_forgotten(folder: Path) -> None:
    """Searches the bytes of the whole lake. Rows lie in it as they are (SETTINGS); what is said of files is packed."""
    found = {
        value: [file for file in folder.rglob("*") if file.is_file() and value in unpacked(file)] for value in VALUES
    }
    forgotten, stays = (found[value] for value in VALUES)
    if forgotten or not stays:
        files = ", ".join(str(file.relative_to(folder)) for file in forgotten)
        raise RekindleError(f"The lake holds who was forgotten, in {files or 'no file, but finds nobody else either'}.")


def unpacked(file: Path) -> bytes:
    """The bytes of a file of the lake; of a manifest, which is Avro, with its blocks unpacked."""
    content = file.read_bytes()
    if file.suffix != ".avro":
        return content
    head, *blocks = content.split(content[-AVRO_MARK:])
    for block in blocks:
        # each begins with two numbers of some bytes: how many entries, and how long
        for start in range(2, 12):
            with contextlib.suppress(zlib.error):
                head += zlib.decompress(block[start:], -zlib.MAX_WBITS)
                break
    return head


def exported(installation: Path) -> dict[str, bytes]:
    """Each exported file by feed, date, run and name, but for the manifests, which name the build."""
    files = [file for file in installation.glob("exports/*/*/*/*") if file.name != MANIFEST]
    return {str(file.relative_to(installation)): file.read_bytes() for file in files}


def compare(expected: Path, found: Path) -> list[str]:
    """What differs between two installations, a sentence each."""
    said = []
    for file in ("warehouse/build.duckdb", *(f"published/{each}" for each in paths.PUBLICATIONS)):
        if not (expected / file).exists() and not (found / file).exists():
            continue  # a day publishes no public tables
        said += [f"{file}: {difference}" for difference in differences(expected / file, found / file)]
    files, others = exported(expected), exported(found)
    if not files:
        said.append("nothing was exported")
    return said + [f"{each} differs" for each in sorted({*files, *others}) if files.get(each) != others.get(each)]


def start(folder: Path, *arguments: str, data: Path | None = None) -> "subprocess.Popen[bytes]":
    """This program in a process of its own, on an installation; what DuckDB's say goes to a file.

    `data`: its raw files, where they are not hand-written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    own = {"DBT_TARGET_PATH": str(folder / "target"), "DBT_LOG_PATH": str(folder / "logs")}
    is_told = "duckdb" not in arguments
    with (folder / "said.txt").open("wb") as said:
        return subprocess.Popen(
            [sys.executable, __file__, *arguments],
            env={**os.environ, **places(folder, data), **own},
            stdout=None if is_told else said,
            stderr=None if is_told else subprocess.STDOUT,
            start_new_session=True,  # to be killed with its Java
        )


def compare_engines(folder: Path, *of: str, data: Path | None = None) -> list[str]:
    """Both engines from nothing, side by side; what differs, a sentence each."""
    duckdb = start(folder / "duckdb", "--only", "duckdb", *of, data=data)
    spark = start(folder / "spark", "--only", "spark", *of, data=data)
    if spark.wait():
        duckdb.kill()
        raise RekindleError("What differs could not be said: it did not come to the end on Spark, see above.")
    if duckdb.wait():
        raise RekindleError((folder / "duckdb" / "said.txt").read_text())
    return compare(folder / "duckdb", folder / "spark")


def compare_read(folder: Path) -> list[str]:
    """What both engines have read of raw files of other kinds; what differs, a sentence each."""
    said = []
    for connector in READ:
        expected, found = (folder / f"{engine}_{connector}/warehouse/build.duckdb" for engine in ("duckdb", "spark"))
        said += [f"{connector}: {each}" for each in differences(expected, found, None) if each.startswith(f"{INPUT}.")]
    return said


def compare_killed(folder: Path, of: str, number: int, seed: int) -> list[str]:
    """A run that is killed at a drawn moment, and called again: what differs from the undisturbed one."""
    drawn = random.Random(seed)  # noqa: S311 - moments, no secrets
    installation, before, undisturbed = folder / "killed", folder / "before", folder / "undisturbed"
    if start(installation, "--only", "first").wait():
        raise RekindleError("The month before could not be built on Spark, see above.")
    shutil.copytree(installation, before)
    began = time.monotonic()
    if start(installation, "--only", of).wait():
        raise RekindleError(f"The {of} could not be built on Spark, see above.")
    longest = time.monotonic() - began
    installation.rename(undisturbed)
    said = []
    for kill in range(1, number + 1):
        # a table of Iceberg knows its files by their whole paths
        shutil.rmtree(installation, ignore_errors=True)
        shutil.copytree(before, installation)
        seconds = drawn.uniform(0, longest)
        process = start(installation, "--only", of)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if start(installation, "--only", of).wait():
            said.append(f"kill {kill} after {seconds:.0f} s: the next run did not come to its end")
            continue
        found = [each for each in compare(undisturbed, installation) if not each.startswith(SEALED)]
        said += [f"kill {kill} after {seconds:.0f} s: {difference}" for difference in found]
        click.echo(f"Kill {kill} after {seconds:.0f} of {longest:.0f} s: {len(found)} differences after the next run")
    return said


@click.command()
@click.option("--only", type=click.Choice(["duckdb", "spark", "first", *KILLED]), help="One part of it, in a process.")
@click.option("--kills", type=int, default=0, help="Kill a run on Spark so many times instead, and look what is left.")
@click.option("--of", type=click.Choice([*KILLED]), default="day", show_default=True, help="Which run is killed.")
@click.option("--seed", type=int, default=1, show_default=True, help="Draws the moments.")
@click.option("--connector", default=CONNECTOR, show_default=True, help="Whose raw files, with --as-of.")
@click.option("--as-of", "dates", multiple=True, metavar="YYYY-MM-DD", help="Only run as of these dates, in order.")
def main(only: str | None, kills: int, of: str, seed: int, connector: str, dates: tuple[str, ...]) -> None:
    """Do on Spark with Iceberg tables what an installation does, and compare everything with DuckDB's."""
    if only is not None:
        make_faster(paths.target() / "templates", writes_sql=True)
        os.environ[blocking.KEY] = "of nobody, for these rows only"
    if only is not None and dates:
        if only == "spark":
            use_lake(paths.installation(), FOR_MANY)
        work(of_dates(dates), connector)
        if only == "spark":
            copy_lake()
    elif only == "duckdb":
        on_duckdb(paths.installation())
    elif only == "spark":
        on_spark(paths.installation())
    elif only is not None:
        use_lake(paths.installation())
        work([KILLED.get(only, STEPS[0])])
        if only in KILLED:
            copy_lake()
    else:
        java()
        folder = paths.target() / "checks" / "spark"
        shutil.rmtree(folder, ignore_errors=True)
        if kills:
            said = compare_killed(folder, of, kills, seed)
        elif dates:
            data = Path(os.environ.get("REKINDLE_DATA", paths.PROJECT / "installations" / connector / "data"))
            chosen = (f"--as-of={date}" for date in dates)
            said = compare_engines(folder, f"--connector={connector}", *chosen, data=data.absolute())
        else:
            write_files(folder / FILES)
            said = [*compare_engines(folder), *compare_read(folder)]
        if said:
            raise RekindleError("\n".join(["What must be the same differs:", *said]))
        click.echo(
            f"{kills} kills of a {of} on Spark: the next run gives what an undisturbed one gives."
            if kills
            else "Spark and DuckDB give the same rows, and the same files."
        )


if __name__ == "__main__":
    main()
