"""Bad input gives one sentence that says what, where and what to do, a non-zero exit and an unharmed warehouse."""

import contextlib
import datetime
import gzip
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from dbt.contracts.graph.manifest import Manifest
from raw_sources import manifest_of
from workshop import FIXTURES, Workshop, differences, must

from rekindle.ground.calendar import as_date, as_month, newest_closed_month, next_month
from rekindle.ground.dbt import Dbt, log_file
from rekindle.ground.errors import RekindleError, without_values
from rekindle.ground.files import private_folder
from rekindle.ground.settings import project, read_yaml
from rekindle.ground.sources import check_sources, damaged, not_in_utf8
from rekindle.ground.warehouse import open_warehouse
from rekindle.run.publishing import refuse_wrong_feeds

NOBODY = 65534  # who owns no folder; a test may be run by root, whom none is shut for


@pytest.mark.parametrize(
    ("script", "arguments", "sentence"),
    [
        (
            "run",
            ["--connector", "nope"],
            "There is no connector 'nope': use one of completejourney, empty, fixture",
        ),
        (
            "run",
            ["--as-of", "01/07/2024"],
            "--as-of '01/07/2024' is not a day of the calendar: write it as YYYY-MM-DD.",
        ),
        (
            "run",
            ["--as-of", "2024-02-30"],
            "--as-of '2024-02-30' is not a day of the calendar",
        ),
        (
            "run",
            ["--as-of", "2024-07-01", "--accept", "2024-05"],
            "--accept names 2024-05 but the month to publish",
        ),
        ("replay", ["--from", "2024-13", "--to", "2024-06"], "--from '2024-13' is not a month: write it as YYYY-MM."),
        ("replay", ["--from", "2024-06", "--to", "2024-05"], "--from 2024-06 is after --to 2024-05"),
        ("run", ["--as-of", "9999-12-31"], "--as-of '9999-12-31' is out of time: name a year from 1900 to 2999."),
        ("replay", ["--from", "0001-01", "--to", "2024-06"], "--from '0001-01' is out of time: name a year from 1900"),
        (
            "publish",
            [],
            "Nothing was built yet, so there is nothing to publish: run `python scripts/run.py --connector fixture`.",
        ),
        ("backup", [], "so there is nothing to back up."),
    ],
)
def test_a_command_that_cannot_mean_anything_is_one_sentence(
    script: str, arguments: list[str], sentence: str, workshop: Workshop
) -> None:
    said = workshop.run(script, *arguments)
    assert said.code == 1
    assert sentence in said.error
    assert said.text.count("\n") == 1, said.text
    assert not workshop.warehouse.exists()


@pytest.mark.parametrize(
    "text", ["2024-02-30", "2024-13-01", "0000-01-01", "20240101", "２０２４-01-01", "", "2024-1-1"]
)
def test_what_is_no_day_of_the_calendar_is_one_sentence(text: str) -> None:
    with pytest.raises(
        RekindleError, match=f"^--as-of '{text}' is not a day of the calendar: write it as YYYY-MM-DD.$"
    ):
        as_date(text, "--as-of")


@pytest.mark.parametrize("text", ["0001-01-01", "1899-12-31", "3000-01-01", "9999-12-31"])
def test_a_day_that_cannot_be_computed_with_is_one_sentence(text: str) -> None:
    with pytest.raises(RekindleError, match=f"^--as-of '{text}' is out of time: name a year from 1900 to 2999.$"):
        as_date(text, "--as-of")
    with pytest.raises(RekindleError, match=f"^--from '{text[:7]}' is out of time: name a year from 1900 to 2999.$"):
        as_month(text[:7], "--from")


@pytest.mark.parametrize("text", ["1900-01-01", "2024-02-29", "2999-12-31"])
def test_every_other_day_has_months_around_it(text: str) -> None:
    date = as_date(text, "--as-of")
    assert newest_closed_month(date) < date < next_month(date)
    assert as_month(text[:7], "--from") <= date


@pytest.fixture
def spoiled(workshop: Workshop) -> Path:
    """A copy of the hand-written rows to spoil, which the workshop reads."""
    folder = workshop.root / "spoiled"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(FIXTURES, folder)
    workshop.environment["REKINDLE_FIXTURES"] = str(folder)
    return folder


def test_a_raw_file_that_is_missing_or_unreadable_stops_before_the_build(
    workshop: Workshop, spoiled: Path, april_warehouse: Path
) -> None:
    workshop.start_from(april_warehouse)
    (spoiled / "orders.csv").unlink()
    (spoiled / "stores.csv").write_bytes(b"\x00\xff\xfe\x00broken\x00" * 400)
    said = workshop.run("run", "--as-of", "2024-06-01")
    assert said.code == 1
    assert f"Raw table fixture.orders: there is no file {spoiled / 'orders.csv'}; load the raw data again" in said.text
    assert f"Raw table fixture.stores: {spoiled / 'stores.csv'} cannot be read" in said.text
    assert differences(workshop.warehouse, april_warehouse) == []


def test_a_raw_column_that_is_missing_is_named_and_what_is_kept_is_unharmed(
    workshop: Workshop, spoiled: Path, april_warehouse: Path
) -> None:
    workshop.start_from(april_warehouse)
    orders = spoiled / "orders.csv"
    orders.write_text(orders.read_text(encoding="utf-8").replace("order_status", "state", 1), encoding="utf-8")
    said = workshop.run("run", "--as-of", "2024-06-01")
    assert said.code == 1
    assert 'Referenced column "order_status" not found' in said.text
    assert "models/staging/fixture/stg_fixture__orders.sql" in said.text
    # a calendar around the as-of date, of a seed and nothing else
    calendar = ["segments.open_days"]
    assert differences(workshop.warehouse, april_warehouse, "segments", "snapshots") == calendar


@pytest.fixture(scope="module")
def dbt(make_workshop: Callable[..., Workshop], fixture_warehouse: Path) -> Iterator[Dbt]:
    """dbt in this process, for many short commands on one warehouse."""
    workshop = make_workshop("fixture", "in this process")
    workshop.start_from(fixture_warehouse)
    patch = pytest.MonkeyPatch()
    for name, value in workshop.variables().items():
        patch.setenv(name, value)
    yield Dbt("fixture")
    patch.undo()


def said_by(dbt: Dbt, capsys: pytest.CaptureFixture[str], *arguments: str, **given: object) -> tuple[bool, str]:
    """Whether a dbt command succeeds, and what it says."""
    capsys.readouterr()
    try:
        success = dbt.run(*arguments, variables={"as_of_date": "2024-07-01", **given}).success
        sentence = ""
    except RekindleError as error:
        success, sentence = False, error.message
    out, err = capsys.readouterr()
    return success, out + err + sentence


def refused(dbt: Dbt, capsys: pytest.CaptureFixture[str], *arguments: str, **given: object) -> str:
    """What a dbt command that fails or does not start says."""
    success, said = said_by(dbt, capsys, *arguments, **given)
    assert not success
    return said


def test_settings_that_cannot_be_are_named_all_at_once(dbt: Dbt, capsys: pytest.CaptureFixture[str]) -> None:
    """Each that there is: one that nobody looks at would be taken for something else without a word."""
    bad: dict[str, object] = {
        "max_days_after_last_event": "soon",
        "identity_max_contacts_per_identifier": 0,
        "identity_phone_joins_strangers": "yes",
        "require_double_opt_in": "ture",
        "coupon_rounds": 0,
        "count_orders_without_lines": 1,
        "raw_rows_are_text": "some",
        "rfm_sector": "fast food",
        "rfm_window_days": 0.5,
        "signal_low_rung": 0,
        "max_feed_age_days": -1,
        "clv_model": "pareto",
        "clv_horizon_days": 6,
        "clv_fit_months": 0,
        "recommendation_item": "size",
        "scenarios_in_use": "welcome",
        "channels_read_as_tables": "push",
        "send_at_best_hour": "never",
        "global_holdout_salt": "it's new",
        "tier_dormant_months": 0,
        "tier_to_delete_months": -1,
        "opens_count_as_contact": "no",
        "purge_grace_days": -1,
        "reactivation_margin_rate": 25,
        "reactivation_cost": -0.1,
        "outcome_days": 0,
        "covariate_days": "many",
        "expected_entries": 0,
        "min_group_size": 0,
        "shopify_shop": "north shop",
        "shopify_unpaid_order_status": "open",
        "shopify_prices_include_tax": "sometimes",
        "shopify_not_goods": "gift card",
        "erasure_max_wait_days": -1,
        "access_retention_days": 0,
        "max_rejected_share": 5,
        "max_raw_loss_share": -1,
        "mailbox_complaint_stop_share": 1.5,
        "mailbox_complaint_warn_share": -1,
        "at_risk_probability": 20,
        "clv_hysteresis": -0.2,
        "cart_order_tolerance_minutes": -1,
        "clv_period_days": 0,
        "identity_rounds": 0,
        "mailbox_health_days": 0,
        "mailbox_health_min_delivered": 0,
        "mailbox_provider_min_contacts": 0,
        "return_rate_prior": 0,
        "rfm_restate_months": 0,
        "welcome_ends_after_days": -1,
        "welcome_max_days_after_first_contact": -1,
        "welcome_same_visit_minutes": -1,
        "max_down_share_factor": 0.5,
        "min_expected_loss_amount": "much",
        "max_raw_growth_factor": 1,
        "moments": "cart_left",
        "isolation_months": -1,
        "trouble_days": -1,
        "loyalty_points_valid_months": 0,
        "loyalty_level_points": [500, "gold"],
        "anti_attrition_signal": "down",
        "send_time": "9am",
        "global_holdout_share": 0.6,
        "tier_at_risk_months": 0,
        "decision_retention_months": 12,
        "business_timezone": "Mars/Olympus",
        "currency_code": "euro",
        "default_country_code": "Belgium",
        "open_tracking_consent_countries": "FR",
        "click_tracking_consent_countries": ["France"],
        "earliest_plausible_date": "1990",
        "orders_complete_from": "January",
    }
    assert sorted(bad) == sorted(project()["vars"]["default_settings"])
    bad |= {"accept_publication": "May"}
    said = refused(dbt, capsys, "run", "--select", "dim_segments", **bad)
    sentences = [line for line in said.splitlines() if line.split()[0] in bad]
    assert sorted(sentence.split()[0] for sentence in sentences) == sorted(bad)
    assert all(f"is '{bad[sentence.split()[0]]}'" in sentence for sentence in sentences)


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        (
            {"accept_publication": "2024-05"},
            "accept_publication names 2024-05 but the month to publish",
        ),
        (
            {"earliest_plausible_date": "2030-01-01"},
            "is after the as-of date (2024-07-01): every event",
        ),
        (
            {"tier_at_risk_months": 12},
            "tier_at_risk_months is '12': it must be a whole number, more than the 12 months",
        ),
        (
            {"connector_settings": {"fixture": {"contract_version": 2, "rfm_sectr": "grocery"}}},
            "connector_settings gives fixture the setting 'rfm_sectr', and there is none of that name: see default_set",
        ),
        ({"as_of_date": "soon"}, "as_of_date 'soon' is not a date: write it as YYYY-MM-DD."),
        ({"as_of_date": "2024-06-31"}, "as_of_date '2024-06-31' is not a day of the calendar"),
        ({"as_of_date": "9999-12-31"}, "as_of_date '9999-12-31' is out of time: name a year from 1900 to 2999."),
        ({"as_of_date": "0001-01-01"}, "as_of_date '0001-01-01' is out of time: name a year from 1900 to 2999."),
        ({"as_of_time": "8pm"}, "as_of_time '8pm' is not a time of day: write it as HH:MM."),
    ],
)
def test_settings_that_contradict_each_other_or_the_as_of_date_are_refused(
    variables: dict[str, object], sentence: str, dbt: Dbt, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(dbt, capsys, "run", "--select", "dim_months", **variables)
    assert sentence in said


def test_a_country_that_is_none_is_refused(dbt: Dbt, capsys: pytest.CaptureFixture[str]) -> None:
    """UK is not the code of the United Kingdom: it would read no phone, and consent would be asked of nobody."""
    bad = {"default_country_code": "UK", "open_tracking_consent_countries": ["GB", "XK", "UK"]}
    said = refused(dbt, capsys, "run", "--select", "dim_segments", **bad)
    assert "default_country_code is 'UK': it must be a country in two capital letters" in said
    assert "open_tracking_consent_countries is '['GB', 'XK', 'UK']': it must be a list of countries" in said
    assert "click_tracking" not in said


def test_a_folder_that_readers_would_take_for_a_pattern_is_refused(
    dbt: Dbt, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REKINDLE_DATA", "data[1]")
    said = refused(dbt, capsys, "run", "--select", "dim_segments")
    assert "REKINDLE_DATA is 'data[1]': readers take * ? [ for wildcards" in said


@pytest.mark.parametrize(
    ("test", "variables", "sentence"),
    [
        (
            "run_as_of_date_is_near_the_data",
            {"as_of_date": "2023-01-05"},
            "The as-of date 2023-01-05 lies before the first order, 2023-01-20: name a later date.",
        ),
        (
            "run_as_of_date_is_near_the_data",
            {"as_of_date": "2024-12-01"},
            "The as-of date 2024-12-01 lies 157 days after the newest order, 2024-06-27",
        ),
        (
            "run_rfm_window_reaches_the_last_recency_band",
            {"rfm_window_days": 100},
            "rfm_window_days is 100 and the last recency band of fixture ends at 182 days: nobody with a "
            "frequency above the lowest can be at_risk any more",
        ),
        (
            "run_rfm_bands_and_cuts_are_complete",
            {"rfm_sector": "bakery"},
            "rfm_sector is bakery, which has no rows in rfm_value_cuts.csv: docs/connector-guide.md, First cuts, says "
            "how to propose some.",
        ),
    ],
)
def test_settings_that_contradict_the_data_stop_the_build(
    test: str, variables: dict[str, object], sentence: str, dbt: Dbt, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said_by(dbt, capsys, "test", "--select", test) == (True, "")
    said = refused(dbt, capsys, "test", "--select", test, **variables)
    assert f"Stopped     {sentence}" in said


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (
            "delete from config.rfm_value_cuts where measure = 'frequency' and score = 2 and sector = 'fixture'",
            "rfm_value_cuts.csv, row fixture,1,1900-01-01,frequency,2: this row is missing; every version has one",
        ),
        (
            "delete from config.rfm_recency_bands where r_score = 4 and sector = 'fixture'",
            "rfm_recency_bands.csv, row fixture,1,1900-01-01,4: this row is missing; every version has one",
        ),
        (
            "update config.rfm_value_cuts set min_value = 1000 "
            "where measure = 'monetary' and score = 3 and sector = 'fixture'",
            "rfm_value_cuts.csv, row fixture,1,1900-01-01,monetary,4: a better score begins at a worse value",
        ),
    ],
)
def test_thresholds_that_are_not_whole_stop_the_build_and_the_row_is_named(
    edit: str, sentence: str, dbt: Dbt, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = ("config.rfm_value_cuts", "config.rfm_recency_bands")
    with duckdb.connect(os.environ["REKINDLE_WAREHOUSE"]) as connection:
        for table in tables:
            connection.execute(f"create table {table}_kept as from {table}")
        connection.execute(edit)
    said = refused(dbt, capsys, "test", "--select", "run_rfm_bands_and_cuts_are_complete")
    with duckdb.connect(os.environ["REKINDLE_WAREHOUSE"]) as connection:
        for table in tables:
            connection.execute(f"create or replace table {table} as from {table}_kept")
            connection.execute(f"drop table {table}_kept")
    assert f"Stopped     {sentence}" in said


def test_an_error_of_the_database_never_shows_a_value(dbt: Dbt, capsys: pytest.CaptureFixture[str]) -> None:
    question = "select cast(email as integer) as number from {{ ref('input_contacts') }} where email like '%rita%'"
    said = refused(dbt, capsys, "show", "--inline", question)
    assert "Conversion Error (values are not shown: they may be personal data)" in said
    assert "rita" not in said.replace("like '%rita%'", "")
    log = log_file().read_text(encoding="utf-8")
    assert "Conversion Error" in log
    assert "@" not in log


@pytest.mark.parametrize(
    "statement",
    [
        "select cast('a@example.com' as integer)",
        "select cast('a@example.com' as date)",
        "create table t (email varchar unique); insert into t values ('a@example.com'), ('a@example.com')",
        "create table u (email varchar check (email not like '%@%')); insert into u values ('a@example.com')",
        "select error('a@example.com')",
        "select strptime('a@example.com', '%Y')",
        "select cast('a@example.com' as timestamp)",
        "select json_extract('a@example.com', '$')",
        "select cast(12345678901 as integer)",
    ],
)
def test_messages_of_the_database_lose_their_values(statement: str) -> None:
    with pytest.raises(duckdb.Error) as raised:
        duckdb.connect().execute(statement)
    said = without_values(str(raised.value))
    assert "a@example.com" not in said
    assert "12345678901" not in said
    assert "Error" in said


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("select nothing_like_that from range(1)", "nothing_like_that"),
        ("select * from no_such_table", "no_such_table"),
        ("selec 1", "selec"),
        ("select * from read_parquet('/no/such/file.parquet')", "/no/such/file.parquet"),
        (
            "set memory_limit = '5MB'; set temp_directory = ''; select count(distinct range) from range(10000000)",
            "Out of Memory Error: ",
        ),
        ("copy (select 1) to '/no/such/folder/file'", "No such file or directory"),
    ],
)
def test_messages_about_our_own_sql_stay(statement: str, told: str) -> None:
    with pytest.raises(duckdb.Error) as raised:
        duckdb.connect().execute(statement)
    said = without_values(str(raised.value))
    assert told in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Not implemented Error: ICU", "Not implemented Error: ICU"),
        (
            "Runtime Error in model m (m.sql)\n  Out of Memory Error: could not allocate (1/2)\n  Possible solutions:",
            "Out of Memory Error: could not allocate (1/2)",
        ),
        ("Out of Range Error: 12345678901", "Out of Range Error (values are not shown: they may be personal data)"),
        ("Mismatch Type Error: a@b", "Mismatch Type Error (values are not shown: they may be personal data)"),
        (
            "Compilation Error in model m (m.sql)\n  a.parquet lacks phone: add it.\n  \n  > in macro m (m.sql)\n"
            "  > called by model m (m.sql)",
            "a.parquet lacks phone: add it.",
        ),
        (
            "Compilation Error in model m (m.sql)\n  Runtime Error\n    Conversion Error: 'a@b' is no number",
            "Conversion Error (values are not shown: they may be personal data)",
        ),
    ],
)
def test_of_a_message_of_dbt_the_person_reads_what_is_the_matter(message: str, told: str) -> None:
    assert without_values(message) == told


@pytest.fixture
def small_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project of one model and its yml."""
    (tmp_path / "dbt_project.yml").write_text("{name: small, profile: small}")
    (tmp_path / "selectors.yml").write_text("selectors: []")
    output = "{type: duckdb, path: ':memory:'}"
    (tmp_path / "profiles.yml").write_text(f"small: {{target: here, outputs: {{here: {output}}}}}")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "people.sql").write_text("select 1 as person")
    (tmp_path / "models" / "people.yml").write_text("models:\n  - name: people\n")
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))
    folder = Path.cwd()
    yield tmp_path
    os.chdir(folder)


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        (
            "models/people.sql",
            "select {{ ref('x' }}",
            ["unexpected '}', expected ')'", "line 1", "(models/people.sql)"],
        ),
        ("models/people.sql", "select * from {{ ref('x') }}", ["(models/people.sql) depends on a node named 'x'"]),
        ("models/people.yml", "models:\n  - name: people\n bad: [x\n", ["people.yml", "Syntax error near line 3"]),
        ("models/people.yml", "models:\n  - {name: people, columns: 3}\n", ["models/people.yml", "'columns'"]),
        ("dbt_project.yml", "name: small\n\tprofile: small\n", ["dbt_project.yml is not YAML, line 2"]),
        ("profiles.yml", "small: {", ["profiles.yml is not YAML, line"]),
        ("selectors.yml", "selectors:\n  - name: x\n bad: [x\n", ["selectors.yml is not YAML, line 3"]),
    ],
)
def test_a_file_of_the_project_that_dbt_cannot_read_is_named_with_the_place(
    file: str, content: str, told: list[str], small_project: Path
) -> None:
    """Whoever changes a model or a yml reads where it is wrong: nothing of it is anybody's data."""
    (small_project / file).write_text(content)
    with pytest.raises(RekindleError) as refusal:
        _ = Dbt("fixture", small_project).manifest
    assert [each for each in told if each not in refusal.value.message] == []
    assert "not shown" not in refusal.value.message


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"channel,weight\r\nemail,1\r\n", None),
        (
            b"channel;weight\r\nemail;1\r\n",
            "Seed weights: its columns are parted by semicolons: save it as CSV with commas.",
        ),
        (
            b"chanel,weight\nemail,1\n",
            "Seed weights, line 1: it lacks channel and has chanel: name the columns as they were.",
        ),
        (b"", "Seed weights, line 1: it lacks channel, weight: name the columns as they were."),
        (
            "channel,weight\né-mail,1\n".encode("latin-1"),
            "seeds/weights.csv, line 2 is not UTF-8: save the file in UTF-8 (spreadsheets call it CSV UTF-8).",
        ),
    ],
)
def test_a_seed_as_a_spreadsheet_saved_it_is_one_sentence(
    content: bytes, told: str | None, small_project: Path
) -> None:
    (small_project / "seeds").mkdir()
    (small_project / "seeds" / "weights.csv").write_bytes(content)
    columns = "{channel: string, weight: integer}"
    declared = f"seeds:\n  - {{name: weights, config: {{column_types: {columns}}}}}\n"
    (small_project / "seeds" / "weights.yml").write_text(declared)
    if told is None:
        assert Dbt("fixture", small_project).manifest.nodes
        return
    with pytest.raises(RekindleError) as refusal:
        _ = Dbt("fixture", small_project).manifest
    assert refusal.value.message == told


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("mails,win_back,nowhere,email,marketing", "Seed feeds, row mails: target: There is no target 'nowhere': "),
        ("mails,win_back,generic,fax,marketing", "Seed feeds, row mails: key 'channel': "),
        ("mails,win_back,generic,email,marketing", None),
        ("mails,win_back,generic,email", None),  # told by whoever loads it
    ],
)
def test_a_wrong_feed_is_told_before_anything_is_built(row: str, told: str | None, small_project: Path) -> None:
    (small_project / "seeds").mkdir()
    feeds = "texts,thanks,generic,sms,marketing"
    (small_project / "seeds" / "feeds.csv").write_text(f"feed,audience,target,channel,purpose\n{feeds}\n{row}\n")
    manifest = Dbt("fixture", small_project).manifest
    if told is None:
        refuse_wrong_feeds(manifest)
        return
    with pytest.raises(RekindleError) as refusal:
        refuse_wrong_feeds(manifest)
    assert refusal.value.message.startswith(told)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (
            {"fixture": "{{ config(enabled=false) }} select 1 as id"},
            "Connector 'fixture' lists orders among its entities in dbt_project.yml and has no model for it: write "
            "models/input/fixture/input_orders.sql, or take it off the list.",
        ),
        (
            {"fixture": "select 1 as id", "empty": "select 2 as id"},
            "Connector 'fixture' has a model input_orders and does not list orders among its entities: add it in "
            "dbt_project.yml.",
        ),
    ],
)
def test_a_list_of_entities_that_is_not_that_of_the_models_is_one_sentence(
    files: dict[str, str], told: str, small_project: Path
) -> None:
    for connector, content in files.items():
        folder = small_project / "models" / "input" / connector
        folder.mkdir(parents=True)
        (folder / "input_orders.sql").write_text(content)
    (small_project / "models" / "people.sql").write_text("select * from {{ ref('input_orders') }}")
    with pytest.raises(RekindleError) as refusal:
        _ = Dbt("fixture", small_project).manifest
    assert refusal.value.message == told


def test_a_file_of_the_project_that_is_not_there_is_what_dbt_says_of_it(small_project: Path) -> None:
    (small_project / "profiles.yml").unlink()
    with pytest.raises(RekindleError, match=r"profile"):
        _ = Dbt("fixture", small_project).manifest


def test_what_a_macro_says_when_it_refuses_is_told_alone(small_project: Path) -> None:
    """It is about the project, not about the model that happened to call it first."""
    (small_project / "macros").mkdir()
    refuse = "{% macro refuse() %}{{ exceptions.raise_compiler_error('No, because.') }}{% endmacro %}"
    (small_project / "macros" / "refuse.sql").write_text(refuse)
    (small_project / "models" / "people.sql").write_text("{{ config(enabled=refuse()) }} select 1 as person")
    with pytest.raises(RekindleError, match=r"^No, because\.$"):
        _ = Dbt("fixture", small_project).manifest


def test_a_file_of_the_configuration_that_is_no_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "board.yml"
    file.write_text("title: Board\npanels:\n\t- one\n")
    with pytest.raises(RekindleError, match=r"board\.yml is not YAML, line 3: .* cannot start any token\.$"):
        read_yaml(file)
    file.write_bytes("title: é\n".encode("latin-1"))
    with pytest.raises(RekindleError, match=r"board\.yml is not YAML: .*"):
        read_yaml(file)


@pytest.mark.parametrize(
    ("variable", "given"),
    [
        *(("REKINDLE_MEMORY_LIMIT", given) for given in ("lots", "4", "GB", "80%", "")),
        *(("REKINDLE_THREADS", given) for given in ("many", "0", "-1", "1.5", "")),
    ],
)
def test_what_the_database_may_use_is_an_amount(variable: str, given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, given)
    with pytest.raises(RekindleError, match=rf"^{variable} is no [a-z ]+: write [^'@]+\.$"):
        Dbt("fixture")


def test_a_file_where_a_folder_is_needed_is_refused_and_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "published"
    file.write_text("of somebody")
    file.chmod(0o644)
    for place in (file, file / "below"):
        with pytest.raises(RekindleError, match=r"published"):
            private_folder(place)
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("of somebody", 0o644)


@pytest.mark.parametrize("content", ["", "vars: {connector: mine}", "- vars", "vars: []"])
def test_a_project_without_its_settings_says_which(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dbt_project.yml").write_text(content)
    monkeypatch.setattr("rekindle.ground.settings.PROJECT", tmp_path)
    with pytest.raises(RekindleError, match=r"^dbt_project\.yml has no 'connector\w*' in its vars: restore it"):
        project.__wrapped__()


def test_a_warehouse_that_may_not_be_opened_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **named: object) -> None:
        raise duckdb.IOException('IO Error: Cannot open file "build.duckdb": Permission denied')

    monkeypatch.setattr(duckdb, "connect", refuse)
    with pytest.raises(RekindleError, match="may not be opened: check owner and mode of the file and its folder"):
        open_warehouse(tmp_path / "build.duckdb")


def test_a_full_disk_backs_nothing_up_and_says_so(workshop: Workshop, april_warehouse: Path) -> None:
    workshop.start_from(april_warehouse)
    must(workshop.run("backup"))  # dbt has parsed, and writes only how long that took any more
    shutil.rmtree(workshop.backups)
    said = workshop.run("backup", largest_file=1200)
    assert said.code == 1
    assert "Nothing was backed up (IO Error: " in said.text
    assert said.text.count("\n") == 1, said.text
    assert list(workshop.backups.iterdir()) == []


def test_raw_parquet_is_compared_with_what_is_declared(tmp_path: Path) -> None:
    (tmp_path / "good.parquet").touch()
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select 'a' as id, 1 as quantity, 1.5 as amount, date '2024-01-01' as day) "
            f"to '{tmp_path}/good.parquet'"
        )
        connection.execute(f"copy (select 'a' as id, 'many' as quantity) to '{tmp_path}/bad.parquet'")
    (tmp_path / "torn.parquet").write_bytes((tmp_path / "good.parquet").read_bytes()[:-20])
    columns = {"id": "varchar", "quantity": "integer", "amount": "decimal(18,2)", "day": "date"}

    check_sources(manifest_of(tmp_path, columns, "good"), "mine")
    with pytest.raises(RekindleError) as stopped:
        check_sources(manifest_of(tmp_path, columns, "good", "bad", "torn", "absent"), "mine")
    assert stopped.value.message.splitlines() == [
        f"Raw table mine.absent: there is no file {tmp_path}/absent.parquet; "
        "load the raw data again for connector 'mine'.",
        "Raw table mine.bad: column quantity is VARCHAR where integer is declared; "
        "load the raw data again for connector 'mine'.",
        "Raw table mine.bad: column amount is missing; load the raw data again for connector 'mine'.",
        "Raw table mine.bad: column day is missing; load the raw data again for connector 'mine'.",
        f"Raw table mine.torn: {tmp_path}/torn.parquet cannot be read (Invalid Input Error): the file is damaged or of "
        "another format; load the raw data again for connector 'mine'.",
    ]


def _text_table(folder: Path, options: str) -> Manifest:
    """A table of text files `visits*.csv`, read with these options."""
    manifest = manifest_of(folder, {}, "visits")
    (source,) = manifest.sources.values()
    read = f"read_csv('{folder}/{{name}}*.csv', header = true, all_varchar = true, {options})"
    source.meta["external_location"] = read
    return manifest


def _refused(manifest: Manifest) -> list[str]:
    with pytest.raises(RekindleError) as stopped:
        check_sources(manifest, "mine")
    return stopped.value.message.splitlines()


@pytest.mark.parametrize(
    ("content", "written"),
    [
        ("visit;email\n1;zoé@example.com\n".encode(), "UTF-8"),
        ("visit;email\n1;zoe@example.com\n".encode("utf-8-sig"), "UTF-8"),
        ("visit;email\n1;zoe@example.com\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_a_text_file_that_is_read_in_another_encoding_than_its_own_is_named(
    content: bytes, written: str, tmp_path: Path
) -> None:
    """Else its first column has no name, or é is two letters, and nobody is told."""
    manifest = _text_table(tmp_path, "delim = ';', encoding = 'latin-1', union_by_name = true")
    (tmp_path / "visits_05.csv").write_bytes("visit;email\n1;zoé@example.com\n".encode("latin-1"))
    (tmp_path / "visits_06.csv").write_bytes(b"visit;email\n1;zoe@example.com\n")
    check_sources(manifest, "mine")
    (tmp_path / "visits_07.csv").write_bytes(content)
    assert _refused(manifest) == [
        f"Raw table mine.visits: {tmp_path}/visits_07.csv is written in {written} and read as latin1: "
        "give it a source of its own that says so, or write all files of the table alike."
    ]


@pytest.mark.parametrize("misspelt", ["mailing_alowed", "mailing allowed", "Mailing-Allowed", "mialing_allowed"])
def test_a_column_that_one_file_writes_almost_as_the_others_do_is_named(misspelt: str, tmp_path: Path) -> None:
    """Columns meet by name: the noes of that file would be lost without a word."""
    manifest = _text_table(tmp_path, "delim = ',', union_by_name = true")
    (tmp_path / "visits_05.csv").write_text("visit,mailing_allowed\n1,Y\n")
    (tmp_path / "visits_06.csv").write_text(f"visit,{misspelt}\n1,N\n")
    (tmp_path / "visits_07.csv").write_text("visit,mailing_allowed\n2,Y\n")
    assert _refused(manifest) == [
        f"Raw table mine.visits: {tmp_path}/visits_06.csv has a column '{misspelt.lower()}' and no 'mailing_allowed', "
        f"as {tmp_path}/visits_05.csv has: give both one name, or add an empty column 'mailing_allowed' when another "
        "thing is meant."
    ]


@pytest.mark.parametrize("alike", ["mailing\u00a0allowed", "mailing  allowed", "mailing al\u200blowed"])
def test_a_column_that_only_looks_like_another_is_told_as_that(alike: str, tmp_path: Path) -> None:
    manifest = _text_table(tmp_path, "delim = ',', union_by_name = true")
    for month, column in (("05", "mailing allowed"), ("06", alike), ("07", "mailing allowed")):
        (tmp_path / f"visits_{month}.csv").write_text(f"visit,{column}\n1,N\n", encoding="utf-8")
    assert _refused(manifest) == [
        f"Raw table mine.visits: {tmp_path}/visits_06.csv has a column '{alike}', which only looks like it and no "
        f"'mailing allowed', as {tmp_path}/visits_05.csv has: give both one name, or add an empty column 'mailing "
        "allowed' when another thing is meant."
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b"PK\x03\x04\x14\0\xff\xfe",
            "is a workbook or another packed file, not text: open it and save it as 'CSV UTF-8'.",
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an old workbook, not text: open it and save it as 'CSV UTF-8'."),
        (gzip.compress(b"visit,kind\n1,a\n", mtime=0), "is packed with gzip: unpack it, or let its name end in .gz."),
        (
            "visit,kind\n1,a\n".encode("utf-16"),
            "is written in UTF-16: save it as 'CSV UTF-8', or as `iconv -f UTF-16 -t UTF-8 in.csv > out.csv` does.",
        ),
    ],
)
def test_a_file_that_is_no_text_is_told_as_what_it_is(content: bytes, said: str, tmp_path: Path) -> None:
    manifest = _text_table(tmp_path, "delim = ','")
    (tmp_path / "visits.csv").write_bytes(content)
    (source,) = manifest.sources.values()
    assert not_in_utf8(source) == [f"Raw table mine.visits: {tmp_path}/visits.csv {said}"]


def test_a_download_with_a_date_to_come_in_its_name_is_refused(tmp_path: Path) -> None:
    """Its noes would count from that date on, and nobody would look at them until then."""
    manifest = _text_table(tmp_path, "delim = ','")
    today = datetime.datetime.now(tz=datetime.UTC).date()
    for day in (today, today + datetime.timedelta(days=1)):
        (tmp_path / f"visits_{day}.csv").write_text("visit,kind\n1,a\n")
    (tmp_path / "visits_of_shop_2999-01-011.csv").write_text("visit,kind\n1,a\n")
    check_sources(manifest, "mine")
    (tmp_path / "visits_2998-06-30 (1).csv").write_text("visit,kind\n1,a\n")
    assert _refused(manifest) == [
        f"Raw table mine.visits: {tmp_path}/visits_2998-06-30 (1).csv has a date to come in its name, and what it says "
        "would count from then on: give it the date on which it was downloaded."
    ]


@pytest.mark.parametrize(
    "header",
    [
        "visit,MAILING_ALLOWED",  # names have no case
        "visit",  # an older form has fewer columns
        "visit,mailing_allowed,mailing_alowed",  # a file that has both means both
        "visit,mailing_allowed,tax 3 name",  # numbered columns are as many as there are
        "visit,mailing_allowed,kind",
    ],
)
def test_a_column_that_other_files_lack_is_none_of_theirs(header: str, tmp_path: Path) -> None:
    manifest = _text_table(tmp_path, "delim = ',', union_by_name = true")
    (tmp_path / "visits_05.csv").write_text("visit,mailing_allowed,tax 1 name,mind\n1,Y,a,b\n")
    (tmp_path / "visits_06.csv").write_text(f"{header}\n{','.join('1' for _ in header.split(','))}\n")
    check_sources(manifest, "mine")


@pytest.mark.parametrize("named", ["", ", filename = 'file_name'", ",FILENAME=true"])
@pytest.mark.parametrize(
    ("content", "signs"),
    [
        ("", "it is empty"),
        ("\n", "it begins with an empty line"),
        ("sep=,\nvisit,kind\n1,a\n", "its first line has 1 comma"),
        ("visit\tkind\n1\ta\n", "its first line has 1 tab"),
        ("visit;mailing_allowed;kind\n1;N;a\n", "its first line has 2 semicolons"),
        ("<!DOCTYPE html>\n<html><body>Sign in</body></html>\n", "its first line has one column"),
    ],
)
def test_a_file_that_shares_no_column_with_the_others_is_no_delivery(
    content: str, signs: str, named: str, tmp_path: Path
) -> None:
    """A download that failed, or that a spreadsheet saved again: its rows would be rows of nobody, its noes lost."""
    manifest = _text_table(tmp_path, f"delim = ',', union_by_name = true{named}")
    (tmp_path / "visits_05.csv").write_text("visit,mailing_allowed\n1,Y\n")
    (tmp_path / "visits_06.csv").write_text("visit,kind\n1,a\n")
    check_sources(manifest, "mine")
    (tmp_path / "visits_07.csv").write_text(content)
    assert _refused(manifest) == [
        f"Raw table mine.visits: {tmp_path}/visits_07.csv has none of the columns of the other files ({signs}): write "
        "it as the others, or take it out of the folder."
    ]


@pytest.mark.parametrize(
    "header", ["visit,mail,mailing,Mail", 'visit,"mail",mailing,mail', "\ufeffmail,visit,mailing, mail"]
)
def test_a_name_that_a_header_has_twice_is_told(header: str, tmp_path: Path) -> None:
    """The second column would have another name, and nobody would read the noes in it."""
    manifest = _text_table(tmp_path, "delim = ','")
    (tmp_path / "visits_05.csv").write_text('visit,"mail, yes","mail, no"\n1,Y,Y\n')
    check_sources(manifest, "mine")
    (tmp_path / "visits_06.csv").write_text(f"{header}\n1,Y,Y,N\n", encoding="utf-8")
    manifest = _text_table(tmp_path, "delim = ',', union_by_name = true")
    assert (
        f"Raw table mine.visits: {tmp_path}/visits_06.csv has the column 'mail' twice: take one of them out, or give "
        "it another name."
    ) in _refused(manifest)


@pytest.mark.parametrize(
    ("pattern", "closed"),
    [
        ("raw/visits.csv", "raw"),
        ("raw/visits*.csv", "raw"),
        ("raw/*/visits.csv", "raw/2024-06"),
        ("raw/**/visits.csv", "raw/2024-06"),
        ("raw/2024-06/visits.csv", "raw"),
    ],
)
def test_a_folder_that_may_not_be_looked_into_is_told_and_not_taken_for_one_without_files(
    pattern: str, closed: str
) -> None:
    with tempfile.TemporaryDirectory() as place:  # that of a test lies in one that only its owner enters
        root = Path(place)
        for folder in (root / "raw", root / "raw" / "2024-06", root / "raw" / "2024-07"):
            folder.mkdir()
            folder.chmod(0o755)  # whatever the tests before have made of the umask
            (folder / "visits.csv").write_text("visit,kind\n1,a\n")
        manifest = _text_table(root, "delim = ','")
        (source,) = manifest.sources.values()
        source.meta["external_location"] = f"read_csv('{root}/{pattern}', header = true, delim = ',')"
        with contextlib.suppress(RekindleError):
            check_sources(manifest, "mine")  # what it imports, nobody else may
        with shut(root, root / closed):
            (refused,) = _refused(manifest)
    folder = root / ("raw/2024-06" if pattern.startswith("raw/2024") else closed)
    assert refused == (
        f"Raw table mine.visits: the folder {folder} may not be looked into (Permission denied): check its owner and "
        "mode."
    )


@contextlib.contextmanager
def shut(root: Path, folder: Path) -> Iterator[None]:
    """As who may not look into a folder, which root always may."""
    root.chmod(0o755)
    folder.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)
        folder.chmod(0o755)


def test_a_file_that_cannot_be_opened_or_read_to_its_end_is_named_with_its_line(tmp_path: Path) -> None:
    manifest = _text_table(tmp_path, "delim = ','")
    (source,) = manifest.sources.values()
    source.meta["external_location"] = (
        f"read_csv('{tmp_path}/{{name}}*.csv', header = true, delim = ',', auto_detect = false, "
        "columns = {{'visit': 'text', 'kind': 'text'}})"
    )
    (tmp_path / "visits_05.csv").write_text("visit,kind\n1,a\n")
    (tmp_path / "visits_06.csv").write_text("visit,kind\n1,a\n2,b,c\n")
    with duckdb.connect() as connection:
        assert list(damaged(connection, source)) == [
            f"Raw table mine.visits: {tmp_path}/visits_06.csv, line 3 cannot be read as its source says (its first "
            "line has 1 comma): write it as the others, or say in the source how it is written (separator, quotes, "
            "encoding, header)."
        ]
    (tmp_path / "visits_07.csv").symlink_to(tmp_path / "visits_07.csv")
    (refused,) = _refused(manifest)
    assert refused.startswith(f"Raw table mine.visits: {tmp_path}/visits_07.csv cannot be opened (")
