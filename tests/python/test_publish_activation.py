"""The activation file: the audiences of a finished, tested build, for the exporter's eyes only."""

import datetime
import json
import os
import re
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from activation import EMAIL_FEED
from workshop import rows

from rekindle.export.feeds import read_feed
from rekindle.ground.errors import RekindleError
from rekindle.run import publishing

JULY = datetime.date(2024, 7, 1)


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REKINDLE_PUBLISHED", str(tmp_path / "published"))
    return tmp_path / "build.duckdb"


def build(warehouse: Path, *runs: tuple[str, bool]) -> None:
    """A warehouse with one audience and these runs (scope, finished), all as of the same date."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema run; create schema audiences")
        connection.execute(
            "create table run.run_log (invocation_id varchar, connector varchar, command_scope varchar, "
            "as_of_date date, started_at timestamp, finished_at timestamp)"
        )
        for number, (scope, finished) in enumerate(runs):
            connection.execute(
                "insert into run.run_log values (?, 'fixture', ?, ?, ?, ?)",
                [
                    f"run-{number}",
                    scope,
                    JULY,
                    f"2024-07-02 00:0{number}:00",
                    "2024-07-02 01:00:00" if finished else None,
                ],
            )
        connection.execute(
            "create table audiences.audience_members as select * from (values "
            "('ann', 'ann@example.com', 'win_back'), ('bob', 'bob@example.com', 'welcome')) "
            "as members (profile_id, email, scenario_id); "
            "create schema config; "
            "create table config.scenarios as select * from (values ('win_back', 'Win back', true), "
            "('welcome', 'Welcome', false)) as scenarios (scenario_id, scenario_name, is_enabled); "
            "create table config.feeds (feed varchar, audience varchar, target varchar, channel varchar, "
            "purpose varchar, mode varchar, format varchar, content varchar, guards varchar, text_policy varchar, "
            "retention_days varchar, max_full_age_days varchar, destination varchar)"
        )


def table(name: str = "audience_members") -> publishing.Table:
    model = SimpleNamespace(alias=name, schema="audiences", columns={})
    return publishing.Table(model, name, "all", "People to win back.")


def publish(warehouse: Path, *feeds: dict[str, Any]) -> Path:
    """Publishes with these rows of the seed feeds."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("delete from config.feeds")
        for feed in feeds or [EMAIL_FEED]:
            row = {"audience": "win_back", **feed}
            columns = ", ".join(row)
            connection.execute(
                f"insert into config.feeds ({columns}) values ({', '.join('?' * len(row))})", [*row.values()]
            )
    return publishing.publish_audiences([table()], warehouse).path


@pytest.mark.parametrize("scope", ["full", "daily"])
def test_audiences_of_a_finished_build_are_published_for_their_owner_only(warehouse: Path, scope: str) -> None:
    build(warehouse, ("full", True), (scope, True))
    before = os.umask(0)
    try:
        file = publish(warehouse)
    finally:
        os.umask(before)
    assert [path.name for path in file.parent.iterdir()] == ["activation.duckdb"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert rows(file, "select * from audiences.aud_win_back") == [("ann", "ann@example.com", "win_back")]
    assert rows(file, "select profile_id from audiences.aud_welcome") == [("bob",)]
    assert rows(file, "select count(*) from audiences.audience_members") == [(2,)]
    said = "select comment from duckdb_tables() where table_name = 'aud_win_back'"
    assert rows(file, said) == [("Win back: the rows of audience_members of this scenario. People to win back.",)]
    assert rows(file, "select invocation_id, as_of_date, tests_passed from _published") == [("run-1", JULY, True)]
    ((feed, audience, config),) = rows(file, "select feed, audience, config from _feeds")
    assert (feed, audience) == ("win_back", "aud_win_back")
    assert read_feed("", json.loads(str(config))) == read_feed("", EMAIL_FEED)


def test_a_row_of_the_seed_says_all_that_a_feed_can_be_told(warehouse: Path) -> None:
    build(warehouse, ("full", True))
    told = {
        "mode": "delta",
        "format": "jsonl",
        "content": "CTA=cta Amount=offer_amount",
        "guards": "min_rows=3 platform_minimum=false max_remove_pct=20",
        "text_policy": "reject",
        "retention_days": "7",
        "max_full_age_days": "5",
    }
    file = publish(warehouse, {**EMAIL_FEED, **told})
    ((config,),) = rows(file, "select config from _feeds")
    expected = {
        **EMAIL_FEED,
        **told,
        "content": {"CTA": "cta", "Amount": "offer_amount"},
        "guards": {"min_rows": 3, "platform_minimum": False, "max_remove_pct": 20},
        "retention_days": 7,
        "max_full_age_days": 5,
    }
    assert read_feed("", json.loads(str(config))) == read_feed("", expected)


def test_models_built_afterwards_leave_it_open_whether_their_tests_passed(warehouse: Path) -> None:
    build(warehouse, ("full", True), ("partial", True))
    assert rows(publish(warehouse), "select tests_passed from _published") == [(False,)]


@pytest.mark.parametrize("scope", ["full", "daily"])
def test_after_a_build_that_did_not_finish_the_last_publication_stays(warehouse: Path, scope: str) -> None:
    build(warehouse, ("full", True))
    file = publish(warehouse)
    before = file.read_bytes()
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "insert into run.run_log values ('run-9', 'fixture', ?, '2024-07-02', '2024-07-03 00:00:00', null)", [scope]
        )
    with pytest.raises(RekindleError, match="did not finish, so nothing is published"):
        publish(warehouse)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["activation.duckdb"]


def test_one_audience_can_feed_several_platforms(warehouse: Path) -> None:
    build(warehouse, ("full", True))
    second = {**EMAIL_FEED, "feed": "win_back_brevo", "target": "brevo"}
    file = publish(warehouse, EMAIL_FEED, second)
    assert rows(file, "select feed, is_in_use from _feeds order by feed") == [
        ("win_back", True),
        ("win_back_brevo", True),
    ]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"guards": "min_row=1"}, "there is no key 'guards.min_row'"),
        ({"guards": "max_remove_pct=120"}, "key 'guards.max_remove_pct'"),
        ({"guards": "min_rows"}, "guards is written as name=value"),
        ({"target": None}, "key 'target'"),
        ({"target": "fax"}, "target: There is no target 'fax': use one of actito, brevo,"),
        ({"channel": "ads"}, "channel: mailchimp takes email"),
        ({"format": "parquet"}, "format: mailchimp takes csv"),
        ({"mode": "sometimes"}, "key 'mode'"),
        ({"purpose": "*"}, "purpose: '\\*' goes with channel '\\*' only"),
        ({"feed": "Win back"}, "feed: lower case letters"),
        ({"feed": "../evil"}, "feed: lower case letters"),
        ({"feed": "opt_out_brevo"}, "not beginning with opt_out_"),
        ({"content": "CTA=a'b"}, "key 'content.CTA'"),
        ({"content": "CTA"}, "content is written as name=value"),
        ({"text_policy": "keep"}, "key 'text_policy'"),
        ({"retention_days": "0"}, "key 'retention_days'"),
        ({"retention_days": "long"}, "key 'retention_days'"),
        ({"max_full_age_days": "0"}, "key 'max_full_age_days'"),
    ],
)
def test_a_wrong_feed_stops_the_publication_in_a_sentence_that_names_row_and_column(
    warehouse: Path, change: dict[str, Any], sentence: str
) -> None:
    build(warehouse, ("full", True))
    name = change.get("feed", "win_back")
    with pytest.raises(RekindleError, match=f"Seed feeds, row {re.escape(name)}: .*{sentence}") as refusal:
        publish(warehouse, {**EMAIL_FEED, "target": "mailchimp", **change})
    assert ".." not in refusal.value.message.replace(name, "")
    assert not (warehouse.parent / "published" / "activation.duckdb").exists()


def test_a_feed_says_whether_its_scenario_is_in_use(warehouse: Path) -> None:
    build(warehouse, ("full", True))
    file = publish(warehouse, EMAIL_FEED, {**EMAIL_FEED, "feed": "greetings", "audience": "welcome"})
    assert rows(file, "select feed, is_in_use from _feeds order by feed") == [("greetings", False), ("win_back", True)]


def test_two_feeds_of_one_name_are_refused(warehouse: Path) -> None:
    build(warehouse, ("full", True))
    with pytest.raises(RekindleError, match="Seed feeds has two rows win_back: give one of them another name"):
        publish(warehouse, EMAIL_FEED, {**EMAIL_FEED, "audience": "welcome"})


@pytest.mark.parametrize("audience", ["winback", None])
def test_an_audience_that_there_is_not_is_refused(warehouse: Path, audience: str | None) -> None:
    build(warehouse, ("full", True))
    with pytest.raises(RekindleError, match=r"Seed feeds, row win_back: audience is .*: name a scenario, or a table"):
        publish(warehouse, {**EMAIL_FEED, "audience": audience})


def test_without_audience_models_nothing_is_published(warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "ModelNode", SimpleNamespace)
    other: Any = SimpleNamespace(
        nodes={"a": SimpleNamespace(fqn=["rekindle", "hub", "dim_profiles"], name="dim_profiles")}
    )
    assert publishing.publish_activation(other, warehouse) is None
    assert not (warehouse.parent / "published").exists()
