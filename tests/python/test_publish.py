"""Publishing: whole or not at all, readable at any moment, without personal data."""

import datetime
import multiprocessing
import os
import shutil
import stat
import time
from multiprocessing.synchronize import Event
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from workshop import LAST_AS_OF, Workshop, digest, must, rows, tables

from rekindle.ground.errors import RekindleError
from rekindle.ground.files import replace_file
from rekindle.ground.warehouse import Run
from rekindle.run import publishing
from rekindle.run.publishing import last_finished_build

APRIL, JUNE = datetime.date(2024, 5, 1), datetime.date(2024, 7, 1)


def a_run(scope: str, as_of: datetime.date, *, finished: bool) -> Run:
    return Run("an-invocation", "fixture", scope, as_of, finished)


def test_consumers_get_described_tables_of_a_finished_build(workshop: Workshop, fixture_warehouse: Path) -> None:
    workshop.start_from(fixture_warehouse)
    said = must(workshop.run("publish"))
    assert f" as of {LAST_AS_OF}:\n            {workshop.published}\n" in said.text
    assert stat.S_IMODE(workshop.published.stat().st_mode) == 0o640
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in workshop.published.parent.iterdir()}
    assert files == {"rekindle.duckdb": 0o640, "activation.duckdb": 0o600}, "no leftovers"

    published = tables(workshop.published, *publishing.LAYERS)
    assert {"hub.dim_profiles", "core.fct_orders", "segments.segment_moves"} <= set(published)
    assert "hub.contact_addresses" not in published
    with duckdb.connect() as connection:
        connection.execute(f"attach '{workshop.warehouse}' as build (read_only)")  # views name it
        connection.execute(f"attach '{workshop.published}' as published (read_only)")
        for name in published:
            unequal = connection.execute(
                f"select count(*) from ((select * from build.{name} except all select * from published.{name}) "
                f"union all (select * from published.{name} except all select * from build.{name}))"
            ).fetchall()
            assert unequal == [(0,)], f"{name} is published as it was built"
    assert rows(workshop.published, "select distinct schema_name from duckdb_tables() order by 1") == [
        ("activation",),
        ("core",),
        ("hub",),
        ("main",),
        ("measurement",),
        ("segments",),
    ]
    assert rows(workshop.published, "select view_name from duckdb_views() where not internal") == []
    assert rows(workshop.published, "select table_name from duckdb_tables() where comment is null") == []
    assert (
        rows(workshop.published, "select column_name from duckdb_columns() where comment is null and not internal")
        == []
    )
    answers = "from duckdb_functions() where function_type = 'table_macro' and not internal"
    assert rows(workshop.published, f"select function_name {answers} and comment is not null order by 1") == [
        ("audience_diff",),
        ("segment_of",),
        ("why_in",),
        ("why_not",),
    ]
    run_log = rows(fixture_warehouse, "select invocation_id from run.run_log where command_scope = 'full'")
    assert rows(workshop.published, "select version, invocation_id, as_of_date::varchar from _published") == [
        ("0.1.0", run_log[0][0], LAST_AS_OF)
    ]
    assert storage_version(workshop.published) == "v1.0.0+"


def storage_version(database: Path) -> str:
    """The storage version DuckDB reports for a file."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{database}' as looked_at (read_only)")
        (tags,) = connection.execute(
            "select tags from duckdb_databases() where database_name = 'looked_at'"
        ).fetchall()[0]
    return str(tags["storage_version"])


def test_publishing_killed_before_the_swap_leaves_the_last_one_and_the_next_call_mends_it(
    workshop: Workshop, april_warehouse: Path, fixture_warehouse: Path
) -> None:
    workshop.start_from(april_warehouse)
    must(workshop.run("publish"))
    published = digest(workshop.published)
    workshop.start_from(fixture_warehouse)
    workshop.kill("rekindle.run.publishing:_copy", 9, "publish")
    assert digest(workshop.published) == published
    workshop.kill("rekindle.run.publishing:replace_file", 1, "publish")
    assert digest(workshop.published) == published
    must(workshop.run("publish"))
    assert rows(workshop.published, "select as_of_date::varchar from _published") == [(LAST_AS_OF,)]
    assert {path.name for path in workshop.published.parent.iterdir()} == {"rekindle.duckdb", "activation.duckdb"}


WHICH = (
    "select as_of_date::varchar, (select max(segment_month)::varchar from segments.rfm_published), "
    "(select count(*) from core.fct_orders) from _published"
)


def _read_on(published: str, reads: Any, stop: Event, answers: Any) -> None:
    """Opens the publication again and again and notes every answer; an error is an answer too."""
    seen: set[Any] = set()
    while not stop.is_set():
        try:
            with duckdb.connect(published, read_only=True) as connection:
                seen.update(connection.execute(WHICH).fetchall())
        except duckdb.Error as error:
            seen.add(str(error))
        reads.value += 1
    answers.put(seen)


def test_readers_in_other_processes_never_fail_nor_see_a_mix_while_files_are_swapped(
    workshop: Workshop, april_warehouse: Path, fixture_warehouse: Path
) -> None:
    editions = []
    for warehouse in (april_warehouse, fixture_warehouse):
        workshop.start_from(warehouse)
        must(workshop.run("publish"))
        editions.append(Path(shutil.copy(workshop.published, workshop.root / f"{warehouse.parent.name}.duckdb")))
    truth = {rows(edition, WHICH)[0] for edition in editions}
    assert len(truth) == 2

    spawn = multiprocessing.get_context("spawn")
    stop, answers = spawn.Event(), spawn.Queue()
    counts = [spawn.Value("i", 0) for _ in range(2)]
    readers = [spawn.Process(target=_read_on, args=(str(workshop.published), reads, stop, answers)) for reads in counts]
    for reader in readers:
        reader.start()
    swaps, until = 0, time.monotonic() + 60
    while min(reads.value for reads in counts) < 40 and time.monotonic() < until:
        new = shutil.copy(editions[swaps % 2], workshop.published.with_name(".rekindle.duckdb.tmp"))
        replace_file(Path(new), workshop.published)
        swaps += 1
    stop.set()
    seen = [answers.get(timeout=60) for _ in readers]
    for reader in readers:
        reader.join()
    assert swaps > 10
    assert seen == [truth, truth], "each reader saw both editions, whole, and nothing else"


@pytest.mark.parametrize(
    ("runs", "sentence"),
    [
        ([], "Nothing was built yet"),
        ([a_run("partial", JUNE, finished=True)], "Nothing was built yet"),
        ([a_run("full", JUNE, finished=False)], "The build as of 2024-07-01 did not finish"),
        (
            [a_run("full", APRIL, finished=True), a_run("full", JUNE, finished=False)],
            "The build as of 2024-07-01 did not finish",
        ),
        (
            [a_run("full", JUNE, finished=True), a_run("partial", JUNE, finished=False)],
            "some models failed as of 2024-07-01: tables may disagree",
        ),
        (
            [a_run("full", APRIL, finished=True), a_run("partial", JUNE, finished=True)],
            "some models were built as of 2024-07-01: tables may disagree",
        ),
    ],
)
def test_only_a_finished_build_is_published(runs: list[Run], sentence: str) -> None:
    with pytest.raises(RekindleError, match=sentence):
        last_finished_build(runs)


def test_models_built_again_as_of_the_same_date_are_published_with_the_build() -> None:
    build = a_run("full", JUNE, finished=True)
    assert (
        last_finished_build([a_run("full", APRIL, finished=False), build, a_run("partial", JUNE, finished=True)])
        is build
    )


def test_a_public_model_with_personal_data_is_never_published(monkeypatch: pytest.MonkeyPatch) -> None:
    email = SimpleNamespace(name="email", meta={}, config=SimpleNamespace(meta={"pii": True}))
    model = SimpleNamespace(
        name="dim_profiles", fqn=["rekindle", "hub", "dim_profiles"], access="public", columns={"email": email}
    )
    monkeypatch.setattr(publishing, "ModelNode", SimpleNamespace)
    manifest: Any = SimpleNamespace(nodes={"model.rekindle.dim_profiles": model})
    with pytest.raises(RekindleError, match=r"dim_profiles\.email holds personal data"):
        publishing.public_models(manifest)
    email.config.meta = {}
    assert publishing.public_models(manifest) == [model]


def test_nothing_of_the_publication_is_readable_by_everybody(workshop: Workshop, april_warehouse: Path) -> None:
    workshop.start_from(april_warehouse)
    before = os.umask(0)
    try:
        must(workshop.run("publish"))
    finally:
        os.umask(before)
    assert stat.S_IMODE(workshop.published.stat().st_mode) & 0o007 == 0
