"""The activation file: the audiences of a finished, tested build, for the exporter's eyes only."""

import datetime
import json
import os
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from activation import EMAIL_FEED
from workshop import rows

from rekindle.export.feeds import feeds_of
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
            "create table audiences.aud_win_back as select 'ann' as profile_id, 'ann@example.com' as email"
        )


def model(export: Any = None, name: str = "aud_win_back") -> Any:
    return SimpleNamespace(
        unique_id=f"model.rekindle.{name}",
        name=name,
        alias=name,
        schema="audiences",
        description="People to win back.",
        columns={},
        meta={},
        config=SimpleNamespace(meta={} if export is None else {"export": export}),
    )


def publish(warehouse: Path, *models: Any) -> Path:
    found = list(models) or [model(EMAIL_FEED)]
    return publishing.publish_audiences(found, {each.unique_id: "all" for each in found}, warehouse).path


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
    assert rows(file, "select * from audiences.aud_win_back") == [("ann", "ann@example.com")]
    assert rows(file, "select invocation_id, as_of_date, tests_passed from _published") == [("run-1", JULY, True)]
    ((feed, audience, config),) = rows(file, "select feed, audience, config from _feeds")
    assert (feed, audience) == ("win_back", "aud_win_back")
    assert feeds_of("aud_win_back", json.loads(str(config))) == feeds_of("aud_win_back", EMAIL_FEED)


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
    file = publish(warehouse, model([EMAIL_FEED, second]))
    assert rows(file, "select feed from _feeds order by feed") == [("win_back",), ("win_back_brevo",)]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"guard": {}}, "there is no key 'guard'"),
        ({"guards": {"min_row": 1}}, "there is no key 'guards.min_row'"),
        ({"guards": {"max_remove_pct": 120}}, "key 'guards.max_remove_pct'"),
        ({"target": "fax"}, "target: There is no target 'fax': use one of actito, brevo,"),
        ({"channel": "ads"}, "channel: mailchimp takes email"),
        ({"format": "parquet"}, "format: mailchimp takes csv"),
        ({"mode": "sometimes"}, "key 'mode'"),
        ({"purpose": "*"}, "purpose: '\\*' goes with channel '\\*' only"),
        ({"feed": "Win back"}, "feed: lower case letters"),
        ({"feed": "../evil"}, "feed: lower case letters"),
        ({"feed": "opt_out_brevo"}, "not beginning with opt_out_"),
        ({"content": {"CTA": "a'b"}}, "key 'content.CTA'"),
        ({"retention_days": 0}, "key 'retention_days'"),
    ],
)
def test_a_wrong_feed_stops_the_publication_in_a_sentence_that_names_model_and_key(
    warehouse: Path, change: dict[str, Any], sentence: str
) -> None:
    build(warehouse, ("full", True))
    with pytest.raises(RekindleError, match=f"meta.export of aud_win_back: .*{sentence}"):
        publish(warehouse, model({**EMAIL_FEED, "target": "mailchimp", **change}))
    assert not (warehouse.parent / "published" / "activation.duckdb").exists()


def test_two_feeds_of_one_name_are_refused(warehouse: Path) -> None:
    build(warehouse, ("full", True))
    with pytest.raises(RekindleError, match="Two audience models export a feed 'win_back'"):
        publish(warehouse, model(EMAIL_FEED), model(EMAIL_FEED, "aud_welcome"))


def test_without_audience_models_nothing_is_published(warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "ModelNode", SimpleNamespace)
    other: Any = SimpleNamespace(
        nodes={"a": SimpleNamespace(fqn=["rekindle", "hub", "dim_profiles"], name="dim_profiles")}
    )
    assert publishing.publish_activation(other, warehouse) is None
    assert not (warehouse.parent / "published").exists()
