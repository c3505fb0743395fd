"""What an attacker or an accident does to files, and what must come of it: a sentence, and nobody forgotten."""

import json
import os
from pathlib import Path
from unittest import mock

import pytest
from activation import EMAIL_FEED, Retailer, person

from rekindle_export import runs
from rekindle_export.errors import CONTRACT, DONE


@pytest.fixture
def shop(tmp_path: Path) -> Retailer:
    """Two feeds that were sent and acknowledged; since then ben has withdrawn."""
    shop = Retailer(tmp_path, [EMAIL_FEED, {**EMAIL_FEED, "feed": "other"}])
    shop.publish([person("ann"), person("ben")])
    shop.export()
    for feed in ("win_back", "other"):
        shop.ack(shop.last(feed))
    shop.publish([person("ann")], as_of="2024-07-02", withdrawn=[("ben", "*", "*", "withdrawn")])
    return shop


def only_win_back_stops(shop: Retailer, sentence: str) -> None:
    """The feed ends in one sentence and commits nothing; the other one takes ben off, and so does the list."""
    before = {path for path in (shop.exports / "win_back").rglob("*") if path.is_file()}
    done = shop.export()
    assert done["win_back"].exit_code == CONTRACT
    assert sentence in done["win_back"].message
    assert {path for path in (shop.exports / "win_back").rglob("*") if path.is_file()} == before
    assert done["other"].exit_code == DONE
    assert [row["email"] for row in shop.last("other").rows("removed")] == ["ben@example.com"]
    assert [row["email"] for row in shop.last("opt_out_generic").rows("full")] == ["ben@example.com"]
    assert done["opt_out_generic"].exit_code == CONTRACT
    assert "Without whom feed win_back was sent" in done["opt_out_generic"].message
    said = shop.call("export")
    assert said.code == CONTRACT
    assert sentence in said.text
    assert "Unexpected" not in said.text


def test_a_deleted_ledger_stops_its_feed_and_never_removes_nobody(shop: Retailer) -> None:
    sent = shop.last()
    for ledger in (shop.exports / "win_back" / "ledger").iterdir():
        ledger.unlink()
    only_win_back_stops(shop, f"the ledger of run {sent.run_id} is missing: restore it from the backup")


def test_a_deleted_manifest_in_the_chain_stops_its_feed_and_sweeps_nothing(shop: Retailer) -> None:
    first = shop.last()
    shop.export("win_back")
    shop.publish([person("ann")], as_of="2024-07-03", withdrawn=[("ben", "*", "*", "withdrawn")])
    (first.folder / "manifest.json").unlink()
    (shop.exports / "win_back" / "acknowledged.json").unlink()
    only_win_back_stops(shop, f"the manifest of run {first.run_id}, which run {shop.last().run_id} follows, is missing")


def test_a_deleted_manifest_of_the_acknowledged_run_stops_its_feed(shop: Retailer) -> None:
    sent = shop.last()
    (sent.folder / "manifest.json").unlink()
    only_win_back_stops(shop, f"the manifest of run {sent.run_id}, which was acknowledged, is missing")


@pytest.mark.parametrize("content", ["{}", "[]", "", '{"run_id": "0"}', '"text"'])
def test_a_damaged_manifest_stops_its_feed_alone(shop: Retailer, content: str) -> None:
    (shop.last().folder / "manifest.json").write_text(content, encoding="utf-8")
    only_win_back_stops(shop, "restore it from the backup")


@pytest.mark.parametrize("content", ["{}", "[]", "", '{"base_run_id": null, "acknowledged": 1}'])
def test_a_damaged_note_of_what_was_acknowledged_stops_its_feed_alone(shop: Retailer, content: str) -> None:
    (shop.exports / "win_back" / "acknowledged.json").write_text(content, encoding="utf-8")
    done = shop.export()
    assert done["win_back"].exit_code == CONTRACT
    assert "acknowledged.json" in done["win_back"].message
    assert "restore it from the backup" in done["win_back"].message
    assert done["other"].exit_code == done["opt_out_generic"].exit_code == DONE
    assert [row["email"] for row in shop.last("opt_out_generic").rows("full")] == ["ben@example.com"]


def test_a_damaged_manifest_of_a_feed_that_is_gone_is_told_all_the_same(shop: Retailer) -> None:
    (shop.last("other").folder / "manifest.json").write_text("{}", encoding="utf-8")
    shop.feeds = [EMAIL_FEED]
    shop.publish([person("ann")], as_of="2024-07-03", withdrawn=[("ben", "*", "*", "withdrawn")])
    done = shop.export()
    assert done["other"].exit_code == CONTRACT
    assert done["win_back"].exit_code == DONE


def test_a_date_stays_sealed_though_the_manifest_of_its_export_is_damaged(shop: Retailer) -> None:
    with mock.patch.dict(os.environ, shop.variables()):
        before = runs.committed_dates()
        (shop.last().folder / "manifest.json").write_text(json.dumps({}), encoding="utf-8")
        assert runs.committed_dates() == before
    assert before
