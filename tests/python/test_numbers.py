"""Numbers of pieces and of money: try_cast() makes null what it would have to make another number of."""

from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest
from compiled import compile_inline


@pytest.fixture(scope="module")
def query(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("numbers")
    asked = ", ".join(f"{{{{ try_cast('number', '{kind}') }}}}" for kind in ("integer", "bigint", "decimal(18,2)"))
    return compile_inline(folder, f"select {asked} from numbers")


@pytest.fixture(scope="module")
def comma(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("decimal_comma")
    return compile_inline(folder, "select {{ decimal_comma('number') }} from numbers")


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


@pytest.mark.parametrize(
    ("written", "pieces", "amount"),
    [
        ("3", 3, "3.00"),
        (" -3 ", -3, "-3.00"),
        ("+3", 3, "3.00"),
        ("2.0", 2, "2.00"),
        ("2.5", None, "2.50"),
        (".5", None, "0.50"),
        ("1e3", 1000, "1000.00"),
        ("-0", 0, "0.00"),
        ("12.3400", None, "12.34"),
        ("12.340000000000001", None, "12.34"),
        ("7.999999999", 8, "8.00"),
        ("1.005", None, None),
        ("1234.005", None, None),
        ("0.3333", None, None),
        # twelve hundred, or one and a bit
        ("1.234", None, None),
        ("1.000", None, None),
        ("-12.500", None, None),
        ("0.500", None, "0.50"),
        ("1234.500", None, "1234.50"),
        ("1.234,50", None, None),
        ("1,5", None, None),
        ("1'234.50", None, None),
        ("1 000", None, None),
        ("1_000", None, None),
        ("0x1F", None, None),
        ("\uff11\uff12", None, None),
        ("12.50\u00a0", None, None),
        ("\ufeff12.50", None, None),
        ("NaN", None, None),
        ("Infinity", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_text_is_a_number_only_as_it_stands_there(
    written: str | None, pieces: int | None, amount: str | None, query: str, connection: duckdb.DuckDBPyConnection
) -> None:
    connection.execute("create table numbers as select $1::varchar as number", [written])
    money = Decimal(amount) if amount else None
    assert connection.execute(query).fetchall() == [(pieces, pieces, money)]


@pytest.mark.parametrize(
    ("number", "pieces", "amount"),
    [
        ("2.5::double", None, "2.50"),
        ("2::double", 2, "2.00"),
        ("(0.1::double + 0.2::double)", None, "0.30"),
        ("1.005::double", None, None),
        ("1.234::double", None, None),
        ("-0.0::double", 0, "0.00"),
        ("'nan'::double", None, None),
        ("12.34::float", None, "12.34"),
        ("12345.67::float", None, "12345.67"),
        ("12.345::float", None, None),
        ("1.005::decimal(9,3)", None, None),
        ("1.000::decimal(9,3)", 1, "1.00"),
        ("2.50::decimal(18,2)", None, "2.50"),
        ("3::bigint", 3, "3.00"),
        ("3::hugeint", 3, "3.00"),
    ],
)
def test_a_typed_number_is_kept_or_none(
    number: str, pieces: int | None, amount: str | None, query: str, connection: duckdb.DuckDBPyConnection
) -> None:
    connection.execute(f"create table numbers as select {number} as number")
    money = Decimal(amount) if amount else None
    assert connection.execute(query).fetchall() == [(pieces, pieces, money)]


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1.234,50", "1234.50"),
        ("1234,5", "1234.50"),
        ("-1.234.567,89", "-1234567.89"),
        (" 12,50 ", "12.50"),
        ("1.234", "1234.00"),
        ("12", "12.00"),
        ("0,00", "0.00"),
        # without its point it would be a hundred times as much
        ("12.50", None),
        ("1.23,50", None),
        ("1234.567,00", None),
        ("1,234.50", None),
        ("12,345", None),
        (",5", None),
        ("12,5 \u20ac", None),
        ("", None),
        (None, None),
    ],
)
def test_a_text_with_a_decimal_comma_is_a_number_only_where_points_part_thousands(
    written: str | None, amount: str | None, comma: str, connection: duckdb.DuckDBPyConnection
) -> None:
    connection.execute("create table numbers as select $1::varchar as number", [written])
    assert connection.execute(comma).fetchall() == [(Decimal(amount) if amount else None,)]
