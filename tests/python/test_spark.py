"""On Spark without Spark: what is refused there, and what `make test-spark` says when something is missing."""

import importlib
import sys
import zlib
from pathlib import Path
from unittest import mock

import duckdb
import pytest
from click.testing import CliRunner

from check_spark import compare, h2, java, unpacked
from rekindle.forget.people import People
from rekindle.ground import lake, paths, stores
from rekindle.ground.errors import RekindleError
from rekindle.ground.quoting import SPARK

# what reads or writes the DuckDB file, with what it cannot be called without
FOR_DUCKDB_ONLY = {
    "access": ["--contact", "till:1"],
    "backup": [],
    "explain": ["somebody"],
    "normalise_contacts": [],
    "replay": ["--from", "2024-01", "--to", "2024-02"],
    "status": [],
    "whatif": [],
}


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are found, but for the shell."""
    (tmp_path / "sh").symlink_to("/bin/sh")
    monkeypatch.setenv("PATH", str(tmp_path))
    for variable in ("JAVA_HOME", "H2_JAR"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def program(folder: Path, name: str, body: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("command", FOR_DUCKDB_ONLY)
def test_what_is_for_duckdb_only_says_so_and_touches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("REKINDLE_TARGET", "spark")
    monkeypatch.setenv("REKINDLE_INSTALLATION", str(tmp_path))
    main = importlib.import_module(command).main
    said = CliRunner().invoke(main, [*FOR_DUCKDB_ONLY[command], "--connector", "fixture"])
    assert said.exit_code == 1, said.output
    assert "REKINDLE_TARGET names Spark" in said.output
    assert not [*tmp_path.iterdir()]


def test_what_publishes_from_spark_asks_for_its_lake_and_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REKINDLE_LAKE", raising=False)
    with pytest.raises(RekindleError, match="REKINDLE_LAKE"):
        lake.session()
    monkeypatch.setenv("REKINDLE_LAKE", "/lake")
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(RekindleError, match=r"\.venv-spark"):
        lake.session()


def test_java_is_asked_for_in_a_sentence(programs: Path) -> None:
    with pytest.raises(RekindleError, match="needs Java 17 and there is none: install it"):
        java()
    program(programs, "java", "echo 'openjdk version \"21.0.1\" 2023-10-17' >&2")
    with pytest.raises(RekindleError, match="needs Java 17 and this is 21"):
        java()
    program(programs, "java", "echo 'openjdk version \"17.0.15\" 2025-04-15' >&2")
    java()


def test_h2_is_the_systems_or_comes_from_debians_package_or_is_asked_for_in_a_sentence(programs: Path) -> None:
    system, own = programs / "system.jar", programs / "own.jar"
    program(programs, "apt-get", "exit 100")
    with pytest.raises(RekindleError, match="H2 is missing"):
        h2(system, own)
    (programs / "cp").symlink_to("/bin/cp")
    (programs / "mkdir").symlink_to("/bin/mkdir")
    program(programs, "apt-get", "echo jar > libh2-java_2.1_all.deb")
    program(programs, "dpkg", 'mkdir -p usr/share/java && cp "$2" usr/share/java/h2-2.1.jar')
    assert h2(system, own) == own
    assert own.read_text(encoding="utf-8") == "jar\n"
    system.touch()
    assert h2(system, own) == system


def test_a_person_is_spelled_for_spark_whatever_the_name_holds() -> None:
    people = People(frozenset([("till", "o'neill\\")]), frozenset(["1f"]), frozenset(["o'n@example.com"]))
    assert people.are_in(["source_system", "contact_id"], ["e`mail"], SPARK) == (
        "coalesce(`e``mail` in ('1f', 'o\\'n@example.com') "
        "or ((source_system = 'till' and contact_id = 'o\\'neill\\\\')), false)"
    )


def test_a_manifest_is_searched_unpacked_and_a_file_of_rows_as_it_is(tmp_path: Path) -> None:
    mark = bytes(range(16))
    packed = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    block = packed.compress(b"rita@example.com" * 100) + packed.flush()
    manifest = tmp_path / "m.avro"
    manifest.write_bytes(b"Obj\x01 head" + mark + b"\xc8\x01" + b"\x40" + block + mark)
    assert b"rita" not in manifest.read_bytes()
    assert b"rita@example.com" in unpacked(manifest)
    rows = tmp_path / "rows.parquet"
    rows.write_bytes(b"rita@example.com")
    assert unpacked(rows) == b"rita@example.com"


def made(folder: Path) -> Path:
    """An installation that was built, published and exported; without any row but one."""
    for file in ("warehouse/build.duckdb", "published/rekindle.duckdb", "published/activation.duckdb"):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(folder / file)) as connection:
            connection.execute("create table _published as select uuid() as invocation_id, 'shop' as connector")
    run = folder / "exports" / "win_back" / "2024-07-01" / "0f"
    run.mkdir(parents=True)
    (run / "list.csv").write_text("id\n1\n", encoding="utf-8")
    (run / "manifest.json").write_text(str(folder), encoding="utf-8")
    return folder


def test_two_installations_are_compared_in_tables_and_in_exported_bytes(tmp_path: Path) -> None:
    expected, found = made(tmp_path / "duckdb"), made(tmp_path / "spark")
    assert compare(expected, found) == []
    run = found / "exports" / "win_back" / "2024-07-01" / "0f"
    (run / "list.csv").write_text("id\n1 \n", encoding="utf-8")
    (run / "more.csv").touch()
    with duckdb.connect(str(found / "published" / "rekindle.duckdb")) as connection:
        connection.execute("update _published set connector = 'till'")
    assert compare(expected, found) == [
        "published/rekindle.duckdb: main._published lacks 1 rows and has 1 others; other values in connector",
        "exports/win_back/2024-07-01/0f/list.csv differs",
        "exports/win_back/2024-07-01/0f/more.csv differs",
    ]
    run.rename(run.with_name("1f"))
    assert [said for said in compare(expected, found) if "0f/list" in said or "1f/list" in said] == [
        "exports/win_back/2024-07-01/0f/list.csv differs",
        "exports/win_back/2024-07-01/1f/list.csv differs",
    ]
    for installation in (expected, found):
        for file in installation.glob("exports/*/*/*/*"):
            file.unlink()
    assert "nothing was exported" in compare(expected, found)


def test_what_a_killed_command_had_at_hand_of_the_lake_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REKINDLE_TARGET", "spark")
    monkeypatch.setenv("REKINDLE_INSTALLATION", str(tmp_path))
    monkeypatch.setattr(lake, "session", mock.MagicMock())
    monkeypatch.setattr(lake, "relations", lambda *_, **__: [])
    folder = paths.warehouse().parent
    (folder / ".lake.x").mkdir(parents=True)
    for file in ("lake.duckdb", ".lake.x/rows.parquet", "build.duckdb"):
        (folder / file).write_bytes(b"rita@example.com")
    with stores.store().opened():
        assert b"rita" not in paths.warehouse().read_bytes()
    assert [each.name for each in folder.iterdir()] == ["build.duckdb"], "of DuckDB, and not of the lake"
