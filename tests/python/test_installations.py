"""One installation folder per connector: what is where by default, and no connector takes what is another one's."""

import importlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from unittest import mock

import duckdb
import forked
import pytest
from activation import EMAIL_FEED, Retailer, person
from click.testing import CliRunner
from people_project import SHOP, copy_files, empty_world, write_contract
from test_cases_money import contact, order
from workshop import FIXTURES, Said, digest, must, rows

from rekindle.ground import paths, settings
from rekindle.ground.errors import CONTRACT, DONE, RekindleError
from rekindle.run import backups, building, installation

OURS, THEIRS = "completejourney", "fixture"
PUBLISHED = "create table _published as select '0.1.0' as version, '{}' as connector, 'one' as invocation_id"
COMMANDS = {
    "run": ("--no-publish",),
    "replay": ("--from", "2017-01", "--to", "2017-12"),
    "publish": (),
    "backup": (),
    "erase": ("--contact", "till:123"),
    "explain": (),
    "whatif": (),
    "check_sources": (),
    "normalise_contacts": (),
}


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command called in this process chooses a connector for the rest of it."""
    monkeypatch.setattr(paths._Chosen, "connector", None)


@pytest.fixture
def shop(tmp_path: Path) -> Retailer:
    return Retailer(tmp_path)


@pytest.fixture
def here(shop: Retailer) -> Iterator[Retailer]:
    with mock.patch.dict(os.environ, shop.variables()):
        yield shop


def built_by(warehouse: Path, connector: str) -> None:
    """A warehouse that holds nothing but that a build of the connector was finished."""
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema if not exists run")
        connection.execute(
            "create or replace table run.run_log as select 'one' as invocation_id, ? as connector, "
            "'full' as command_scope, date '2018-01-01' as as_of_date, timestamp '2018-01-02' as started_at, "
            "timestamp '2018-01-02' as finished_at",
            [connector],
        )


def call(script: str, *arguments: str) -> Said:
    """`python scripts/<script>.py …`, in this process."""
    before = Path.cwd()
    try:
        result = CliRunner().invoke(importlib.import_module(script).main, arguments)
    finally:
        os.chdir(before)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return Said(result.exit_code, result.output)


def belongs(place: Path, theirs: str, ours: str) -> str:
    return f"{place} belongs to connector '{theirs}', not to '{ours}': use --connector {theirs}, or give '{ours}'"


# --- no connector takes what is another one's -------------------------------------------------------------------------


@pytest.mark.parametrize("script", COMMANDS)
def test_no_command_works_on_the_warehouse_of_another_connector(here: Retailer, script: str) -> None:
    warehouse = here.root / "warehouse" / "build.duckdb"
    built_by(warehouse, THEIRS)
    before = digest(warehouse)
    refused = call(script, *COMMANDS[script])
    assert refused.code == 1
    assert refused.error.startswith(belongs(warehouse, THEIRS, OURS))
    assert digest(warehouse) == before


@pytest.mark.parametrize("place", ["rekindle.duckdb", "activation.duckdb", "exports", "backups", "seals"])
@pytest.mark.parametrize("script", ["run", "publish", "erase"])
def test_no_command_replaces_what_is_of_another_connector(here: Retailer, script: str, place: str) -> None:
    warehouse = named = here.root / "warehouse" / "build.duckdb"
    built_by(warehouse, OURS)
    if place == "exports":
        here.publish([person("ann")])
        here.export()
        rename(here, THEIRS)
        here.activation.unlink()
        named = here.exports
    elif place == "backups":
        named = here.root / "backups" / "2018-01-01_1"
        named.mkdir(parents=True)
        (named / "manifest.json").write_text(json.dumps({"connector": THEIRS, "tables": []}), encoding="utf-8")
    elif place == "seals":
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute("create table run.sealed_dates as select ? as connector", [THEIRS])
    else:
        named = here.root / "published" / place
        named.parent.mkdir()
        with duckdb.connect(str(named)) as connection:
            connection.execute(PUBLISHED.format(THEIRS))
    refused = call(script, *COMMANDS[script])
    assert refused.code == 1
    assert refused.error.startswith(belongs(named, THEIRS, OURS))


def rename(shop: Retailer, connector: str | None) -> None:
    """The newest run of the feed, as another connector, or a version before names, would have left it."""
    run = shop.last()
    manifest = {**run.manifest, "connector": connector}
    if connector is None:
        del manifest["connector"]
    (run.folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_the_exporter_ends_with_4_for_a_publication_of_another_connector(shop: Retailer) -> None:
    shop.publish([person("ann")], more=f"alter table _published add column connector varchar default '{THEIRS}'")
    for command in ("plan", "export"):
        refused = shop.call(command)
        assert refused.code == CONTRACT
        assert refused.error.startswith(belongs(shop.activation, THEIRS, OURS))
    assert not any(shop.exports.glob("*/*/*/manifest.json"))
    assert shop.call("export", "--connector", THEIRS).code == DONE


def test_the_exporter_ends_with_4_for_exports_of_another_connector(shop: Retailer) -> None:
    shop.publish([person("ann"), person("bob")])
    assert shop.call("export").code == DONE
    run = shop.last()
    assert run.manifest["connector"] == OURS
    # another connector's audience, without a name: nobody of it was ever on the platform, and two others still are
    shop.publish([], as_of="2024-07-02")
    before = sorted(shop.exports.rglob("*"))
    for arguments in (
        ("plan",),
        ("export",),
        ("export", "--json"),
        ("ack", run.run_id),
        ("verify", str(run.folder / "manifest.json")),
        ("purge", "--older-than", "0"),
    ):
        refused = shop.call(*arguments, "--connector", THEIRS)
        assert (refused.code, "belongs to connector 'completejourney', not to 'fixture'" in refused.text) == (4, True)
    assert sorted(shop.exports.rglob("*")) == before
    for arguments in (("verify", str(run.folder / "manifest.json")), ("ack", run.run_id), ("export",)):
        must(shop.call(*arguments))


def test_a_run_of_before_names_is_taken_for_the_installations_own_and_its_chain_goes_on(shop: Retailer) -> None:
    shop.feeds = [{**EMAIL_FEED, "mode": "delta"}]
    shop.publish([person("ann"), person("bob")])
    must(shop.call("export"))
    rename(shop, None)
    must(shop.call("ack", shop.last().run_id))
    must(shop.call("export"))
    assert "connector" not in shop.last().manifest, "the same again is no new run"
    first = shop.last().run_id
    shop.publish([person("bob")], as_of="2024-07-02")
    must(shop.call("export"))
    second = shop.last()
    assert (second.manifest["base_run_id"], second.manifest["previous_run_id"]) == (first, first)
    assert second.manifest["connector"] == OURS
    assert [row["email"] for row in second.rows("removed")] == ["ann@example.com"]


def test_seals_carry_the_connector_also_in_a_warehouse_of_before(here: Retailer) -> None:
    warehouse = here.root / "build.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema run")
        connection.execute(
            "create table run.sealed_dates as select date '2024-06-30' as as_of_date, 'win_back' as feed, 'r' as run_id"
        )
    here.publish([person("ann")])
    here.export()
    building.note_sealed_dates(warehouse)
    assert rows(warehouse, "select as_of_date, connector from run.sealed_dates order by 1") == [
        (date(2024, 6, 30), None),
        (date(2024, 7, 1), OURS),
    ]


@pytest.mark.parametrize("has_name", [True, False])
def test_a_backup_of_another_connector_is_not_restored(here: Retailer, has_name: bool) -> None:
    warehouse = here.root / "warehouse" / "build.duckdb"
    built_by(warehouse, THEIRS)
    paths.use_connector(THEIRS)
    folder = backups.back_up(mock.Mock(nodes={}), warehouse)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["connector"] == THEIRS
    if not has_name:
        del manifest["connector"]
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    shutil.rmtree(warehouse.parent)
    elsewhere = folder.rename(here.root / "elsewhere")
    refused = call("backup", "--restore", str(elsewhere))
    assert refused.code == 1
    assert refused.error.startswith(belongs(elsewhere, THEIRS, OURS))
    assert not warehouse.exists()
    must(call("backup", "--restore", str(elsewhere), "--connector", THEIRS))
    assert rows(warehouse, "select connector from run.run_log") == [(THEIRS,)]


# --- an installation of before ----------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder of its own, without any variable set."""
    for name in [name for name in os.environ if name.startswith("REKINDLE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(paths, "PROJECT", tmp_path)
    return tmp_path


def test_everything_of_a_connector_lies_in_its_folder_and_each_place_can_be_moved(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert installation.enter("parquet") == "parquet"
    own = project / "installations" / "parquet"
    assert [paths.warehouse(), paths.published(), paths.exports(), paths.contract()] == [
        own / "warehouse" / "build.duckdb",
        own / "published",
        own / "exports",
        own / "data" / "contract",
    ]
    assert installation.enter(None) == settings.own_connector()
    assert paths.backups() == project / "installations" / settings.own_connector() / "backups"
    monkeypatch.setenv("REKINDLE_INSTALLATION", "elsewhere")
    monkeypatch.setenv("REKINDLE_ERASURES", "/erasures")
    assert (paths.data(), paths.late_noes()) == (project / "elsewhere" / "data", project / "elsewhere" / "late_noes")
    assert paths.erasures() == Path("/erasures")


def test_folders_that_connectors_shared_are_moved_by_the_line_that_the_refusal_names_or_named_as_they_are(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flat = ("warehouse/build.duckdb", "published/rekindle.duckdb", "exports/win_back/ledger/1.parquet")
    for place in (*flat, "erasures/tokens.csv", "data/raw/demo_loaded.json"):
        (project / place).parent.mkdir(parents=True)
        (project / place).touch()
    (project / "warehouse/build.duckdb").unlink()
    built_by(project / "warehouse/build.duckdb", OURS)
    for connector in (OURS, THEIRS):  # they are no longer anybody's, whoever comes first
        with pytest.raises(
            RekindleError, match="The project folder still holds warehouse, published, exports"
        ) as refused:
            installation.enter(connector)
    sentence = refused.value.message
    move = sentence.split("`")[1]
    assert move == (
        "mkdir -p installations/completejourney && "
        "mv warehouse published exports erasures data installations/completejourney/"
    )
    with monkeypatch.context() as patch:
        patch.setenv("REKINDLE_INSTALLATION", ".")
        installation.enter(OURS)
        assert paths.warehouse() == project / "warehouse" / "build.duckdb"
    subprocess.run(["sh", "-c", move], cwd=project, check=True)
    installation.enter(OURS)
    assert rows(paths.warehouse(), "select connector from run.run_log") == [(OURS,)]
    assert (paths.exports() / "win_back" / "ledger" / "1.parquet").exists()
    assert (paths.erasures() / "tokens.csv").exists()
    assert (paths.data() / "raw" / "demo_loaded.json").exists()
    installation.refuse_others()


@pytest.mark.parametrize("owners", [(), (OURS, THEIRS)])
def test_shared_folders_of_nobody_knows_whom_are_given_to_nobody(project: Path, owners: tuple[str, ...]) -> None:
    (project / "exports" / "win_back").mkdir(parents=True)
    (project / "exports" / "win_back" / "acknowledged.json").touch()
    for owner in owners:
        built_by(project / "warehouse" / f"{owner}.duckdb", owner)
    with pytest.raises(RekindleError, match="installations/<the connector that they are of>"):
        installation.enter(OURS)


def test_a_place_that_a_variable_names_is_nobodys_shared_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built_by(project / "warehouse" / "acme.duckdb", OURS)
    monkeypatch.setenv("REKINDLE_WAREHOUSE", "warehouse/acme.duckdb")
    installation.enter(OURS)
    assert paths.warehouse() == project / "warehouse" / "acme.duckdb"
    assert paths.exports() == project / "installations" / OURS / "exports"


# --- the case: two connectors, side by side, without a variable set ---------------------------------------------------


def test_two_connectors_share_nothing_by_default(tmp_path: Path, fixture_warehouse: Path) -> None:
    project = tmp_path / "Ann's project"  # neither do apostrophes matter
    copy_files(project, SHOP | {"max_rejected_share": 0.99})
    shutil.copytree(FIXTURES, project / "tests" / "fixtures" / "raw", dirs_exist_ok=True)
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("REKINDLE_", "DBT_"))}

    def python(*command: str) -> Said:
        output = tmp_path / "output"
        output.unlink(missing_ok=True)
        code = forked.call(command, {**variables, "PYTHONUTF8": "1"}, project, output)
        return Said(code, output.read_text(encoding="utf-8"))

    first, second = project / "installations" / "fixture", project / "installations" / "parquet"
    (project / "warehouse").mkdir()
    shutil.copy(fixture_warehouse, project / "warehouse" / "build.duckdb")
    refused = python("scripts/run.py", "--connector", "parquet")
    assert (refused.code, refused.error.startswith("The project folder still holds warehouse, which")) == (1, True), (
        refused.text
    )
    subprocess.run(["sh", "-c", refused.error.split("`")[1]], cwd=project, check=True)
    must(python("scripts/publish.py", "--connector", "fixture"))
    must(python("scripts/run.py", "--connector", "fixture", "--daily", "--as-of", "2024-07-02"))
    people = sum(run["counts"].get("members", 0) for run in manifests(first, "fixture"))
    assert people > 0
    published = {file: digest(file) for file in (first / "published").iterdir()}
    exported = sorted((first / "exports").rglob("*"))

    world = empty_world()
    for number in range(3):
        contact(world, f"customer_{number}")
        order(world, f"order_{number}", f"customer_{number}", 50, at="2024-06-29 12:00")
    write_contract(world, second / "data" / "contract")
    feeds = project / "seeds" / "config" / "feeds.csv"
    right = feeds.read_text(encoding="utf-8")
    feeds.write_text(right.replace(",generic,", ",nowhere,", 1), encoding="utf-8")
    refused = python("scripts/run.py", "--connector", "parquet")
    assert (refused.code, refused.error.startswith("Seed feeds, row ")) == (CONTRACT, True), refused.text
    assert not (second / "warehouse" / "build.duckdb").exists(), "told before anything is built"
    feeds.write_text(right, encoding="utf-8")
    must(python("scripts/run.py", "--connector", "parquet"))
    assert all(run["counts"].get("removed", 0) == 0 for run in manifests(second, "parquet"))
    assert all(run["counts"].get("people", 0) == 0 for run in manifests(second, "parquet"))
    assert {file: digest(file) for file in (first / "published").iterdir()} == published
    assert sorted((first / "exports").rglob("*")) == exported

    # plain dbt finds the same warehouse
    must(python("-m", "dbt.cli.main", "run", "-s", "order_totals", "--vars", "{connector: parquet}"))
    (newest,) = rows(
        second / "warehouse" / "build.duckdb", "from run.run_log order by started_at desc nulls last limit 1"
    )
    assert newest[1:3] == ("parquet", "partial")

    # but stops when one still lies where connectors shared it,
    (project / "warehouse").mkdir()
    (project / "warehouse" / "build.duckdb").touch()
    refused = python("-m", "dbt.cli.main", "run", "-s", "order_totals", "--vars", "{connector: parquet}")
    assert refused.code == 2
    assert "The project folder still holds warehouse/build.duckdb" in refused.text
    shutil.rmtree(project / "warehouse")

    # and when profiles.yml and dbt_project.yml name two connectors
    settings_file = project / "dbt_project.yml"
    text = settings_file.read_text(encoding="utf-8")
    settings_file.write_text(text.replace("connector: completejourney ", "connector: parquet "), encoding="utf-8")
    refused = python("-m", "dbt.cli.main", "run", "-s", "order_totals")
    assert refused.code == 2
    assert "where 'parquet' does not live: write that connector into the path of profiles.yml as well." in refused.text


def manifests(folder: Path, connector: str) -> list[dict[str, dict[str, int]]]:
    """What an installation has exported, all of it under its connector's name."""
    found = [json.loads(file.read_text(encoding="utf-8")) for file in folder.glob("exports/*/*/*/manifest.json")]
    assert {run["connector"] for run in found} == {connector}
    return found
