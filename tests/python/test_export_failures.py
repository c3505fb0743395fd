"""Whatever goes wrong: the last committed run stays whole, the next call completes, and nobody's data is told."""

import ctypes
import errno
import itertools
import multiprocessing
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import filelock
import pytest
from activation import EMAIL_FEED, Retailer, committed, crowd, person

from rekindle.export import runs
from rekindle.export.exporting import Outcome
from rekindle.export.late_noes import LateNoes
from rekindle.ground import files
from rekindle.ground.errors import CONTRACT, DONE, LOCKED, ContractError
from rekindle.ground.paths import PROJECT

CANARY = "canary.bird@cage.example"
CANARIES = (CANARY, "Canaryname", "+32499999999", "canarycontent")


@pytest.fixture
def shop(tmp_path: Path) -> Retailer:
    return Retailer(tmp_path)


def whole(shop: Retailer, feed: str = "win_back") -> int:
    """Verifies every committed run of a feed; returns how many there are."""
    found = committed(shop.exports, feed)
    for run in found:
        runs.verify(run.folder / "manifest.json")
    return len(found)


# --- killed -----------------------------------------------------------------------------------------------------------


def _export(root: Path, last_call: int | None = None) -> int:
    """Exports, and dies before a given call of any function, of Python's own too; returns how many there were."""
    calls = itertools.count(1)

    def killed(*_: Any) -> None:
        if next(calls) == last_call:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(killed)
    try:
        Retailer(root).export("win_back")
    finally:
        sys.setprofile(None)
    return next(calls) - 1


def test_killed_at_any_moment_an_export_leaves_the_last_run_whole_and_the_next_one_completes(
    shop: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in shop.variables().items():
        monkeypatch.setenv(name, value)
    shop.publish([person("ann", first_name="Ann")], more=crowd(3_000))
    shop.export("win_back")
    shop.ack(shop.last())
    some_left = f"{crowd(4_000)}; delete from audiences.aud_win_back where profile_id like '%3'"
    shop.publish([person("ann", first_name="Anna")], as_of="2024-07-02", more=some_left)
    fork = multiprocessing.get_context("fork")
    saved = shutil.copytree(shop.exports, shop.root / "saved")
    calls = _export(shop.root)
    wanted = {path.name: path.read_bytes() for path in shop.last().folder.iterdir()}

    for moment in range(32):
        shutil.rmtree(shop.exports)
        shutil.copytree(saved, shop.exports)
        worker = fork.Process(target=_export, args=(shop.root, 1 + calls * moment // 32))
        worker.start()
        worker.join()
        assert worker.exitcode == -9
        assert whole(shop) >= 1
        assert shop.export("win_back")["win_back"].exit_code == DONE
        assert whole(shop) == 2
        assert {path.name: path.read_bytes() for path in shop.last().folder.iterdir()} == wanted
        assert not list(shop.exports.glob("**/.*.tmp")), "what a killed export left is swept away"


STEPS: list[tuple[ModuleType, str, int]] = [
    *((files, "replace_file", number) for number in range(1, 8)),
    (files, "checksum", 3),
    (runs, "commit", 1),
    (runs, "make_folder", 2),
]


def _export_killed(root: Path, module: ModuleType, where: str, call: int) -> None:
    function, calls = getattr(module, where), itertools.count(1)

    def killed(*arguments: Any) -> Any:
        if next(calls) == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments)

    setattr(module, where, killed)
    Retailer(root).export("win_back")


@pytest.mark.parametrize(("module", "where", "call"), STEPS, ids=[f"{where}-{call}" for _, where, call in STEPS])
def test_killed_in_a_given_step_nothing_half_written_is_ever_committed(
    shop: Retailer, monkeypatch: pytest.MonkeyPatch, module: ModuleType, where: str, call: int
) -> None:
    shop.publish([person("ann")])
    worker = multiprocessing.get_context("fork").Process(target=_export_killed, args=(shop.root, module, where, call))
    worker.start()
    worker.join()
    assert worker.exitcode == -9
    monkeypatch.setenv("REKINDLE_EXPORTS", str(shop.exports))
    assert whole(shop) == 0
    # another input is another run: nothing of the killed one may stay beside it
    shop.publish([person("ann"), person("bob")])
    assert shop.export("win_back")["win_back"].exit_code == DONE
    assert whole(shop) == 1
    assert len([path for path in shop.exports.glob("win_back/*/*") if path.is_dir()]) == 1
    assert len(list(shop.exports.glob("win_back/ledger/*"))) == 1


# --- together ---------------------------------------------------------------------------------------------------------


def test_a_feed_that_somebody_else_writes_is_left_alone(shop: Retailer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "LOCK_PATIENCE_SECONDS", 0.1)
    shop.feeds = [EMAIL_FEED, {**EMAIL_FEED, "feed": "other"}]
    shop.publish([person("ann")])
    (shop.exports / "win_back").mkdir(parents=True)
    with filelock.FileLock(str(shop.exports / "win_back" / ".lock")):
        reports = shop.export()
    assert (reports["win_back"].exit_code, committed(shop.exports, "win_back")) == (LOCKED, [])
    assert reports["other"].exit_code == DONE
    assert Outcome(list(reports.values()), LateNoes()).exit_code == LOCKED


def test_two_exports_at_once_make_one_run(shop: Retailer) -> None:
    shop.publish([person("ann")], more=crowd(3_000))
    script = str(PROJECT / "scripts" / "export_audiences.py")
    both = [
        subprocess.Popen([sys.executable, script, "export"], env=shop.variables(), stdout=subprocess.DEVNULL)
        for _ in range(2)
    ]
    assert {each.wait() for each in both} <= {DONE, LOCKED}
    assert whole(shop) == 1


# --- places -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["win_back", "win_back/2024-07-01", "win_back/ledger"])
def test_no_symbolic_link_is_followed(shop: Retailer, tmp_path: Path, place: str) -> None:
    shop.publish([person("ann")])
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    link = shop.exports / place
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere)
    report = shop.export("win_back")["win_back"]
    assert (report.exit_code, "is a symbolic link" in report.message) == (CONTRACT, True), report.message
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("part", ["day", "run", "manifest"])
def test_a_committed_run_is_not_read_through_a_symbolic_link(shop: Retailer, tmp_path: Path, part: str) -> None:
    for as_of in ("2024-06-30", "2024-07-01"):
        shop.publish([person("ann")], as_of=as_of)
        shop.export("win_back")
    run = committed(shop.exports, "win_back")[-1].folder
    linked = {"day": run.parent, "run": run, "manifest": run / runs.MANIFEST}[part]
    linked.rename(tmp_path / "elsewhere")
    linked.symlink_to(tmp_path / "elsewhere")
    report = shop.export("win_back")["win_back"]
    assert (report.exit_code, f"{linked} is a symbolic link" in report.message) == (CONTRACT, True), report.message


def test_a_feed_that_becomes_a_symbolic_link_is_not_read(
    shop: Retailer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REKINDLE_EXPORTS", str(shop.exports))
    shop.publish([person("ann")])
    shop.export("win_back")
    folder = runs.FeedFolder("win_back")
    folder.path.rename(tmp_path / "elsewhere")
    folder.path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ContractError, match="win_back is a symbolic link"):
        folder.manifests()


def test_the_newest_manifest_is_the_last_of_all(shop: Retailer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REKINDLE_EXPORTS", str(shop.exports))
    assert runs.FeedFolder("win_back").newest_manifest() is None
    for as_of, names in (("2024-06-30", ["ann"]), ("2024-07-01", ["ann"]), ("2024-07-01", ["bob"])):
        shop.publish([person(name) for name in names], as_of=as_of)
        shop.export("win_back")
    (shop.exports / "win_back" / "2024-07-02").mkdir()
    folder = runs.FeedFolder("win_back")
    assert len(folder.manifests()) == 3
    assert folder.newest_manifest() == folder.manifests()[-1] == max(folder.manifests())


@pytest.mark.parametrize("name", ["../evil", "/etc", "a/b", "Ä", "A", "", "a" * 64, "a\n", ".lock"])
def test_a_hostile_feed_name_is_refused(shop: Retailer, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("REKINDLE_EXPORTS", str(shop.exports))
    with pytest.raises(ContractError, match="lower case letters, digits and underscores"):
        runs.FeedFolder(name)


def test_a_full_disk_commits_nothing_and_says_so(shop: Retailer) -> None:
    shop.publish([person("ann")], more=crowd(3_000))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    said = shop.spawn("export", "win_back", preexec_fn=limit)
    assert (said.code, "Nothing of feed win_back was committed" in said.text) == (1, True), said.text
    assert not list(shop.exports.glob("win_back/*/*"))
    assert shop.export("win_back")["win_back"].exit_code == DONE


def test_a_disk_that_is_full_in_whatever_step_commits_nothing_and_leaves_nothing(
    shop: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.publish([person("ann")])
    replace, steps = files.replace_file, 0
    for step in itertools.count(1):
        calls = itertools.count(1)

        def put(new: Path, old: Path, full_at: int = step, calls: Iterator[int] = calls) -> None:
            if next(calls) == full_at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            replace(new, old)

        monkeypatch.setattr(files, "replace_file", put)
        report = shop.export("win_back")["win_back"]
        if report.exit_code == DONE:
            break
        steps += 1
        assert report.exit_code == 1
        assert report.message == (
            "Nothing of feed win_back was committed (No space left on device): mend the cause and run this again."
        )
        assert not committed(shop.exports, "win_back")
        assert not [path for path in shop.exports.rglob("*") if path.is_file() and path.name != ".lock"]
    assert steps >= 5, "three data files at least, the ledger and the manifest"
    monkeypatch.undo()
    monkeypatch.setenv("REKINDLE_EXPORTS", str(shop.exports))
    assert whole(shop) == 1


def _as_nobody() -> None:
    """What root keeps from writing into what is closed: the program that is started next lacks the right to."""
    write, read, drop_from_the_bounding_set = 1, 2, 24  # of linux/capability.h and linux/prctl.h
    for right in (write, read):
        if ctypes.CDLL(None, use_errno=True).prctl(drop_from_the_bounding_set, right, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")


def test_a_folder_nobody_may_write_is_one_sentence(shop: Retailer) -> None:
    shop.publish([person("ann")])
    shop.exports.mkdir(mode=0o555)
    said = shop.spawn("export", "win_back", preexec_fn=_as_nobody if os.geteuid() == 0 else None)
    assert said.code == 1
    assert "cannot be made (Permission denied): check owner and mode of" in said.text
    assert "Traceback" not in said.text
    assert list(shop.exports.iterdir()) == []


def test_a_wide_umask_does_not_open_the_files(shop: Retailer) -> None:
    shop.publish([person("ann")])
    before = os.umask(0)
    try:
        shop.export()
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in shop.exports.rglob("*")} == {0}


# --- nobody's data is told --------------------------------------------------------------------------------------------

FAILURES: dict[str, dict[str, Any]] = {
    "contract": {"more": "alter table audiences.aud_win_back drop column city"},
    "consent": {"more": "update audiences.aud_win_back set consented_at = null"},
    "cast": {"more": "alter table audiences.aud_win_back alter send_at type varchar using email"},
    "json": {"more": "update audiences.aud_win_back set content = 'canarycontent ' || email"},
    "guard": {"feeds": [{**EMAIL_FEED, "guards": {"min_rows": 99}}]},
    "rejected": {"feeds": [{**EMAIL_FEED, "text_policy": "reject"}], "people": {"first_name": "=Canaryname"}},
    "withdrawn": {"withdrawn": [("bird", "*", "*", "erased")]},
    "environment": {"variables": {"REKINDLE_THREADS": CANARY}},
    "traceback": {"variables": {"REKINDLE_EXPORTS": CANARY * 20}},  # a name longer than the file system takes
    "done": {},
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_nobodys_data_is_told_whatever_happens(shop: Retailer, failure: str, options: tuple[str, ...]) -> None:
    how = FAILURES[failure]
    shop.feeds = how.get("feeds", shop.feeds)
    bird = person(
        "bird", email=CANARY, first_name="Canaryname", last_name="Canaryname", content='{"cta": "canarycontent"}'
    )
    shop.publish([{**bird, **how.get("people", {})}], more=how.get("more", ""), withdrawn=how.get("withdrawn", ()))
    said = shop.call("export", *options, **how.get("variables", {}))
    told = [said.text]
    assert (said.code == 0) == (failure in ("done", "withdrawn", "rejected", "json")), told
    files = [path for path in shop.exports.rglob("*") if path.is_file() and "ledger" not in path.parts]
    data = [
        file for file in files if file.name.endswith(("__full.csv", "__added.csv", "__changed.csv", "__removed.csv"))
    ]
    told += [path.read_text(encoding="utf-8") for path in files if path not in data]
    told += [path.name for path in shop.exports.rglob("*")]
    for canary in CANARIES:
        assert not [text for text in told if canary in text], failure
    if failure == "done":
        assert CANARY in "".join(path.read_text(encoding="utf-8") for path in data), "the canary was there to be told"


def test_an_export_after_a_killed_build_is_a_broken_contract(shop: Retailer) -> None:
    """A build that was killed publishes nothing; what is left over of a publication cannot be exported."""
    shop.publish([person("ann")])
    shop.activation.rename(shop.activation.with_name(".activation.duckdb.tmp"))
    assert shop.call("export").code == CONTRACT
    shop.publish([person("ann")], as_of="2024-07-01")
    assert shop.call("export", "--as-of", "2024-07-02").code == CONTRACT
    assert not shop.exports.exists()
