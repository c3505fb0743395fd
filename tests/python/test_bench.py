"""The benchmark measures what it says: its data never changes, and a result that is wrong stops it."""

import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from unittest import mock

import duckdb
import filelock
import pytest
from pydantic import TypeAdapter

from rekindle.bench import exports, handwritten
from rekindle.bench.engine import Engine
from rekindle.bench.generate import World, generate
from rekindle.bench.measure import Measured
from rekindle.bench.project import warehouse
from rekindle.bench.report import _growth, earlier, write_json
from rekindle.bench.run import Result, Steps, prepare
from rekindle.ground.contract import entities
from rekindle.ground.errors import RekindleError
from rekindle.ground.paths import PROJECT

ENGINE = Engine(memory="1GB")


@pytest.fixture(scope="session")
def measured(shared: Path) -> Path:
    """What `scripts/bench.py` leaves for 300 profiles, once per session, green or not at all. Read-only."""
    folder = shared / "bench"
    with filelock.FileLock(f"{folder}.lock"):
        if not (folder / "benchmark_300.json").exists():
            options = ["--profiles", "300", "--months", "13", "--frames", "100", "--memory", "1GB", "--keep"]
            outcome = subprocess.run(
                [sys.executable, "scripts/bench.py", *options, "--folder", str(folder)],
                cwd=PROJECT,
                env={**os.environ, "DO_NOT_TRACK": "1"},
                capture_output=True,
                text=True,
            )
            assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return folder


def test_all_is_measured_and_written_down(measured: Path) -> None:
    result = json.loads((measured / "benchmark_300.json").read_text(encoding="utf-8"))
    assert result["rows"]["orders"] > 300 * 10
    assert set(result["ratios"]) == set(handwritten.TABLES)
    assert all(ratio > 0 for ratio in result["ratios"].values())
    assert {node["name"] for node in result["month"]["nodes"]} >= {"rfm_monthly", "rfm_published", "rfm_segments"}
    assert result["full"]["seconds"] > result["month"]["seconds"] > 0
    assert result["full"]["peak_bytes"] > 50e6
    assert set(result["frames"]["seconds"]) >= {"project", "pandas", "lifetimes"}
    assert result["frames"]["profiles"] == 100
    assert result["exports"]["members"] == 1500
    assert result["exports"]["full"]["sort and write"] > 0
    assert len(result["promises"]) == 6


def test_a_list_that_the_exporter_writes_otherwise_than_bare_sql_stops_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = exports._hashed
    monkeypatch.setattr(exports, "_hashed", lambda as_of: hashed(as_of).replace("sha256(", "md5(", 1))
    with pytest.raises(RekindleError, match="The exporter's full list and the one by hand differ"):
        exports.compare(tmp_path / "lists", ENGINE, 50)


def test_identity_finds_each_person_again(measured: Path) -> None:
    with duckdb.connect(str(measured / "work" / "project.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "select count(*), count(distinct profile_id), count(distinct split_part(contact_id, '-', 1)), "
            "count(distinct (profile_id, split_part(contact_id, '-', 1))) from identity.contact_profiles"
        ).fetchone()
    assert found is not None
    contacts, profiles, persons, pairs = found
    assert contacts > 1.2 * persons
    assert (profiles, persons, pairs) == (300, 300, 300)


def test_one_wrong_value_in_a_table_by_hand_is_seen(measured: Path, tmp_path: Path) -> None:
    work = tmp_path
    for file in (handwritten.by_hand(measured / "work"), warehouse(measured / "work")):
        shutil.copy(file, work)
    before = handwritten.differences(work, ENGINE)
    # since it was compared, the project's file has had its one more month
    assert {table for table, rows in before.items() if rows} == {"rfm_monthly"}
    with duckdb.connect(str(handwritten.by_hand(work))) as connection:
        connection.execute(
            "update profile_days set net_amount = net_amount + 0.01 where rowid = (select min(rowid) from profile_days)"
        )
    assert handwritten.differences(work, ENGINE) == {**before, "profile_days": 2}


def test_the_same_size_gives_the_same_rows(tmp_path: Path) -> None:
    world = World(profiles=1200, months=13)  # more than a thousand: with a switchboard that a dozen people share
    contents = []
    for threads in (2, 1):
        folder = tmp_path / str(threads)
        folder.mkdir()
        generate(world, folder, Engine(memory="1GB", threads=threads))
        contents.append({file.name: _content(file) for file in sorted((folder / "contract").iterdir())})
    assert contents[0] == contents[1]
    assert len(contents[0]) == 9
    for file in sorted((tmp_path / "1" / "contract").rglob("*.parquet")):
        entity = file.relative_to(tmp_path / "1" / "contract").parts[0].removeprefix("input_").removesuffix(".parquet")
        assert tuple(duckdb.read_parquet(str(file)).columns) == entities()[entity].columns, entity


def _content(path: Path) -> str:
    """A fingerprint of the rows of a file, or of all files of a folder, whatever their order."""
    pattern = path / "*.parquet" if path.is_dir() else path
    rows = duckdb.sql(f"select cast(each as varchar) from '{pattern}' as each order by 1").fetchall()
    assert rows
    return hashlib.sha256("\n".join(row[0] for row in rows).encode()).hexdigest()


def test_a_benchmark_that_was_stopped_goes_on_with_the_step_that_it_had_not_finished(tmp_path: Path) -> None:
    measurements: list[str] = []

    def measure(name: str) -> Measured[dict[str, int]]:
        measurements.append(name)
        return Measured({name: 1}, 0.5, 10)

    kind = Measured[dict[str, int]]
    first = Steps(tmp_path / "steps", world=World(300, 13), members=5)
    assert first.kept("generate", kind, partial(measure, "generate")) == Measured({"generate": 1}, 0.5, 10)
    with pytest.raises(KeyboardInterrupt):
        first.kept("full", kind, mock.Mock(side_effect=KeyboardInterrupt))
    again = Steps(tmp_path / "steps", world=World(300, 13), members=5)
    assert again.kept("generate", kind, partial(measure, "generate")) == Measured({"generate": 1}, 0.5, 10)
    assert again.kept("full", kind, partial(measure, "full")) == Measured({"full": 1}, 0.5, 10)
    assert measurements == ["generate", "full"]
    with pytest.raises(RekindleError, match="begun with other options: name the same, or leave out --resume"):
        Steps(tmp_path / "steps", world=World(301, 13), members=5)


def test_files_that_were_generated_before_are_left_as_they_are_and_the_others_are_as_ever(tmp_path: Path) -> None:
    world = World(profiles=300, months=13)
    generate(world, tmp_path, ENGINE)
    contract = tmp_path / "contract"
    before = {file: _content(file) for file in contract.rglob("*.parquet")}
    first, second, *_ = sorted((contract / "input_orders").iterdir())
    touched = first.stat().st_mtime_ns
    second.unlink()
    generate(world, tmp_path, ENGINE)
    assert {file: _content(file) for file in contract.rglob("*.parquet")} == before
    assert first.stat().st_mtime_ns == touched
    assert not list(tmp_path.glob("*.parquet.*")) + list(tmp_path.glob("half*"))


def test_what_grew_is_told_beside_the_next_smaller_result_of_as_many_months(measured: Path, tmp_path: Path) -> None:
    result = TypeAdapter(Result).validate_json((measured / "benchmark_300.json").read_bytes())
    for profiles, months in ((100, 13), (200, 13), (250, 24), (400, 13)):
        write_json(dataclasses.replace(result, world=World(profiles, months)), tmp_path)
    smaller = earlier(result, tmp_path)
    assert smaller is not None
    assert smaller.world == World(200, 13)
    assert earlier(dataclasses.replace(result, world=World(100, 13)), tmp_path) is None
    nodes = [dataclasses.replace(node, seconds=node.seconds / 2) for node in result.full.nodes]
    half = dataclasses.replace(smaller, full=dataclasses.replace(result.full, seconds=0.5, nodes=nodes))
    title, table = _growth(result, half)
    assert title.startswith("Growth with 1.0 times the order lines")
    cells = dict(zip(table.columns[0].cells, table.columns[3].cells, strict=True))
    assert cells["full build"] == f"{result.full.seconds / 0.5:.1f}"
    assert cells[f"  {result.full.models()[0].name}"] == "2.0"
    assert cells["one more month"] == "1.0"


@pytest.mark.parametrize("resume", [False, True])
def test_a_folder_with_something_else_is_left_alone(tmp_path: Path, resume: bool) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(RekindleError, match="holds something else"):
        prepare(tmp_path, resume=resume)
    assert (tmp_path / "thesis.txt").read_text(encoding="utf-8") == "mine"


def test_a_benchmark_may_be_begun_as_if_it_went_on_and_one_that_begins_anew_finds_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "bench" / "work"
    prepare(folder, resume=True)
    Steps(folder / "steps", world=World(300, 13))
    prepare(folder, resume=True)
    assert [file.name for file in folder.rglob("*.json")] == ["about.json"]
    prepare(folder, resume=False)
    assert list(folder.iterdir()) == []


def test_a_history_too_short_for_a_window_is_refused() -> None:
    with pytest.raises(RekindleError, match="at least 13"):
        World(profiles=300, months=12)
