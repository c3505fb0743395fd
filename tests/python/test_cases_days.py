"""Cases that take several days, from the raw contract files to the exported ones: what late data does to a journey.

One shop as it ships, with a month published before the story begins. Each day is a whole run, exported and so sealed;
in between its files change.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pytest
from decision_oracle import bucket
from people_project import SHOP, World, call, copy_files, empty_world, run_day, write_contract
from workshop import rows

MAY, FIRST, MERGED, LAST = "2024-06-01", "2024-07-01", "2024-07-02", "2024-07-08"
REGULAR = "regular"  # without orders a feed is dead
PERIOD = "2024H2"
HOLDOUT = {"abandoned_cart": 0.10, "anti_attrition": 0.30}
EVERYBODY = 0.02  # held out of every scenario


def profile_id(contact_id: str) -> str:
    """What a person is called whose oldest record this is."""
    return hashlib.md5(f"web_shop|{contact_id}".encode(), usedforsecurity=False).hexdigest()[:16]


def is_treated(contact_id: str, scenario_id: str) -> bool | None:
    """The draw of the half-year; None: held out of everything."""
    person = profile_id(contact_id)
    if bucket("everybody_1", PERIOD, person) < EVERYBODY * 10_000:
        return None
    return bucket(f"{scenario_id}_1", PERIOD, person) >= HOLDOUT[scenario_id] * 10_000


def find(name: str, scenario_id: str, treated: bool, fits: Callable[[str], bool] = lambda _: True) -> str:
    """The first contact id of a name that is drawn so."""
    names: Iterator[str] = (f"{name}{number}" for number in range(1000))
    return next(each for each in names if is_treated(each, scenario_id) is treated and fits(each))


FALLEN = find("fallen", "anti_attrition", treated=True)
EMPTIED = find("emptied", "abandoned_cart", treated=True)


@dataclass(frozen=True)
class Pair:
    """Two contacts that turn out to be one person. The survivor is the one whose id sorts last."""

    sorts_first: str
    sorts_last: str


def pair(name: str, *, first_is_treated: bool) -> Pair:
    first = find(f"{name}_a", "abandoned_cart", treated=first_is_treated)
    last = find(
        f"{name}_b",
        "abandoned_cart",
        treated=not first_is_treated,
        fits=lambda each: profile_id(each) > profile_id(first),
    )
    return Pair(first, last)


TREATED_FIRST = pair("treated", first_is_treated=True)
HELD_OUT_FIRST = pair("heldout", first_is_treated=False)
PAIRS = (TREATED_FIRST, HELD_OUT_FIRST)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


def add(world: World, entity: str, extracted: str, **columns: object) -> None:
    world[entity].append({"source_system": "web_shop", "extracted_at": utc(f"{extracted} 20:00")} | columns)


def contact(world: World, contact_id: str, created: str) -> None:
    """Somebody who said yes to e-mail long ago."""
    email: dict[str, object] = {"silo": "web_shop", "email": f"{contact_id}@example.com", "country_code": "BE"}
    born = {"created_at": utc(f"{created} 08:00"), "created_date": date.fromisoformat(created)}
    add(world, "contacts", "2024-05-31", contact_id=contact_id, **email, **born)
    yes = {"channel": "email", "purpose": "marketing", "status": "granted", "changed_at": utc("2022-01-01 09:00")}
    add(world, "consents", "2024-05-31", contact_id=contact_id, **yes)


def cart(world: World, contact_id: str, day: str, extracted: str, items: int = 2) -> None:
    stamps = {"created_at": utc(f"{day} 16:00"), "updated_at": utc(f"{day} 17:00")}
    holds = {"items": "p1,p2" if items else "", "item_count": items, "cart_amount": 10 * items}
    who = {"contact_id": contact_id, "cart_id": f"{contact_id}-{day}"}
    add(world, "carts", extracted, updated_date=date.fromisoformat(day), **who, **stamps, **holds)


def order(world: World, contact_id: str, day: str, extracted: str) -> None:
    key = {"order_id": f"{contact_id}-{day}"}
    what = {"sales_channel": "web", "order_status": "completed", "currency_code": "EUR", "contact_id": contact_id}
    when = {"ordered_at": utc(f"{day} 10:00"), "order_date": date.fromisoformat(day)}
    add(world, "orders", extracted, **key, **what, **when)
    amounts = {"gross_amount": 100, "discount_amount": 0, "offer_discount_amount": 0, "net_amount": 100}
    add(world, "order_lines", extracted, **key, line_number=1, product_id="p1", quantity=1, **amounts)


def until_may() -> World:
    """A shop of more than half a year, and a champion who has bought for the last time on 10 May."""
    world = empty_world()
    contact(world, REGULAR, "2021-01-01")
    order(world, REGULAR, "2023-09-01", "2024-05-31")
    order(world, REGULAR, "2024-05-30", "2024-05-31")
    contact(world, FALLEN, "2021-01-01")
    for day in ("02-01", "02-20", "03-10", "04-01", "04-20", "05-10"):
        order(world, FALLEN, f"2024-{day}", "2024-05-31")
    contact(world, EMPTIED, "2021-01-01")
    for each in PAIRS:
        contact(world, each.sorts_first, "2021-02-01")
        contact(world, each.sorts_last, "2021-01-01")
    return world


@dataclass
class Story:
    """What was decided and what left the house, by day."""

    warehouse: Path
    lists: dict[str, str] = field(default_factory=dict)

    def decided(self, day: str, contact_id: str) -> list[tuple[object, ...]]:
        """Scenario, entry, step, outcome, closed gate and evidence of the person."""
        return rows(
            self.warehouse,
            "select scenario_id, entry_key, step, outcome, closed_gate, evidence from activation.decisions "
            f"where as_of_date = '{day}' and profile_id = '{profile_id(contact_id)}' order by all",
        )

    def entries(self, *contact_ids: str) -> set[tuple[object, ...]]:
        """Who entered with which cart in which arm, under the names of that day."""
        names = ", ".join(f"'{profile_id(each)}'" for each in contact_ids)
        return set(
            rows(
                self.warehouse,
                "select profile_id, entry_key, arm from activation.scenario_entries "
                f"where scenario_id = 'abandoned_cart' and profile_id in ({names})",
            )
        )

    def is_written_to(self, day: str, contact_id: str) -> bool:
        """The person's address is on a list of that day."""
        return f"{contact_id}@example.com" in self.lists[day]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("days")
    copy_files(folder / "project", SHOP)
    told = Story(folder / "warehouse" / "build.duckdb")
    world = until_may()

    def live(day: str, *options: str) -> None:
        write_contract(world, folder / "contract")
        run_day(folder, day, *options)
        # who is taken off a list stands in a file of its own
        lists = (folder / "exports").glob(f"*/{day}/*/*__full.csv")
        told.lists[day] = "".join(file.read_text(encoding="utf-8") for file in lists)

    live(MAY, "--no-publish")

    order(world, REGULAR, "2024-06-29", FIRST)
    cart(world, EMPTIED, "2024-06-30", FIRST)
    for each in PAIRS:
        cart(world, each.sorts_first, "2024-06-30", FIRST)
        cart(world, each.sorts_last, "2024-06-30", FIRST)
    live(FIRST, "--accept", "2024-06")  # one customer of two goes down: the brake wants that somebody looks

    for each in PAIRS:
        both = {"contact_id": each.sorts_first, "linked_contact_id": each.sorts_last}
        how = {"linked_source_system": "web_shop", "link_type": "same", "linked_at": utc("2024-07-02 05:00")}
        add(world, "identity_links", MERGED, **both, **how)
        cart(world, each.sorts_first, MERGED, MERGED)
    live(MERGED)

    order(world, FALLEN, "2024-06-28", "2024-07-05")
    world["carts"] = [row for row in world["carts"] if row["contact_id"] != EMPTIED]
    cart(world, EMPTIED, "2024-06-30", "2024-07-04", items=0)
    for each in PAIRS:
        # bought what the carts were about, and left another one when the cooldown was over
        order(world, each.sorts_last, "2024-07-04", "2024-07-05")
        cart(world, each.sorts_first, LAST, LAST)
    live(LAST)
    return told


def test_a_fall_that_a_late_order_undoes_sends_no_second_proposal(story: Story) -> None:
    june = ("anti_attrition", "2024-06-01")
    assert story.decided(FIRST, FALLEN) == [(*june, "first_message", "selected", None, None)]
    assert story.is_written_to(FIRST, FALLEN)
    assert story.decided(LAST, FALLEN) == [(*june, "other_proposal", "closed", "not_stopped", "trigger_contradicted")]
    assert not story.is_written_to(LAST, FALLEN)


def test_a_cart_that_was_emptied_sends_no_second_message(story: Story) -> None:
    cart = ("abandoned_cart", f"{EMPTIED}-2024-06-30")
    assert story.decided(FIRST, EMPTIED) == [(*cart, "first_message", "selected", None, None)]
    assert story.is_written_to(FIRST, EMPTIED)
    assert story.decided(LAST, EMPTIED) == [(*cart, "second_message", "closed", "not_stopped", "trigger_contradicted")]
    assert not story.is_written_to(LAST, EMPTIED)


@pytest.mark.parametrize(
    ("people", "arms"),
    [(TREATED_FIRST, ("treated", "held_out")), (HELD_OUT_FIRST, ("held_out", "treated"))],
    ids=["treated_first", "held_out_first"],
)
def test_of_two_people_who_become_one_the_arm_of_the_id_that_sorts_first_stays(
    story: Story, people: Pair, arms: tuple[str, str]
) -> None:
    survivor = people.sorts_last  # who would be drawn otherwise, so that drawing anew would be seen
    for contact_id, arm in zip((people.sorts_first, people.sorts_last), arms, strict=True):
        ((_, _, step, outcome, _, _),) = story.decided(FIRST, contact_id)
        assert (step, outcome) == ("first_message", "selected" if arm == "treated" else "held_out")
        assert story.is_written_to(FIRST, contact_id) == (arm == "treated")
    # the cooldown of both counts: a cart of the day after begins nothing, in either arm
    assert ("abandoned_cart", f"{people.sorts_first}-{MERGED}", "first_message", "closed", "not_cooling_down") in [
        decision[:5] for decision in story.decided(MERGED, survivor)
    ]
    new_cart = f"{people.sorts_first}-{LAST}"
    outcomes = {entry: outcome for _, entry, _, outcome, _, _ in story.decided(LAST, survivor)}
    assert outcomes[new_cart] == ("selected" if arms[0] == "treated" else "held_out")
    written_to = [story.is_written_to(LAST, each) for each in (people.sorts_first, people.sorts_last)]
    assert any(written_to) == (arms[0] == "treated")
    # crossovers are kept: both entries stand, in the arms that were drawn
    assert {(entry, arm) for _, entry, arm in story.entries(people.sorts_first, people.sorts_last)} == {
        (f"{people.sorts_first}-2024-06-30", arms[0]),
        (f"{people.sorts_last}-2024-06-30", arms[1]),
        (new_cart, arms[0]),
    }


# --- Raw rows that are kept, as those of text files are ---

SILENT = find("silent", "abandoned_cart", treated=True)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A no stamped after its extraction comes after the last whole run, and a day decides."""
    folder = tmp_path_factory.mktemp("kept")
    copy_files(folder / "project", SHOP | {"raw_rows_are_text": "true"})
    world = until_may()
    # one row in twenty that cannot be read would stop the day
    for each in (SILENT, *(f"reader{number}" for number in range(40))):
        contact(world, each, "2021-01-01")
    order(world, REGULAR, "2024-06-29", FIRST)
    for each in (EMPTIED, SILENT):
        cart(world, each, MERGED, MERGED)
    write_contract(world, folder / "contract")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REKINDLE_COMPRESSION", "uncompressed")
        patch.setenv("REKINDLE_ERASURE_KEY", "0" * 64)
        run_day(folder, FIRST, "--accept", "2024-06", "--no-publish")
        no = {"channel": "email", "purpose": "marketing", "status": "withdrawn", "changed_at": utc("2024-07-04 09:00")}
        add(world, "consents", MERGED, contact_id=EMPTIED, **no)
        write_contract(world, folder / "contract")
        run_day(folder, MERGED, "--daily")
        yield folder


def test_a_day_judges_anew_what_it_keeps_of_text_files(kept: Path) -> None:
    """Beside the rejects of before the no would be valid, and said two days from now."""
    told = Story(kept / "warehouse" / "build.duckdb")
    entry = ("abandoned_cart", f"{SILENT}-{MERGED}", "first_message")
    assert told.decided(MERGED, SILENT) == [(*entry, "selected", None, None)]
    entry = ("abandoned_cart", f"{EMPTIED}-{MERGED}", "first_message")
    assert told.decided(MERGED, EMPTIED) == [(*entry, "closed", "not_suppressed", "unreadable_no")]


def test_what_is_kept_of_text_files_holds_nobody_who_was_forgotten(kept: Path) -> None:
    """Not even after a build that still finds her in the files."""
    warehouse = kept / "warehouse" / "build.duckdb"
    emails = [f"{each}@example.com".encode() for each in (EMPTIED, SILENT)]
    assert [email in warehouse.read_bytes() for email in emails] == [True, True]
    erase = str(kept / "project" / "scripts" / "erase.py")
    call(kept, erase, "--connector", "parquet", "--contact", f"web_shop:{EMPTIED}", "--now", "--yes")
    assert [email in warehouse.read_bytes() for email in emails] == [False, True]
    run_day(kept, MERGED, "--full", "--no-publish")
    assert [email in warehouse.read_bytes() for email in emails] == [False, True]
