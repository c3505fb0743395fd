"""Consent as compiled, against a second implementation written from the rules in prose.

The rules: a word is about an address (the one it names, else the record's own e-mail for email and phone for sms and
phone, the contact record for post and push, and wherever there is no address of one's own). Per address the latest word
counts; at one instant the no; no word means closed. An address is open when its latest word is a yes and that yes is
later than every no of the person that still closes another address. A person is granted when an address is open. With
double opt-in, a yes is heard from its confirmation, and one that was never confirmed says nothing.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb
import pytest
from compiled import Row, fill, identity_models
from hypothesis import given, settings
from hypothesis import strategies as st

EVENTS = {
    "source_system": "varchar", "contact_id": "varchar", "channel": "varchar", "purpose": "varchar",
    "status": "varchar", "changed_at": "timestamp", "evidence_reference": "varchar",
    "double_opt_in_confirmed_at": "timestamp", "address": "varchar",
}  # fmt: skip
PROFILES = {"source_system": "varchar", "contact_id": "varchar", "profile_id": "varchar", "is_oldest": "boolean"}
IDENTIFIERS = {
    "source_system": "varchar", "contact_id": "varchar", "identifier_id": "varchar", "identifier_type": "varchar",
    "is_over_shared": "boolean",
}  # fmt: skip
CHANNELS = [("email", "email", "marketing"), ("sms", "phone", "marketing"), ("post", "post", "marketing")]
# what else may say no, and what else is known of addresses: not here
NOTHING = {
    "intake_contacts": {"source_system": "varchar", "contact_id": "varchar", "updated_at": "timestamp"},
    "intake_messages": {
        **dict.fromkeys(("message_id", "source_system", "contact_id", "channel"), "varchar"),
        "sent_at": "timestamp",
    },
    "intake_message_events": {"message_id": "varchar", "event_type": "varchar", "occurred_at": "timestamp"},
    "intake_unreadable_noes": {
        **dict.fromkeys(("entity", "source_system", "contact_id", "channel", "purpose"), "varchar"),
        **dict.fromkeys(("named_address_hash", "written_system", "written_contact_id"), "varchar"),
        "said_at": "timestamp",
    },
    "unknown_record_people": {
        **dict.fromkeys(("source_system", "contact_id", "profile_id"), "varchar"),
        "apart_since_date": "date",
    },
    "contact_address_history": {
        **dict.fromkeys(("source_system", "contact_id", "address_kind", "address_id"), "varchar"),
        "first_as_of_date": "date",
    },
    "named_addresses": dict.fromkeys(
        ("source_system", "contact_id", "address", "identifier_type", "identifier_id"), "varchar"
    ),
    "profile_splits": {
        **dict.fromkeys(("profile_id", "sibling_profile_id"), "varchar"),
        "split_as_of_date": "date",
    },
}


@dataclass(frozen=True)
class Contact:
    contact_id: str
    profile_id: str
    email: str | None
    phone: str | None

    def address(self, channel: str) -> str:
        """What a consent of this record on this channel is about."""
        if channel == "email" and self.email not in (None, "info"):
            return f"{self.profile_id} {self.email}"
        if channel in ("sms", "phone") and self.phone is not None:
            return f"{self.profile_id} {self.phone}"
        return f"record {self.contact_id}"


@dataclass(frozen=True)
class Event:
    contact: Contact
    channel: str
    purpose: str
    status: str
    hour: int
    confirmed_hour: int | None


@dataclass(frozen=True)
class Word:
    """A yes or a no, the hour it was said and the hour from which it is heard."""

    contact: Contact
    is_yes: bool
    said: int
    heard: int


def words(events: Iterable[Event], double_opt_in: bool) -> list[Word]:
    heard = []
    for event in events:
        if event.status != "granted" or not double_opt_in:
            heard.append(Word(event.contact, event.status == "granted", event.hour, event.hour))
        elif event.confirmed_hour is not None:
            # confirmed before it was said it may be an earlier yes that was confirmed: it is as old as that
            said = min(event.hour, event.confirmed_hour)
            heard.append(Word(event.contact, True, said, max(event.hour, event.confirmed_hour)))
    return heard


def is_open(said: list[Word], channel: str, hour: int) -> bool:
    """Whether the words heard by the hour leave an address of the person open."""
    known = [word for word in said if word.heard <= hour]
    addresses = {word.contact.address(channel) for word in known}
    yes = {
        address: max((w.said for w in known if w.is_yes and w.contact.address(channel) == address), default=-1)
        for address in addresses
    }
    no = {
        address: max((w.said for w in known if not w.is_yes and w.contact.address(channel) == address), default=-1)
        for address in addresses
    }
    standing = [no[address] for address in addresses if no[address] >= max(yes[address], 0)]
    return any(
        yes[address] > no[address] and all(yes[address] > moment for moment in standing) for address in addresses
    )


def instants(events: Iterable[Event], double_opt_in: bool) -> list[int]:
    hours = set()
    for event in events:
        hours.add(event.hour)
        if double_opt_in and event.status == "granted" and event.confirmed_hour is not None:
            hours.add(max(event.hour, event.confirmed_hour))
    return sorted(hours)


def time(hour: int) -> datetime:
    return datetime(2024, 1, 1) + timedelta(hours=hour)  # noqa: DTZ001 - UTC without a zone, as in the contract


def ranges(key: tuple[str, ...], hours: list[int], granted: Iterable[bool]) -> list[Row]:
    ends = [time(hour) for hour in hours[1:]] + [None]
    return [(*key, is_granted, time(hour), end) for hour, end, is_granted in zip(hours, ends, granted, strict=True)]


def expected_of_persons(events: list[Event], double_opt_in: bool) -> list[Row]:
    rows = []
    for profile_id, channel, purpose in {(event.contact.profile_id, event.channel, event.purpose) for event in events}:
        own = [
            event
            for event in events
            if (event.contact.profile_id, event.channel, event.purpose) == (profile_id, channel, purpose)
        ]
        said = words(own, double_opt_in)
        hours = instants(own, double_opt_in)
        granted = [is_open(said, channel, hour) for hour in hours]
        rows += ranges((profile_id, channel, purpose), hours, granted)
    return sorted(rows, key=str)


def resolve(events: list[Event], double_opt_in: bool) -> duckdb.DuckDBPyConnection:
    """The compiled models on these events."""
    connection = duckdb.connect(config={"threads": 1})
    contacts = sorted({event.contact for event in events}, key=lambda contact: contact.contact_id)
    fill(connection, "contact_profiles", PROFILES, [("till", c.contact_id, c.profile_id, True) for c in contacts])
    fill(connection, "contact_identifiers", IDENTIFIERS, [
        ("till", contact.contact_id, f"{contact.profile_id} {value}", identifier_type, value == "info")
        for contact in contacts
        for identifier_type, value in (("email", contact.email), ("phone", contact.phone))
        if value is not None
    ])  # fmt: skip
    fill(connection, "intake_consents", EVENTS, [
        (
            *("till", event.contact.contact_id, event.channel, event.purpose, event.status, time(event.hour), None),
            *(None if event.confirmed_hour is None else time(event.confirmed_hour), None),
        )
        for event in events
    ])  # fmt: skip
    for table, columns in NOTHING.items():
        fill(connection, table, columns, [])
    fill(connection, "channels", {"channel": "varchar", "address_kinds": "varchar", "purpose": "varchar"}, CHANNELS)
    built = ("doubtful_noes", "record_words", "contact_words", "address_permissions", "fct_consents")
    identity_models(strict=double_opt_in).build(connection, *built)
    return connection


def of_persons(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    columns = "profile_id, channel, purpose, is_granted, valid_from, valid_to"
    return sorted(connection.execute(f"select {columns} from fct_consents").fetchall(), key=str)


@st.composite
def worlds(draw: st.DrawFn) -> list[Event]:
    contacts = draw(
        st.lists(
            st.builds(
                Contact,
                contact_id=st.sampled_from("abcdef"),
                profile_id=st.sampled_from("pppq"),
                email=st.sampled_from(["one", "one", "one", "two", "info", None]),
                phone=st.sampled_from(["1", "1", "2", None]),
            ),
            min_size=1,
            max_size=4,
            unique_by=lambda contact: contact.contact_id,
        )
    )
    events = st.builds(
        Event,
        contact=st.sampled_from(contacts),
        channel=st.sampled_from(["email"] * 4 + ["sms", "post"]),
        purpose=st.sampled_from(["marketing"] * 5 + ["profiling"]),
        status=st.sampled_from(["granted", "granted", "granted", "denied", "withdrawn"]),
        hour=st.integers(0, 6),
        confirmed_hour=st.none() | st.integers(0, 9),
    )
    return draw(st.lists(events, min_size=1, max_size=16))


# most events are about one address: that is where rules meet
@pytest.mark.parametrize("double_opt_in", [False, True])
@settings(max_examples=100)
@given(events=worlds())
def test_consent_follows_the_rules_at_every_instant(double_opt_in: bool, events: list[Event]) -> None:
    connection = resolve(events, double_opt_in)
    assert of_persons(connection) == expected_of_persons(events, double_opt_in)


@settings(max_examples=40)
@given(events=worlds())
def test_the_row_of_an_instant_names_the_no_that_was_said_then(events: list[Event]) -> None:
    connection = resolve(events, double_opt_in=False)
    rows = connection.execute("select profile_id, channel, purpose, valid_from, status <> 'granted' from fct_consents")
    expected = {
        (event.contact.profile_id, event.channel, event.purpose, time(event.hour)): False for event in events
    } | {
        (event.contact.profile_id, event.channel, event.purpose, time(event.hour)): True
        for event in events
        if event.status != "granted"
    }
    assert {tuple(row[:4]): row[4] for row in rows.fetchall()} == expected


def test_a_switchboard_speaks_for_each_record_alone() -> None:
    ann, bob = Contact("a", "p", "info", None), Contact("b", "p", "info", None)
    events = [
        Event(ann, "email", "marketing", "withdrawn", hour=1, confirmed_hour=None),
        Event(bob, "email", "marketing", "granted", hour=2, confirmed_hour=None),
    ]
    connection = resolve(events, double_opt_in=False)
    assert [row[3] for row in of_persons(connection)] == [False, True], (
        "the later yes opens the address of its record only"
    )
    open_addresses = connection.execute(
        "select address_key from address_permissions where is_open and valid_to is null"
    )
    assert open_addresses.fetchall() == [(hashlib.md5(b"till|b", usedforsecurity=False).hexdigest()[:16],)]
