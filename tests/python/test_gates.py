"""The gate before a build: each expectation lets good data through and stops spoiled data, in words without values."""

import dataclasses
import datetime
import json
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from dbt.contracts.graph.manifest import Manifest
from raw_sources import manifest_of
from workshop import Workshop

from rekindle.gates import raw
from rekindle.gates.judge import Gate, Measure
from rekindle.gates.raw import check_raw, raw_tables
from rekindle.ground.errors import RekindleError

AS_OF = datetime.date(2024, 7, 1)
CANARY = "canary.person@example.com"
COLUMNS = {
    "visit_id": "varchar",
    "email": "varchar",
    "channel": "varchar",
    "amount": "decimal(18,2)",
    "happened_at": "timestamp",
}
RULES = {"key": ["visit_id"], "event_at": "happened_at", "max_age_days": 10}
COLUMN_RULES: dict[str, dict[str, Any]] = {
    "email": {"is_required": True},
    "channel": {"accepted_values": ["web", "shop"]},
    "amount": {"smallest": 0, "largest": 100},
}
# a thousand visits, one an hour up to the as-of date; a third of them knows no amount
GOOD = """
    select
        'v' || n as visit_id, 'p' || n || '@example.com' as email,
        case when n % 2 = 0 then 'web' else 'shop' end as channel,
        case when n % 3 > 0 then cast(n % 100 as decimal(18,2)) end as amount,
        timestamp '2024-07-01 20:00:00' - n * interval 1 hour as happened_at
    from range({rows}) as numbers (n)
"""


class Landing:
    """A raw table `mine.visits` and the gate before it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.manifest = manifest_of(root, COLUMNS, "visits", expect=RULES, expect_of=COLUMN_RULES)
        self.memory = root / "warehouse" / "accepted_raw_data.json"
        self.land()

    def land(self, rows: int = 1000, replace: str = "") -> None:
        """Writes the file; `replace`: columns to spoil, as `'x' as email`."""
        spoiled = f"select * replace ({replace}) from ({GOOD})" if replace else GOOD
        with duckdb.connect() as connection:
            connection.execute(f"copy ({spoiled.format(rows=rows)}) to '{self.root}/visits.parquet'")

    def check(self, as_of: datetime.date = AS_OF, **options: bool) -> raw.Verdict:
        return check_raw(self.manifest, "empty", as_of, **options)

    def refused(self, as_of: datetime.date = AS_OF) -> list[str]:
        """What the closed gate says, without its last line, which says what to do."""
        with pytest.raises(RekindleError) as stopped:
            self.check(as_of)
        *sentences, advice = stopped.value.message.splitlines()
        page = self.root / "target" / "gates" / "raw" / "index.html"
        assert f"{page} shows all that was expected" in advice
        assert page.is_file()
        return sentences


def described(meta: dict[str, dict[str, Any]], types: dict[str, str] | None = None) -> dict[str, SimpleNamespace]:
    """Columns of a model with their meta; texts unless said otherwise."""
    return {
        name: SimpleNamespace(name=name, data_type=(types or {}).get(name, "string"), config=SimpleNamespace(meta=own))
        for name, own in meta.items()
    }


@pytest.fixture
def landing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Landing:
    monkeypatch.setenv("REKINDLE_WAREHOUSE", str(tmp_path / "warehouse" / "build.duckdb"))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    return Landing(tmp_path)


@pytest.mark.parametrize(
    ("replace", "sentence"),
    [
        (
            "case when visit_id like 'v7%' then '' else email end as email",
            "at most 0.05 of the rows may lack email; found 0.111.",
        ),
        (
            "case when visit_id not like 'v7%' then visit_id end as visit_id",
            "at most 0.05 of the rows may lack visit_id; found 0.111.",
        ),
        (
            "case when visit_id like 'v7%' then 'v1' else visit_id end as visit_id",
            "at most 0.05 of the rows may repeat another row's key (visit_id); found 0.111.",
        ),
        (
            "case when visit_id like 'v7%' then -1 else amount end as amount",
            "at most 0.05 of the rows may have amount outside 0 to 100; found 0.111.",
        ),
        (
            "case when visit_id like 'v7%' then 101 else amount end as amount",
            "at most 0.05 of the rows may have amount outside 0 to 100; found 0.111.",
        ),
        (
            "case when visit_id like 'v7%' then 'pigeon' else channel end as channel",
            "at most 0.05 of the rows may have channel that is not in the declared list; found 0.111.",
        ),
        (
            "case when visit_id like 'v7%' then timestamp '1970-01-01' else happened_at end as happened_at",
            "at most 0.05 of the rows may have happened_at before earliest_plausible_date; found 0.111.",
        ),
        (
            "happened_at - interval 11 day as happened_at",
            "the newest happened_at is at most 10 days before the as-of date; found one 11 days before.",
        ),
        (
            "happened_at + interval 1 year as happened_at",
            "the newest happened_at is at most 10 days before the as-of date; found none.",
        ),
    ],
)
def test_spoiled_raw_data_closes_the_gate_with_one_sentence_and_good_data_passes(
    replace: str, sentence: str, landing: Landing
) -> None:
    assert landing.check().judged == 7
    landing.land(replace=replace)
    assert f"Raw table mine.visits: {sentence}" in landing.refused()


def test_every_expectation_that_does_not_hold_is_told_not_only_the_first(landing: Landing) -> None:
    landing.land(replace="'' as email, 'pigeon' as channel, -1 as amount")
    assert len(landing.refused()) == 3


@pytest.mark.parametrize(
    ("rows", "replace", "sentence"),
    [
        (799, "", "800 to 3,000 rows after 1,000 the last time; found 799."),
        (3001, "", "800 to 3,000 rows after 1,000 the last time; found 3,001."),
        (0, "", "800 to 3,000 rows after 1,000 the last time; found 0."),
        (
            1000,
            "case when amount > 60 then amount end as amount",
            "no column may be filled in more than 0.2 less of the rows than the last time; found 0.406 less in amount.",
        ),
    ],
)
def test_data_that_shrank_grew_or_lost_its_values_closes_the_gate_until_somebody_accepts_it(
    rows: int, replace: str, sentence: str, landing: Landing
) -> None:
    landing.check()
    landing.land(rows, replace)
    assert f"Raw table mine.visits: {sentence}" in landing.refused()
    if rows:
        assert landing.check(accept=True).judged == 7
        assert landing.check().judged == 0
        assert landing.check(again=True).judged == 9


@pytest.mark.parametrize("rows", [800, 3000])
def test_data_that_changes_as_data_does_passes(rows: int, landing: Landing) -> None:
    landing.check()
    landing.land(rows)
    assert landing.check().judged == 9


def test_a_handful_of_rows_is_not_compared_with_the_last_time(landing: Landing) -> None:
    landing.land(499)
    landing.check()
    landing.land(40)
    assert landing.check().judged == 7


def test_a_table_that_declares_nothing_is_compared_with_the_last_time(landing: Landing) -> None:
    landing.manifest = manifest_of(landing.root, {}, "visits")
    assert landing.check().judged == 0
    landing.land(100)
    assert landing.refused() == ["Raw table mine.visits: 800 to 3,000 rows after 1,000 the last time; found 100."]


def test_a_table_that_may_change_as_it_likes_is_not_compared(landing: Landing) -> None:
    landing.manifest = manifest_of(landing.root, COLUMNS, "visits", expect={**RULES, "is_compared": False})
    landing.check()
    landing.land(100)
    assert landing.check().judged == 4


def test_the_second_run_is_not_judged_again_until_a_file_a_rule_or_the_date_asks_for_it(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing.check()
    with monkeypatch.context() as patch:
        patch.setattr(Gate, "judge", lambda *_: pytest.fail("judged again"))
        assert landing.check() == raw.Verdict(0, None)
        assert landing.check(AS_OF - datetime.timedelta(days=200)) == raw.Verdict(0, None)
        # the newest row is of today, and ten days old it is still young enough
        assert landing.check(AS_OF + datetime.timedelta(days=10)) == raw.Verdict(0, None)
    landing.refused(AS_OF + datetime.timedelta(days=11))
    landing.land(1001)
    assert landing.check().judged > 0
    landing.manifest = manifest_of(landing.root, COLUMNS, "visits", expect={"key": ["visit_id"]})
    assert landing.check().judged > 0


def test_what_a_closed_gate_saw_is_not_what_the_next_data_is_compared_with(landing: Landing) -> None:
    landing.check()
    accepted = landing.memory.read_bytes()
    landing.land(100)
    assert landing.refused() == landing.refused()
    assert landing.memory.read_bytes() == accepted


def test_a_damaged_memory_means_that_everything_is_looked_at(landing: Landing) -> None:
    landing.check()
    landing.memory.write_text('{"empty": ', encoding="utf-8")
    assert landing.check().judged == 7


def test_no_value_of_a_row_is_in_what_the_gate_says_keeps_or_shows(
    landing: Landing, capfd: pytest.CaptureFixture[str]
) -> None:
    everywhere = f"'{CANARY}' as visit_id, '{CANARY}' as channel"
    landing.land(replace=f"{everywhere}, 12345.67 as amount, timestamp '1969-04-05' as happened_at")
    said = "\n".join(landing.refused())
    assert said.count("\n") == 4
    landing.manifest = manifest_of(landing.root, COLUMNS, "visits")
    landing.check()
    captured = capfd.readouterr()
    files = [path for path in landing.root.rglob("*") if path.is_file() and path.suffix != ".parquet"]
    assert landing.memory in files
    assert len([path for path in files if path.suffix == ".html"]) == 3
    for text in (said, captured.out, captured.err, *(path.read_bytes().decode("latin-1") for path in files)):
        assert CANARY not in text
        assert "12345.67" not in text
        assert "1969" not in text


def test_nobody_is_told_that_a_gate_was_asked_or_its_page_opened(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GX_ANALYTICS_ENABLED", "true")
    page = landing.check().page
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
    assert page is not None
    pages = [path.read_text(encoding="utf-8") for path in page.parent.rglob("*.html")]
    assert any("may repeat another row" in text for text in pages)
    assert not any("great-expectations-web-assets" in text for text in pages)


def test_a_number_that_could_not_be_measured_never_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path))
    unknown = Measure("Something", "age", None, "it is young", "none", largest=1)
    assert Gate("raw").judge("suite", [unknown]) == ["Something: it is young; found none."]


def test_numbers_within_their_bounds_are_told_as_the_library_tells_them(monkeypatch: pytest.MonkeyPatch) -> None:
    values, bounds = (None, float("nan"), -1, 0, 0.5, 1, 2), (None, 0, 1)
    measures = [
        Measure("Something", f"{value} {smallest} {largest}", value, "", "", smallest=smallest, largest=largest)
        for value in values
        for smallest in bounds
        for largest in bounds
        if (smallest, largest) != (None, None)
    ]
    for measure in measures:
        named = dataclasses.replace(measure, rule=measure.name)
        assert bool(Gate("raw", shows_all=True).judge("suite", [named])) != named.holds, named
    assert {measure.holds for measure in measures} == {False, True}

    monkeypatch.setattr(Gate, "_context", property(lambda _: pytest.fail("the library was asked")))
    assert Gate("export").judge("suite", [measure for measure in measures if measure.holds]) == []


@pytest.mark.parametrize(
    ("reads_as", "written", "told"),
    [
        (
            "integer",
            "case when visit_id like 'v7%' then '2.5' else cast(cast(amount as int) as varchar) end",
            "a whole",
        ),
        (
            "decimal(18,2)",
            "case when visit_id like 'v7%' then '1.005' else cast(amount as varchar) end",
            "an amount to",
        ),
        (
            "decimal(18,2)",
            "case when visit_id like 'v7%' then '1.234' else cast(amount as varchar) end",
            "an amount to",
        ),
        (
            "decimal(18,2)",
            "case when visit_id like 'v7%' then '12,50' else cast(amount as varchar) end",
            "an amount to",
        ),
    ],
)
def test_numbers_that_would_become_others_close_the_gate(
    reads_as: str, written: str, told: str, landing: Landing
) -> None:
    landing.manifest = manifest_of(
        landing.root, {**COLUMNS, "amount": "varchar"}, "visits", expect_of={"amount": {"reads_as": reads_as}}
    )
    landing.land(replace=f"{written} as amount")
    (said,) = [each for each in landing.refused() if "have amount" in each]
    assert f"at most 0.05 of the rows may have amount that is not {told}" in said
    assert said.endswith("found 0.111.")
    landing.land(replace="cast(cast(amount as double) as varchar) as amount")
    landing.check()


@pytest.mark.parametrize(
    ("expect", "expect_of", "sentence"),
    [
        ({"keys": ["visit_id"]}, {}, "Raw table mine.visits: key 'keys' of meta.expect: nobody reads it;"),
        (
            {},
            {"amount": {"min": 0}},
            "Raw table mine.visits, column amount: key 'min' of meta.expect: nobody reads it;",
        ),
        ({"event_at": "when"}, {}, "Raw table mine.visits: meta.expect names column when, which the table does not"),
        ({"max_age_days": -1}, {}, "Raw table mine.visits: key 'max_age_days' of meta.expect: input should be greater"),
    ],
)
def test_an_expectation_that_cannot_be_read_is_refused(
    expect: dict[str, Any], expect_of: dict[str, dict[str, Any]], sentence: str, landing: Landing
) -> None:
    landing.manifest = manifest_of(landing.root, COLUMNS, "visits", expect=expect, expect_of=expect_of)
    with pytest.raises(RekindleError) as stopped:
        landing.check()
    assert stopped.value.message.startswith(sentence)


def test_an_empty_text_that_the_contract_calls_a_value_is_not_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REKINDLE_CONTRACT_PATH", str(tmp_path))
    file = tmp_path / "input_message_events.parquet"
    duckdb.execute(
        f"copy (select 'm' || n as message_id, '' as link_tag, '' as event_type from range(9) as t (n)) to '{file}'"
    )
    meta: dict[str, dict[str, Any]] = {
        "message_id": {},
        "link_tag": {"is_required": True, "empty_text_is_a_value": True},
        "event_type": {"is_required": True},
    }
    model = SimpleNamespace(
        name="input_message_events",
        original_file_path="models/input/parquet/input_message_events.sql",
        columns=described(meta),
        config=SimpleNamespace(meta={"key": ["message_id"]}),
    )
    manifest: Manifest = SimpleNamespace(nodes={"model": model}, sources={})  # type: ignore[assignment]
    (table,) = raw_tables(manifest, "parquet")
    counts = raw.measure(duckdb.connect(), table, datetime.date(2024, 7, 1), "1990-01-01")
    assert (counts["filled link_tag"], counts["filled event_type"]) == (9, 0)


def test_a_local_date_that_is_made_of_its_stamp_may_be_empty_in_contract_shaped_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REKINDLE_CONTRACT_PATH", str(tmp_path))
    file = tmp_path / "input_orders.parquet"
    duckdb.sql("select timestamp '2024-06-30 12:00' as ordered_at, cast(null as date) as order_date").write_parquet(
        str(file)
    )
    meta: dict[str, dict[str, Any]] = {
        "ordered_at": {"is_required": True},
        "order_date": {"is_required": True, "local_date_of": "ordered_at"},
    }
    model = SimpleNamespace(
        name="input_orders",
        original_file_path="models/input/parquet/input_orders.sql",
        columns=described(meta),
        config=SimpleNamespace(meta={}),
    )
    manifest: Manifest = SimpleNamespace(nodes={"model": model}, sources={})  # type: ignore[assignment]
    (table,) = raw_tables(manifest, "parquet")
    counts = raw.measure(duckdb.connect(), table, AS_OF, "1990-01-01")
    limits = dict.fromkeys(raw.LIMITS, 0.05)
    assert [each.name for each in raw.expectations(table, counts, {}, limits)] == ["empty ordered_at"]


def test_contract_shaped_files_are_expected_to_be_what_the_contract_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REKINDLE_CONTRACT_PATH", str(tmp_path))
    (tmp_path / "input_stores.parquet").touch()
    meta: dict[str, dict[str, Any]] = {
        "store_id": {"is_required": True, "mapping_instructions": "any"},
        "kind": {"accepted_values": ["shop", "web"], "required_for": ["all"]},
        "area": {},
    }
    columns = described(meta, {"area": "integer"})
    models = {
        f"model.rekindle.{name}": SimpleNamespace(
            name=name,
            original_file_path=f"models/input/parquet/{name}.sql",
            columns=columns,
            config=SimpleNamespace(meta={"key": ["store_id"], "mapping_instructions": "all"}),
        )
        for name in ("input_stores", "input_orders")
    }
    manifest: Manifest = SimpleNamespace(nodes=models, sources={})  # type: ignore[assignment]
    (table,) = raw_tables(manifest, "parquet")
    assert table.name == "input_stores"
    assert table.rules == raw.TableRules(key=("store_id",))
    assert table.columns == {
        "store_id": raw.ColumnRules(is_required=True),
        "kind": raw.ColumnRules(accepted_values=("shop", "web")),
        "area": raw.ColumnRules(reads_as="integer"),
    }


def test_the_demo_passes_its_gate_and_its_replay_asks_it_once_for_the_last_date(demo_workshop: Workshop) -> None:
    memory = demo_workshop.warehouse.with_name("accepted_raw_data.json")
    accepted = json.loads(memory.read_text(encoding="utf-8"))["completejourney"]
    assert accepted["fresh_until"] >= "2018-01-01"
    assert accepted["tables"]["completejourney.transactions"]["rows"] == 1_469_307
    assert demo_workshop.root.joinpath("target", "gates", "raw", "index.html").is_file()


def test_a_run_stops_at_the_gate_before_anything_is_built(
    make_workshop: Callable[..., Workshop], april_warehouse: Path, tmp_path: Path
) -> None:
    workshop = make_workshop("fixture")
    workshop.start_from(april_warehouse)
    memory = workshop.warehouse.with_name("accepted_raw_data.json")
    before = {"fingerprint": "", "fresh_until": "2024-05-01", "tables": {"fixture.orders": {"rows": 5000}}}
    memory.write_text(json.dumps({"fixture": before}), encoding="utf-8")
    built = workshop.warehouse.read_bytes()
    said = workshop.run("run", "--as-of", "2024-06-01")
    assert said.code == 1
    assert "Raw table fixture.orders: 4,000 to 15,000 rows after 5,000 the last time; found" in said.error
    assert workshop.warehouse.read_bytes() == built
    assert workshop.run("check_sources", "--connector", "fixture", "--as-of", "2024-06-01", "--accept").code == 0
    assert json.loads(memory.read_text(encoding="utf-8"))["fixture"]["fresh_until"] >= "2024-06-01"
