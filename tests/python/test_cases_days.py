"""Cases of several days, from the raw contract files to the exported files: what is sent today depends on what was
sent before and on what was delivered since. One small shop, three runs; the raw files change in between.
"""

import csv
import hashlib
from pathlib import Path
from typing import Any

import pytest
from consent_cases import Case, at
from decision_oracle import bucket
from people_project import CONTRACT, World, _edit_rows, call, copy_project, environment, write_contract
from workshop import rows

FIRST, SECOND, LAST = "2024-07-01", "2024-07-02", "2024-07-08"
HALF_YEAR = "2024H2"


def profile_of(contact_id: str) -> str:
    """The profile id of a record that is the oldest of its person."""
    return hashlib.md5(f"web_shop|{contact_id}".encode(), usedforsecurity=False).hexdigest()[:16]


def is_held_out(contact_id: str) -> bool:
    """Whether the record's person is drawn to get nothing from abandoned_cart, of which half is held out here."""
    return bucket("abandoned_cart_1", HALF_YEAR, profile_of(contact_id)) < 5_000


class Shop(Case):
    """Rows of the shop; a name is tried with numbers behind it until the draw is the wanted one."""

    def named(self, name: str, *, held_out: bool) -> str:
        return next(n for n in (f"{name}{i}" for i in range(99)) if is_held_out(self.cart_of(n)) == held_out)

    def order(self, name: str, day: str, extracted: str = "2024-07-01 06:00") -> None:
        key: dict[str, Any] = {"source_system": "web_shop", "order_id": f"{name} {day}", "extracted_at": at(extracted)}
        self.world["orders"].append(
            key
            | {"contact_id": self.cart_of(name), "sales_channel": "web", "ordered_at": at(f"{day} 12:00")}
            | {"order_date": day, "order_status": "completed", "currency_code": "EUR"}
        )
        self.world["order_lines"].append(
            key
            | {"line_number": 1, "product_id": "p1", "quantity": 1, "gross_amount": 10}
            | {"discount_amount": 0, "offer_discount_amount": 0, "net_amount": 10}
        )


def _journeys(row: dict[str, str]) -> dict[str, str]:
    return row | {
        "abandoned_cart": {"channels": "email", "holdout_share": "0.5", "cooldown_days": "0"},
        "anti_attrition": {"holdout_share": "0", "is_enabled": "true"},
    }.get(row["scenario_id"], {})


class Days:
    """The shop after its runs: its names, and what each day decided and exported."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.world: World = {entity: [] for entity in CONTRACT}
        self.shop = Shop(self.world, 1)
        self.emptied = self.shop.named("emptied", held_out=False)
        # of one day the entry of the profile id that sorts first decides; both orders
        self.pairs = [self.pair("first", held_out_first=True), self.pair("second", held_out_first=False)]

    def pair(self, name: str, *, held_out_first: bool) -> tuple[str, str]:
        """The one whose id sorts first, and the other, who is drawn otherwise."""
        candidates = [f"{name}{i}" for i in range(99)]
        candidates.sort(key=lambda each: profile_of(self.shop.cart_of(each)))
        one = next(each for each in candidates if is_held_out(self.shop.cart_of(each)) == held_out_first)
        other = next(
            each
            for each in candidates
            if is_held_out(self.shop.cart_of(each)) != held_out_first
            and profile_of(self.shop.cart_of(each)) > profile_of(self.shop.cart_of(one))
        )
        return one, other

    def run(self, script: str, *options: str) -> None:
        write_contract(self.world, self.folder / "contract")
        call(self.folder, f"scripts/{script}.py", "--connector", "parquet", *options)

    def decisions(self, name: str, day: str) -> list[tuple[object, ...]]:
        """Step, outcome, gate and evidence of everything that was due for the person's own record that day."""
        return rows(
            Path(environment(self.folder)["REKINDLE_WAREHOUSE"]),
            "select step, outcome, closed_gate, evidence from activation.decisions as decisions "
            "inner join identity.contact_profiles as records using (profile_id) "
            f"where contact_id = '{self.shop.cart_of(name)}' and as_of_date = '{day}' order by entry_key, step",
        )

    def exported(self, day: str) -> list[dict[str, str]]:
        """Every row of every list of messages of a day."""
        found = []
        for file in sorted((self.folder / "exports").glob(f"*/{day}/*/*__full.csv")):
            with file.open(encoding="utf-8", newline="") as handle:
                found += list(csv.DictReader(handle))
        return found

    def addresses(self, day: str) -> str:
        """All that was exported that day, to look for an address in."""
        return " ".join(value for row in self.exported(day) for value in row.values() if value)


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Days:
    told = Days(tmp_path_factory.mktemp("days"))
    shop = told.shop
    copy_project(told.folder / "project", double_opt_in=False)
    _edit_rows(told.folder / "project" / "seeds" / "config" / "scenarios.csv", _journeys)
    (told.folder / "warehouse").mkdir()

    # steady customers, so that there is a base and a feed that is alive
    for number in range(4):
        shop.record(f"steady{number}")
        for day in ("2023-11-20", "2024-03-25", "2024-05-30", "2024-06-29"):
            shop.order(f"steady{number}", day)
    shop.record("falls")
    shop.says("granted", "2022-01-01 09:00", "falls")
    shop.order("falls", "2024-05-20")
    shop.base(told.emptied)
    for name in (each for pair in told.pairs for each in pair):
        shop.base(name)
    told.run("replay", "--from", "2024-05", "--to", "2024-06")
    told.run("run", "--as-of", FIRST)

    for one, other in told.pairs:
        shop.link("same", one, other)
        shop.world["identity_links"][-1]["linked_at"] = at("07-01 20:00")
        shop.world["identity_links"][-1]["extracted_at"] = at("07-02 06:00")
        stamps = {"created_at": at("07-01 20:00"), "updated_at": at("07-01 21:00"), "updated_date": "2024-07-01"}
        shop.add(
            "carts",
            contact_id=shop.cart_of(other),
            cart_id=f"new-{other}",
            items="p3",
            item_count=1,
            cart_amount=5,
            **stamps | {"extracted_at": at("07-02 06:00")},
        )
    told.run("run", "--as-of", SECOND)

    for cart in told.world["carts"]:
        if cart["cart_id"] == shop.cart_of(told.emptied):
            cart |= {"item_count": 0, "items": None, "cart_amount": 0, "updated_at": at("07-03 18:00")}
            cart |= {"updated_date": "2024-07-03", "extracted_at": at("07-04 06:00")}
    shop.order("falls", "2024-06-28", extracted="2024-07-05 06:00")
    told.run("run", "--as-of", LAST)
    return told


def test_a_late_order_that_shows_she_never_went_down_stops_the_journey(days: Days) -> None:
    assert days.decisions("falls", FIRST) == [("first_message", "selected", None, None)]
    assert days.shop.email("falls") in days.addresses(FIRST)
    assert days.decisions("falls", LAST) == [("other_proposal", "closed", "not_stopped", "trigger_contradicted")]
    assert days.shop.email("falls") not in days.addresses(LAST)


def test_a_cart_that_is_emptied_gets_no_second_message(days: Days) -> None:
    assert days.decisions(days.emptied, FIRST) == [("first_message", "selected", None, None)]
    assert days.shop.email(days.emptied) in days.addresses(FIRST)
    assert days.decisions(days.emptied, LAST) == [("second_message", "closed", "not_stopped", "trigger_contradicted")]
    assert days.shop.email(days.emptied) not in days.addresses(LAST)


def test_no_message_leaves_without_content(days: Days) -> None:
    warehouse = Path(environment(days.folder)["REKINDLE_WAREHOUSE"])
    assert days.exported(FIRST)
    assert rows(warehouse, "select count(*) from audiences.audience_members where content in ('', '{}')") == [(0,)]


@pytest.mark.parametrize(("place", "outcome"), [(0, "held_out"), (1, "deferred")])
def test_after_a_merge_the_entry_of_the_id_that_sorts_first_says_the_arm(days: Days, place: int, outcome: str) -> None:
    one, other = days.pairs[place]
    warehouse = Path(environment(days.folder)["REKINDLE_WAREHOUSE"])
    entries = rows(
        warehouse,
        "select entry_key, arm from activation.scenario_entries "
        f"where entry_key in ('{days.shop.cart_of(one)}', '{days.shop.cart_of(other)}')",
    )
    arms = {True: "held_out", False: "treated"}
    # both entries stand as they were drawn: whoever crossed over is counted, not dropped
    assert dict(entries) == {
        days.shop.cart_of(each): arms[is_held_out(days.shop.cart_of(each))] for each in (one, other)
    }
    of_the_new_cart = rows(
        warehouse,
        f"select outcome, arm from activation.decisions where entry_key = 'new-{other}' and as_of_date = '{SECOND}'",
    )
    assert of_the_new_cart == [(outcome, arms[is_held_out(days.shop.cart_of(one))])]
    assert f"new-{other}" not in days.addresses(SECOND)
