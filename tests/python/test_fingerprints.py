"""What cannot have changed is not built again: where it is left out, and every doubt that makes a run build all."""

import dataclasses
import datetime
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import forked
import pytest
from compiled import dbt_compile
from workshop import FIXTURES, LAST_AS_OF, LAST_MONTH, Workshop, differences, digest, must, rows

from rekindle.ground import paths
from rekindle.ground.dbt import Dbt
from rekindle.ground.settings import project
from rekindle.run import fingerprints
from rekindle.run.building import variables
from rekindle.run.fingerprints import OF_ONE_RUN, LastBuild, inputs_of, last_build, lasting_views, leave_out, settled

NEXT_DAY = "2024-07-02"
AS_IDS = ("--output", "json", "--output-keys", "unique_id", "--vars", "{connector: fixture}")
BUILT = re.compile(r"^Build as of .*: (\d+) steps$", re.MULTILINE)
LEFT_OUT = re.compile(
    r"^Unchanged: raw data and code as of the build of [-\d]+ [:\d]+ UTC; (\d+) steps skipped; --full builds all\.$",
    re.MULTILINE,
)


@pytest.fixture
def unchanged(workshop: Workshop, fixture_warehouse: Path, tmp_path: Path) -> Iterator[Dbt]:
    """The hand-written rows in a folder of their own, and the project as a program in the workshop parses it."""
    shutil.copytree(FIXTURES, tmp_path / "raw")
    # the tests that are left out are counted
    workshop.environment |= {"REKINDLE_FIXTURES": str(tmp_path / "raw"), forked.ASK_KEYS: "1"}
    workshop.start_from(fixture_warehouse)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(paths.PROJECT)
        patch.setattr(paths._Chosen, "connector", "fixture")
        for variable, value in workshop.variables().items():
            patch.setenv(variable, value)
        patch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
        patch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))
        yield Dbt("fixture")


def counted(pattern: re.Pattern[str], said: str) -> list[int]:
    return [int(each) for each in pattern.findall(said)]


def test_what_cannot_have_changed_is_left_out_and_tables_are_as_a_whole_build_makes_them(
    workshop: Workshop, unchanged: Dbt, tmp_path: Path
) -> None:
    whole = must(workshop.run("run", "--as-of", LAST_AS_OF, "--no-export")).text
    assert counted(LEFT_OUT, whole) == []
    published = workshop.published.stat()
    shutil.copy(workshop.warehouse, tmp_path / "whole.duckdb")
    every = counted(BUILT, whole)[0]

    # decided, measured or tested otherwise since: all but what cannot have changed is built again
    with duckdb.connect(str(workshop.warehouse)) as connection:
        connection.execute("update run.last_build set project = 'another'")
    again = must(workshop.run("run", "--as-of", LAST_AS_OF, "--no-export")).text
    (left_out,) = counted(LEFT_OUT, again)
    assert counted(BUILT, again) == [every - left_out]
    assert left_out == len(settled(unchanged.manifest, is_same_date=True)) > every / 2
    assert differences(workshop.warehouse, tmp_path / "whole.duckdb") == []
    assert rows(workshop.warehouse, "select command_scope from run.run_log order by started_at desc limit 1") == [
        ("full",)
    ], "so it can be published"
    assert "rows, as before:" in again
    assert workshop.published.stat().st_ino == published.st_ino, "an equal publication stays where it is"
    shutil.copy(workshop.warehouse, tmp_path / "again.duckdb")

    # nothing has changed at all: nothing is built, and the summary is told again
    held = digest(workshop.warehouse)
    nothing = must(workshop.run("run", "--as-of", LAST_AS_OF, "--no-export")).text
    assert "nothing to build; --full builds all." in nothing
    assert counted(BUILT, nothing) == []
    assert digest(workshop.warehouse) == held
    assert summary(nothing) == summary(whole) != ""
    assert "rows, as before:" in nothing
    with_month = must(workshop.run("run", "--as-of", LAST_AS_OF, "--accept", LAST_MONTH, "--no-publish")).text
    assert counted(BUILT, with_month) == [every - left_out], "what a person decides about a month is built"

    # another date: what asks for it, and what is made from that, is built
    day = must(workshop.run("run", "--daily", "--as-of", NEXT_DAY, "--no-publish")).text
    assert "Unchanged: raw data and code as of the build of" in day, "a day reads nothing again either"
    another = must(workshop.run("run", "--as-of", NEXT_DAY, "--no-publish")).text
    assert counted(LEFT_OUT, another) == [len(settled(unchanged.manifest, is_same_date=False))]
    shutil.copy(workshop.warehouse, tmp_path / "another.duckdb")
    shutil.copy(tmp_path / "again.duckdb", workshop.warehouse)
    forced = must(workshop.run("run", "--full", "--as-of", NEXT_DAY, "--no-publish")).text
    assert (counted(LEFT_OUT, forced), counted(BUILT, forced)) == ([], [every])
    assert differences(workshop.warehouse, tmp_path / "another.duckdb") == []

    shutil.copy(tmp_path / "again.duckdb", workshop.warehouse)
    assert is_known(unchanged)

    every_doubt_is_seen(workshop, unchanged, tmp_path / "raw", tmp_path / "again.duckdb")


def is_known(dbt: Dbt) -> bool:
    """Whether a run would leave anything out."""
    found = last_build(dbt, inputs_of(dbt))
    assert last_build(dbt, dataclasses.replace(inputs_of(dbt), is_all_built=True)) is None
    return isinstance(found, LastBuild)


def summary(said: str) -> str:
    """What came out, without how many checks passed."""
    return said.partition("=" * 78)[2].partition("Checks")[0].partition("Published")[0].strip()


class changed_file:
    """A raw file with other content, until the end of the block."""

    def __init__(self, file: Path, *, keeps_size_and_time: bool) -> None:
        self.file, self.keeps = file, keeps_size_and_time

    def __enter__(self) -> None:
        self.before, self.times = self.file.read_bytes(), self.file.stat()
        self.file.write_bytes(self.before.swapcase() if self.keeps else self.before + b"\n")
        if self.keeps:
            os.utime(self.file, ns=(self.times.st_atime_ns, self.times.st_mtime_ns))
            assert self.file.stat().st_size == self.times.st_size

    def __exit__(self, *_: object) -> None:
        self.file.write_bytes(self.before)


def every_doubt_is_seen(workshop: Workshop, unchanged: Dbt, raw: Path, known: Path) -> None:
    """Whatever the build was made from, or left, is another: the next run builds all. `known`: its warehouse."""
    # raw files: other content is seen, also of a file of the same size and time
    with changed_file(raw / "orders.csv", keeps_size_and_time=True):
        assert not is_known(unchanged)
    with changed_file(raw / "contacts.csv", keeps_size_and_time=False):
        assert not is_known(unchanged)
    workshop.erasures.mkdir()
    (workshop.erasures / "tokens.csv").write_text("a token\n", encoding="utf-8")
    assert not is_known(unchanged), "somebody was erased"
    shutil.rmtree(workshop.erasures)
    nodes, macros = unchanged.manifest.nodes, unchanged.manifest.macros
    for place, attribute, value in (
        (nodes["model.rekindle.fct_orders"], "raw_code", "select 1"),
        (nodes["seed.rekindle.segments"].checksum, "checksum", "another"),
        (macros["macro.rekindle.is_counted_order"], "macro_sql", "another"),
        (fingerprints, "project", lambda: {**project(), "vars": {**project()["vars"], "as_of_time": "20:00"}}),
        (fingerprints, "project", lambda: {**project(), "version": "another"}),
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(place, attribute, value)
            assert not is_known(unchanged), attribute
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nodes["model.rekindle.decisions"], "raw_code", "select 1")
        assert is_known(unchanged), "what is decided is built each time, whatever its code"
        patch.setenv("REKINDLE_THREADS", "7")
        assert is_known(unchanged)
        patch.setenv("REKINDLE_OF_TOMORROW", "1")
        assert not is_known(unchanged), "a variable that nobody knows may matter"

    # the warehouse is not as that build left it
    assert is_known(unchanged)
    for change in (
        "delete from landing.phone_numbers where raw_phone = (select min(raw_phone) from landing.phone_numbers)",
        "insert into landing.blocked_contacts values ('another')",
        "drop table core.fct_orders",
        "drop view staging.stg_fixture__orders",
        "insert into run.run_log (invocation_id, connector, command_scope, as_of_date, started_at) "
        "values ('by hand', 'fixture', 'partial', '2024-07-01', '2100-01-01')",
        "delete from run.run_log",
        "drop table run.last_build",
    ):
        shutil.copy(known, workshop.warehouse)
        assert is_known(unchanged)
        with duckdb.connect(str(workshop.warehouse)) as connection:
            connection.execute(change)
        assert not is_known(unchanged), change

    shutil.copy(known, workshop.warehouse)
    workshop.kill("rekindle.ground.progress:Progress.advance", 3, "run", "--as-of", NEXT_DAY, "--no-publish")
    assert not is_known(unchanged), "a run was killed in between"


def listed_here(dbt: Dbt, selector: str) -> set[str]:
    """The models that a selector names in this process, with the tags that its manifest carries."""
    listed = dbt.run("ls", "--selector", selector, "--resource-type", "model", "--output", "json", variables={})
    assert isinstance(listed.result, list)
    return {json.loads(str(line))["unique_id"] for line in listed.result}


def test_what_is_left_out_reads_nothing_that_is_built_and_no_date(
    workshop: Workshop, unchanged: Dbt, tmp_path: Path
) -> None:
    manifest = unchanged.manifest
    models: Any = {key: node for key, node in manifest.nodes.items() if str(node.resource_type) == "model"}
    same, another = settled(manifest, is_same_date=True), settled(manifest, is_same_date=False)
    assert another < same
    for found in (same, another):
        for unique_id in found:
            built = [
                each for each in manifest.nodes[unique_id].depends_on_nodes if each in models and each not in found
            ]
            assert built == [], unique_id
            assert not {"source.rekindle.memory.decisions", "source.rekindle.run.sealed_dates"} & {
                *manifest.nodes[unique_id].depends_on_nodes
            }
    up_to_core = {key for key, node in models.items() if node.fqn[1] in ("staging", "input", "intake", "core")}
    assert up_to_core <= same
    kept = {key for key, node in models.items() if node.config.materialized == "incremental"}
    assert not kept & another, "what is kept says since when"

    # the macros that dbt knows a node to call are all that it calls
    (tmp_path / "compiled").mkdir()
    dbt_compile(tmp_path / "compiled", {"connector": "fixture", "as_of_date": "2031-03-17"}, "--write-json")
    compiled = json.loads((tmp_path / "compiled" / "target" / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    dated = {key for key, node in compiled.items() if "2031-03" in (node.get("compiled_code") or "")}
    assert dated & same, "the histories of identity"
    assert dated & another == set()

    # of what the first step of a replay builds, the last makes anew what says what is so on its date
    def chosen(selector: str, kind: str = "model") -> set[str]:
        listed = must(workshop.dbt("--quiet", "ls", "--selector", selector, "--resource-type", kind, *AS_IDS)).text
        return {json.loads(line)["unique_id"] for line in listed.splitlines() if line.startswith("{")}

    # what is judged anew has its valid rows made anew, beside the same rejects
    raw = {key: node for key, node in models.items() if node.fqn[1] in ("input", "intake")}
    valid_rows: dict[str, set[str]] = {}
    for selector in ("daily", "facts_of_replay", "evening"):
        made = chosen(selector)
        valid_rows[selector] = {key.replace(".rejected_", ".intake_") for key in made & {*raw} if ".rejected_" in key}
        assert valid_rows[selector] - made == set(), selector
        assert valid_rows[selector], selector

    # what a day reads of the seeds is loaded before it, when one has changed
    read = {parent for key in chosen("daily") for parent in models[key].depends_on_nodes}
    assert chosen("configuration", "seed") == {each for each in read if each.startswith("seed.")}

    # what a replay makes once and not on each date, when its selectors leave out what is tagged
    for variable in (*variables(datetime.date(2031, 3, 17), None), "nodes_left_out"):
        assert OF_ONE_RUN.search(f"var('{variable}', none)"), variable
    lasting = lasting_views(manifest)
    assert len(lasting) > 100
    assert dated & lasting == set()
    assert lasting <= {key for key, node in models.items() if node.config.materialized == "view"}
    whole_day = listed_here(unchanged, "day_of_replay")
    leave_out(manifest, lasting)
    assert listed_here(unchanged, "day_of_replay") == whole_day - lasting != whole_day
    assert listed_here(unchanged, "publication_day") & lasting == set()
    assert listed_here(unchanged, "monthly") & lasting == set()
    leave_out(manifest, frozenset())

    # before a day Spark makes anew what is a view here and a table there, but for that and what names who was forgotten
    views = {key for key, node in raw.items() if node.config.materialized == "view"}
    by_the_day = {"model.rekindle.intake_erased_contacts", *valid_rows["daily"]}
    assert chosen("copies_of_raw_rows") == views - by_the_day

    first, last = chosen("base"), chosen("complete")
    assert len(first) > 100
    assert (dated & first) - kept <= last
