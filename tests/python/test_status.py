"""`make status`: what it says of installations made by hand, and that it fits the screen; what `make` lists."""

import os
import re
import subprocess
from pathlib import Path
from unittest import mock

import duckdb
import pytest
from activation import Retailer, person
from click.testing import CliRunner

import status as command
from rekindle.ground import paths
from rekindle.ground.paths import PROJECT

BUILT = """
    create schema run; create schema segments; create schema hub; create schema quality;
    create table run.run_log (
        invocation_id varchar, connector varchar, command_scope varchar, as_of_date date, started_at timestamp,
        finished_at timestamp
    );
    insert into run.run_log values
        ('one', 'completejourney', 'full', '2024-07-01', '2024-07-01 01:00:00', '2024-07-01 02:00:00');
    create table segments.rfm_published as select date '2024-06-01' as segment_month;
    create table segments.publication_check as
    select true as is_publishable, false as is_accepted, null::varchar as reason, date '2024-06-01' as segment_month;
    create table hub.dim_profiles as select unnest([false, false]) as has_erasure_request;
    create table quality.unreadable_noes (entity varchar);
"""


@pytest.fixture
def shop(tmp_path: Path) -> Retailer:
    return Retailer(tmp_path)


def build(shop: Retailer, more: str = "") -> None:
    file = shop.root / "warehouse" / "build.duckdb"
    file.parent.mkdir(mode=0o700, exist_ok=True)
    file.unlink(missing_ok=True)
    with duckdb.connect(str(file)) as connection:
        connection.execute(BUILT + more)


def publish(shop: Retailer, as_of: str) -> None:
    file = shop.root / "published" / "rekindle.duckdb"
    file.parent.mkdir(exist_ok=True)
    with duckdb.connect(str(file)) as connection:
        connection.execute("create table _published as select cast(? as date) as as_of_date", [as_of])


def told(shop: Retailer, *, colours: bool = False) -> str:
    """What the command says; the installation's folder is left out, as it is long."""
    # what another test's command has left in the environment of this process is not the installation's
    variables = {name: value for name, value in shop.variables().items() if name != "REKINDLE_WAREHOUSE"}
    with mock.patch.dict(os.environ, variables, clear=True):
        result = CliRunner().invoke(command.main, [], color=colours)
    assert result.exit_code == 0, result.output
    return result.output.replace(f"{shop.root}/", "").replace(str(shop.root), "")


def lines(said: str) -> dict[str, str]:
    """What stands beside each label; lines that go on belong to it."""
    found: dict[str, str] = {}
    label = ""
    for line in said.splitlines()[2:]:
        label = line[:12].strip() or label
        found[label] = f"{found.get(label, '')} {line[12:]}".strip()
    return found


FEEDS = ("win_back", "opt_out_generic", "erasure_generic")


def test_where_there_is_nothing_one_sentence_says_how_to_begin(shop: Retailer) -> None:
    assert told(shop) == "Nothing is built yet: start with `make demo`, or `make build CONNECTOR=<yours>`.\n"


def test_where_all_is_well_only_what_is_there_and_what_falls_due_is_told(shop: Retailer) -> None:
    build(shop)
    publish(shop, "2024-07-01")
    shop.publish([person("ann"), person("bob")])
    shop.export()
    for feed in FEEDS:
        shop.ack(shop.last(feed))
    assert lines(told(shop)) == {
        "Built": "as of 2024-07-01: warehouse/build.duckdb",
        "Month": "June 2024 is the newest that was published",
        "Published": "as of 2024-07-01: published/rekindle.duckdb",
        "Exported": "as of 2024-07-01: 3 runs of 3 feeds",
        "Sealed": "1 date, the newest 2024-07-01",
        "Due next": "July 2024, as of 2024-08-01",
        "Next": "make build AS_OF=2024-08-01, on that day or later",
    }


def test_what_waits_is_told_with_the_step_that_ends_it(shop: Retailer) -> None:
    build(
        shop,
        "insert into hub.dim_profiles values (true), (true); insert into quality.unreadable_noes values ('consents');"
        "update segments.publication_check set is_publishable = false, reason = 'the order feed may be dead', "
        "segment_month = date '2024-06-01'",
    )
    publish(shop, "2024-06-01")
    shop.publish([person("ann")])
    shop.export()
    said = lines(told(shop))
    assert said["Waiting"] == (
        "June 2024: the order feed may be dead; it is not published before somebody has looked "
        "2 people asked to be forgotten "
        "3 feeds whose newest run no platform has acknowledged: erasure_generic, opt_out_generic, win_back "
        "1 row that may be a no and cannot be read (quality.unreadable_noes)"
    )
    assert said["Next"] == (
        "make build AS_OF=2024-07-01 ACCEPT=2024-06, if the data is right "
        "make erase REQUESTS=1 "
        "make publish "
        "python scripts/export_audiences.py ack <run>, once a platform took it (docs/activation.md)"
    )
    assert "Due next" not in said


def test_a_month_that_somebody_accepted_is_named(shop: Retailer) -> None:
    build(shop, "update segments.publication_check set is_accepted = true, reason = 'far more went down'")
    assert "June 2024 was published because somebody looked and accepted it" in lines(told(shop))["Month"]


def test_a_build_that_did_not_finish_comes_first(shop: Retailer) -> None:
    build(
        shop,
        "insert into run.run_log values ('two', 'completejourney', 'full', '2024-08-01', '2024-08-01 01:00:00', null)",
    )
    said = lines(told(shop))
    assert said["Waiting"] == "the build as of 2024-08-01 did not finish"
    assert said["Built"] == "as of 2024-07-01: warehouse/build.duckdb"
    assert said["Next"] == "make build AS_OF=2024-08-01"


def test_a_request_given_here_waits_also_before_it_was_built(shop: Retailer) -> None:
    build(shop)
    (shop.root / "erasures").mkdir(mode=0o700)
    (shop.root / "erasures" / "requests.csv").write_text("till,1,2024-07-02 10:00:00\n", encoding="utf-8")
    assert lines(told(shop))["Waiting"] == "1 person asked to be forgotten"


def test_what_cannot_be_read_is_told_and_the_rest_of_the_screen_stays(shop: Retailer) -> None:
    build(shop)
    (shop.root / "warehouse" / "build.duckdb").write_bytes(b"no database" * 1000)
    publish(shop, "2024-07-01")
    shop.publish([person("ann")])
    shop.export()
    (shop.exports / "win_back" / "acknowledged.json").write_text("{}", encoding="utf-8")
    said = lines(told(shop))
    assert "cannot be opened as a DuckDB file" in said["Warehouse"]
    assert said["Published"] == "as of 2024-07-01: published/rekindle.duckdb"
    assert "1 feed whose books are damaged: win_back" in said["Waiting"]


def test_colours_are_for_terminals_and_the_screen_is_eighty_columns_wide(shop: Retailer) -> None:
    build(shop, "insert into hub.dim_profiles values (true)")
    assert "\x1b[" not in told(shop)
    assert "\x1b[33mWaiting" in told(shop, colours=True)
    assert max(map(len, told(shop).splitlines())) <= 80


def test_every_installation_is_looked_at_and_nothing_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for connector in ("shopify", "completejourney"):
        shop = Retailer(tmp_path / "installations" / connector)
        shop.root.mkdir(parents=True)
        build(shop)
    (tmp_path / "installations" / "nobodys").mkdir()
    monkeypatch.setattr(paths, "PROJECT", tmp_path)
    for variable in [each for each in os.environ if each.startswith("REKINDLE_")]:
        monkeypatch.delenv(variable)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    said = CliRunner().invoke(command.main, []).output
    assert re.findall(r"^Rekindle, (\w+)$", said, re.M) == ["completejourney", "shopify"]
    assert "as of 2024-07-01: installations/shopify/warehouse/build.duckdb" in said
    assert "make build AS_OF=2024-08-01 CONNECTOR=shopify" in said
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


def test_make_lists_each_command_once_by_what_people_want_to_do() -> None:
    said = subprocess.run(["make", "-s", "help"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    commands = re.findall(r"^([a-z-]+):.*## ", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert sorted(re.findall(r"^  ([a-z-]+) ", said, re.M)) == sorted(commands)
    assert max(map(len, said.splitlines())) <= 80
    assert said.index("Each month") < said.index("  status") < said.index("Ask")
