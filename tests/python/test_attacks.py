"""What an attacker or an accident does to files, and what must come of it: a sentence, and nobody forgotten."""

import json
import os
import time
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import filelock
import pytest
from activation import EMAIL_FEED, Retailer, person

from rekindle.export import runs
from rekindle.ground.errors import CONTRACT, DONE, LOCKED, ContractError


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


@pytest.mark.parametrize("damage", ["torn", "another table"])
def test_a_damaged_ledger_stops_its_feed_alone(shop: Retailer, damage: str) -> None:
    sent = shop.last()
    (ledger,) = (shop.exports / "win_back" / "ledger").iterdir()
    whole = ledger.read_bytes()
    if damage == "another table":
        duckdb.execute(f"copy (select 1 as profile_id) to '{ledger}' (format parquet)")
    else:
        ledger.write_bytes(whole[:-40])
    only_win_back_stops(shop, f"the ledger of run {sent.run_id} is damaged: restore it from the backup")
    ledger.write_bytes(whole)
    assert shop.export()["win_back"].exit_code == DONE
    assert [row["email"] for row in shop.last().rows("removed")] == ["ben@example.com"]


def test_a_damaged_ledger_of_the_acknowledged_run_stops_its_feed_and_no_list(shop: Retailer) -> None:
    sent = shop.last()
    shop.export("win_back")
    (shop.exports / "win_back" / "ledger" / f"{sent.run_id}.parquet").write_bytes(b"")
    shop.publish([person("ann"), person("eve")], as_of="2024-07-03", withdrawn=[("ben", "*", "*", "withdrawn")])
    done = shop.export()
    assert done["win_back"].exit_code == CONTRACT
    assert f"the ledger of run {sent.run_id} is damaged" in done["win_back"].message
    assert done["other"].exit_code == done["opt_out_generic"].exit_code == DONE


@pytest.mark.parametrize("content", ["{}", ""])
def test_a_damaged_tombstone_stops_its_feed_alone(shop: Retailer, content: str) -> None:
    (shop.last().folder / "purged.json").write_text(content, encoding="utf-8")
    done = shop.export()
    assert done["win_back"].exit_code == CONTRACT
    assert "restore it from the backup" in done["win_back"].message
    assert done["other"].exit_code == DONE


WRONG_VALUES: dict[str, list[Any]] = {
    "sequence": [None, "1", 1.5],
    "previous_run_id": [1, []],
    "seals": [None, "no"],
    "counts": [None, {}, {"members": "2"}],
    "config": [[], {}, {"retention_days": None}],
    "files": [None, {}, [1], [{"name": "x"}]],
    "published": [None, "2024-07-01"],
    "channel": [None, 1],
    "full_as_of_date": [None],
}


def test_a_manifest_with_a_value_that_none_can_have_is_damaged(shop: Retailer) -> None:
    file = shop.last().folder / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    assert runs.read_manifest(file) == manifest
    for key, values in WRONG_VALUES.items():
        for value in values:
            file.write_text(json.dumps({**manifest, key: value}), encoding="utf-8")
            with pytest.raises(ContractError, match="is not a manifest of an export: restore it"):
                runs.read_manifest(file)


def test_purge_goes_on_after_a_damaged_feed_and_says_which_it_is(shop: Retailer) -> None:
    other = shop.last("other").folder
    (other / "manifest.json").write_text("{}", encoding="utf-8")
    said = shop.call("purge", "--older-than", "0")
    assert said.code == CONTRACT
    assert f"Purged {shop.last('win_back').run_id}, feed win_back" in said.text
    assert f"Error: {other / 'manifest.json'} is not a manifest of an export: restore it from the backup." in said.text
    assert (shop.last("win_back").folder / "purged.json").exists()
    assert list(other.glob("*.csv")), "what cannot be told to be old stays"


def test_purge_goes_on_after_a_feed_that_somebody_writes(shop: Retailer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "LOCK_PATIENCE_SECONDS", 0.1)
    with filelock.FileLock(str(shop.exports / "other" / ".lock")):
        said = shop.call("purge", "--older-than", "0")
    assert said.code == LOCKED
    assert "Feed other is being written by another process" in said.text
    assert (shop.last("win_back").folder / "purged.json").exists()


# --- a clock that went back -------------------------------------------------------------------------------------------


def test_after_a_clock_that_went_back_runs_keep_their_order_and_are_purged_when_asked(shop: Retailer) -> None:
    later = time.time() + 86_400 * 400
    for path in [path for path in shop.exports.rglob("*") if path.is_file()]:
        os.utime(path, (later, later))
    assert shop.call("purge").text == "Nothing is old enough.\n"
    before = shop.last()
    done = shop.export()
    assert {report.exit_code for report in done.values()} == {DONE}
    assert shop.last().manifest["previous_run_id"] == before.run_id
    assert shop.last().manifest["base_run_id"] == before.run_id
    assert [row["email"] for row in shop.last().rows("removed")] == ["ben@example.com"]
    assert before.run_id in shop.call("purge", "--older-than", "0").text
    with mock.patch.dict(os.environ, shop.variables()):
        assert "purged (retention)" in runs.verify(before.folder / "manifest.json")


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
