"""Whatever a folder, file or feed is called, it is read as that and nothing else, and its name is never run as SQL."""

import datetime
import glob
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import duckdb
import jinja2
import pytest
import yaml
from activation import EMAIL_FEED, Retailer, person
from hypothesis import example, given, settings
from hypothesis import strategies as st
from raw_sources import manifest_of
from workshop import Workshop, must, rows

from rekindle.export import runs
from rekindle.gates.raw import measure, raw_tables
from rekindle.ground import paths, quoting
from rekindle.ground.errors import DONE, ContractError, RekindleError
from rekindle.ground.paths import PROJECT
from rekindle.ground.sources import check_sources, source_files
from rekindle.ground.warehouse import only_command, open_warehouse
from rekindle.run.backups import back_up, restore
from rekindle.run.publishing import Table, publish_audiences

PWNED = "*'); create table pwned as select 42; --"
HOSTILE = "'\"`;[](){}*?$%&|<>!#~^@:,.-_ \t\nabcÄé日\u202e\x1b"


def _is_a_name(text: str) -> bool:
    return text not in (".", "..") and len(text.encode()) <= 120


# what an operating system takes as a name; a backslash is none for DuckDB, which takes it for the end of a folder
NAMES = st.text(
    st.one_of(st.sampled_from(HOSTILE), st.characters(exclude_characters="/\\\0", exclude_categories=["Cs"])),
    min_size=1,
    max_size=20,
).filter(_is_a_name)


def tried(*more: str, without: str = "") -> Callable[[Any], Any]:
    """The names that somebody thought of, and made-up ones."""

    def decorate(test: Any) -> Any:
        for name in (*more, PWNED, "a[b]c", "-rf", "it's", "{name}", "née 日本", "a\nb", "**", '"; --'):
            test = example(name=name)(test)
        return settings(max_examples=40)(given(name=NAMES.filter(lambda name: not set(name) & set(without)))(test))

    return decorate


@pytest.fixture(scope="module", autouse=True)
def _folder() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, {"TMPDIR": folder}):
        yield


def write(file: Path, content: str, copies: int = 1) -> None:
    """A Parquet file whose rows say which it is."""
    file.parent.mkdir(parents=True, exist_ok=True)
    copied = duckdb.sql(f"select {quoting.text(content)} as said from range({copies})")
    copied.write_parquet(str(file)) if not glob.has_magic(str(file)) else _moved(copied, file)


def _moved(copied: duckdb.DuckDBPyRelation, file: Path) -> None:
    with tempfile.NamedTemporaryFile(suffix=".parquet", delete=False) as plain:
        copied.write_parquet(plain.name)
    Path(plain.name).rename(file)


def beside(folder: Path) -> Path:
    """A folder that the name of the other one matches, if a reader takes that for a pattern."""
    return folder.with_name(re.sub(r"[*?]", "x", re.sub(r"\[(.)[^]]*\]", r"\1", folder.name)))


# --- texts and names --------------------------------------------------------------------------------------------------


@tried("\\", "'" * 7)
def test_a_text_and_a_name_of_sql_are_what_they_were(name: str) -> None:
    relation = duckdb.sql(f"select {quoting.text(name)} as {quoting.name(name)}")
    assert relation.fetchall() == [(name,)]
    assert relation.columns == [name]


@tried("day=1")
def test_a_file_is_read_by_its_name_and_no_other_is(name: str) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root, name)
        write(folder / f"{name}.parquet", "this one")
        if beside(folder) != folder:
            write(beside(folder) / f"{name}.parquet", "another")
        found = duckdb.sql(f"from {quoting.parquet(folder / f'{name}.parquet')}")
        assert (found.columns, found.fetchall()) == (["said"], [("this one",)])


# --- raw files and contract-shaped files ------------------------------------------------------------------------------

# a folder of raw files is named in a yml, where only quotes can be doubled; a run refuses the other signs at its start
IN_GUIDE = next(
    line.strip()
    for line in (PROJECT / "docs" / "connector-guide.md").read_text(encoding="utf-8").splitlines()
    if "read_parquet(" in line and "env_var" in line
)
FOLDERS = NAMES.filter(lambda name: not set(name) & set("*?[]{}"))


@example(name="o'brien's; drop table x; --")
@example(name="('')")
@settings(max_examples=40)
@given(name=FOLDERS)
def test_raw_files_are_found_measured_and_fingerprinted_in_whatever_folder(name: str) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root, name)
        write(folder / "orders.parquet", "order", 3)
        manifest = manifest_of(folder, {"said": "varchar"}, "orders")
        source = manifest.sources["source.rekindle.mine.orders"]
        source.meta["external_location"] = rendered(IN_GUIDE, str(folder)).replace("/raw/", "/")
        check_sources(manifest, "mine")
        assert source_files(manifest, "mine") == [folder / "orders.parquet"]
        (table,) = raw_tables(manifest, "mine")
        with duckdb.connect() as connection:
            counts = measure(connection, table, datetime.date(2024, 7, 1), "1990-01-01")
        assert counts == {"rows": 3, "filled said": 3}


def rendered(location: str, folder: str) -> str:
    """A location of a yml, as dbt renders it when every variable names this folder."""
    return jinja2.Environment().from_string(location).render(env_var=lambda name, default: folder)


def test_every_shipped_source_doubles_the_quotes_of_its_folder(tmp_path: Path) -> None:
    folder = "/it's; a 'folder"
    found = []
    for file in sorted((PROJECT / "models" / "staging").rglob("*__sources.yml")):
        for source in yaml.safe_load(file.read_text(encoding="utf-8"))["sources"]:
            places = [source, *source["tables"]]
            meta = [each.get("config", {}).get("meta", {}).get("external_location") for each in places]
            for location in filter(None, meta):
                file = re.findall(r"'(?:[^']|'')*'", rendered(location, folder))[0]
                ((read,),) = duckdb.execute(f"select {file}").fetchall()
                found.append(read.startswith(f"{folder}/"))
    assert len(found) >= 6
    assert all(found)


class Returned(Exception):
    """What a macro returns."""


def _return(value: Any) -> None:
    raise Returned(value)


class Macros:
    """The macros that read contract-shaped files, as dbt calls them, on a DuckDB in memory."""

    def __init__(self, folder: Path) -> None:
        self.connection = duckdb.connect()
        self.names: dict[str, Any] = {
            "return": _return,
            "env_var": lambda name, default="": str(folder),
            "modules": SimpleNamespace(re=re),
            "run_query": self._run_query,
            "adapter": SimpleNamespace(dispatch=lambda name, package: self.names[f"default__{name}"]),
            "dbt": SimpleNamespace(escape_single_quotes=lambda text: text.replace("'", "''")),
            "contract_entities": lambda: {"contacts": {}},
            "installation_folder": lambda: str(folder),
        }
        for file in ("portability/raw_files.sql", "intake/contract_parquet.sql"):
            source = (PROJECT / "macros" / file).read_text(encoding="utf-8")
            own = set(re.findall(r"{% macro (\w+)", source))
            environment = jinja2.Environment(extensions=["jinja2.ext.do"], undefined=jinja2.StrictUndefined)
            environment.globals.update(self.names)
            module = environment.from_string(source).module
            self.names |= {name: self._called(getattr(module, name)) for name in own}
            environment.globals.update(self.names)

    def __getattr__(self, name: str) -> Any:
        return self.names[name]

    @staticmethod
    def _called(macro: Any) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            try:
                return str(macro(*arguments))
            except Returned as returned:
                return returned.args[0]

        return call

    def _run_query(self, question: str) -> Any:
        found = self.connection.execute(question).fetchall()
        columns = [SimpleNamespace(values=lambda: [row[0] for row in found])]
        return SimpleNamespace(rows=found, columns=columns)


@tried("day=1")
def test_contract_shaped_files_are_read_whatever_folder_and_files_are_called(name: str) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root, name)
        inside = name.lstrip(".") or "a"  # a hidden file is none
        write(folder / "input_contacts" / f"{inside}.parquet", "theirs")
        write(folder / "input_contacts" / inside / "2.parquet", "theirs")
        if beside(folder) != folder:
            write(beside(folder) / "input_contacts" / f"{inside}.parquet", "another's")
        macros = Macros(folder)
        found = macros.contract_files("input_contacts")
        assert sorted(found["files"]) == sorted(str(file) for file in folder.rglob("*.parquet"))
        assert set(found["columns"]) == set(found["files"])
        relation = macros.read_parquet_files(found["pattern"], False)
        assert macros.connection.execute(f"select said from {relation}").fetchall() == [("theirs",)] * 2
        assert macros.connection.execute("select count(*) from duckdb_tables()").fetchall() == [(0,)]
        node = SimpleNamespace(
            name="input_contacts",
            original_file_path="models/input/parquet/input_contacts.sql",
            columns={},
            config=SimpleNamespace(meta={}),
        )
        manifest: Any = SimpleNamespace(nodes={"model": node})
        with mock.patch.dict(os.environ, {"REKINDLE_CONTRACT_PATH": str(folder)}):
            (table,) = raw_tables(manifest, "parquet")
        counts = measure(macros.connection, table, datetime.date(2024, 7, 1), "1990-01-01")
        assert counts["rows"] == 2


# --- warehouse, backups, publications ---------------------------------------------------------------------------------


def finished(warehouse: Path) -> None:
    """A warehouse with a finished run and one audience."""
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create schema run; create table run.run_log as select 'one' as invocation_id, 'fixture' as connector, "
            "'full' as command_scope, date '2024-07-01' as as_of_date, now() as started_at, now() as finished_at; "
            "create schema audiences; create table audiences.aud as select 'ann' as profile_id; "
            "create schema config; create table config.feeds (feed varchar, audience varchar); "
            "create table config.scenarios (scenario_id varchar, scenario_name varchar, is_enabled boolean)"
        )


def test_a_warehouse_whose_log_duckdb_would_put_elsewhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RekindleError, match="in its path, which DuckDB takes for the end of it"):
        open_warehouse(tmp_path / "what?" / "build.duckdb")


@tried("day=1", without="?")
def test_a_warehouse_is_backed_up_restored_and_published_whatever_it_and_the_folders_are_called(name: str) -> None:
    with tempfile.TemporaryDirectory() as root:
        warehouse = Path(root, name, f"{name}.duckdb")
        places = {"REKINDLE_BACKUPS": f"{root}/{name}/backups {name}", "REKINDLE_PUBLISHED": f"{root}/{name}/{name}"}
        finished(warehouse)
        nothing: Any = SimpleNamespace(nodes={})
        with mock.patch.dict(os.environ, places), mock.patch.object(paths._Chosen, "connector", "fixture"):
            folder = back_up(nothing, warehouse)
            restored = warehouse.with_name(f"restored {name}")
            assert restore(folder, restored) == 1
            audience: Any = SimpleNamespace(
                unique_id="aud",
                schema="audiences",
                alias="aud",
                name="aud",
                description=name,
                columns={"profile_id": SimpleNamespace(name="profile_id", description=name)},
            )
            done = publish_audiences([Table(audience, "aud", "profile_id", name)], warehouse)
        question = "select invocation_id, as_of_date from run.run_log"
        assert rows(restored, question) == rows(warehouse, question)
        assert rows(done.path, "select profile_id from audiences.aud") == [("ann",)]
        ((comment,),) = rows(done.path, "select comment from duckdb_tables() where table_name = 'aud'")
        assert comment == (" ".join(name.split()) or None)
        assert rows(done.path, "select count(*) from duckdb_tables() where table_name = 'pwned'") == [(0,)]


def test_places_may_be_links_and_what_they_point_at_is_private(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    finished(real / "build.duckdb")
    write(real / "contract" / "input_contacts.parquet", "theirs")
    for path in (real, real / "build.duckdb"):
        path.chmod(0o777)
    link.symlink_to(real)
    assert Macros(link / "contract").contract_files("input_contacts")["files"] == [
        str(link / "contract" / "input_contacts.parquet")
    ]
    nothing: Any = SimpleNamespace(nodes={})
    with (
        mock.patch.dict(os.environ, {"REKINDLE_BACKUPS": str(link / "backups")}),
        mock.patch.object(paths._Chosen, "connector", "fixture"),
        only_command(link / "build.duckdb"),
    ):
        folder = back_up(nothing, link / "build.duckdb")
        assert restore(folder, link / "restored.duckdb") == 1
    closed = {
        path.name: path.stat().st_mode & 0o077 for path in (real, *real.rglob("*")) if "contract" not in str(path)
    }
    assert {"real", "build.duckdb", "restored.duckdb", "backups", folder.name, "manifest.json"} <= set(closed)
    assert set(closed.values()) == {0}


# --- feeds and exports ------------------------------------------------------------------------------------------------


@example(name="../evil")
@example(name="win_back'; drop table x; --")
@given(name=st.text(max_size=70))
def test_a_feed_is_called_by_letters_digits_and_underscores_or_not_at_all(name: str) -> None:
    is_one = re.fullmatch("[a-z0-9][a-z0-9_]*", name, re.ASCII) is not None and len(name) <= 63
    try:
        folder = runs.FeedFolder(name)
    except ContractError:
        assert not is_one
    else:
        assert is_one
        assert folder.path.parent == paths.exports()


@pytest.mark.parametrize("name", [PWNED, "-it's [a] {name}\n=b"])
def test_exports_ledgers_and_late_noes_work_in_whatever_folder(name: str, tmp_path: Path) -> None:
    shop = Retailer(tmp_path / name, [EMAIL_FEED])
    shop.publish([person("ann"), person("ben"), person("eve")])
    assert shop.export()["win_back"].exit_code == DONE
    shop.ack(shop.last())
    late = shop.late_noes / "input_erasure_requests"
    late.mkdir(parents=True)
    (late / f"{name}.csv").write_text("source_system,contact_id\nweb_shop,c_eve\n", encoding="utf-8")
    shop.publish([person("ann"), person("eve")], as_of="2024-07-02", withdrawn=[("ben", "*", "*", "withdrawn")])
    done = shop.export()
    assert {report.exit_code for report in done.values()} == {DONE}, done
    assert sorted(row["email"] for row in shop.last().rows("removed")) == ["ben@example.com", "eve@example.com"]
    assert [row["email"] for row in shop.last().rows("full")] == ["ann@example.com"]
    assert shop.call("verify", str(shop.last().folder / "manifest.json")).code == DONE


# --- the real programs ------------------------------------------------------------------------------------------------


@pytest.fixture
def contract(make_workshop: Callable[..., Workshop]) -> Workshop:
    """A workshop in a folder with a hostile name, whose contract-shaped contacts lie in a file with another one."""
    workshop = make_workshop("parquet", "it's [a]; --é")
    folder = workshop.root / PWNED / "contract"
    workshop.environment["REKINDLE_CONTRACT_PATH"] = str(folder)
    described = yaml.safe_load((PROJECT / "models/input/_input__models.yml").read_text(encoding="utf-8"))["models"]
    (columns,) = [model["columns"] for model in described if model["name"] == "input_contacts"]
    known = {
        "source_system": "'till'",
        "contact_id": "concat('c', n)",
        "silo": "'till'",
        "created_at": "timestamp '2024-01-01 10:00:00'",
        "created_date": "date '2024-01-01'",
        "extracted_at": "timestamp '2024-06-30 10:00:00'",
    }
    selected = ", ".join(f"{known.get(each['name'], 'null')} as {each['name']}" for each in columns)
    (folder / "input_contacts").mkdir(parents=True, exist_ok=True)
    _moved(duckdb.sql(f"select {selected} from range(3) as t (n)"), folder / "input_contacts" / f"{PWNED}.parquet")
    return workshop


def test_a_file_name_that_is_sql_is_built_from_and_runs_nothing(contract: Workshop) -> None:
    must(contract.run("check_sources", "--connector", "parquet", "--as-of", "2024-07-01"))
    variables = "{connector: parquet, as_of_date: 2024-07-01}"
    must(contract.dbt("run", "--select", "+intake_contacts", "--vars", variables))
    assert rows(contract.warehouse, "select count(*) from intake.intake_contacts") == [(3,)]
    assert rows(contract.warehouse, "select count(*) from duckdb_tables() where table_name = 'pwned'") == [(0,)]


def test_a_column_that_a_contract_shaped_file_lacks_is_told_to_the_person(contract: Workshop) -> None:
    folder = Path(contract.environment["REKINDLE_CONTRACT_PATH"])
    whole = folder / "input_contacts" / f"{PWNED}.parquet"
    _moved(duckdb.sql(f"select * exclude (phone) from {quoting.parquet(whole)}"), whole)
    said = contract.run("normalise_contacts", "--connector", "parquet")
    assert said.code == 1
    assert f"{whole} lacks phone: add it, empty where unknown; models/input/_input__models.yml says" in said.text
    assert "> in macro" not in said.text
