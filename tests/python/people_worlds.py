"""People dense with noes: seeded contract rows, and who of them is written to for the oracle and in the files.

Each person has a shape (which records, what joins them) and a handful of troubles, drawn by weight. Everybody is meant
for one channel, has left a cart (or, for ads, has been silent for long), and is written to unless something forbids it.

    python tests/python/people_worlds.py --people 100000 --seed 7
"""

import argparse
import os
import random
import sys
import tempfile
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import forked
from people_project import CHANNELS, Row, Sent, World, build_and_export, purpose, recorded_world
from permission_oracle import Oracle, Record, Settings, Verdict, one_number, one_spelling

EXTRACTED = datetime.fromisoformat("2024-07-01 06:00")
# the as-of date ends in Brussels; a later delivery knows more than the date may see
END_OF_AS_OF = datetime.fromisoformat("2024-07-01 22:00")
LATER_DELIVERY = datetime.fromisoformat("2024-07-05 06:00")
# some people were seen before, by a build that ends here: with another address, or joined to somebody
END_OF_PAST = datetime.fromisoformat("2020-09-14 22:00")
FEWEST_PER_100_000 = 300
CHANNEL_WEIGHTS = {"email": 40, "sms": 18, "ads": 16, "post": 10, "push": 8, "phone": 8}
# mailbox providers, their deliveries of late and how many of these were complained about: the first one is paused
PROVIDERS = {"quarrel.example": (1000, 4), "calm.example": (1000, 3), "young.example": (999, 30)}
INVISIBLE = ("​", "‍", "﻿", "­", "⁠")


@dataclass
class People:
    """A world, whom it asks about, and how many people have which trouble."""

    world: World = field(default_factory=recorded_world)
    # contacts and links as a build of long ago saw them
    past: World = field(default_factory=recorded_world)
    # a cart, or a family name on ads -> a record of the person and the channel meant
    subjects: dict[str, tuple[Record, str]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    contacts: dict[Record, Row] = field(default_factory=dict)


class Story:
    """One person while being told (or two, when the shape says so)."""

    def __init__(self, people: People, number: int, seed: int) -> None:
        self.people, self.number = people, number
        self.random = random.Random(f"{seed}/{number}")
        self.channel = self.random.choices(list(CHANNEL_WEIGHTS), list(CHANNEL_WEIGHTS.values()))[0]
        self.purpose = purpose(self.channel)
        self.shape: Callable[[Story], list[Record]] = single
        self.records: list[Record] = []
        self.kinds: set[str] = set()
        self.remembered: set[Record] = set()
        # one address joins the records that hold it today: of two people it would make one
        self.moved_from: set[object] = set()
        self.said: list[datetime] = []
        self.yeses: set[tuple[Record, datetime]] = set()
        self.events = 0
        self.local = self.random.choice(("ann", "bob", "zoé", "cy.d", "o'neil", "žofie"))
        self.domain = f"{self.random.choice(('m', 'm', 'm', 'bücher-'))}{number}.example"
        if self.channel == "email" and self.chance(0.04):
            self.domain = self.random.choice(list(PROVIDERS))
            self.local = f"{self.local}{number}-"
            self.kinds.add("mailbox_provider")

    # --- Drawing ---

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def when(self) -> datetime:
        """One of few instants, so that two often fall together; people for ads have been silent since long."""
        stamp = datetime.fromisoformat("2022-02-01 10:00") + timedelta(days=35 * self.random.randrange(24))
        stamp -= timedelta(days=480) if self.channel == "ads" else timedelta()
        self.said.append(stamp)
        return stamp

    def same_instant(self) -> datetime:
        return self.random.choice(self.said) if self.said else self.when()

    def one_of(self, *rows: Row) -> Row:
        return self.random.choice(rows)

    def anyone(self) -> Record:
        return self.random.choice(self.records)

    # --- Rows ---

    def add(self, entity: str, record: Record | None, **columns: object) -> Row:
        system, contact = record or (None, None)
        row: Row = {"source_system": system, "contact_id": contact, "extracted_at": EXTRACTED, **columns}
        self.people.world[entity].append(row)
        return row

    def email(self, which: int) -> str:
        return f"{self.local}{which}@{self.domain}"

    def phone(self, which: int) -> str:
        return f"+3247{self.number * 8 + which:07d}"

    def record(self, **columns: object) -> Record:
        """A contact record with addresses of its own, unless the columns say otherwise."""
        which = len(self.records)
        record = ("web_shop", f"c{self.number}_{which}")
        if record in self.people.contacts:
            # one of the future had that number, and is another one
            record = ("web_shop", f"{record[1]}x")
        phone = self.phone(which) if self.channel in ("sms", "phone") or self.chance(0.5) else None
        row: Row = {
            "silo": "app" if self.channel == "push" and self.chance(0.9) else "web_shop",
            "email": None if which and self.chance(0.08) else self.email(which),
            "phone": phone,
            "first_name": "Ann",
            "last_name": f"Fam{self.number}a",
            "country_code": self.random.choice(("BE", None)),
            "created_at": datetime.fromisoformat("2020-01-01 08:00") + timedelta(days=which),
            "updated_at": self.when() if self.chance(0.35) else None,
            "email_verified_at": self.when() if self.chance(0.3) else None,
            "phone_verified_at": self.when() if self.chance(0.3) else None,
            **columns,
        }
        if self.channel == "post":
            where: Row = {
                "street_address": f"Straat {self.number} bus {which}",
                "postal_code": "1000",
                "city": "Brussel",
            }
            row |= where if self.chance(0.9) else {"street_address": None, "postal_code": "1000"}
        if "email" not in columns and self.chance(0.02):
            row["email"] = "n/a"
        row["email"], row["phone"] = self.spelled(row["email"]), self.dialled(row["phone"])
        created = row["created_at"]
        assert isinstance(created, datetime)
        self.people.contacts[record] = self.add("contacts", record, created_date=created.date(), **row)
        self.records.append(record)
        return record

    def spelled(self, email: object) -> object:
        """The same address as somebody else would type it."""
        if not isinstance(email, str) or "@" not in email or not self.chance(0.3):
            return email
        local, _, domain = email.partition("@")
        way = self.random.choice(
            (
                *("upper", "blank", "invisible", "decomposed", "ascii_domain", "invisible_domain", "link", "named"),
                *("root", "around"),
            )
        )
        self.kinds.add(f"spelled_{way}")
        if way == "around":
            around = ("'{}'", '"{}"', "{};", "{},", "[{}]", "({})", '"Ann" <{}>;')
            at_sign = self.random.choice(("@", "@", " @ ", "\uff20"))
            return self.random.choice(around).format(f"{local}{at_sign}{domain}")
        if way in ("link", "named", "root"):
            return {"link": f"mailto:{email}", "named": f'"Ann" <{email}>', "root": f"{email}."}[way]
        if way == "upper":
            return email.upper()
        if way == "blank":
            return f" {email}\t"
        if way == "invisible":
            return f"{local[:1]}{self.random.choice(INVISIBLE)}{local[1:]}@{domain}"
        if way == "decomposed":
            return unicodedata.normalize("NFD", email)
        if way == "ascii_domain":
            return f"{local}@{domain.encode('idna').decode()}"
        return f"{local}@{domain[:2]}{self.random.choice(INVISIBLE)}{domain[2:]}"

    def dialled(self, phone: object) -> object:
        if not isinstance(phone, str) or not phone[1:].isdigit() or not self.chance(0.3):
            return phone
        self.kinds.add("spelled_phone")
        national = phone[3:]
        return self.random.choice(
            (f"+32 {national[:3]} {national[3:5]} {national[5:]}", f"0032{national}", f"+32 (0){national}")
        )

    def own(self, record: Record) -> object:
        """The address of a record that fits the channel, as somebody would write it."""
        row = self.people.contacts[record]
        if self.channel == "email" or (self.channel == "ads" and self.chance(0.7)):
            return self.spelled(one_spelling(row["email"]))
        number = one_number(row["phone"], row["country_code"], "BE")
        return self.dialled(number) if self.channel in ("sms", "phone", "ads") else None

    def sibling(self, record: Record, **columns: object) -> Record:
        """Another record of the same person, joined by a link; the same one where a record more would say something."""
        if self.shape in NOBODY_JOINS_THEM or len(self.records) > 6:
            return record
        names = {name: self.people.contacts[record][name] for name in ("first_name", "last_name")}
        other = self.record(**(names | columns))
        link(self, record, other, "same")
        return other

    def remember(self, record: Record, **columns: object) -> None:
        """The record as the build of long ago saw it."""
        seen_then = datetime.fromisoformat("2020-09-10 06:00")
        row = self.people.contacts[record] | {"extracted_at": seen_then, "updated_at": None} | columns
        self.people.past["contacts"].append(row)
        self.remembered.add(record)

    def consent(self, status: str | None, at: datetime | None, record: Record | None = None, **columns: object) -> Row:
        yes = {"double_opt_in_confirmed_at": at + timedelta(minutes=5) if at else None} if status == "granted" else {}
        record = record or self.anyone()
        row: Row = {"channel": self.channel, "purpose": self.purpose, "status": status, "changed_at": at}
        row |= yes | columns
        if status == "granted" and isinstance(row["changed_at"], datetime) and "extracted_at" not in row:
            # two yeses of one record at one instant are two copies of one row, whatever address they name
            while (record, row["changed_at"]) in self.yeses:
                row["changed_at"] += timedelta(minutes=1)
            self.yeses.add((record, row["changed_at"]))
        return self.add("consents", record, **row)

    def message(self, record: Record, at: datetime, **columns: object) -> str:
        self.events += 1
        name = f"x{self.number}_{self.events}"
        row: Row = {"message_id": name, "channel": self.channel, "sent_at": at, "sent_date": at.date()}
        self.add("messages", record, **(row | columns))
        return name

    def event(self, message: str, kind: str | None, at: datetime | None, **columns: object) -> Row:
        row: Row = {"source_system": "web_shop", "message_id": message, "event_type": kind, "occurred_at": at}
        row |= {"occurred_date": (at or EXTRACTED).date(), "extracted_at": EXTRACTED}
        row["link_tag"] = self.random.choice(("", "footer"))
        self.people.world["message_events"].append(row | columns)
        return row

    def report(self, kind: str | None, at: datetime, **columns: object) -> Row:
        """An event of a message of its own, sent long enough before to fill no cap."""
        return self.event(self.message(self.anyone(), at - timedelta(days=40)), kind, at, **columns)

    def ask(self, record: Record) -> None:
        """This record's person is asked about."""
        if self.channel == "ads":
            self.people.subjects[family(self.people.contacts[record]["last_name"])] = (record, "ads")
            return
        cart = f"k{self.number}_{record[1].rpartition('_')[2]}"
        at = datetime.fromisoformat("2024-06-30 19:00")
        self.add(
            "carts",
            record,
            cart_id=cart,
            created_at=at - timedelta(hours=1),
            updated_at=at,
            updated_date=at.date(),
            items="p1,p2",
            item_count=2,
            cart_amount=20,
        )
        self.people.subjects[cart] = (record, self.channel)


def family(last_name: object) -> str:
    """Who it is: two spellings of one family name differ behind the hyphen only."""
    return str(last_name).partition("-")[0]


# --- Shapes: which records there are, what joins them; returns one record per person --------------------------------


def single(story: Story) -> list[Record]:
    return [story.record()]


def one_address_twice(story: Story) -> list[Record]:
    first = story.record(loyalty_card_id=f"card{story.number}", phone=story.phone(0), email=story.email(0))
    story.record(loyalty_card_id=f"card{story.number}", phone=story.phone(0), email=story.email(0))
    return [first]


def joined_by_card(story: Story) -> list[Record]:
    for _ in range(story.random.choice((2, 2, 3))):
        story.record(loyalty_card_id=f"card{story.number}")
    return [story.anyone()]


def joined_by_email(story: Story) -> list[Record]:
    for which in range(2):
        story.record(email=story.email(0), phone=story.phone(which))
    return [story.anyone()]


def joined_by_phone(story: Story) -> list[Record]:
    """The names are equal but for how they are written, or one e-mail is not known: no strangers."""
    story.record(phone=story.phone(0))
    story.record(phone=story.phone(0), first_name=story.random.choice(("Ann", "ANN", " Ànn.", None)))
    return [story.anyone()]


def joined_by_phone_without_an_email(story: Story) -> list[Record]:
    story.record(phone=story.phone(0))
    story.record(phone=story.phone(0), email=None, last_name=f"Fam{story.number}a-b")
    return [story.anyone()]


def joined_by_link(story: Story) -> list[Record]:
    one, other = story.record(phone=None), story.record(phone=None)
    link(story, one, other, story.random.choice(("same", None)))
    return [story.anyone()]


def link(story: Story, one: Record, other: Record, kind: str | None) -> None:
    at = datetime.fromisoformat("2021-06-01 10:00")
    story.add(
        "identity_links", one, linked_source_system=other[0], linked_contact_id=other[1], link_type=kind, linked_at=at
    )


def strangers_with_one_phone(story: Story) -> list[Record]:
    """First names that differ are enough, and so are last ones; for ads the last name says who it is."""
    one = story.record(phone=story.phone(0), email=story.email(0))
    names = {"first_name": "Bob", "last_name": f"Fam{story.number}{'b' if story.channel == 'ads' else 'a'}"}
    if story.chance(0.3):
        names = {"first_name": "Ann", "last_name": f"Fam{story.number}b"}
    return [one, story.record(phone=story.phone(0), email=story.email(1), **names)]


def behind_extensions(story: Story) -> list[Record]:
    """Two people behind one number; one of them has two records."""
    number, email = story.phone(0), story.email(0)
    one = story.record(phone=f"{number} ext 101", email=email)
    story.record(phone=f"{number};ext=101", email=None, last_name=None, first_name=None)
    return [one, story.record(phone=f"{number} ext. 102", email=None, last_name=f"Fam{story.number}b")]


def numbers_with_decimals(story: Story) -> list[Record]:
    """What a spreadsheet made of one number: nobody knows what it was, and it joins nobody."""
    number = f"{story.phone(0)[1:-1]}.{story.phone(0)[-1]}"
    one = story.record(phone=number, email=story.email(0))
    return [one, story.record(phone=number, email=None, last_name=f"Fam{story.number}b", first_name=None)]


def household_with_one_phone(story: Story) -> list[Record]:
    """Nothing but the link says that they are two."""
    one = story.record(phone=story.phone(0), email=story.email(0))
    names: dict[str, object] = {"email": story.email(1)}
    if story.channel == "ads":
        names = {"email": None, "last_name": f"Fam{story.number}b"}
    other = story.record(phone=story.phone(0), **names)
    link(story, one, other, "household")
    return [one, other]


def apart_since(story: Story) -> list[Record]:
    """They were taken for one person, until the card was corrected."""
    one, other = story.record(), story.record(last_name=f"Fam{story.number}b")
    for record in (one, other):
        story.remember(record, loyalty_card_id=f"card{story.number}")
    return [one, other]


def told_apart(story: Story) -> list[Record]:
    """Two people who share something, and a link of type `different`."""
    shared = story.one_of(
        {"email": story.email(0)},
        {"phone": story.phone(0)},
        {"loyalty_card_id": f"card{story.number}"},
        {"email": story.email(0), "phone": story.phone(0)},
    )
    one, other = story.record(**shared), story.record(**shared, last_name=f"Fam{story.number}b")
    link(story, one, other, "different")
    if story.chance(0.2):
        link(story, other, one, "same")
    return [one, other]


def chain_taken_apart(story: Story) -> list[Record]:
    """A first and a last record are two people, and one in the middle is joined to both: the weaker edge goes."""
    kinds = story.random.choice(
        [(one, other) for one in EDGES for other in EDGES if one == other == "link" or EDGES[one] != EDGES[other]]
    )
    columns: list[dict[str, object]] = [
        {},
        {"first_name": None, "last_name": None},
        {"last_name": f"Fam{story.number}b"},
    ]
    proved = datetime.fromisoformat("2020-02-02 10:00")
    shared: dict[str, dict[str, object]] = {
        "phone": {"phone": story.phone(6)},
        "email": {"email": story.email(6), "email_verified_at": None},
        "verified_email": {"email": story.email(6), "email_verified_at": proved},
        "card": {"loyalty_card_id": f"card{story.number}"},
        "link": {},
    }
    for which, kind in enumerate(kinds):
        for end in (which, which + 1):
            columns[end] |= shared[kind]
    for each in columns:
        each.setdefault("email", story.email(columns.index(each)))
        each.setdefault("phone", story.phone(columns.index(each)))
    one, middle, other = (story.record(**each) for each in columns)
    for kind, first, second in zip(kinds, (one, middle), (middle, other), strict=True):
        if kind == "link":
            link(story, first, second, "same")
    link(story, one, other, "different")
    return [one, other]


# what may join two records, and the column that says so
EDGES = {"phone": "phone", "email": "email", "verified_email": "email", "card": "loyalty_card_id", "link": ""}


def household(story: Story) -> list[Record]:
    one, other = story.record(phone=None), story.record(phone=None, last_name=f"Fam{story.number}b")
    if story.channel in ("sms", "phone"):
        for which, record in enumerate((one, other)):
            story.people.contacts[record]["phone"] = story.phone(which)
    link(story, one, other, "household")
    return [one, other]


def switchboard(story: Story) -> list[Record]:
    """A number or a mailbox of eleven people."""
    shared = story.one_of({"phone": story.phone(0)}, {"email": story.email(0)})
    people = []
    for which in range(11):
        own: dict[str, object] = {"phone": story.phone(0), "email": f"s{which}{story.email(0)}"} | shared
        if "email" in shared:
            own["phone"] = f"+3249{story.number * 11 + which:07d}"
        record = story.record(**own, last_name=f"Fam{story.number}s{which}")
        people.append(record)
        if story.chance(0.25):
            status = story.random.choice(("granted", "withdrawn"))
            story.consent(status, story.when(), record, address=story.own(record))
    return people


def switchboard_that_nobody_refused(story: Story) -> list[Record]:
    """A no that names the number or mailbox, of a record that nobody knows."""
    people = switchboard(story)
    story.kinds.add(switchboard.__name__)
    unknown_no(story, story.anyone())
    return people


SHAPES: list[tuple[Callable[[Story], list[Record]], float]] = [
    (single, 30),
    (one_address_twice, 7),
    (joined_by_card, 20),
    (joined_by_email, 7),
    (joined_by_phone, 6),
    (joined_by_phone_without_an_email, 2),
    (joined_by_link, 5),
    (strangers_with_one_phone, 4),
    (told_apart, 5),
    (chain_taken_apart, 4),
    (household, 2),
    (household_with_one_phone, 2),
    (behind_extensions, 1.5),
    (numbers_with_decimals, 1.5),
    (apart_since, 3),
    (switchboard, 0.6),
    (switchboard_that_nobody_refused, 0.5),
]
# a record more would be a question of what joins whom, or of which word was said when they were one
NOBODY_JOINS_THEM = (told_apart, chain_taken_apart, switchboard, switchboard_that_nobody_refused, apart_since)


# --- Troubles -----------------------------------------------------------------------------------------------------


def yes(story: Story) -> None:
    story.consent("granted", story.when())


def yes_at_the_same_instant(story: Story) -> None:
    story.consent("granted", story.same_instant())


def yes_at_its_own_address(story: Story) -> None:
    record = story.anyone()
    story.consent("granted", story.when(), record, address=story.own(record))


def yes_at_another_record(story: Story) -> None:
    story.consent("granted", story.when(), address=story.own(story.anyone()))


def yes_at_an_address_nobody_holds(story: Story) -> None:
    story.consent("granted", story.when(), address=nobodys(story))


def nobodys(story: Story) -> str | None:
    if story.channel in ("sms", "phone"):
        return f"+3248{story.number:07d}"
    return f"gone{story.number}@elsewhere.example" if story.channel in ("email", "ads") else None


def yes_at_an_unreadable_address(story: Story) -> None:
    story.consent("granted", story.when(), address=unreadable_address(story))


def unreadable_address(story: Story) -> str | None:
    """Nothing that the channel can write to: no address at all, or one of another kind."""
    if not story.own(story.anyone()):
        return None
    other = {"email": story.phone(0), "sms": story.email(0), "phone": story.email(0)}.get(story.channel, "n/a")
    return story.random.choice(("n/a", other))


def yes_spelled_otherwise(story: Story) -> None:
    """It is rejected, and could not be a no."""
    record, at = story.anyone(), story.when()
    story.consent(story.random.choice(("Granted", "GRANTED")), at, record)


def yes_never_confirmed(story: Story) -> None:
    story.consent("granted", story.when(), double_opt_in_confirmed_at=None)


def yes_confirmed_after_a_no(story: Story) -> None:
    record, at = story.anyone(), story.when()
    confirmed = at + timedelta(days=20)
    story.consent("granted", at, record, double_opt_in_confirmed_at=confirmed)
    if story.chance(0.7):
        story.consent("withdrawn", at + timedelta(days=10), record)


def yes_to_be_confirmed_later(story: Story) -> None:
    later = END_OF_AS_OF + timedelta(days=1)
    story.consent("granted", story.when(), double_opt_in_confirmed_at=later, extracted_at=LATER_DELIVERY)


def yes_after_the_date(story: Story) -> None:
    story.consent("granted", END_OF_AS_OF + timedelta(hours=story.random.randrange(9)), extracted_at=LATER_DELIVERY)


def yes_delivered_twice(story: Story) -> None:
    """The first copy was not confirmed yet; the copy extracted last counts."""
    record, at = story.anyone(), story.when()
    day = at + timedelta(days=3)
    later = story.consent("granted", at, record)
    story.people.world["consents"].append(later | {"double_opt_in_confirmed_at": None, "extracted_at": day})


def yes_that_is_rejected(story: Story) -> None:
    record, at = story.anyone(), story.when()
    wrong = story.one_of(
        {"changed_at": None},
        {"changed_at": EXTRACTED + timedelta(minutes=90)},
        {"channel": "Email"},
        {"channel": None},
        {"purpose": "newsletter"},
        {"contact_id": None},
        {"contact_id": "nobody", "address": story.own(record)},
    )
    story.consent("granted", at, record, **wrong)


def no(story: Story) -> None:
    story.consent(story.random.choice(("denied", "withdrawn")), story.when())


def no_at_the_same_instant(story: Story) -> None:
    story.consent("denied", story.same_instant())


def no_and_yes_in_one_key(story: Story) -> None:
    """The yes was extracted later than the no."""
    record, at = story.anyone(), story.when()
    story.consent("denied", at, record, extracted_at=at + timedelta(days=2))
    story.consent("granted", at, record)


def no_at_its_own_address(story: Story) -> None:
    record = story.anyone()
    story.consent("withdrawn", story.when(), record, address=story.own(record))


def no_at_another_record(story: Story) -> None:
    story.consent("withdrawn", story.when(), address=story.own(story.anyone()))


def no_at_an_address_nobody_holds(story: Story) -> None:
    story.consent("withdrawn", story.when(), address=nobodys(story))


def no_at_an_unreadable_address(story: Story) -> None:
    record, at = story.anyone(), story.when()
    story.consent("withdrawn", at, record, address=unreadable_address(story))
    if story.chance(0.6):
        story.consent("granted", at + timedelta(days=5), story.sibling(record))


def no_under_other_ids(story: Story) -> None:
    """White space around an id, or the system under a name that has the same letters."""
    record, at = story.anyone(), story.when()
    system, contact = record
    other = story.one_of(
        {"contact_id": f"{contact} "},
        {"contact_id": f"\t{contact}"},
        {"source_system": f" {system}"},
        {"source_system": "Web_Shop"},
        {"source_system": "web shop", "contact_id": f" {contact}"},
        {"source_system": None, "contact_id": f"{contact} "},
    )
    if story.chance(0.6):
        named = {"address": story.own(record)} if story.chance(0.4) else {}
        story.consent(story.random.choice(("denied", "withdrawn")), at, record, **other, **named)
    else:
        message = story.message(record, at - timedelta(days=1), **(other if "source_system" in other else {}))
        blank = {} if "source_system" in other else {"message_id": f" {message} "}
        story.event(message, story.random.choice(("unsubscribed", "complained")), at, **blank)
    if story.chance(0.5):
        story.consent("granted", at + timedelta(days=5), story.random.choice((record, story.anyone())))


def wish_to_be_forgotten_under_other_ids(story: Story) -> None:
    system, contact = story.anyone()
    other = story.one_of(
        {"contact_id": f" {contact}"},
        {"source_system": f"{system} "},
        {"source_system": "WEB-SHOP"},
        {"source_system": None, "contact_id": f" {contact}"},
    )
    story.add("erasure_requests", (system, contact), **({"requested_at": story.when()} | other))


def no_to_something_else(story: Story) -> None:
    story.consent("withdrawn", story.when(), story.anyone(), **something_else(story))


def something_else(story: Story) -> Row:
    """Another channel, or another purpose."""
    other = story.random.choice([each for each in CHANNELS if each != story.channel])
    return story.one_of({"channel": other}, {"purpose": "profiling"})


def no_after_the_date(story: Story) -> None:
    story.consent("withdrawn", END_OF_AS_OF + timedelta(hours=story.random.randrange(9)), extracted_at=LATER_DELIVERY)


def stopped(story: Story) -> None:
    story.report(story.random.choice(("unsubscribed", "complained")), story.when())


def stopped_at_the_same_instant(story: Story) -> None:
    story.report(story.random.choice(("unsubscribed", "complained")), story.same_instant())


def taken_first(story: Story) -> Row:
    """Columns of a record whose address is taken before any other."""
    return {verified(story): datetime.fromisoformat("2024-06-01 10:00")}


def record_changed_after_a_stop(story: Story) -> None:
    """She says yes again at the address that the record holds today; the stop may have come from the other one."""
    record, at = story.anyone(), story.when()
    story.people.contacts[record]["updated_at"] = at + timedelta(days=story.random.choice((-2, 2, 2)))
    other = story.sibling(record, **taken_first(story))
    story.consent("granted", at - timedelta(days=4), other)
    message = story.message(record, at - timedelta(days=1))
    wrong: Row = {"event_type": "unsubscribe"} if story.chance(0.25) else {}
    story.event(message, "unsubscribed", at, **wrong)
    story.consent("granted", at + timedelta(days=5), record)


def moved_after_a_stop(story: Story) -> None:
    """The stop came from an address that was the record's then, and is another's today."""
    record, at = story.anyone(), story.when()
    old = f"+3248{story.number:07d}" if story.channel in ("sms", "phone") else f"moved{story.email(0)}"
    kind = "phone" if story.channel in ("sms", "phone") else "email"
    if record in story.remembered or old in story.moved_from:
        return
    story.moved_from.add(old)
    other = story.sibling(record, **(taken_first(story) | {kind: old}))
    story.remember(record, **{kind: old})
    story.consent("granted", at - timedelta(days=4), other)
    message = story.message(record, at - timedelta(days=1))
    wrong: Row = {"event_type": "unsubscribe"} if story.chance(0.25) else {}
    kind = story.random.choice(("unsubscribed", "complained", "bounced_hard"))
    story.event(message, kind, at, **(wrong if kind == "unsubscribed" else {}))
    story.consent("granted", at + timedelta(days=5), record)
    if story.chance(0.5):
        story.people.contacts[record]["updated_at"] = at + timedelta(days=2)


def moved_after_a_no(story: Story) -> None:
    """She withdrew when the record held another address, which is another record's today."""
    record, at = story.anyone(), story.when()
    kind = "phone" if story.channel in ("sms", "phone") else "email"
    old = f"+3243{story.number:07d}" if kind == "phone" else f"before{story.email(0)}"
    if record in story.remembered or old in story.moved_from:
        return
    story.moved_from.add(old)
    other = story.sibling(record, **(taken_first(story) | {kind: old}))
    story.remember(record, **{kind: old})
    story.consent("granted", at - timedelta(days=4), other)
    story.consent(story.random.choice(("denied", "withdrawn", "withdrawn", "Withdrawn")), at, record)
    story.consent("granted", at + timedelta(days=5), story.random.choice((record, record, other)))
    if story.chance(0.3):
        story.people.contacts[record]["updated_at"] = at + timedelta(days=2)


def record_changed_after_a_no(story: Story) -> None:
    """What the record held when she withdrew, nobody has seen."""
    record, at = story.anyone(), story.when()
    story.people.contacts[record]["updated_at"] = at + timedelta(days=story.random.choice((-2, 2, 2)))
    other = story.sibling(record, **taken_first(story))
    story.consent("granted", at - timedelta(days=4), other)
    story.consent(story.random.choice(("denied", "withdrawn", "withdrawn", "Withdrawn")), at, record)
    story.consent("granted", at + timedelta(days=5), record)


def no_of_a_record_that_is_gone(story: Story) -> None:
    """It was seen with an address that is somebody's, and is not delivered any more; what it said is."""
    record, at = story.anyone(), story.when()
    which = len(story.people.past["contacts"])
    gone = ("web_shop", f"c{story.number}_g{which}")
    alone: Row = {"contact_id": gone[1], "loyalty_card_id": None, "created_at": datetime.fromisoformat("2020-06-01")}
    shared = story.one_of({"phone": None}, {"email": None}, {})
    row = story.people.contacts[record] | alone | shared | {"updated_at": None}
    story.people.past["contacts"].append(row | {"extracted_at": datetime.fromisoformat("2020-09-10 06:00")})
    if story.chance(0.6):
        story.consent("withdrawn", at, gone, **story.one_of({}, {}, {"source_system": None}))
    else:
        story.event(story.message(gone, at - timedelta(days=1)), "complained", at)
    if story.chance(0.4):
        story.consent("granted", at + timedelta(days=5), record)


def no_of_a_merged_account(story: Story) -> None:
    """The shop merged two accounts and deleted one, whose addresses were its own; what that one said is hers."""
    record, at = story.anyone(), story.when()
    if record in story.remembered or story.shape in NOBODY_JOINS_THEM:
        return
    which, card = len(story.people.past["contacts"]), f"merged{story.number}_{record[1]}"
    gone = ("web_shop", f"c{story.number}_g{which}")
    own: Row = {"contact_id": gone[1], "email": f"merged{story.email(0)}", "phone": None, "loyalty_card_id": card}
    seen_then: Row = {"updated_at": None, "extracted_at": datetime.fromisoformat("2020-09-10 06:00")}
    created = datetime.fromisoformat(story.random.choice(("2019-06-01", "2020-06-01")))
    row = story.people.contacts[record] | own | seen_then | {"created_at": created, "created_date": created.date()}
    story.people.past["contacts"].append(row)
    story.remember(record, loyalty_card_id=card)
    refuses(story, gone, at, story.one_of({}, {}, {"address": own["email"]}, {"source_system": None}))
    if story.chance(0.4):
        story.consent("granted", at + timedelta(days=5), record)


def refuses(story: Story, who: Record, at: datetime, wrong: Row) -> None:
    if story.chance(0.6):
        story.consent("withdrawn", at, who, **wrong)
    else:
        story.event(story.message(who, at - timedelta(days=1)), "complained", at)


def no_of_a_record_that_is_tied_to_somebody(story: Story) -> None:
    """Intake knows it by a link alone, or rejects it, and a link or its card says whose it is."""
    record, at = story.anyone(), story.when()
    if story.shape in NOBODY_JOINS_THEM:
        return
    which, row = len(story.people.world["contacts"]), story.people.contacts[record]
    tied = ("web_shop", f"c{story.number}_t{which}")
    how = story.random.choice(("link", "rejected", "card"))
    if how != "link":
        row |= {"loyalty_card_id": row.get("loyalty_card_id") or f"tied{story.number}_{record[1]}"}
        card = row["loyalty_card_id"] if how == "card" else None
        alone: Row = {"contact_id": tied[1], "email": f"tied{story.email(0)}", "phone": None, "silo": "kiosk"}
        story.people.world["contacts"].append(row | alone | {"loyalty_card_id": card})
    if how != "card":
        kind = story.random.choice(("same", None, "Same ", "duplicate"))
        link(story, *story.random.choice(((record, tied), (tied, record))), kind)
        if story.chance(0.5):
            row = story.people.world["identity_links"][-1]
            end = story.random.choice(("", "linked_"))
            ways = (
                ("source_system", "Web Shop"),
                ("source_system", None),
                ("contact_id", f"{row[f'{end}contact_id']}\ufeff"),
            )
            column, value = story.random.choice(ways)
            row[f"{end}{column}"] = value
    refuses(story, tied, at, {})
    if story.chance(0.4):
        story.consent("granted", at + timedelta(days=5), record)


def answer_to_an_id_of_two_messages(story: Story) -> None:
    """Two systems number alike; the copy that was extracted last is kept."""
    record, at = story.anyone(), story.when()
    other = story.random.choice((record, story.anyone(), story.sibling(record)))
    message = story.message(record, at - timedelta(days=2))
    wrong = story.one_of({}, {}, {"channel": "Email"}, {"sent_at": None})
    row: Row = {"message_id": message, "extracted_at": at + timedelta(days=story.random.choice((1, 9)))}
    story.message(other, at - timedelta(days=1), **(row | wrong if other != record else row))
    story.event(message, story.random.choice(("unsubscribed", "complained", "bounced_hard")), at)
    if story.chance(0.5):
        story.consent("granted", at + timedelta(days=5), story.random.choice((record, other)))


def empty_texts(story: Story) -> None:
    """Files that began as CSV say so when something is missing."""
    record, at, nothing = story.anyone(), story.when(), story.random.choice(("", " ", "\t "))
    status = story.random.choice(("granted", "withdrawn"))
    system: Row = {"source_system": nothing} if status == "withdrawn" and story.chance(0.5) else {}
    story.consent(status, at, record, **({"address": nothing} | system))
    if story.chance(0.2):
        story.add("erasure_requests", record, source_system=nothing, requested_at=at)
    if story.channel == "post" and story.chance(0.5):
        story.people.contacts[record]["street_address"] = nothing


def yes_confirmed_in_1970(story: Story) -> None:
    story.consent("granted", story.when(), double_opt_in_confirmed_at=datetime.fromisoformat("1970-01-01 00:00"))


def bounced_and_changed_something_else(story: Story) -> None:
    """A build saw the address at the record before it bounced, and there it still is."""
    record, at = story.anyone(), story.when()
    if record in story.remembered:
        return
    story.remember(record)
    story.event(story.message(record, at - timedelta(days=1)), "bounced_hard", at)
    story.people.contacts[record]["updated_at"] = at + timedelta(days=3)


def stopped_after_the_date(story: Story) -> None:
    story.report("unsubscribed", END_OF_AS_OF + timedelta(hours=2), extracted_at=LATER_DELIVERY)


def stopped_again_after_a_yes(story: Story) -> None:
    """Two stops of one message and a yes between them."""
    record, at = story.anyone(), story.when()
    message = story.message(record, at - timedelta(days=1))
    kind = story.random.choice(("unsubscribed", "complained"))
    story.event(message, kind, at)
    story.consent("granted", at + timedelta(days=8), record)
    if story.chance(0.8):
        story.event(message, kind, at + timedelta(days=16))


def stopped_between_a_yes_and_its_confirmation(story: Story) -> None:
    record, at = story.anyone(), story.when()
    story.consent("granted", at, record, double_opt_in_confirmed_at=at + timedelta(days=9))
    story.event(story.message(record, at), "unsubscribed", at + timedelta(days=4))


def answered_before_it_was_sent(story: Story) -> None:
    """The provider stamps in another zone, or gives dates only; between the stamp and the message she said yes."""
    record, at = story.anyone(), story.when()
    kind = story.random.choice(("unsubscribed", "complained", "unsubscribe", "bounced_hard", "Bounced_Hard"))
    before = at - timedelta(hours=story.random.choice((4, 10)))
    story.event(story.message(record, at), kind, before)
    if story.channel not in ("post", "push", "ads") and story.chance(0.5):
        story.people.contacts[record][verified(story)] = at - timedelta(hours=1)
    story.consent("granted", at + timedelta(hours=story.random.choice((-1, -1, 1))), record)


def confirmed_before_it_was_said(story: Story) -> None:
    """The confirmation of an earlier yes stands in the row of a later one."""
    record, at = story.anyone(), story.when()
    confirmed = at - timedelta(days=story.random.choice((2, 20)))
    story.consent("granted", at, record, double_opt_in_confirmed_at=confirmed)
    if story.chance(0.7):
        story.consent("withdrawn", at - timedelta(days=10), record)


def unreadable(**wrong: object) -> Callable[[Story], None]:
    """A no whose row is wrong in one column; often with a yes after it, at the same address or another."""

    def tell(story: Story) -> None:
        record, at = story.anyone(), story.when()
        told = {name: value(story) if callable(value) else value for name, value in wrong.items()}
        status = story.random.choice(("denied", "withdrawn"))
        if "status" in told:
            status = str(told.pop("status") or "") or None  # type: ignore[assignment]
        extracted = at + timedelta(days=1) if story.chance(0.7) and "changed_at" not in told else EXTRACTED
        if told.get("changed_at", at) is None and story.chance(0.7):
            extracted = at + timedelta(days=1)
        named = {"address": story.own(record)} if story.chance(0.4) else {}
        if story.chance(0.1):
            named = {"address": unreadable_address(story)}
        if story.chance(0.1):
            told = something_else(story) | told
        story.consent(status, at, record, **({"extracted_at": extracted} | named | told))
        if story.chance(0.6):
            again = story.anyone() if story.chance(0.4) else record
            story.consent("granted", at + timedelta(days=5), again)

    return tell


def no_of_an_unknown_record(story: Story) -> None:
    """Nobody knows the record, but the address that it names."""
    record = story.anyone()
    at = unknown_no(story, record)
    if story.chance(0.5):
        story.consent("granted", at + timedelta(days=5), record)


def unknown_no(story: Story, record: Record) -> datetime:
    at = story.when()
    system = story.one_of({"contact_id": f"gone{story.number}"}, {"contact_id": None}, {"source_system": None})
    story.consent("withdrawn", at, record, address=story.own(record), **system)
    return at


def no_of_a_rejected_record(story: Story) -> None:
    """Intake rejects the record; its addresses are somebody's."""
    record, at = story.anyone(), story.when()
    row, which = story.people.contacts[record], len(story.people.world["contacts"])
    wrong = story.one_of({"silo": "kiosk"}, {"created_at": None}, {"created_at": EXTRACTED + timedelta(days=1)})
    shared = story.one_of({"phone": None}, {"email": None}, {})
    rejected = ("web_shop", f"c{story.number}_r{which}")
    story.people.world["contacts"].append(row | wrong | shared | {"contact_id": rejected[1], "loyalty_card_id": None})
    if story.chance(0.6):
        story.consent("withdrawn", at, rejected)
    else:
        story.event(story.message(rejected, at - timedelta(days=1)), "complained", at)
    if story.chance(0.4):
        story.consent("granted", at + timedelta(days=5), record)


def unreadable_no_delivered_again(story: Story) -> None:
    record, at = story.anyone(), story.when()
    for days in (1, 20):
        story.consent("withdrawn", None, record, extracted_at=at + timedelta(days=days))
    story.consent("granted", at + timedelta(days=story.random.choice((10, 30))), record)


def event_that_cannot_be_read(story: Story) -> None:
    wrong = story.one_of(
        {"occurred_at": EXTRACTED + timedelta(minutes=90)},
        {"occurred_at": None},
        {"event_type": "unsubscribe"},
        {"event_type": None},
        {"link_tag": None},
    )
    at = story.when()
    extracted = {} if wrong.get("occurred_at", at) is not None else {"extracted_at": at + timedelta(days=1)}
    record = story.anyone()
    story.event(
        story.message(record, at - timedelta(days=1)),
        **({"kind": "unsubscribed", "at": at} | extracted | wrong),  # type: ignore[arg-type]
    )
    if story.chance(0.5):
        story.consent("granted", at + timedelta(days=5), record)


def event_of_a_rejected_message(story: Story) -> None:
    at, record = story.when(), story.anyone()
    wrong = story.one_of({"sent_at": None}, {"channel": "Email"}, {"channel": None})
    story.event(story.message(record, at - timedelta(days=1), **wrong), "complained", at)
    if story.chance(0.5):
        story.consent("granted", at + timedelta(days=5), record)


def event_of_an_unknown_message(story: Story) -> None:
    story.event(f"lost{story.number}", "unsubscribed", story.when())


def erasure(story: Story) -> None:
    at: datetime | None = story.random.choice((story.when(), None, EXTRACTED + timedelta(minutes=90)))
    record = story.anyone()
    for _ in range(story.random.choice((1, 2))):
        story.add("erasure_requests", record, requested_at=at)


def erasure_of_nobody(story: Story) -> None:
    story.add("erasure_requests", ("web_shop", f"gone{story.number}"), requested_at=story.when())


def wish_of_a_rejected_record(story: Story) -> None:
    """Shops that forget somebody may deliver her emptied; her addresses are somebody's."""
    record, at = story.anyone(), story.when()
    which = len(story.people.world["contacts"])
    rejected = ("web_shop", f"c{story.number}_r{which}")
    broken: Row = {"created_at": None, "contact_id": rejected[1], "loyalty_card_id": None}
    row = story.people.contacts[record] | broken | story.one_of({"phone": None}, {"email": None}, {})
    story.people.world["contacts"].append(row)
    story.add("erasure_requests", rejected, requested_at=story.random.choice((at, at, None)))
    if story.chance(0.4):
        story.consent("granted", at + timedelta(days=5), record)


def wish_of_a_record_that_is_gone(story: Story) -> None:
    """Shops delete a record and deliver its wish: of a person who is there still, or of nobody."""
    record, at = story.anyone(), story.when()
    gone = ("web_shop", f"c{story.number}_g{len(story.people.past['contacts'])}")
    card = f"gone{story.number}"
    created = "2020-06-01"
    if not story.remembered and story.chance(0.6):
        story.remember(record, loyalty_card_id=card)
        # the id that it gave is carried on
        created = story.random.choice(("2019-06-01", created))
    alone: Row = {"contact_id": gone[1], "loyalty_card_id": card, "updated_at": None}
    shared = story.one_of({"phone": None}, {"email": None}, {"phone": None, "email": None})
    row = story.people.contacts[record] | alone | shared | {"created_at": datetime.fromisoformat(created)}
    story.people.past["contacts"].append(row | {"extracted_at": datetime.fromisoformat("2020-09-10 06:00")})
    story.add("erasure_requests", gone, requested_at=at)
    if story.chance(0.4):
        story.consent("granted", at + timedelta(days=5), record)


def bounced(story: Story) -> None:
    story.report("bounced_hard", story.when())


def bounced_and_mended(story: Story) -> None:
    record, at = story.anyone(), story.when()
    story.event(story.message(record, at - timedelta(days=1)), "bounced_hard", at)
    column = "updated_at" if story.chance(0.5) or story.channel in ("post", "push", "ads") else verified(story)
    story.people.contacts[record][column] = at + timedelta(days=story.random.choice((-3, 0, 3)))


def bounce_that_cannot_be_read(story: Story) -> None:
    """The address is dead, whatever is wrong with the row or with its message."""
    record, at = story.anyone(), story.when()
    wrong = story.one_of(
        {"event_type": "Bounced_Hard"},
        {"event_type": "bounced_hard "},
        {"occurred_at": None, "extracted_at": at + timedelta(days=1)},
        {"occurred_at": EXTRACTED + timedelta(minutes=90)},
        {"link_tag": None},
        {},
    )
    message: Row = {} if wrong else story.one_of({"sent_at": None}, {"source_system": "Web Shop"})
    name = story.message(record, at - timedelta(days=1), **message)
    blank: Row = {"message_id": f" {name}"} if story.chance(0.2) else {}
    story.event(name, **({"kind": "bounced_hard", "at": at} | blank | wrong))  # type: ignore[arg-type]
    if story.chance(0.3):
        story.people.contacts[record]["updated_at"] = at + timedelta(days=story.random.choice((-3, 3)))


def bounce_of_a_record_that_is_nobodys(story: Story) -> None:
    """Intake rejects the record, or it is not delivered any more; its address is somebody's."""
    record, at = story.anyone(), story.when()
    row, which = story.people.contacts[record], len(story.people.past["contacts"])
    who = ("web_shop", f"c{story.number}_b{which}")
    alone: Row = {"contact_id": who[1], "loyalty_card_id": None, "created_at": datetime.fromisoformat("2020-06-01")}
    if story.chance(0.5):
        story.people.world["contacts"].append(row | alone | {"silo": "kiosk"})
    else:
        seen_then: Row = {"updated_at": None, "extracted_at": datetime.fromisoformat("2020-09-10 06:00")}
        story.people.past["contacts"].append(row | alone | seen_then)
    story.event(story.message(who, at - timedelta(days=1)), "bounced_hard", at)


def verified(story: Story) -> str:
    return "email_verified_at" if story.channel == "email" else "phone_verified_at"


def bounced_softly(story: Story) -> None:
    story.report("bounced_soft", story.when())


def prefers(story: Story) -> None:
    """Says where to write, perhaps twice, perhaps to an address of nobody."""
    for _ in range(story.random.choice((1, 2))):
        wish(story, nobodys(story) if story.chance(0.15) else story.own(story.anyone()), story.when())


def prefers_something_else_lately(story: Story) -> None:
    """Two open addresses, one of which would be taken first; first she wants the other one."""
    record = story.anyone()
    other = story.sibling(record, **taken_first(story))
    for each in (record, other):
        story.consent("granted", datetime.fromisoformat("2024-05-20 10:00"), each)
    at = story.when()
    wish(story, story.own(record), at)
    if story.chance(0.8):
        wish(story, nobodys(story) if story.chance(0.5) else story.own(other), at + timedelta(days=3))


def wish(story: Story, address: object, at: datetime) -> None:
    if address is not None:
        story.add(
            "contact_preferences",
            story.anyone(),
            preference_type=f"preferred_{'phone' if story.channel in ('sms', 'phone') else 'email'}",
            preference_value=address,
            declared_at=at + timedelta(hours=len(story.people.world["contact_preferences"]) % 5),
        )


def record_delivered_twice(story: Story) -> None:
    """An older copy with an address that nobody uses any more."""
    record = story.anyone()
    old = {"email": f"old{story.email(0)}", "extracted_at": datetime.fromisoformat("2021-01-01 06:00")}
    story.people.world["contacts"].append(story.people.contacts[record] | old)


def record_of_the_future(story: Story) -> None:
    """Somebody signs up again after the as-of date, at the same address and with a number of theirs that is new."""
    email, which = one_spelling(story.people.contacts[story.anyone()]["email"]), len(story.records)
    is_told = ("web_shop", f"c{story.number}_{which}") in story.people.contacts
    # where links part people, a record more would be a question of which link is weaker
    if email is None or is_told or story.shape in NOBODY_JOINS_THEM:
        return
    at = END_OF_AS_OF + timedelta(hours=3)
    never: Row = dict.fromkeys(("updated_at", "email_verified_at", "phone_verified_at"))
    story.record(email=email, phone=story.phone(7), created_at=at, extracted_at=LATER_DELIVERY, **never)
    story.consent("granted", at, story.records.pop(), extracted_at=LATER_DELIVERY)


TROUBLES: list[tuple[str, Callable[[Story], None], float]] = [
    *((told.__name__, told, weight) for told, weight in ((yes, 14), (no, 6), (stopped, 6))),
    *(
        (told.__name__, told, 2.5)
        for told in (
            *(yes_at_the_same_instant, yes_at_its_own_address, yes_at_another_record, yes_at_an_address_nobody_holds),
            *(yes_at_an_unreadable_address, yes_never_confirmed, yes_confirmed_after_a_no, yes_to_be_confirmed_later),
            *(yes_after_the_date, yes_delivered_twice, yes_that_is_rejected, yes_spelled_otherwise),
            *(no_at_the_same_instant, no_and_yes_in_one_key, no_at_its_own_address, no_at_another_record),
            *(no_to_something_else, no_after_the_date, stopped_after_the_date, stopped_again_after_a_yes),
            *(stopped_between_a_yes_and_its_confirmation, stopped_at_the_same_instant, record_changed_after_a_stop),
            *(bounced, bounced_and_mended, bounced_and_changed_something_else, bounced_softly, moved_after_a_stop),
            *(prefers, prefers_something_else_lately, no_of_a_rejected_record),
            *(record_delivered_twice, record_of_the_future, event_of_an_unknown_message, erasure_of_nobody),
            *(wish_of_a_rejected_record, wish_of_a_record_that_is_gone),
            *(moved_after_a_no, record_changed_after_a_no, no_of_a_record_that_is_gone, yes_confirmed_in_1970),
            *(answer_to_an_id_of_two_messages, empty_texts, no_under_other_ids),
            *(no_of_a_merged_account, no_of_a_record_that_is_tied_to_somebody),
            *(bounce_that_cannot_be_read, bounce_of_a_record_that_is_nobodys),
            *(answered_before_it_was_sent, confirmed_before_it_was_said),
        )
    ),
    *(
        (told.__name__, told, 1)
        for told in (
            *(no_at_an_address_nobody_holds, no_at_an_unreadable_address, no_of_an_unknown_record),
            *(unreadable_no_delivered_again, event_that_cannot_be_read, event_of_a_rejected_message, erasure),
            wish_to_be_forgotten_under_other_ids,
        )
    ),
    ("no_without_a_stamp", unreadable(changed_at=None), 1),
    ("no_stamped_after_the_extraction", unreadable(changed_at=EXTRACTED + timedelta(minutes=90)), 0.8),
    ("no_stamped_in_1970", unreadable(changed_at=datetime.fromisoformat("1970-01-01 00:00")), 0.8),
    ("status_not_in_the_list", unreadable(status="unsubscribed"), 1),
    ("status_missing", unreadable(status=None), 0.8),
    ("channel_spelled_wrong", unreadable(channel="Email"), 1),
    ("channel_missing", unreadable(channel=None), 0.8),
    ("purpose_spelled_wrong", unreadable(purpose="newsletter"), 1),
]


def people(count: int, seed: int) -> People:
    """A world of so many people, the same for the same seed."""
    told = People()
    for number in range(count):
        told.counts.update(one(told, number, seed))
    for domain, (delivered, complained) in PROVIDERS.items():
        mailbox_provider(told, domain, delivered, complained)
    return told


def mailbox_provider(told: People, domain: str, delivered: int, complained: int) -> None:
    """Sixty readers of one provider, nobody of whom is asked about, and what they made of the mail of June."""
    name, sent = domain.partition(".")[0], datetime.fromisoformat("2024-06-20 10:00")
    always: Row = {"source_system": "web_shop", "extracted_at": EXTRACTED}
    for reader in range(60):
        created = datetime.fromisoformat("2021-01-01 08:00")
        row = always | {"contact_id": f"{name}{reader}", "email": f"reader{reader}@{domain}", "silo": "web_shop"}
        told.world["contacts"].append(row | {"created_at": created, "created_date": created.date()})
    for number in range(delivered):
        message = always | {"message_id": f"{name}_{number}"}
        told.world["messages"].append(
            message
            | {"contact_id": f"{name}{number % 60}", "channel": "email", "sent_at": sent, "sent_date": sent.date()}
        )
        for kind in ("delivered", "complained") if number < complained else ("delivered",):
            at = sent + timedelta(minutes=1)
            event = {"event_type": kind, "occurred_at": at, "occurred_date": at.date(), "link_tag": ""}
            told.world["message_events"].append(message | event)


def one(told: People, number: int, seed: int) -> set[str]:
    """Tells one person; returns the kinds of shape and trouble, and the channel."""
    story = Story(told, number, seed)
    shape = story.random.choices([each for each, _ in SHAPES], [weight for _, weight in SHAPES])[0]
    story.shape = shape
    asked = shape(story)
    if story.chance(0.9):
        base = datetime.fromisoformat("2022-01-01 09:00" if story.channel != "ads" else "2020-09-01 09:00")
        for record in asked if len(asked) > 1 else [story.anyone()]:
            story.consent("granted", base, record)
    troubles = story.random.choices(
        [each for each, _, _ in TROUBLES],
        [weight for _, _, weight in TROUBLES],
        k=story.random.choice((0, 1, 1, 2, 2, 3, 4)),
    )
    for name in troubles:
        TELL[name](story)
    for record in asked:
        story.ask(record)
    return {*story.kinds, *troubles, shape.__name__, story.channel}


TELL = {name: tell for name, tell, _ in TROUBLES}


# --- Judgement ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """What the files say, what the oracle says."""

    kind: str  # forbidden, missing, wrong_address
    subject: str
    channel: str
    files: str
    oracle: str


def differences(told: People, sent: Sequence[Sent], oracle: Oracle) -> tuple[list[Difference], int]:
    """Where files and oracle disagree, and how many people the oracle allows."""
    found: list[Difference] = []
    allowed = 0
    rows: dict[str, list[Sent]] = {}
    for row in sent:
        subject = family(row.last_name) if row.channel == "ads" else row.entry_key
        rows.setdefault(subject, []).append(row)
    found += [
        Difference("forbidden", subject, rows[subject][0].channel, str(rows[subject]), "nobody asked")
        for subject in sorted(rows.keys() - told.subjects.keys())
    ]
    for subject, (record, channel) in told.subjects.items():
        verdict = oracle.judge(record, channel, purpose(channel))
        allowed += verdict.is_allowed
        got = rows.get(subject, [])
        says = f"{verdict.reason} { ({kind: sorted(map(str, values)) for kind, values in verdict.taken.items()}) }"
        if not got and verdict.is_allowed:
            found.append(Difference("missing", subject, channel, "-", says))
        for row in got:
            if not verdict.is_allowed or row.channel != channel:
                found.append(Difference("forbidden", subject, row.channel, _address(row), says))
            elif not is_taken(row, verdict, told):
                found.append(Difference("wrong_address", subject, channel, _address(row), says))
    return found, allowed


def _address(row: Sent) -> str:
    return row.street_address or f"{row.email} {row.phone}".strip() or row.profile_id


def is_taken(row: Sent, verdict: Verdict, told: People) -> bool:
    """Whether the row holds an address that may be taken, for each kind that the channel has."""
    if row.channel == "post":
        records = [cast("Record", record) for record in verdict.taken["record"]]
        return row.street_address in {told.contacts[record]["street_address"] for record in records}
    if row.channel == "push":
        return True
    kinds = {"email": ("email",), "ads": ("email", "phone")}.get(row.channel, ("phone",))
    values = {"email": row.email or None, "phone": row.phone or None}
    return all(values[kind] in verdict.taken.get(kind, frozenset({None})) for kind in kinds)


def oracle_of(told: People, *, double_opt_in: bool) -> Oracle:
    """Who answers for these people."""
    past = Oracle(told.past, Settings(END_OF_PAST, require_double_opt_in=double_opt_in))
    return Oracle(told.world, Settings(END_OF_AS_OF, require_double_opt_in=double_opt_in), past)


def judge(count: int, seed: int, folder: Path, *, double_opt_in: bool) -> tuple[People, list[Difference], int]:
    """Builds a world, exports it, and compares."""
    told = people(count, seed)
    sent = build_and_export(told.world, folder, double_opt_in=double_opt_in, past=told.past)
    oracle = oracle_of(told, double_opt_in=double_opt_in)
    found, allowed = differences(told, sent, oracle)
    return told, found, allowed


def rare_kinds(told: People, count: int) -> dict[str, int]:
    """Kinds of trouble, shapes and channels of which there are too few to have tried them."""
    fewest = FEWEST_PER_100_000 * count // 100_000
    names = [
        *CHANNELS,
        "mailbox_provider",
        *(shape.__name__ for shape, _ in SHAPES),
        *(name for name, _, _ in TROUBLES),
    ]
    return {name: told.counts[name] for name in names if told.counts[name] < fewest}


# columns that are the same in most rows, or follow from another: only what is missing there is told
UNTOLD = ("source_system", "silo", "created_at", "created_date", "occurred_date", "sent_date", "link_tag")


def rows_of(told: People, subject: str) -> dict[str, list[Row]]:
    """All rows of a person, to look at."""
    number = subject.lstrip("kFam").partition("_")[0].partition("s")[0].rstrip("ab")
    names = (f"c{number}_", f"x{number}_")
    found: dict[str, list[Row]] = {}
    for entity, rows in told.world.items():
        mine: list[Row] = [
            {name: str(value) for name, value in row.items() if (value is None) == (name in UNTOLD)}
            for row in rows
            if str(row.get("contact_id")).startswith(names)
            or str(row.get("message_id")).startswith(names)
            or row.get("contact_id") == f"gone{number}"
        ]
        if mine:
            found[entity] = mine
    return found


def main() -> None:
    """Two worlds, one per opt-in setting, and every difference with its rows."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--show", type=int, default=5, help="how many people of a kind of difference to print")
    parser.add_argument("--folder", type=Path, help="where to build; default: a folder that is removed")
    given = parser.parse_args()
    failed = False
    for double_opt_in in (False, True):
        with tempfile.TemporaryDirectory(prefix="rekindle-worlds-") as temporary:
            started = time.monotonic()
            os.environ[forked.PARSED] = temporary
            folder = (given.folder or Path(temporary)) / f"double_opt_in_{double_opt_in}".lower()
            told, found, allowed = judge(given.people, given.seed, folder, double_opt_in=double_opt_in)
            seconds = time.monotonic() - started
        kinds = Counter(each.kind for each in found)
        failed = failed or bool(found)
        print(
            f"PEOPLE={given.people} SEED={given.seed} double_opt_in={double_opt_in}: {len(told.subjects):,} asked "
            f"about, {allowed:,} may be written to, {len(found)} differences {dict(kinds)}, {seconds:.0f} s"
        )
        print("fewer than asked for:", rare_kinds(told, given.people) or "none")
        for kind in kinds:
            for each in [one for one in found if one.kind == kind][: given.show]:
                print(f"\n{each}")
                for entity, rows in rows_of(told, each.subject).items():
                    for row in rows if entity != "carts" else ():
                        print("   ", entity, row)
    sys.exit(failed)


if __name__ == "__main__":
    main()
