"""A list for an ad platform, exported whole and a month later as a delta; and beside it the same in bare SQL."""

import filecmp
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from rekindle.bench.engine import SQL, Engine
from rekindle.bench.measure import middle
from rekindle.export import exporting, one_feed, runs, staging, writing
from rekindle.export.targets import load_target
from rekindle.gates.judge import Gate, Measure
from rekindle.ground import files
from rekindle.ground.errors import RekindleError
from rekindle.ground.quoting import name, text
from rekindle.ground.rules import apply

TARGET = "meta_custom_audience"
FEED = {"feed": "bench", "target": TARGET, "channel": "ads", "purpose": "ads_personalisation"}
# as-of date, mode, first person, moved: of the second list, 2 % are new, 2 % have left, 1 % have moved
LISTS = (("2025-11-01", "full", 0, False), ("2025-12-01", "delta", 2, True))
HASH, WRITE, ALL = "normalise, judge, hash", "sort and write", "all of it"
# who may be written to, under the ids of today: what stands beside the audience in the file of a build
CONSENT = f"""
    create table published.audiences.audience_withdrawals (
        profile_id varchar, channel varchar, purpose varchar, reason varchar, withdrawn_at timestamp
    );
    create table published.audiences.audience_permissions as
    select profile_id, channel, purpose, 'email' as address_kind, email as address, consented_at
    from published.audiences.aud_bench
    union all
    select profile_id, channel, purpose, 'phone', phone, consented_at
    from published.audiences.aud_bench;
    create table published.audiences.audience_contacts as
    select profile_id, 'web_shop' as source_system, profile_id as contact_id, country_code
    from published.audiences.aud_bench;
    create table published.audiences.audience_former_records (
        profile_id varchar, source_system varchar, contact_id varchar
    );
    create table published.audiences.audience_messages (
        message_id varchar, profile_id varchar, channel varchar, sent_at timestamp
    );
    create table published.audiences.audience_doubted_messages (
        message_id varchar, source_system varchar, contact_id varchar, channel varchar, sent_at timestamp
    );
    create table published.audiences.audience_held_addresses as
    select distinct
        profile_id, address_kind, {apply("hash_id", ["address_kind", "address"])} as address_id, false as is_over_shared
    from published.audiences.audience_permissions;
    create table published.audiences.audience_unknown_records (
        source_system varchar, contact_id varchar, address_kind varchar, address_id varchar
    );
    create table published.audiences.audience_unknown_people (
        source_system varchar, contact_id varchar, profile_id varchar, apart_since_date date
    );
    create table published.audiences.audience_siblings (
        profile_id varchar, sibling_profile_id varchar, split_as_of_date date
    );
    create table published.audiences.audience_former_ids (former_profile_id varchar, profile_id varchar)
"""


@dataclass(frozen=True)
class Exports:
    """Seconds of each step of the exporter, and of the bare SQL; what the exporter does besides has no equivalent."""

    members: int
    full: dict[str, float]
    delta: dict[str, float]
    full_by_hand: float
    delta_by_hand: float

    @property
    def times_bare_copy(self) -> float:
        """Hashing, sorting and writing, against one COPY that does that and nothing else."""
        return (self.full[HASH] + self.full[WRITE]) / self.full_by_hand

    @property
    def times_bare_delta(self) -> float:
        """All of the exporter's delta, its gate included, against the bare SQL."""
        return self.delta[ALL] / self.delta_by_hand


def compare(folder: Path, engine: Engine, members: int) -> Exports:
    """Exports both lists both ways; the middle of three rounds, by `times_bare_copy`.

    Whoever writes two gigabytes waits for memory and disk, now less, now more, and who comes first in a process waits
    longest. Raises RekindleError when a file of the two ways is not the same, byte for byte.
    """
    folder.mkdir()
    for each in LISTS:
        _publish(folder, engine, members, *each)
    with mock.patch.dict(os.environ, _places(folder, engine)):
        # importing Great Expectations takes the same seconds for one person as for millions
        Gate("warm").judge("warm", [Measure("nothing", "none", 0, "none", "none", largest=0)])
        return middle(partial(_round, folder, engine, members), by=lambda found: found.times_bare_copy)


def _round(folder: Path, engine: Engine, members: int) -> Exports:
    for left in ("exports", "by_hand"):
        shutil.rmtree(folder / left, ignore_errors=True)
    full, delta = (_export(folder, as_of) for as_of, *_ in LISTS)
    return Exports(members, full, delta, *_by_hand(folder, engine))


def _places(folder: Path, engine: Engine) -> dict[str, str]:
    return {
        "REKINDLE_PUBLISHED": str(folder / "published"),
        "REKINDLE_EXPORTS": str(folder / "exports"),
        "REKINDLE_LATE_NOES": str(folder / "late_noes"),
        "REKINDLE_MEMORY_LIMIT": engine.memory_limit,
        "REKINDLE_THREADS": str(engine.threads),
        "DBT_TARGET_PATH": str(folder / "target"),
    }


def _activation(folder: Path, as_of: str) -> Path:
    return folder / f"activation_{as_of}.duckdb"


def _publish(folder: Path, engine: Engine, members: int, as_of: str, mode: str, first: int, moved: bool) -> None:
    """An activation file of one audience, as a build leaves it."""
    path = _activation(folder, as_of)
    with engine.connect() as connection:
        connection.execute(f"attach {text(path)} as published")
        values = {"as_of": as_of, "members": members, "first": members * first // 100, "moved": moved}
        connection.execute("create schema published.audiences")
        connection.execute((SQL / "exports" / "audience.sql").read_text(encoding="utf-8"), values)
        connection.execute(CONSENT)
        connection.execute(
            "create table published._published as select '0' as version, 'bench' as invocation_id, "
            "cast(? as date) as as_of_date, true as tests_passed",
            [as_of],
        )
        connection.execute("create table published._feeds (feed varchar, audience varchar, config varchar)")
        feed = json.dumps({**FEED, "mode": mode, "guards": {"platform_minimum": False}})
        connection.execute("insert into published._feeds values ('bench', 'aud_bench', ?)", [feed])
    path.chmod(0o600)


def _export(folder: Path, as_of: str) -> dict[str, float]:
    """Exports one list and acknowledges it; seconds by step."""
    published = folder / "published" / "activation.duckdb"
    published.parent.mkdir(exist_ok=True)
    published.unlink(missing_ok=True)
    published.hardlink_to(_activation(folder, as_of))
    with _timed() as seconds:
        started = time.perf_counter()
        (report,) = exporting.export(("bench",), None, dry=False).reports
        whole = time.perf_counter() - started
    if report.exit_code or report.run_id is None:
        raise RekindleError(f"The benchmark's list as of {as_of} was not exported: {report.message}")
    feed, run = runs.find_run(report.run_id)
    with feed.locked():
        feed.acknowledge(run)
    return {**seconds, "the rest": whole - sum(seconds.values()), ALL: whole}


@contextmanager
def _timed() -> Iterator[dict[str, float]]:
    """Measures the exporter's own steps while it runs; a step inside another counts once, as itself."""
    steps = {
        HASH: (one_feed, "stage"),
        "look up permissions": (staging, "look_up_permissions"),
        "look for evidence and doubles": (staging, "count_of"),
        "compare with what was sent": (one_feed, "compare"),
        WRITE: (writing.Piece, "copy_to"),
        "bring it to the disk": (files, "sync"),
        "checksum": (files, "checksum"),
        "gate, reads it back": (writing, "check_files"),
    }
    seconds = dict.fromkeys(steps, 0.0)
    inside = [0.0]  # seconds of the steps within the one that runs

    def watch(step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*given: Any, **named: Any) -> Any:
            started = time.perf_counter()
            inside.append(0.0)
            try:
                return function(*given, **named)
            finally:
                elapsed = time.perf_counter() - started
                seconds[step] += elapsed - inside.pop()
                inside[-1] += elapsed

        return watched

    with ExitStack() as patches:
        for step, (holder, function) in steps.items():
            patches.enter_context(mock.patch.object(holder, function, watch(step, getattr(holder, function))))
        yield seconds


def _catalog(as_of: str) -> str:
    return name(f"published {as_of}")


def _hashed(as_of: str) -> str:
    """A list as the platform wants it; nothing is judged."""
    columns = [
        f"{apply('sha256_hex', apply(each.rule, each.source))} as {name(each.header)}"
        for each in load_target(TARGET).columns
    ]
    return f"select {', '.join(columns)} from {_catalog(as_of)}.audiences.aud_bench"


def _by_hand(folder: Path, engine: Engine) -> tuple[float, float]:
    """Seconds of the list, and of the delta a month later with what the next delta will start from."""
    columns = [name(each.header) for each in load_target(TARGET).columns]
    ids, described = columns[:2], columns[2:]
    row_hash = f"md5(concat_ws(chr(31), {', '.join(described)}))"
    same = " and ".join(f"today.{each} = before.{each}" for each in ids)
    (first, *_), (second, *_) = LISTS
    hand = folder / "by_hand"
    hand.mkdir()
    with engine.connect() as connection:
        for as_of in (first, second):
            connection.execute(f"attach {text(_activation(folder, as_of))} as {_catalog(as_of)} (read_only)")

        def copy(query: str, file: str, form: str = "format csv, header true") -> None:
            connection.execute(f"copy ({query}) to {text(hand / file)} ({form})")

        started = time.perf_counter()
        copy(f"{_hashed(first)} order by {', '.join(ids)}", "full.csv")
        full = time.perf_counter() - started
        _is_the_same(folder, first, "full", hand)

        ledger = f"select {', '.join(ids)}, {row_hash} as row_hash from"
        copy(f"{ledger} ({_hashed(first)})", "before.parquet", "format parquet")
        connection.execute(f"create view before as from {text(hand / 'before.parquet')}")
        started = time.perf_counter()
        connection.execute(f"create temp table today as select *, {row_hash} as row_hash from ({_hashed(second)})")
        selected, order = ", ".join(f"today.{each}" for each in columns), ", ".join(f"today.{each}" for each in ids)
        joined = f"select {selected} from today left join before on {same}"
        copy(f"{joined} where before.row_hash is null order by {order}", "added.csv")
        copy(f"{joined} where before.row_hash <> today.row_hash order by {order}", "changed.csv")
        copy(
            f"select {', '.join(ids)} from before where not exists (select 1 from today where {same}) "
            f"order by {', '.join(ids)}",
            "removed.csv",
        )
        copy(f"{ledger} today", "after.parquet", "format parquet")
        delta = time.perf_counter() - started
    for role in ("added", "changed", "removed"):
        _is_the_same(folder, second, role, hand)
    return full, delta


def _is_the_same(folder: Path, as_of: str, role: str, hand: Path) -> None:
    """Raises when the exporter's file and the one by hand differ in a byte."""
    (exported,) = (folder / "exports" / "bench" / as_of).glob(f"*/bench__{as_of}__{role}.csv")
    if not filecmp.cmp(exported, hand / f"{role}.csv", shallow=False):
        raise RekindleError(
            f"The exporter's {role} list and the one by hand differ: one of them is wrong; run it again with --keep "
            f"and compare {exported} with {hand / f'{role}.csv'}."
        )
