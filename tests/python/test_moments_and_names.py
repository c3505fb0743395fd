"""Dates, stamps and names as files hold them: what engines read otherwise is nothing, or one and the same, here."""

from collections.abc import Iterator

import duckdb
import pytest
from compiled import compile_inline


@pytest.fixture(scope="module")
def query(tmp_path_factory: pytest.TempPathFactory) -> str:
    asked = ", ".join(f"cast({{{{ try_cast('written', '{kind}') }}}} as varchar)" for kind in ("timestamp", "date"))
    return compile_inline(tmp_path_factory.mktemp("moments"), f"select {asked} from texts")


@pytest.fixture(scope="module")
def folded(tmp_path_factory: pytest.TempPathFactory) -> str:
    return compile_inline(tmp_path_factory.mktemp("names"), "select {{ folded_name('written') }} from texts")


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


@pytest.mark.parametrize(
    ("written", "stamp", "day"),
    [
        ("2024-02-03", "2024-02-03 00:00:00", "2024-02-03"),
        ("2024/2/3", "2024-02-03 00:00:00", "2024-02-03"),
        ("2024-02-03T9:05", "2024-02-03 09:05:00", "2024-02-03"),
        ("2024-02-03 10:05:30.5", "2024-02-03 10:05:30.5", "2024-02-03"),
        ("0001-01-01 00:00:00", "0001-01-01 00:00:00", "0001-01-01"),
        (" 2024-02-03 10:05 ", "2024-02-03 10:05:00", "2024-02-03"),
        ("2024-02-03 10:05:30 ", "2024-02-03 10:05:30", "2024-02-03"),
        # with a zone it is an instant, which instant() reads
        ("2024-02-03 10:05:30Z", None, "2024-02-03"),
        ("2024-02-03 10:05 +02:00", None, "2024-02-03"),
        # Spark alone would read these: the first as a time of today
        ("12:30", None, None),
        ("2024", None, None),
        ("2024-06", None, None),
        ("2024-02-03 10", None, "2024-02-03"),
        # and DuckDB these
        ("2024-02-03 24:00:00", None, "2024-02-03"),
        ("24-02-03", None, None),
        ("2024 02 03", None, None),
        ("12024-01-01", None, None),
        ("epoch", None, None),
        ("infinity", None, None),
        # and nobody these
        ("03/02/2024", None, None),
        ("2024-02/03", None, None),
        ("2024-02-30", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_text_is_a_moment_only_as_every_engine_reads_it(
    written: str | None, stamp: str | None, day: str | None, query: str, connection: duckdb.DuckDBPyConnection
) -> None:
    connection.execute("create table texts as select $1::varchar as written", [written])
    assert connection.execute(query).fetchall() == [(stamp, day)]


@pytest.mark.parametrize(
    "spellings",
    [
        ("ΝΙΚΟΣ ΠΑΠΠΑΣ", "Νικος Παππας", "Νίκος Παππάς", "ΝΊΚΟΣ ΠΑΠΠΆΣ"),
        ("ΜΑΪΟΥ", "Μαΐου", "μαϊου"),
        ("ZOË", "Zoë", "zoe"),
        ("O'BRIEN", "O’Brien", "o brien"),
    ],
)
def test_a_name_in_capitals_or_with_accents_is_the_same_name(
    spellings: tuple[str, ...], folded: str, connection: duckdb.DuckDBPyConnection
) -> None:
    connection.execute("create table texts as select unnest($1::varchar[]) as written", [list(spellings)])
    assert len(set(connection.execute(folded).fetchall())) == 1
