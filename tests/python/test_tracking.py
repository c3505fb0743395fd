"""Opens and clicks as compiled, against a second implementation written from docs/tracking.md, point by point.

The SQL keeps one instant per person from which on things may be known, and finds machines by joins. Here every event is
asked by itself: what did the person last say before it, and was anything refused after it; is there a decoy, a burst of
links or a delivery close to it. The worlds are drawn from fixed seeds.
"""

import functools
import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import duckdb
import pytest
from compiled import CompiledModels, Row, fill

START = datetime(2024, 3, 1)  # noqa: DTZ001 - UTC without a zone, as in the contract
AS_OF_HOUR = 30 * 24
LINKS = ("", "shop", "offers", "recipes", "contest", "trap")


@dataclass(frozen=True)
class Rule:
    rule: str
    channel: str
    link_tag: str
    links: int | None
    seconds: int
    is_enabled: bool = True


RULES = (
    Rule("decoy_link", "email", "trap", None, 5),
    Rule("decoy_link", "*", "contest", None, 600, is_enabled=False),
    Rule("many_links", "*", "*", 3, 4),
    Rule("many_links", "sms", "*", 2, 1),
    Rule("after_delivery", "email", "*", None, 3),
)


@dataclass(frozen=True)
class Settings:
    """Where tracking needs consent, and the country of whoever has none."""

    opens: str | tuple[str, ...]
    clicks: str | tuple[str, ...]
    default_country: str

    def needs_consent(self, event_type: str, country: str) -> bool:
        countries = self.opens if event_type == "opened" else self.clicks
        if countries == "*":
            return True
        known = country or self.default_country
        return bool(countries) and (not known or known in countries)


EUROPE = Settings(opens=("FR", "IT"), clicks=(), default_country="US")
EVERYWHERE = Settings(opens=("FR",), clicks="*", default_country="")


@dataclass(frozen=True)
class Event:
    event_type: str
    second: int
    link_tag: str = ""
    is_machine: bool | None = False


@dataclass
class Message:
    message_id: str
    channel: str
    sent: int
    events: list[Event]


@dataclass
class Person:
    """`countries`: of each record, with the hour of its last change; `words`: purpose (or *), channel, second, word."""

    profile_id: str
    countries: list[tuple[str | None, int]]
    words: list[tuple[str, str, int, str]]
    messages: list[Message] = field(default_factory=list)

    def country(self) -> str:
        known = [(hour, country.upper()) for country, hour in self.countries if country]
        return max(known)[1] if known else ""

    def said(self, purpose: str, channel: str) -> list[tuple[int, str]]:
        own = [word for word in self.words if word[0] in (purpose, "*") and word[1] == channel]
        return sorted((second, word) for _, _, second, word in own if word != "note")

    def may_be_known(self, event_type: str, channel: str, second: int, settings: Settings) -> bool:
        purpose = {"opened": "open_tracking", "clicked": "click_tracking"}[event_type]
        said = [(at, word == "yes") for at, word in self.said(purpose, channel)]
        before = [yes for at, yes in said if at <= second]
        if any(not yes for at, yes in said if at > second) or (before and not before[-1]):
            return False
        return bool(before) or not settings.needs_consent(event_type, self.country())


def is_by_machine(message: Message, event: Event) -> bool:
    if event.is_machine:
        return True
    if event.event_type != "clicked":
        return False
    clicks = [other for other in message.events if other.event_type == "clicked"]
    for rule in RULES:
        if not rule.is_enabled or rule.channel not in ("*", message.channel):
            continue
        if rule.rule == "decoy_link":
            close = [click for click in clicks if click.link_tag == rule.link_tag]
        elif rule.rule == "after_delivery":
            close = [other for other in message.events if other.event_type == "delivered"]
        else:
            windows = range(event.second - rule.seconds, event.second + 1)
            linked = ({c.link_tag for c in clicks if 0 <= c.second - start <= rule.seconds} - {""} for start in windows)
            if any(len(links) >= (rule.links or 0) for links in linked):
                return True
            continue
        if any(abs(other.second - event.second) <= rule.seconds for other in close):
            return True
    return False


# --- worlds ----------------------------------------------------------------------------------------------------------


def drawn_events(draw: random.Random, sent: int) -> list[Event]:
    delivered = sent + draw.randrange(10)
    events = [Event("delivered", delivered, "", draw.choice((None, False, True)))] if draw.random() < 0.8 else []
    events += [
        Event("opened", delivered + draw.randrange(-4, 40 * 86400), "", draw.random() < 0.2 or None)
        for _ in range(draw.randrange(3))
    ]
    near = delivered + draw.choice((0, 0, 60, 3 * 86400))
    events += [
        Event("clicked", near + draw.randrange(-8, 12), draw.choice(LINKS), draw.choice((None, False, False, True)))
        for _ in range(draw.randrange(7))
    ]
    events += [
        Event(kind, delivered + draw.randrange(40 * 86400), "", draw.random() < 0.3)
        for kind in ("unsubscribed", "complained", "bounced_hard")
        for _ in range(draw.choice((0, 0, 1, 2)))
    ]
    # a key of the contract names one event
    return list({(event.event_type, event.second, event.link_tag): event for event in events}.values())


def drawn_word(draw: random.Random, second: int) -> tuple[str, str, int, str]:
    word = draw.choice(("yes", "yes", "yes", "no", "no", "note", "unreadable"))
    purposes = ("open_tracking", "click_tracking", *(["*"] if word == "unreadable" else []))
    return (draw.choice(purposes), draw.choice(("email", "email", "sms")), second, word)


def drawn_people(seed: int, people: int) -> list[Person]:
    draw = random.Random(seed)
    drawn = []
    for number in range(people):
        hours = draw.sample(range(-5000, 0), 3)
        countries = [(draw.choice(("FR", "fr", "IT", "US", "BE", None, "")), hour) for hour in hours]
        person = Person(
            profile_id=f"p{number:04}",
            countries=countries[: draw.randrange(1, 4)],
            words=[drawn_word(draw, hour * 3600) for hour in draw.sample(range(-10 * 24, 40 * 24), draw.randrange(6))],
        )
        for place in range(draw.randrange(4)):
            sent = draw.randrange(25 * 86400)
            channel = draw.choice(("email", "email", "email", "sms", "push"))
            person.messages.append(Message(f"m{number:04}_{place}", channel, sent, drawn_events(draw, sent)))
        # now and then an event at the very instant of a word
        for message in person.messages[:1]:
            message.events += [Event("opened", second) for _, _, second, _ in person.words if second > message.sent]
            message.events = list({(e.event_type, e.second, e.link_tag): e for e in message.events}.values())
        drawn.append(person)
    return drawn


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def permission_rows(person: Person) -> list[Row]:
    """What address_permissions says of one person with one address: the state after each word."""
    rows: list[Row] = []
    for purpose, channel in sorted({(asked, where) for asked, where, _, _ in person.words if asked != "*"}):
        last: dict[str, int] = {}
        own = (word for word in person.words if word[0] in (purpose, "*") and word[1] == channel)
        for _, _, second, word in sorted(own, key=lambda word: word[2]):
            last[word] = second
            yes, never = last.get("yes"), -(10**9)
            is_consented = yes is not None and yes > last.get("no", never)
            is_doubted = last.get("unreadable", never) > (never if yes is None else yes)
            closed_by = "unreadable_no" if is_doubted else None if is_consented else "consent_withdrawn"
            granted_at = None if yes is None else at(yes)
            rows.append((person.profile_id, channel, purpose, is_consented, closed_by, granted_at, at(second)))
    return rows


@functools.cache
def models(settings: Settings) -> CompiledModels:
    names = (
        *("tracking_permissions", "machine_message_events", "human_message_events", "message_clicks"),
        *("fct_messages", "last_opens"),
    )
    return CompiledModels(names, {
        "as_of_date": (START + timedelta(hours=AS_OF_HOUR - 1)).date().isoformat(),
        "business_timezone": "UTC",
        "open_tracking_consent_countries": settings.opens,
        "click_tracking_consent_countries": settings.clicks,
        "default_country_code": settings.default_country,
    })  # fmt: skip


def built(people: list[Person], settings: Settings) -> duckdb.DuckDBPyConnection:
    """The compiled models on these people."""
    connection = duckdb.connect(config={"threads": 1})
    text, stamp = "varchar", "timestamp"
    contacts = dict.fromkeys(("source_system", "contact_id", "country_code"), text)
    contacts |= {"created_at": stamp, "updated_at": stamp}
    fill(connection, "intake_contacts", contacts, [
        (f"silo{place}", person.profile_id, country, at(hour * 3600 - 60 * place), at(hour * 3600))
        for person in people
        for place, (country, hour) in enumerate(person.countries)
    ])  # fmt: skip
    fill(connection, "contact_profiles", {"source_system": text, "contact_id": text, "profile_id": text}, [
        (f"silo{place}", person.profile_id, person.profile_id)
        for person in people
        for place in range(len(person.countries))
    ])  # fmt: skip
    words = dict.fromkeys(("profile_id", "channel", "purpose", "word"), text)
    fill(connection, "contact_words", {**words, "said_at": stamp}, [
        (person.profile_id, channel, purpose, word, at(second))
        for person in people
        for purpose, channel, second, word in person.words
    ])  # fmt: skip
    permissions = {"profile_id": text, "channel": text, "purpose": text, "is_consented": "boolean"}
    permissions |= {"closed_by": text, "granted_at": stamp, "valid_from": stamp}
    rows = [row for person in people for row in permission_rows(person)]
    fill(connection, "address_permissions", permissions, rows)
    messages = dict.fromkeys(("source_system", "message_id", "contact_id", "channel", "campaign_id"), text)
    messages |= {"decision_id": text, "variant": text, "message_kind": text, "cost_amount": "decimal(18,2)"}
    messages |= {"sent_date": "date", "sent_at": stamp}
    fill(connection, "intake_messages", messages, [
        (
            *("silo0", message.message_id, person.profile_id, message.channel, *[None] * 5),
            *(at(message.sent).date(), at(message.sent)),
        )
        for person in people
        for message in person.messages
    ])  # fmt: skip
    events = {"message_id": text, "event_type": text, "link_tag": text, "is_machine": "boolean"}
    fill(connection, "intake_message_events", {**events, "occurred_date": "date", "occurred_at": stamp}, [
        (
            *(message.message_id, event.event_type, event.link_tag, event.is_machine),
            *(at(event.second).date(), at(event.second)),
        )
        for person in people
        for message in person.messages
        for event in message.events
    ])  # fmt: skip
    rules = {"rule": text, "channel": text, "link_tag": text, "links": "integer", "seconds": "integer"}
    rules |= {"is_enabled": "boolean"}
    fill(connection, "machine_event_rules", rules, [tuple(vars(rule).values()) for rule in RULES])
    fill(connection, "contact_mailboxes", {"source_system": text, "contact_id": text, "mailbox_provider": text}, [])
    compiled = models(settings)
    compiled.build(connection, "tracking_permissions", "machine_message_events", "human_message_events")
    compiled.build(connection, "message_clicks", "fct_messages", "last_opens")
    return connection


def known_events(people: list[Person], settings: Settings) -> set[Row]:
    return {
        (person.profile_id, message.message_id, event.event_type, event.link_tag, at(event.second))
        for person in people
        for message in person.messages
        for event in message.events
        if event.event_type in ("opened", "clicked")
        and not is_by_machine(message, event)
        and person.may_be_known(event.event_type, message.channel, event.second, settings)
    }


WORLDS = [(1, EUROPE), (2, EVERYWHERE)]


@functools.cache
def world(seed: int, settings: Settings) -> tuple[list[Person], duckdb.DuckDBPyConnection]:
    people = drawn_people(seed, 1_500)
    return people, built(people, settings)


@pytest.mark.parametrize(("seed", "settings"), WORLDS)
def test_an_open_or_click_is_known_when_a_person_made_it_and_no_word_stands_against_it(
    seed: int, settings: Settings
) -> None:
    people, connection = world(seed, settings)
    columns = "profile_id, message_id, event_type, link_tag, occurred_at"
    rows = connection.execute(f"select {columns} from human_message_events").fetchall()
    expected = known_events(people, settings)
    assert sorted(rows) == sorted(expected)
    clicks = connection.execute("select message_id, link_tag, occurred_at from message_clicks").fetchall()
    assert sorted(clicks) == sorted((row[1], row[3], row[4]) for row in expected if row[2] == "clicked")
    # half of what people did is hidden, or the comparison would say little
    by_people = sum(
        event.event_type in ("opened", "clicked") and not is_by_machine(message, event)
        for person in people
        for message in person.messages
        for event in message.events
    )
    assert 500 < len(expected) < by_people - 500


@pytest.mark.parametrize(("seed", "settings"), WORLDS)
def test_what_machines_did_is_found_whatever_was_consented(seed: int, settings: Settings) -> None:
    people, connection = world(seed, settings)
    rows = connection.execute(
        "select message_id, event_type, link_tag, occurred_at from machine_message_events"
    ).fetchall()
    expected = {
        (message.message_id, event.event_type, event.link_tag, at(event.second))
        for person in people
        for message in person.messages
        for event in message.events
        if event.event_type in ("opened", "clicked") and is_by_machine(message, event)
    }
    assert sorted(rows) == sorted(expected)
    found = dict(
        connection.execute("select found_by, count(*) from machine_message_events group by found_by").fetchall()
    )
    assert all(found.get(alone, 0) > 20 for alone in ("provider", "decoy_link", "many_links", "after_delivery"))


@pytest.mark.parametrize(("seed", "settings"), WORLDS)
def test_a_message_tells_what_is_known_of_it_and_every_no_of_whoever_said_it(seed: int, settings: Settings) -> None:
    people, connection = world(seed, settings)
    known = known_events(people, settings)
    of_messages: dict[tuple[str, str], list[datetime]] = {}
    for _, message_id, event_type, _, instant in known:
        of_messages.setdefault((message_id, event_type), []).append(instant)
    expected = []
    for person in people:
        for message in person.messages:
            opens = of_messages.get((message.message_id, "opened"), [])
            clicks = of_messages.get((message.message_id, "clicked"), [])
            noes = {
                kind: [at(event.second) for event in message.events if event.event_type == kind]
                for kind in ("unsubscribed", "complained", "bounced_hard")
            }
            expected.append((
                *(message.message_id, len(opens), len(clicks), min(opens, default=None), min(clicks, default=None)),
                *(pick(instants, default=None) for instants in noes.values() for pick in (min, max)),
                # of an SMS nobody is told that it was opened
                message.channel != "sms" and person.may_be_known("opened", message.channel, message.sent, settings),
                person.may_be_known("clicked", message.channel, message.sent, settings),
            ))  # fmt: skip
    columns = (
        "message_id, open_count, click_count, first_opened_at, first_clicked_at, first_unsubscribed_at, "
        "last_unsubscribed_at, first_complained_at, last_complained_at, first_bounced_hard_at, last_bounced_hard_at, "
        "is_open_observed, is_click_observed"
    )
    assert sorted(connection.execute(f"select {columns} from fct_messages").fetchall()) == sorted(expected)


@pytest.mark.parametrize(("seed", "settings"), WORLDS)
def test_of_all_opens_of_people_one_date_stays_as_of_the_date(seed: int, settings: Settings) -> None:
    people, connection = world(seed, settings)
    last: dict[str, date] = {}
    for person in people:
        for message in person.messages:
            for event in message.events:
                is_open = event.event_type == "opened" and not event.is_machine and message.channel == "email"
                if is_open and event.second < AS_OF_HOUR * 3600:
                    last[person.profile_id] = max(last.get(person.profile_id, date.min), at(event.second).date())
    assert dict(connection.execute("select profile_id, last_open_date from last_opens").fetchall()) == last


def test_after_a_refusal_everything_reads_as_if_nothing_had_been_opened_or_clicked() -> None:
    tables = ("human_message_events", "message_clicks", "fct_messages")
    people = drawn_people(seed=3, people=300)
    for person in people:
        person.words += [
            (purpose, channel, 100 * 86400, "no")
            for purpose in ("open_tracking", "click_tracking")
            for channel in ("email", "sms", "push")
        ]
    forgotten = built(people, EUROPE)
    for person in people:
        for message in person.messages:
            message.events = [
                event
                for event in message.events
                if event.event_type not in ("opened", "clicked") or is_by_machine(message, event)
            ]
    never_done = built(people, EUROPE)
    for table in tables:
        query = f"select * from {table} order by all"
        assert forgotten.execute(query).fetchall() == never_done.execute(query).fetchall(), table
    assert forgotten.execute("select count(*) from human_message_events").fetchall() == [(0,)]
