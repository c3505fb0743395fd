"""Cases of money and coupons from the raw contract file to what is counted, sent or listed; one contact per case."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import forked
import pytest
from compiled import compile_inline
from people_project import Sent, World, copy_project, empty_world, read_exports, run, write_contract
from workshop import rows

OF_A_SALE = {"sales_channel": "store", "currency_code": "EUR"}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


def add(world: World, entity: str, **columns: object) -> None:
    world[entity].append({"source_system": "pos", "extracted_at": utc("2024-07-01 06:00")} | columns)


def contact(world: World, contact_id: str, country: str = "BE") -> None:
    """Somebody who said yes to e-mail."""
    born = {"created_at": utc("2020-01-01 08:00"), "created_date": date(2020, 1, 1)}
    reached = {"silo": "web_shop", "email": f"{contact_id}@example.com", "country_code": country}
    add(world, "contacts", contact_id=contact_id, **reached, **born)
    yes = {"channel": "email", "purpose": "marketing", "status": "granted", "changed_at": utc("2022-01-01 09:00")}
    add(world, "consents", contact_id=contact_id, **yes)


def order(
    world: World,
    order_id: str,
    contact_id: str | None,
    amount: int | None,
    *,
    status: str = "completed",
    original: str | None = None,
    at: str = "2024-05-31 12:00",
) -> None:
    """An order of one line, or of none when there is no amount."""
    what = {"order_status": status, "original_order_id": original, "contact_id": contact_id}
    what["store_id"] = "north" if len(order_id) % 2 else "south"
    add(world, "orders", order_id=order_id, ordered_at=utc(at), order_date=utc(at).date(), **OF_A_SALE, **what)
    if amount is not None:
        paid = {"gross_amount": amount, "discount_amount": 0, "offer_discount_amount": 0, "net_amount": amount}
        add(
            world,
            "order_lines",
            order_id=order_id,
            line_number=1,
            product_id="p1",
            quantity=1 if amount > 0 else -1,
            **paid,
        )


def cart(world: World, contact_id: str, items: str | None, count: int | None) -> None:
    contact(world, contact_id)
    stamps = {"created_at": utc("2024-06-30 18:00"), "updated_at": utc("2024-06-30 19:00")}
    holds = {"items": items, "item_count": count, "cart_amount": 20, "updated_date": date(2024, 6, 30)}
    add(world, "carts", cart_id=contact_id, contact_id=contact_id, **stamps, **holds)


def copy_of_the_offer(world: World, assignment_id: str, contact_id: str, day: str, until: str | None = None) -> None:
    when = {"assigned_at": utc(f"{day} 08:00"), "assigned_date": date.fromisoformat(day), "channel": "till"}
    what = {"offer_id": "ten_off", "expires_at": utc(f"{until} 00:00") if until else None}
    add(world, "offer_assignments", assignment_id=assignment_id, contact_id=contact_id, **what, **when)


def use(
    world: World,
    redemption_id: str,
    contact_id: str | None,
    day: str,
    order_id: str | None = None,
    copy: str | None = None,
    *,
    clock: str = "12:00",
    offer: str | None = "ten_off",
) -> None:
    when = {"redeemed_at": utc(f"{day} {clock}"), "redeemed_date": date.fromisoformat(day)}
    what = {"offer_id": offer, "order_id": order_id, "assignment_id": copy}
    add(world, "offer_redemptions", redemption_id=redemption_id, contact_id=contact_id, **what, **when)


def sales(world: World) -> None:
    contact(world, "regular")  # without orders of late the feed would be dead
    order(world, "regular_first", "regular", 50, at="2023-09-01 12:00")
    order(world, "regular_last", "regular", 50, at="2024-06-29 12:00")
    for contact_id in ("called_off", "till_asks_nobody", "wrong_sign", "twice_back", "late_evening", "lost_lines"):
        contact(world, contact_id)
    order(world, "called_off", "called_off", 50, status="cancelled")
    order(world, "called_off_back", "called_off", -50, status="returned", original="called_off")
    order(world, "asks_nobody", "till_asks_nobody", 50)
    order(world, "asks_nobody_back", None, -50, status="returned", original="asks_nobody")
    order(world, "wrong_sign", "wrong_sign", 50)
    order(world, "wrong_sign_back", "wrong_sign", 50, status="returned", original="wrong_sign")
    order(world, "twice", "twice_back", 50)
    order(world, "twice_part", "twice_back", -15, status="returned", original="twice")
    order(world, "twice_all", "twice_back", -50, status="returned", original="twice")
    order(world, "evening", "late_evening", 50, at="2024-05-31 22:30")
    order(world, "lost", "lost_lines", None)
    contact(world, "off_by_one")
    order(world, "off_by_one", "off_by_one", 50)
    line = world["order_lines"][-1]
    add(world, "order_lines", **line | {"line_number": 2, "discount_amount": 5})
    order(world, "lost_not", "lost_lines", 50, at="2024-05-30 12:00")
    contact(world, "back_of_back")
    order(world, "sold", "back_of_back", 50)
    order(world, "sold_back", "back_of_back", -20, status="returned", original="sold")
    order(world, "sold_back_again", "back_of_back", -5, status="returned", original="sold_back")
    for contact_id in ("till_asks_nobody_twice", "called_off_twice", "bought_elsewhere"):
        contact(world, contact_id)
    order(world, "twice_of_nobody", "till_asks_nobody_twice", 50)
    order(world, "nobody_back", None, -20, status="returned", original="twice_of_nobody")
    order(world, "nobody_back_again", None, -5, status="returned", original="nobody_back")
    order(world, "off", "called_off_twice", 50, status="cancelled")
    order(world, "off_back", "called_off_twice", -20, status="returned", original="off")
    order(world, "off_back_again", "called_off_twice", -5, status="returned", original="off_back")
    for contact_id in ("gives_it_away", "was_given", "brings_of_nobody"):
        contact(world, contact_id)
    order(world, "given", "gives_it_away", 50)
    order(world, "given_back", "was_given", -50, status="returned", original="given")
    order(world, "of_nobody", None, 50)
    order(world, "of_nobody_back", "brings_of_nobody", -50, status="returned", original="of_nobody")
    order(world, "alone", "bought_elsewhere", -30, status="returned")
    order(world, "of_unheard", "bought_elsewhere", -10, status="returned", original="never_delivered")


# what the file says instead of the number, by order or offer and line
TOLD: dict[tuple[str, int], dict[str, str]] = {
    ("written", 2): {"quantity": "2.5"},
    ("written", 3): {"net_amount": "1.005", "gross_amount": "1.005"},
    ("written", 4): {"net_amount": "1.234", "gross_amount": "1.234"},
    ("written", 5): {"net_amount": "50,00"},
    ("computed", 1): {"net_amount": "12.000000000000002", "gross_amount": "12.0000", "quantity": "1.0"},
}


def numbers(world: World) -> None:
    """Text where the contract wants numbers: a file that began as CSV."""
    contact(world, "as_text")
    order(world, "written", "as_text", 50)
    for number in range(2, 6):
        add(world, "order_lines", **(world["order_lines"][-1] | {"line_number": number}))
    order(world, "computed", "as_text", 12)


def numbers_of_offers(world: World) -> None:
    given = {"offer_type": "coupon", "valid_from": date(2024, 1, 1), "valid_to": date(2025, 1, 1)}
    for offer_id in ("to_the_cent", "to_the_mill"):
        add(world, "offers", offer_id=offer_id, face_value_amount=3, **given)
        when = {"redeemed_at": utc("2024-05-31 12:00"), "redeemed_date": date(2024, 5, 31)}
        what = {"offer_id": offer_id, "contact_id": "as_text", "redeemed_amount": 3}
        add(world, "offer_redemptions", redemption_id=offer_id, **what, **when)


def write_as_tools_do(folder: Path) -> None:
    """Amounts and pieces of lines as text, of offers as floating point numbers."""
    with duckdb.connect() as connection:
        lines, changed = folder / "input_order_lines.parquet", []
        for column in ("quantity", "gross_amount", "net_amount"):
            cases = " ".join(
                f"when order_id = '{order_id}' and line_number = {line} then '{told[column]}'"
                for (order_id, line), told in TOLD.items()
                if column in told
            )
            changed.append(f"case {cases} else cast({column} as varchar) end as {column}")
        connection.execute(f"create table lines as select * replace ({', '.join(changed)}) from '{lines}'")
        connection.execute(f"copy lines to '{lines}' (format parquet)")
        for entity, column in (("offers", "face_value_amount"), ("offer_redemptions", "redeemed_amount")):
            file = folder / f"input_{entity}.parquet"
            value = f"if(offer_id = 'to_the_mill', 1.005, {column} + 1e-13::double) as {column}"
            connection.execute(f"create table {entity} as select * replace ({value}) from '{file}'")
            connection.execute(f"copy {entity} to '{file}' (format parquet)")


def coupons(world: World) -> None:
    valid = {
        "offer_type": "coupon",
        "face_value_amount": 10,
        "valid_from": date(2024, 1, 1),
        "valid_to": date(2025, 1, 1),
    }
    add(world, "offers", offer_id="ten_off", **valid)
    for contact_id in ("two_copies", "short_copy", "cancels", "brings_back", "lends", "friend"):
        contact(world, contact_id)
    for assignment_id, day in (("old", "2024-05-01"), ("new", "2024-06-01")):
        copy_of_the_offer(world, f"two_{assignment_id}", "two_copies", day)
    use(world, "first", "two_copies", "2024-06-02")
    use(world, "second", "two_copies", "2024-06-03")
    use(world, "third", "two_copies", "2024-06-04")
    copy_of_the_offer(world, "short_ended", "short_copy", "2024-05-01", until="2024-06-01")
    copy_of_the_offer(world, "short_open", "short_copy", "2024-05-02")
    use(world, "after_the_end", "short_copy", "2024-06-02")
    order(world, "cancels", "cancels", 50, status="cancelled")
    copy_of_the_offer(world, "of_cancelled", "cancels", "2024-05-01")
    use(world, "of_cancelled", "cancels", "2024-05-31", "cancels")
    order(world, "brings", "brings_back", 50)
    order(world, "brings_all", "brings_back", -50, status="returned", original="brings")
    copy_of_the_offer(world, "of_returned", "brings_back", "2024-05-01")
    use(world, "of_returned", "brings_back", "2024-05-31", "brings")
    copy_of_the_offer(world, "lent", "lends", "2024-05-01")
    copy_of_the_offer(world, "own", "friend", "2024-05-01")
    use(world, "with_a_lent_copy", "friend", "2024-05-31", copy="lent")
    dates_only(world)
    strangers(world)


def dates_only(world: World) -> None:
    """Tills that write dates only, and one whose clock is wrong."""
    for contact_id in ("named_that_day", "named_day_before", "unnamed_that_day", "unnamed_day_before", "ends_that_day"):
        contact(world, contact_id)
        copy_of_the_offer(world, contact_id, contact_id, "2024-06-02")
    use(world, "named_that_day", "named_that_day", "2024-06-02", copy="named_that_day", clock="00:00")
    use(world, "named_day_before", "named_day_before", "2024-06-01", copy="named_day_before")
    use(world, "unnamed_that_day", "unnamed_that_day", "2024-06-02", clock="00:00")
    use(world, "unnamed_day_before", "unnamed_day_before", "2024-06-01")
    world["offer_assignments"][-1]["expires_at"] = utc("2024-06-02 10:00")
    use(world, "after_its_end_that_day", "ends_that_day", "2024-06-02")


def strangers(world: World) -> None:
    """Uses of nobody who is known, with copies of somebody who is."""
    for contact_id in ("of_unheard", "of_nobody", "of_nobody_cancelled", "of_both"):
        contact(world, contact_id)
        copy_of_the_offer(world, contact_id, contact_id, "2024-05-01")
    order(world, "strange_cancelled", None, 50, status="cancelled")
    use(world, "by_unheard", "unheard_of", "2024-05-31", copy="of_unheard")
    use(world, "by_nobody", None, "2024-05-31", copy="of_nobody")
    use(world, "by_nobody_cancelled", None, "2024-05-31", "strange_cancelled", copy="of_nobody_cancelled")
    # the owner's own use finds another copy than the one that the stranger names
    copy_of_the_offer(world, "of_both_too", "of_both", "2024-05-02")
    use(world, "by_owner", "of_both", "2024-05-30")
    use(world, "by_stranger", "unheard_of", "2024-05-31", copy="of_both")
    rejected_rows_of_uses(world)


def rejected_rows_of_uses(world: World) -> None:
    """Uses of which something cannot be read, and orders that were called off and set aside."""
    for contact_id in ("ahead", "no_clock", "no_offer", "offer_unheard_of", "strangers_order", "order_abroad"):
        contact(world, contact_id)
        copy_of_the_offer(world, contact_id, contact_id, "2024-05-01")
    use(world, "ahead", "ahead", "2024-07-01", copy="ahead", clock="07:00")
    use(world, "no_clock", "no_clock", "2024-05-31", copy="no_clock")
    world["offer_redemptions"][-1] |= {"redeemed_at": None, "redeemed_date": None}
    use(world, "no_offer", "no_offer", "2024-05-31", copy="no_offer", offer=None)
    use(world, "offer_unheard_of", "offer_unheard_of", "2024-05-31", copy="offer_unheard_of", offer="unheard_of")
    order(world, "strangers_order", "unheard_of", None, status="cancelled")
    use(world, "on_strangers_order", "unheard_of", "2024-05-31", "strangers_order", copy="strangers_order")
    order(world, "order_abroad", "order_abroad", None, status="cancelled")
    world["orders"][-1]["currency_code"] = "USD"
    use(world, "on_order_abroad", "order_abroad", "2024-05-31", "order_abroad")


def spent_copies(world: World) -> dict[object, int]:
    """How often each copy was used: decision 0014, use after use."""
    known = {row["contact_id"] for row in world["contacts"]}
    cancelled = {row["order_id"] for row in world["orders"] if row["order_status"] == "cancelled"}
    uses = [row for row in world["offer_redemptions"] if row.get("order_id") not in cancelled]
    copies = {row["assignment_id"]: row for row in world["offer_assignments"]}
    spent = dict.fromkeys(copies, 0)
    for row in uses:
        if row.get("assignment_id"):
            spent[row["assignment_id"]] += 1
    unnamed = [row for row in uses if not row.get("assignment_id") and row["contact_id"] in known]
    for row in sorted(unnamed, key=lambda row: str(row["redeemed_at"])):
        held = [
            copy
            for copy in sorted(copies.values(), key=lambda copy: str(copy["assigned_at"]))
            if copy["contact_id"] == row["contact_id"]
            and not spent[copy["assignment_id"]]
            and _local(copy["assigned_at"]) <= _local(row["redeemed_at"])
            and (copy["expires_at"] is None or str(row["redeemed_at"]) < str(copy["expires_at"]))
        ]
        if held:
            spent[held[0]["assignment_id"]] += 1
    return spent


def _local(stamp: object) -> date:
    assert isinstance(stamp, datetime)
    return stamp.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo("Europe/Brussels")).date()


def carts(world: World) -> None:
    cart(world, "counted", "p1", 1)
    cart(world, "uncounted", "p1,p2", None)
    cart(world, "uncounted_empty", "", None)
    cart(world, "abroad", "p1", 1)
    world["contacts"][-1]["country_code"] = "Belgium"


@dataclass(frozen=True)
class Money:
    """What was counted and what was sent."""

    world: World
    warehouse: Path
    exports: Path
    sent: list[Sent]

    def bought(self, contact_id: str) -> tuple[object, ...]:
        """Orders and net amount of a person, and the segment."""
        (found,) = rows(
            self.warehouse,
            "select order_count, cast(net_amount as integer), rfm_segment = 'prospect' from hub.dim_profiles "
            f"join identity.contact_profiles using (profile_id) where contact_id = '{contact_id}'",
        )
        return found

    def copies_used(self, *assignment_ids: str) -> list[object]:
        found = rows(self.warehouse, "select assignment_id, redemption_count from core.fct_coupons")
        return [count for each in assignment_ids for assignment_id, count in found if assignment_id == each]

    def available(self) -> set[object]:
        return {each for (each,) in rows(self.warehouse, "select assignment_id from hub.coupons_available")}

    def findings(self, finding: str) -> list[tuple[object, ...]]:
        asked = f"from quality.order_findings where finding = '{finding}' order by 1"
        return rows(self.warehouse, f"select order_id, cast(net_amount + returned_amount as integer) {asked}")

    def rejected(self, entity: str) -> list[tuple[object, ...]]:
        asked = "record_key, column_name, reason, is_row_rejected"
        return rows(self.warehouse, f"select {asked} from intake.rejected_{entity} order by all")

    def written_to(self) -> set[str]:
        return {row.entry_key for row in self.sent if row.channel == "email"}


@pytest.fixture(scope="module")
def money(tmp_path_factory: pytest.TempPathFactory) -> Money:
    folder = tmp_path_factory.mktemp("money")
    world = empty_world()
    for tell in (sales, numbers, coupons, numbers_of_offers, carts):
        tell(world)
    copy_project(folder / "project", double_opt_in=False)
    write_contract(world, folder / "contract")
    write_as_tools_do(folder / "contract")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(forked.ASK_KEYS, "1")  # a stamp before its assignment must fail none of the tests
        run(folder, "--accept", "2024-06")  # of so few customers too many go down: the brake wants that somebody looks
    return Money(world, folder / "warehouse" / "build.duckdb", folder / "exports", read_exports(folder / "exports"))


def test_the_return_of_a_cancelled_sale_counts_for_nothing(money: Money) -> None:
    assert money.bought("called_off") == (0, 0, True)


def test_a_return_of_nobody_belongs_to_the_buyer(money: Money) -> None:
    assert money.bought("till_asks_nobody")[:2] == (1, 0)


def test_a_return_that_another_person_brings_belongs_to_the_buyer_and_is_listed(money: Money) -> None:
    assert money.bought("gives_it_away")[:2] == (1, 0)
    assert [money.bought(each) for each in ("was_given", "brings_of_nobody")] == [(0, 0, True)] * 2
    assert money.findings("return_by_another") == [("given_back", -50), ("of_nobody_back", -50)]


def test_a_return_that_is_not_negative_is_rejected(money: Money) -> None:
    assert money.bought("wrong_sign")[:2] == (1, 50)
    assert ("wrong_sign_back|1", "net_amount", "positive_amount", True) in money.rejected("order_lines")


def test_a_line_that_does_not_add_up_is_rejected_and_the_build_goes_on(money: Money) -> None:
    assert money.bought("off_by_one")[:2] == (1, 50)
    assert [each for each in money.rejected("order_lines") if not str(each[0]).startswith("written")] == [
        ("off_by_one|2", "net_amount", "does_not_add_up", True),
        ("wrong_sign_back|1", "net_amount", "positive_amount", True),
    ]


def test_a_number_that_would_become_another_one_is_none_and_its_line_is_rejected(money: Money) -> None:
    assert money.bought("as_text")[:2] == (2, 62)
    assert [each for each in money.rejected("order_lines") if str(each[0]).startswith(("written", "computed"))] == [
        ("written|2", "quantity", "missing_value", True),
        ("written|3", "gross_amount", "missing_value", True),
        ("written|4", "gross_amount", "missing_value", True),
        ("written|5", "net_amount", "missing_value", True),
    ]
    for table, column in (
        ("intake.intake_offers", "face_value_amount"),
        ("intake.intake_offer_redemptions", "redeemed_amount"),
    ):
        asked = f"select offer_id, {column} from {table} where offer_id like 'to_the%' order by 1"
        assert rows(money.warehouse, asked) == [("to_the_cent", Decimal("3.00")), ("to_the_mill", None)]


def test_a_return_of_a_return_is_counted_and_listed(money: Money) -> None:
    assert money.bought("back_of_back")[:2] == (1, 25)
    assert money.findings("return_of_a_return") == [("nobody_back", -25), ("sold_back", -25)]


def test_a_return_of_a_return_is_one_of_the_sale(money: Money) -> None:
    assert money.bought("till_asks_nobody_twice")[:2] == (1, 25)
    assert money.bought("called_off_twice") == (0, 0, True)


def test_a_return_of_no_sale_that_is_known_takes_its_money_off_and_is_listed(money: Money) -> None:
    assert money.bought("bought_elsewhere")[:2] == (0, -40)
    assert money.findings("return_of_unknown_sale") == [("alone", -30), ("of_unheard", -10)]


def test_returns_above_the_sale_are_counted_and_listed(money: Money) -> None:
    assert money.bought("twice_back")[:2] == (1, -15)
    assert money.findings("returns_exceed_sale") == [("twice", -15)]


def test_a_local_date_is_made_of_its_stamp_whatever_the_file_says(money: Money) -> None:
    days = rows(money.warehouse, "select order_date from core.fct_orders where order_id = 'evening'")
    assert days == [(date(2024, 6, 1),)]


def test_an_order_that_lost_its_lines_counts_and_is_listed(money: Money) -> None:
    assert money.bought("lost_lines")[:2] == (2, 50)
    assert money.findings("completed_without_lines") == [("lost", 0)]


def test_two_uses_spend_two_copies_and_a_third_spends_none(money: Money) -> None:
    assert money.copies_used("two_old", "two_new") == [1, 1]
    person = "join identity.contact_profiles using (profile_id) where contact_id = 'two_copies'"
    taken = f"select assignment_id from core.fct_offer_redemptions {person} order by redeemed_at"
    assert rows(money.warehouse, taken) == [("two_old",), ("two_new",), (None,)]


def test_a_use_spends_a_copy_that_was_valid_on_that_day(money: Money) -> None:
    assert money.copies_used("short_ended", "short_open") == [0, 1]


def test_a_cancelled_order_gives_its_coupon_back_and_a_returned_one_does_not(money: Money) -> None:
    assert money.copies_used("of_cancelled", "of_returned") == [0, 1]
    assert {"of_cancelled", "of_returned"} & money.available() == {"of_cancelled"}


def test_the_copy_that_was_named_is_spent_whoever_used_it(money: Money) -> None:
    assert money.copies_used("lent", "own") == [1, 0]
    assert {"lent", "own"} & money.available() == {"own"}


def test_a_named_copy_is_spent_whenever_its_use_is_said_to_have_been(money: Money) -> None:
    assert money.copies_used("named_that_day", "named_day_before") == [1, 1]
    assert not {"named_that_day", "named_day_before"} & money.available()


def test_a_use_that_names_none_spends_a_copy_that_was_given_by_the_end_of_its_day(money: Money) -> None:
    assert money.copies_used("unnamed_that_day", "unnamed_day_before", "ends_that_day") == [1, 0, 0]


def test_a_copy_that_a_stranger_names_is_spent_and_nobody_used_the_offer(money: Money) -> None:
    assert money.copies_used("of_unheard", "of_nobody", "of_nobody_cancelled") == [1, 1, 0]
    assert {"of_unheard", "of_nobody", "of_nobody_cancelled"} & money.available() == {"of_nobody_cancelled"}
    told = rows(money.warehouse, "select redemption_id from core.fct_offer_redemptions")
    assert not {("by_unheard",), ("by_nobody",), ("by_nobody_cancelled",), ("by_stranger",)} & set(told)
    assert ("by_unheard", "contact_id", "unknown_contact", True) in money.rejected("offer_redemptions")


def test_a_use_of_the_owner_finds_another_copy_than_the_one_that_a_stranger_names(money: Money) -> None:
    assert money.copies_used("of_both", "of_both_too") == [1, 1]


def test_a_named_copy_is_spent_whatever_else_of_its_use_cannot_be_read(money: Money) -> None:
    named = ("ahead", "no_clock", "no_offer", "offer_unheard_of")
    assert money.copies_used(*named) == [1, 1, 1, 1]
    assert not set(named) & money.available()


def test_a_cancelled_order_gives_its_coupon_back_also_where_its_row_was_rejected(money: Money) -> None:
    called_off = ("strangers_order", "order_abroad")
    rejected = {key for key, _, _, is_row_rejected in money.rejected("orders") if is_row_rejected}
    assert set(called_off) <= rejected
    assert money.copies_used(*called_off) == [0, 0]
    assert set(called_off) <= money.available()


def test_every_copy_was_used_as_often_as_the_rule_in_words_says(money: Money) -> None:
    found = rows(money.warehouse, "select assignment_id, redemption_count from core.fct_coupons")
    built = {assignment_id: count for assignment_id, count in found}  # noqa: C416 - rows of two, which mypy cannot know
    assert built == spent_copies(money.world)
    assert set(built.values()) == {0, 1}


def test_a_cart_without_a_count_holds_what_it_names_and_is_counted(money: Money) -> None:
    carts = {"counted", "uncounted", "uncounted_empty"}
    assert carts & money.written_to() == {"counted", "uncounted"}
    assert money.rejected("carts") == [
        (each, "item_count", "missing_value", False) for each in ("uncounted", "uncounted_empty")
    ]


def test_a_country_that_is_none_is_left_out_and_its_person_written_to(money: Money) -> None:
    assert "abroad" in money.written_to()
    (manifest,) = (money.exports / "email").glob("*/*/manifest.json")
    assert json.loads(manifest.read_text(encoding="utf-8"))["counts"]["left_out"] == 1


def test_totals_per_store_and_month_are_those_of_the_valid_lines(money: Money) -> None:
    amounts = {row["order_id"]: row["net_amount"] for row in money.world["order_lines"]}
    del amounts["wrong_sign_back"]
    expected: dict[tuple[object, date], object] = {}
    for row in money.world["orders"]:
        stamp = row["ordered_at"]
        assert isinstance(stamp, datetime)
        local = stamp.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo("Europe/Brussels")).date()
        key = (row.get("store_id"), local.replace(day=1))
        expected[key] = expected.get(key, 0) + amounts.get(row["order_id"], 0)  # type: ignore[operator]
    by = "store_id, date_trunc('month', order_date)::date"
    orders = f"select {by}, cast(sum(net_amount) as integer) from core.fct_orders group by all"
    lines = (
        f"select {by}, coalesce(cast(sum(core.fct_order_lines.net_amount) as integer), 0) from core.fct_orders "
        "left join core.fct_order_lines using (order_id, order_date) group by all"
    )
    for asked in (orders, lines):
        assert {(store, month): amount for store, month, amount in rows(money.warehouse, asked)} == expected


@pytest.mark.parametrize(
    ("zone", "clocks"),
    [
        ("Europe/Brussels", ["2024-10-27 01:59", "2024-10-27 02:30", "2024-10-27 03:00", "2024-06-01 00:00"]),
        ("America/Havana", ["2024-11-03 00:00", "2024-11-03 00:59", "2024-11-03 01:00", "2024-11-02 23:59"]),
        ("Australia/Lord_Howe", ["2024-04-07 01:29", "2024-04-07 01:45", "2024-04-07 02:00", "2024-04-06 00:00"]),
    ],
)
def test_of_a_local_time_that_comes_twice_the_first_pass_is_taken(zone: str, clocks: list[str], tmp_path: Path) -> None:
    instants = ", ".join(f"{{{{ local_to_utc(\"timestamp '{each}'\") }}}}" for each in clocks)
    query = f"select {{{{ as_of_instant() }}}}, {instants}"
    compiled = compile_inline(tmp_path, query, business_timezone=zone, as_of_date="2024-11-02")
    with duckdb.connect() as connection:
        found = connection.execute(compiled).fetchall()[0]
    # fold=0 is the first pass; the as-of date ends where the next day begins for the first time
    expected = [datetime.fromisoformat(each).replace(tzinfo=ZoneInfo(zone)) for each in ("2024-11-03 00:00", *clocks)]
    assert list(found) == [each.astimezone(ZoneInfo("UTC")).replace(tzinfo=None) for each in expected]
