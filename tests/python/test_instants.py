"""Stamps that carry a zone: instant() reads them, try_cast() to a timestamp leaves them out."""

from datetime import UTC, datetime

import duckdb
import pytest
from compiled import compile_inline

# as tools write them: shops, e-mail providers, databases, logs
READ = (
    *("2024-06-01T04:04:00+02:00", "2024-06-01 04:04:00 +02:00", "2024-06-01 04:04:00 -0400", "2024-06-01 04:04:00+02"),
    *("2024-06-01T04:04:00Z", "2024-06-01t04:04:00z", "2024-06-01T04:04Z", "2024-06-01 04:04 +0200"),
    *("2024-06-01T04:04:00.123456+00:00", "2024-06-01T04:04:00.5+05:30", "2024-12-31 23:30:00-0800"),
    *("2024-02-29T23:59:59-0330", "  2024-06-01 04:04:00 +0200\t"),
)
NAMED = {"2024-06-01 04:04:00 UTC": "2024-06-01T04:04", "2024-06-01 04:04:00 gmt": "2024-06-01T04:04"}
# no zone, a zone of several meanings, no such day, no stamp
UNREAD = (
    *("2024-06-01 04:04:00", "2024-06-01 04:04", "2024-06-01", "2024-06-01 04:04:00 CEST", "2024-06-01 04:04:00 EST"),
    *("2024-06-01 04:04:00 Europe/Paris", "2023-02-29T04:04:00Z", "2024-06-01 25:04:00Z", "soon", "", "+02:00"),
    # further away than any place is
    *("2024-06-01 04:04:00+99:00", "2024-06-01 04:04:00 -1500", "2024-06-01 04:04:00+02:75"),
)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Both macros over the column `stamp` of a table `stamps`."""
    query = "select {{ try_cast('stamp', 'timestamp') }}, {{ instant('stamp') }} from stamps"
    return compile_inline(tmp_path_factory.mktemp("instants"), query)


def read(compiled: str, stamp: str | None, data_type: str = "varchar") -> tuple[datetime | None, datetime | None]:
    """What try_cast() and instant() make of a stamp."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"create table stamps as select cast(? as {data_type}) as stamp", [stamp])
        found = connection.execute(compiled).fetchall()[0]
    return found[0], found[1]


@pytest.mark.parametrize("stamp", READ)
def test_a_stamp_with_an_offset_is_its_utc_instant(compiled: str, stamp: str) -> None:
    written = stamp.strip().upper().replace(" +", "+").replace(" -", "-")
    expected = datetime.fromisoformat(written).astimezone(UTC).replace(tzinfo=None)
    assert read(compiled, stamp)[1] == expected


@pytest.mark.parametrize(("stamp", "expected"), NAMED.items())
def test_utc_and_gmt_are_offsets_too(compiled: str, stamp: str, expected: str) -> None:
    assert read(compiled, stamp) == (None, datetime.fromisoformat(expected))


@pytest.mark.parametrize("stamp", UNREAD)
def test_what_names_no_instant_is_null(compiled: str, stamp: str) -> None:
    assert read(compiled, stamp)[1] is None


@pytest.mark.parametrize("stamp", [*READ, *NAMED, "2024-06-01 04:04:00 CEST", "2024-06-01 04:04:00 Europe/Paris"])
def test_a_stamp_with_a_zone_is_never_taken_for_a_local_one(compiled: str, stamp: str) -> None:
    assert read(compiled, stamp)[0] is None


@pytest.mark.parametrize("stamp", ["2024-06-01 04:04:00", "2024-06-01T04:04:00.25", "2024-06-01", "2024-06-01 04:04"])
def test_a_stamp_without_a_zone_is_cast_as_it_stands(compiled: str, stamp: str) -> None:
    assert read(compiled, stamp) == (datetime.fromisoformat(stamp), None)


def test_columns_that_are_no_text_know_themselves(compiled: str) -> None:
    noon = datetime.fromisoformat("2024-06-01 12:00:00")
    assert read(compiled, "2024-06-01 12:00:00", "timestamp") == (noon, None)
    assert read(compiled, "2024-06-01 14:00:00+02", "timestamptz") == (noon, noon)
    assert read(compiled, None, "varchar") == (None, None)
