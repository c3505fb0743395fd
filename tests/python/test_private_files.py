"""What holds personal data is its owner's alone, whatever the umask; the programs of a workshop run with umask 000."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from workshop import LAST_AS_OF, Workshop, must, open_to_others

from rekindle.ground import files, paths
from rekindle.ground.errors import RekindleError
from rekindle.ground.files import ONLY_THE_GROUP_READS, private_file, private_folder
from rekindle.ground.warehouse import only_command, open_warehouse, write_ahead_log

# what docs/privacy.md says of published/: consumers of the owner's group read the one file, and find it
PUBLISHED = {
    "published": "750",
    "published/rekindle.duckdb": "640",
    # the figures of the same file, as a page
    "boards": "750",
    "boards/index.html": "640",
}


@pytest.fixture(params=[0o000, 0o077], ids=["umask_000", "umask_077"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """The umask of this process for a test."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_no_command_leaves_anything_open_to_others_also_when_it_was(
    make_workshop: Callable[..., Workshop], fixture_warehouse: Path
) -> None:
    shop = make_workshop("fixture", "private")
    shop.environment["REKINDLE_ERASURE_KEY"] = "a key for tests, nowhere else used"
    shop.start_from(fixture_warehouse)
    shop.warehouse.chmod(0o666)
    for folder in (shop.warehouse.parent, shop.published.parent, shop.backups, shop.erasures, shop.exports):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o777)

    must(shop.run("publish"))
    must(shop.run("export_audiences", "export", "--accept", "silent_google", "--accept", "silent_meta"))
    must(shop.run("backup"))
    must(shop.run("check_sources", "--connector", "fixture", "--as-of", LAST_AS_OF))
    must(shop.run("erase", "--contact", "shop:gert_web", "--now", "--yes"))
    assert open_to_others(shop.root) == PUBLISHED
    assert list(shop.exports.rglob("*.csv")), "there were contact details to be open"
    assert list(shop.erasures.iterdir())

    (kept,) = shop.backups.iterdir()
    shop.warehouse.unlink()
    must(shop.run("backup", "--restore", str(kept)))
    assert open_to_others(shop.root) == PUBLISHED
    assert mode(shop.warehouse) == 0o600


def test_a_plain_dbt_makes_a_private_warehouse_and_its_folder(make_workshop: Callable[..., Workshop]) -> None:
    shop = make_workshop("fixture", "plain dbt")
    shop.environment["REKINDLE_WAREHOUSE"] = str(shop.root / "new" / "folders" / "build.duckdb")
    shop.environment["REKINDLE_KEEP_OPEN"] = ""  # as the profile has it
    must(shop.dbt("run", "--select", "stg_fixture__stores", "--vars", "{connector: fixture}"))
    assert (shop.root / "new" / "folders" / "build.duckdb").exists()
    assert open_to_others(shop.root / "new") == {}
    assert mode(shop.root / "new") == mode(shop.root / "new" / "folders") == 0o700


def test_every_folder_that_is_made_on_the_way_is_private_and_that_of_publications_the_groups(
    tmp_path: Path, umask: int
) -> None:
    private_folder(tmp_path / "a" / "b" / "c")
    private_folder(tmp_path / "published" / "here", closed=ONLY_THE_GROUP_READS)
    assert open_to_others(tmp_path) == {"published": "750", "published/here": "750"}


def test_a_warehouse_that_was_open_is_closed_with_its_log(tmp_path: Path, umask: int) -> None:
    warehouse = tmp_path / "wide" / "build.duckdb"
    warehouse.parent.mkdir()
    duckdb.connect(str(warehouse)).close()
    write_ahead_log(warehouse).touch()
    for path in (warehouse.parent, warehouse, write_ahead_log(warehouse)):
        path.chmod(0o777)
    with only_command(warehouse), open_warehouse(warehouse) as connection:
        connection.execute("create table t as select 1 as i")
        assert write_ahead_log(warehouse).exists()
        assert open_to_others(tmp_path) == {}


def test_folders_that_are_for_all_stay_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("shared", "home", "project"):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(0o755)
    (tmp_path / "shared").chmod(0o1777)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(paths, "PROJECT", tmp_path / "project")
    for name in ("shared", "home", "project"):
        private_folder(tmp_path / name)
    assert open_to_others(tmp_path) == {"home": "755", "project": "755", "shared": "1777"}
    monkeypatch.undo()
    private_folder(tmp_path / "home")
    assert "home" not in open_to_others(tmp_path)


def test_a_file_of_somebody_else_that_others_may_read_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "build.duckdb"
    file.touch()
    file.chmod(0o644)

    def refuse(self: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(RekindleError, match="holds personal data and others may read it: its owner has to close it"):
        private_file(file)
    private_folder(tmp_path)
    private_file(tmp_path / "nothing there")


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RekindleError, match=r"file/folder cannot be made \(Not a directory\): check owner and mode"):
        files.private_folder(tmp_path / "file" / "folder")
