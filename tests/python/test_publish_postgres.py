"""The publication in PostgreSQL, against a server that the test starts (Debian's package postgresql)."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import psycopg
import pytest

from rekindle.ground.errors import RekindleError
from rekindle.run import postgres
from rekindle.run.postgres import check_address, publish_to_postgres


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    assert programs, "These tests start a PostgreSQL of their own: install it (apt-get install postgresql)."
    folder = Path(tempfile.mkdtemp(prefix="rekindle-pg-"))
    # PostgreSQL refuses to run as root
    user = "postgres" if os.getuid() == 0 else None
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)

    def call(program: str, *options: str) -> None:
        subprocess.run(
            [programs[-1] / program, "-D", folder / "data", *options],
            check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    try:
        call("initdb", "-A", "trust", "-U", "rekindle")
        call("pg_ctl", "-w", "-l", "/dev/null", "-o", f"-k {folder} -c listen_addresses='' -c fsync=off", "start")
        yield f"postgresql://rekindle@/postgres?host={folder}"
        call("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return _edition(tmp_path / "rekindle.duckdb", 1)


def _edition(path: Path, edition: int) -> Path:
    path.unlink(missing_ok=True)
    with contextlib.closing(duckdb.connect(path)) as made:
        made.execute("create schema core")
        made.execute(f"create table _published as select {edition} as edition")
        made.execute(
            f"create table core.orders as select cast(i as varchar) as order_id, {edition} as edition, "
            "cast(i / 4 as decimal(18,2)) as net_amount, i > 5 as is_late, date '2024-01-01' as order_date, "
            "timestamp '2024-01-01 10:00:00.123456' as ordered_at, 'a\tb\\n' as note, null::double as share "
            "from range(100) as r(i)"
        )
        made.execute("comment on table core.orders is 'One row per order: it''s so.'")
        made.execute("comment on column core.orders.note is 'What was said.'")
    return path


def test_rows_comments_keys_and_grants_are_kept(server: str, file: Path) -> None:
    assert publish_to_postgres(file, server, {"orders": ["order_id"]}) == (1, 101)
    with psycopg.connect(server) as reader:
        reader.execute('create role "Bi" ')
        reader.execute('grant usage on schema rekindle to "Bi"; grant select on rekindle.orders to "Bi"')
    publish_to_postgres(_edition(file, 2), server, {"orders": ["order_id"]})
    with psycopg.connect(server) as reader, contextlib.closing(duckdb.connect(file, read_only=True)) as source:
        held = reader.execute("select * from rekindle.orders order by order_id").fetchall()
        assert held == source.execute("select * from core.orders order by order_id").fetchall()
        assert reader.execute("select obj_description('rekindle.orders'::regclass)").fetchone() == (
            "One row per order: it's so.",
        )
        assert reader.execute(
            "select contype from pg_constraint where conrelid = 'rekindle.orders'::regclass"
        ).fetchall()
        reader.execute('set role "Bi"')
        assert reader.execute("select distinct edition from rekindle.orders").fetchall() == [(2,)]


def test_a_failing_publication_leaves_the_old_one(server: str, file: Path) -> None:
    publish_to_postgres(file, server, {})
    with pytest.raises(RekindleError, match="stays as it was"):
        publish_to_postgres(_edition(file, 9), server, {"orders": ["edition"]})
    with psycopg.connect(server) as reader:
        assert reader.execute("select distinct edition from rekindle.orders").fetchall() == [(1,)]


def test_a_schema_that_is_not_ours_is_refused(server: str, file: Path) -> None:
    with psycopg.connect(server) as owner:
        owner.execute("drop schema if exists rekindle cascade; create schema rekindle")
    with pytest.raises(RekindleError, match="not ours"):
        publish_to_postgres(file, server, {})
    with psycopg.connect(server) as owner:
        owner.execute("drop schema rekindle")


@pytest.mark.parametrize("url", ["postgres://me:pass-word@host/db", "postgres://me@host/db?password=pass-word"])
def test_a_password_in_the_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(RekindleError, match="PGPASSWORD") as refused:
        check_address(url)
    assert "pass-word" not in str(refused.value)


def test_readers_during_20_publications_see_whole_editions_only(server: str, file: Path) -> None:
    publish_to_postgres(file, server, {})
    seen: list[tuple[int, int, int]] = []
    finished = threading.Event()

    def read() -> None:
        with psycopg.connect(server, autocommit=True) as reader:
            while not finished.is_set():
                seen.extend(
                    reader.execute(
                        "select min(orders.edition), max(orders.edition), count(*) from rekindle.orders"
                    ).fetchall()
                )

    with ThreadPoolExecutor() as pool:
        reading = pool.submit(read)
        for edition in range(2, 22):
            publish_to_postgres(_edition(file, edition), server, {})
        finished.set()
        reading.result()
    assert len({first for first, _, _ in seen}) > 1
    assert all(first == last and rows == 100 for first, last, rows in seen)


def test_a_publication_killed_in_the_middle_leaves_the_old_one(
    server: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_to_postgres(file, server, {})
    _edition(file, 7)
    # just before the old schema goes, the process ends as if killed
    monkeypatch.setattr(postgres, "_keep_grants", lambda target: os._exit(9))
    child = os.fork()
    if child == 0:
        publish_to_postgres(file, server, {})
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    monkeypatch.undo()
    with psycopg.connect(server) as reader:
        assert reader.execute("select distinct edition from rekindle.orders").fetchall() == [(1,)]
    publish_to_postgres(file, server, {})
    with psycopg.connect(server) as reader:
        assert reader.execute("select distinct edition from rekindle.orders").fetchall() == [(7,)]
