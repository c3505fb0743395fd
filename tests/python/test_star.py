"""The star and the hub against independent implementations: pandas on the demo's data, people of the fixture by rule.

Nothing here reads the SQL under test: orders come from the installed data package, expectations on the fixture's people
from tests/fixtures/README.md.
"""

import os
import shutil
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import forked
import pandas as pd
import pytest
from grocer import package_table

from rekindle.ground import paths

Warehouse = duckdb.DuckDBPyConnection

AMOUNTS = ["gross_amount", "discount_amount", "offer_discount_amount", "net_amount"]
PUBLIC_SCHEMAS = ("core", "segments", "hub")


@pytest.fixture(scope="module")
def demo(demo_warehouse: Path) -> Iterator[Warehouse]:
    """The demo as of its last month, opened read-only."""
    connection = duckdb.connect(str(demo_warehouse), read_only=True)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def fixture(fixture_warehouse: Path) -> Iterator[Warehouse]:
    """The hand-written people, opened read-only."""
    connection = duckdb.connect(str(fixture_warehouse), read_only=True)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def baskets() -> pd.DataFrame:
    """The baskets of the data package: one row per basket, amounts in cents so that sums are exact."""
    lines = package_table("transactions.parquet")

    def cents(column: str) -> pd.Series:
        return (lines[column].abs() * 100).round().astype("int64")

    lines = lines.assign(
        order_id=lines["basket_id"].astype(str),
        household_id=lines["household_id"].astype(str),
        discount_amount=cents("retail_disc"),
        offer_discount_amount=cents("coupon_match_disc"),
        net_amount=cents("sales_value"),
    )
    lines["gross_amount"] = lines["net_amount"] + lines["discount_amount"] + lines["offer_discount_amount"]
    local = lines["transaction_timestamp"].dt.tz_localize("UTC").dt.tz_convert("America/New_York")
    lines["order_date"] = local.dt.tz_localize(None).dt.normalize()
    return lines.groupby("order_id").agg(
        household_id=("household_id", "first"),
        line_count=("product_id", "size"),
        unit_count=("quantity", "sum"),
        order_date=("order_date", "min"),
        **{amount: (amount, "sum") for amount in AMOUNTS},
    )


def in_cents(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Amounts as whole cents: decimals come as doubles."""
    return frame.assign(**{column: (frame[column].astype(float) * 100).round().astype("int64") for column in columns})


def test_orders_of_the_demo_equal_pandas(demo: Warehouse, baskets: pd.DataFrame) -> None:
    columns = ["line_count", "unit_count", "order_date", *AMOUNTS]
    built = demo.execute(
        f"select order_id, {', '.join(columns)} from core.fct_orders where source_system = 'till'"
    ).df()  # fmt: skip
    built = in_cents(built, AMOUNTS).set_index("order_id").sort_index()
    built["order_date"] = pd.to_datetime(built["order_date"])
    assert len(built) == 155_848
    pd.testing.assert_frame_equal(built, baskets[columns].sort_index(), check_dtype=False)


def test_profile_days_of_the_demo_equal_pandas(demo: Warehouse, baskets: pd.DataFrame) -> None:
    households = demo.execute(
        "select contact_id as household_id, profile_id from identity.contact_profiles where source_system = 'till'"
    ).df()
    expected = (
        baskets.reset_index()
        .merge(households, on="household_id", validate="many_to_one")
        .groupby(["profile_id", "order_date"])
        .agg(orders=("order_id", "size"), net_amount=("net_amount", "sum"))
    )
    # the simulated world may have added baskets of its own: they are taken off again, order by order
    world = demo.execute(
        "select profile_id, order_date, 1 as orders, net_amount from core.fct_orders where source_system <> 'till'"
    ).df()
    days = demo.execute("select profile_id, order_date, orders, net_amount from core.profile_days").df()
    world = in_cents(world, ["net_amount"])
    world[["orders", "net_amount"]] *= -1
    built = pd.concat([frame for frame in (in_cents(days, ["net_amount"]), world) if len(frame)])
    built["order_date"] = pd.to_datetime(built["order_date"]).astype("datetime64[ns]")
    built = built.groupby(["profile_id", "order_date"])[["orders", "net_amount"]].sum().query("orders > 0")
    assert len(built) == 127_431
    pd.testing.assert_frame_equal(built, expected, check_dtype=False)


def on_the_clock(stamp: datetime) -> date:
    return stamp.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo("America/New_York")).date()


def test_redemptions_of_the_demo_equal_python(demo: Warehouse) -> None:
    """Use after use against the copies still open, instead of in rounds."""
    person = "join identity.contact_profiles using (source_system, contact_id)"
    copies: dict[tuple[str, str], list[tuple[str, datetime, datetime | None]]] = {}
    for profile_id, offer_id, *copy in demo.execute(
        "select profile_id, offer_id, assignment_id, assigned_at, expires_at "
        f"from intake.intake_offer_assignments {person} order by assigned_at, assignment_id"
    ).fetchall():
        copies.setdefault((profile_id, offer_id), []).append((copy[0], copy[1], copy[2]))
    expected: dict[str, str | None] = {}
    for profile_id, offer_id, redemption_id, redeemed_at in demo.execute(
        f"select profile_id, offer_id, redemption_id, redeemed_at from intake.intake_offer_redemptions {person} "
        "order by redeemed_at, redemption_id"
    ).fetchall():
        held = copies.get((profile_id, offer_id), [])
        day = on_the_clock(redeemed_at)
        found = [each for each in held if on_the_clock(each[1]) <= day and (each[2] is None or redeemed_at < each[2])]
        expected[redemption_id] = found[0][0] if found else None
        if found:
            held.remove(found[0])
    built = dict(demo.execute("select redemption_id, assignment_id from core.fct_offer_redemptions").fetchall())
    assert len(built) >= 2_102
    assert built == expected


HUB_OF = "select {columns} from hub.dim_profiles join identity.contact_profiles using (profile_id) where contact_id = ?"


@pytest.mark.parametrize(
    ("person", "consents", "contactable"),
    [
        ("anna_withdraws_then_regrants", True, True),
        ("ben_never_asked", False, False),
        ("chloe_grants_in_store", False, False),
        ("dirk_regrants_online", True, True),
        ("hugo_hard_bounce", True, False),
        ("ida_asks_to_be_forgotten", False, False),
        ("paul_prospect_long_silent", True, True),
    ],
)
def test_a_person_of_the_fixture_is_contactable_by_email_or_not(
    person: str, consents: bool, contactable: bool, fixture: Warehouse
) -> None:
    query = HUB_OF.format(columns="has_email_consent, is_contactable_by_email")
    assert fixture.execute(query, [person]).fetchall() == [(consents, contactable)]


@pytest.mark.parametrize(
    ("person", "orders", "net_amount", "first_order_date", "last_order_date", "segment"),
    [
        ("wim_returns_what_he_bought", 2, "170.00", None, None, None),
        ("xenia_cancels_everything", 0, "0.00", None, None, "prospect"),
        ("yves_buys_around_midnight", 2, "60.00", date(2024, 5, 31), date(2024, 6, 1), None),
        ("zoe_gets_a_free_line", 1, "22.50", None, None, None),
        ("omar_two_baskets_one_day", 2, "55.00", None, None, None),
        ("paul_prospect_long_silent", 0, "0.00", None, None, "prospect"),
        ("rita_champion", 18, "1260.00", None, None, "champions"),
    ],
)
def test_a_person_of_the_fixture_bought_what_the_readme_says(
    person: str,
    orders: int,
    net_amount: str,
    first_order_date: date | None,
    last_order_date: date | None,
    segment: str | None,
    fixture: Warehouse,
) -> None:
    columns = "order_count, net_amount, first_order_date, last_order_date, rfm_segment"
    [(built_orders, built_amount, built_first, built_last, built_segment)] = fixture.execute(
        HUB_OF.format(columns=columns), [person]
    ).fetchall()
    assert (built_orders, built_amount) == (orders, Decimal(net_amount))
    if first_order_date is not None:
        assert (built_first, built_last) == (first_order_date, last_order_date)
    if segment is not None:
        assert built_segment == segment


def test_whoever_asked_to_be_forgotten_has_no_contact_details_and_whoever_withdrew_no_address(
    fixture: Warehouse,
) -> None:
    rows = dict(
        fixture.execute(
            "select contact_id, email from hub_private.profile_contacts "
            "join identity.contact_profiles using (profile_id) where contact_id in (?, ?, ?)",
            ["ida_asks_to_be_forgotten", "chloe_grants_in_store", "dirk_regrants_online"],
        ).fetchall()
    )
    assert rows == {"chloe_grants_in_store": None, "dirk_regrants_online": "dirk@example.com"}


def test_coupons_of_the_fixture_are_explained_used_and_available_as_the_readme_says(fixture: Warehouse) -> None:
    coupons = fixture.execute(
        "select assignment_id, redemption_count, first_redemption_order_id, first_redeemed_at from core.fct_coupons "
        "where assignment_id = 'anna_used'"
    ).fetchall()
    assert coupons == [("anna_used", 1, "anna_with_coupon", datetime(2024, 3, 2, 9, 30))]  # noqa: DTZ001 - UTC as stored
    unexplained = fixture.execute(
        "select redemption_id from core.fct_offer_redemptions where assignment_id is null"
    ).fetchall()  # fmt: skip
    assert unexplained == [("omar_was_not_given_it",)]
    available = fixture.execute("select assignment_id from hub.coupons_available order by 1").fetchall()
    assert available == [("gert_open_end",)]  # rita's second copy holds until 15 July, but its offer ended in April


@pytest.mark.parametrize("connector", ["demo", "fixture"])
def test_no_contact_detail_stands_outside_the_private_schema(connector: str, request: pytest.FixtureRequest) -> None:
    """Looks at the values, not at marks in yml: no text of a public table is an e-mail, a phone or an address."""
    warehouse: Warehouse = request.getfixturevalue(connector)
    warehouse.execute("create or replace temp table contacts as select * from intake.intake_contacts")
    warehouse.execute(
        "create or replace temp table details as "
        "select e164 as detail from landing.phone_numbers where e164 is not null "
        + " ".join(
            f"union select lower(trim({column})) from contacts where {column} is not null"
            for column in ("email", "phone", "street_address", "loyalty_card_id")
        )
    )
    assert warehouse.execute("select count(*) from details").fetchall()[0][0] > 20
    columns = warehouse.execute(
        "select table_schema, table_name, column_name from information_schema.columns "
        "where table_schema in (?, ?, ?) and data_type = 'VARCHAR'",
        list(PUBLIC_SCHEMAS),
    ).fetchall()
    assert len(columns) > 100
    leaks = {
        f"{schema}.{table}.{column}"
        for schema, table, column in columns
        if warehouse.execute(
            f"with texts as (select distinct {column} as text from {schema}.{table}) select count(*) from texts "
            "where text like '%_@_%.__%' or lower(trim(text)) in (select detail from details)"
        ).fetchall()[0][0]
    }
    assert leaks == set()


def test_building_the_star_again_gives_equal_tables(demo_warehouse: Path, tmp_path: Path) -> None:
    """Same input, same as-of date, other threads: nothing may depend on the order in which rows come."""
    again = tmp_path / demo_warehouse.name  # the same name: views say which catalog they read
    shutil.copyfile(demo_warehouse, again)
    environment = os.environ | {
        "REKINDLE_WAREHOUSE": str(again),
        "DBT_TARGET_PATH": str(tmp_path / "target"),
        "DBT_LOG_PATH": str(tmp_path / "logs"),
        "REKINDLE_THREADS": "1",
        "REKINDLE_KEEP_OPEN": "1",
        "DO_NOT_TRACK": "1",
    }
    command = ["-m", "dbt.cli.main", "-q", "run", "--select", "core", "hub", "--exclude", "fct_order_lines"]
    output = tmp_path / "output"
    assert forked.call(command, environment, paths.PROJECT, output) == 0, output.read_text(encoding="utf-8")
    connection = duckdb.connect()
    connection.execute(f"attach '{demo_warehouse}' as first (read_only); attach '{again}' as second (read_only)")
    tables = connection.execute(
        "select schema_name, table_name from duckdb_tables() "
        "where database_name = 'second' and schema_name in ('core', 'hub', 'hub_private')"
    ).fetchall()
    assert len(tables) > 20
    different = [
        f"{schema}.{table}"
        for schema, table in tables
        for left, right in (("first", "second"), ("second", "first"))
        if connection.execute(
            f"select count(*) from (from {left}.{schema}.{table} except all from {right}.{schema}.{table})"
        ).fetchall()[0][0]
    ]
    connection.close()
    assert different == []
