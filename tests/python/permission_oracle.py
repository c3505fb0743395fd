"""Who may be written to, where: decision 0005 in plain Python, from the raw rows of the contract to an address.

Written from docs/ and from the contract alone; it shares no code, no column and no reading with the SQL. Where the
pages leave two readings open, it takes the one that writes to fewer people, and says so ("cautious").
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

import phonenumbers

Row = dict[str, object]
World = dict[str, list[Row]]
Record = tuple[str, str]
# what a word is about: ("email", "ann@…"), ("phone", "+32…") or ("record", the record)
Address = tuple[str, object]

CHANNELS = ("email", "sms", "phone", "post", "push", "ads")
PURPOSES = ("marketing", "ads_personalisation", "profiling", "open_tracking", "click_tracking")
KINDS = {"email": ("email",), "sms": ("phone",), "phone": ("phone",), "ads": ("email", "phone"), "post": (), "push": ()}
SILOS = ("till", "web_shop", "newsletter", "app", "social", "call_centre", "direct_mail")
EVENTS = (
    *("delivered", "opened", "clicked", "bounced_hard", "bounced_soft"),
    *("complained", "unsubscribed", "not_sent"),
)
EARLIEST = datetime.fromisoformat("1990-01-01")
NOBODY_KNOWS: Address = ("unknown", None)


@dataclass(frozen=True)
class Settings:
    """What an installation chooses."""

    as_of: datetime  # the first instant that is not seen any more
    require_double_opt_in: bool
    country_code: str = "BE"
    max_contacts_per_identifier: int = 10


@dataclass(frozen=True)
class Word:
    """A yes or a no of a record about an address; a record that nobody knows speaks about an address only."""

    record: Record | None
    address: Address
    said_at: datetime
    is_no: bool
    is_unreadable: bool = False
    is_named: bool = False  # the row names the address


@dataclass
class Contact:
    """A contact record that intake lets through."""

    record: Record
    email: str | None
    phone: str | None
    row: Row

    def of_kind(self, kind: str) -> str | None:
        """Its e-mail or its phone."""
        return self.email if kind == "email" else self.phone


@dataclass(frozen=True)
class Verdict:
    """What one person may get on one channel: the addresses that may be taken (several only when they are equal)."""

    # per kind of address ("email", "phone", "record") what the file may hold; nothing at all: not written to
    taken: dict[str, frozenset[object]]
    reason: str

    @property
    def is_allowed(self) -> bool:
        return bool(self.taken)


@dataclass
class Person:
    """The records that are one person, and what was ever said."""

    records: list[Contact]
    is_erased: bool
    words: dict[tuple[str, str], list[Word]] = field(default_factory=lambda: defaultdict(list))


# --- Spelling -----------------------------------------------------------------------------------------------------


@cache
def one_spelling(email: object) -> str | None:
    """NFC, nothing invisible, no white space around, lower case, the domain as it is looked up; None: no address."""
    if email is None:
        return None
    visible = "".join(
        letter
        for letter in unicodedata.normalize("NFC", str(email))
        if unicodedata.category(letter) not in ("Cf", "Cc")
    )
    local, at, domain = unicodedata.normalize("NFC", visible.strip().lower()).rpartition("@")
    if not (at and local) or "@" in local or any(letter.isspace() for letter in local + domain):
        return None
    try:
        domain = domain.encode("idna").decode()
    except UnicodeError:
        return None
    return f"{local}@{domain}" if "." in domain.strip(".") else None


@cache
def one_number(phone: object, country_code: object, default_country: str) -> str | None:
    """The number in E.164 when its numbering plan has it."""
    if phone is None:
        return None
    try:
        number = phonenumbers.parse(str(phone), str(country_code or default_country))
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


# --- Rows that can be read ----------------------------------------------------------------------------------------


def moment(row: Row, column: str) -> datetime | None:
    """A stamp that can be believed: there, not before 1990, not after the row was extracted."""
    stamp, extracted = row.get(column), row.get("extracted_at")
    if not isinstance(stamp, datetime) or stamp < EARLIEST:
        return None
    return None if isinstance(extracted, datetime) and stamp > extracted else stamp


def said(row: Row, column: str) -> datetime | None:
    """When an unreadable no counts as said: at its stamp if readable, else when it was extracted."""
    stamp = moment(row, column)
    extracted = row.get("extracted_at")
    return stamp or (extracted if isinstance(extracted, datetime) else None)


def record_of(row: Row) -> Record | None:
    system, contact = row.get("source_system"), row.get("contact_id")
    return None if system is None or contact is None else (str(system), str(contact))


class Oracle:
    """Answers for one world."""

    def __init__(self, world: World, settings: Settings) -> None:
        self.settings = settings
        self.world = world
        self.contacts = self._read_contacts()
        self.namesakes: dict[str, list[Record]] = defaultdict(list)
        for record in self.contacts:
            self.namesakes[record[1]].append(record)
        self.holders = self._holders()
        self.persons = self._join()
        self._preferences: dict[object, list[Row]] = defaultdict(list)
        for row in world["contact_preferences"]:
            self._preferences[record_of(row), row.get("preference_type")].append(row)
        self.person_of = {contact.record: person for person in self.persons for contact in person.records}
        self._bounces = self._read_bounces()
        self._hear()

    # --- Records and people ---

    def _read_contacts(self) -> dict[Record, Contact]:
        found: dict[Record, Row] = {}
        for row in self.world["contacts"]:
            record = record_of(row)
            if record is None or row.get("silo") not in SILOS or moment(row, "created_at") is None:
                continue
            if row.get("extracted_at") is None or row.get("created_date") is None:
                continue
            known = found.get(record)
            if known is None or str(known["extracted_at"]) < str(row["extracted_at"]):
                found[record] = row
        return {
            record: Contact(
                record,
                one_spelling(row.get("email")),
                one_number(row.get("phone"), row.get("country_code"), self.settings.country_code),
                row,
            )
            for record, row in found.items()
        }

    def _holders(self) -> dict[Address, list[Record]]:
        """Who holds an e-mail, a phone or a card."""
        found: dict[Address, list[Record]] = defaultdict(list)
        for contact in self.contacts.values():
            card = contact.row.get("loyalty_card_id")
            for kind, value in (("email", contact.email), ("phone", contact.phone), ("card", card)):
                if value is not None:
                    found[kind, value].append(contact.record)
        return found

    def is_shared_by_many(self, address: Address) -> bool:
        """A switchboard: it is nobody's in particular."""
        return len(self.holders.get(address, ())) > self.settings.max_contacts_per_identifier

    def _join(self) -> list[Person]:
        graph: Graph = defaultdict(set)
        for one, other, kind in self._edges():
            graph[one].add((other, kind))
            graph[other].add((one, kind))
        for one, other in self._links("different"):
            while path := _path(graph, one, other):
                first, second, kind = min(path, key=lambda edge: (STRENGTH[edge[2]], edge))
                graph[first].discard((second, kind))
                graph[second].discard((first, kind))
        erased = {record_of(row) for row in self.world["erasure_requests"]}
        return [
            Person([self.contacts[record] for record in group], is_erased=not erased.isdisjoint(group))
            for group in _components(self.contacts, graph)
        ]

    def _links(self, kind: str) -> Iterator[tuple[Record, Record]]:
        for row in self.world["identity_links"]:
            one = record_of(row)
            other = (str(row["linked_source_system"]), str(row["linked_contact_id"]))
            is_readable = moment(row, "linked_at") is not None and one in self.contacts and other in self.contacts
            if is_readable and one is not None and (row.get("link_type") or "same") == kind:
                yield one, other

    def _edges(self) -> "Iterator[Edge]":
        for (kind, value), records in self.holders.items():
            if len(records) < 2 or self.is_shared_by_many((kind, value)):
                continue
            for position, one in enumerate(records):
                for other in records[position + 1 :]:
                    if kind != "phone" or not self._are_strangers(one, other):
                        yield min(one, other), max(one, other), kind
        for one, other in self._links("same"):
            yield min(one, other), max(one, other), "link"

    def _are_strangers(self, one: Record, other: Record) -> bool:
        """Both names and both e-mails are known and differ."""
        first, second = self.contacts[one], self.contacts[other]
        names = [_name(first.row), _name(second.row)]
        emails = [first.email, second.email]
        return all(None not in pair and pair[0] != pair[1] for pair in (names, emails))

    # --- Words ---

    def own_addresses(self, record: Record, channel: str) -> list[Address]:
        """What a word without an address is about."""
        contact = self.contacts.get(record)
        values = [(kind, contact.of_kind(kind)) for kind in KINDS[channel]] if contact else []
        found = [self._alone(record, (kind, value)) for kind, value in values if value is not None]
        return found or [("record", record)]

    def _alone(self, record: Record | None, address: Address) -> Address:
        """At an address that many share each record speaks for itself."""
        return ("record", record) if self.is_shared_by_many(address) else address

    def _hear(self) -> None:
        for channel, purposes, word in [*self._consent_words(), *self._stops()]:
            if word.said_at >= self.settings.as_of:
                continue
            for person in self._concerned(word):
                for purpose in purposes:
                    person.words[channel, purpose].append(word)

    def _concerned(self, word: Word) -> list[Person]:
        """Whose word it is: of who said it; a no also of everybody who holds the address."""
        found: dict[int, Person] = {}
        if word.record is not None and word.record in self.person_of:
            person = self.person_of[word.record]
            found[id(person)] = person
        if word.is_no and word.address[0] in ("email", "phone"):
            for record in self.holders.get(word.address, ()):
                person = self.person_of[record]
                found[id(person)] = person
        return list(found.values())

    def _named(self, row: Row, channel: str) -> tuple[bool, Address | None]:
        """Whether the row names an address, and which; None: it cannot be read."""
        raw = row.get("address")
        if raw is None:
            return False, None
        for kind in KINDS[channel]:
            value = (
                one_spelling(raw)
                if kind == "email"
                else one_number(raw, self._country(row), self.settings.country_code)
            )
            if value is not None:
                return True, (kind, value)
        return True, None

    def _country(self, row: Row) -> object:
        contact = self.contacts.get(record_of(row) or ("", ""))
        return contact.row.get("country_code") if contact else None

    def _consent_words(self) -> Iterator[tuple[str, tuple[str, ...], Word]]:
        copies: dict[tuple[object, ...], Row] = {}
        for row in self.world["consents"]:
            record, status = record_of(row), row.get("status")
            channel, purpose = row.get("channel"), row.get("purpose")
            stamp = moment(row, "changed_at")
            is_readable = (
                record in self.contacts
                and channel in CHANNELS
                and purpose in PURPOSES
                and status in ("granted", "denied", "withdrawn")
                and stamp is not None
                and row.get("extracted_at") is not None
            )
            if status == "granted":
                if is_readable:
                    key = (record, channel, purpose, stamp)
                    if key not in copies or str(copies[key]["extracted_at"]) < str(row["extracted_at"]):
                        copies[key] = row
                continue
            said_at = stamp if is_readable else said(row, "changed_at")
            if said_at is None:
                continue
            purposes = (str(purpose),) if purpose in PURPOSES else PURPOSES
            for each in (str(channel),) if channel in CHANNELS else CHANNELS:
                names, address = self._named(row, each)
                # cautious: a no about an address that cannot be read may have meant any
                is_clear = is_readable and (address is not None or not names)
                for who in self._may_be(row):
                    for speaker, meant in self._meant(who, each, address):
                        yield each, purposes, Word(speaker, meant, said_at, True, not is_clear, address is not None)
        for row in copies.values():
            yield from self._yes(row)

    def _may_be(self, row: Row) -> list[Record | None]:
        """Whose row it is; without a source system any record of that id."""
        if row.get("source_system") is not None or row.get("contact_id") is None:
            return [record_of(row)]
        return [None, *self.namesakes.get(str(row["contact_id"]), ())]

    def _meant(self, record: Record | None, channel: str, named: Address | None) -> list[tuple[Record | None, Address]]:
        """Who speaks about which address; an unknown record at a switchboard may be anybody's there."""
        if record is None or record not in self.contacts:
            if named is None or not self.is_shared_by_many(named):
                return [(record, named)] if named is not None else []
            return [(holder, ("record", holder)) for holder in self.holders[named]]
        if named is not None:
            return [(record, self._alone(record, named))]
        return [(record, address) for address in self.own_addresses(record, channel)]

    def _yes(self, row: Row) -> Iterator[tuple[str, tuple[str, ...], Word]]:
        channel, record, stamp = str(row["channel"]), record_of(row), moment(row, "changed_at")
        assert stamp is not None
        if self.settings.require_double_opt_in:
            confirmed = moment(row, "double_opt_in_confirmed_at")
            if confirmed is None or confirmed >= self.settings.as_of:
                return
        names, address = self._named(row, channel)
        if names and address is None:
            return
        for speaker, meant in self._meant(record, channel, address):
            yield channel, (str(row["purpose"]),), Word(speaker, meant, stamp, is_no=False)

    def _stops(self) -> Iterator[tuple[str, tuple[str, ...], Word]]:
        messages: dict[object, list[Row]] = defaultdict(list)
        for row in self.world["messages"]:
            messages[row.get("message_id")].append(row)
        for row in self.world["message_events"]:
            kind = row.get("event_type")
            if kind in EVENTS and kind not in ("unsubscribed", "complained"):
                continue
            for message in messages.get(row.get("message_id"), ()):
                record = record_of(message)
                if record not in self.contacts or record is None:
                    continue
                channel, stamp = message.get("channel"), moment(row, "occurred_at")
                is_readable = (
                    kind in EVENTS
                    and stamp is not None
                    and channel in CHANNELS
                    and moment(message, "sent_at") is not None
                    and None not in (message.get("extracted_at"), message.get("sent_date"), row.get("source_system"))
                    and None not in (row.get("link_tag"), row.get("occurred_date"), row.get("extracted_at"))
                )
                said_at = said(row, "occurred_at")
                if said_at is None:
                    continue
                for each in (str(channel),) if channel in CHANNELS else CHANNELS:
                    for meant in self.own_addresses(record, each):
                        yield each, PURPOSES, Word(record, meant, said_at, is_no=True, is_unreadable=not is_readable)
                    changed = self.contacts[record].row.get("updated_at")
                    if isinstance(changed, datetime) and changed > said_at and KINDS[each]:
                        yield each, PURPOSES, Word(record, NOBODY_KNOWS, said_at, is_no=True)

    # --- Addresses that work ---

    def _read_bounces(self) -> dict[Address, list[tuple[datetime, Contact]]]:
        messages = {row.get("message_id"): row for row in self.world["messages"]}
        found: dict[Address, list[tuple[datetime, Contact]]] = defaultdict(list)
        for row in self.world["message_events"]:
            message = messages.get(row.get("message_id"))
            stamp = moment(row, "occurred_at")
            if row.get("event_type") != "bounced_hard" or message is None or stamp is None:
                continue
            contact = self.contacts.get(record_of(message) or ("", ""))
            channel = message.get("channel")
            if contact is None or channel not in CHANNELS or channel == "ads" or stamp >= self.settings.as_of:
                continue
            for kind in KINDS[str(channel)] or (str(channel),):
                value = contact.of_kind(kind) if KINDS[str(channel)] else contact.record
                if value is not None:
                    found[kind, value].append((stamp, contact))
        return found

    def _works(self, channel: str, address: Address, holders: list[Contact]) -> bool:
        """Whether it has not bounced since; `holders`: the records of the person that have it."""
        kind = address[0] if address[0] != "record" else channel
        verified = [contact.row.get(f"{kind}_verified_at") for contact in holders]
        for stamp, contact in self._bounces.get((kind, address[1]), ()):
            changed = contact.row.get("updated_at")
            if not any(isinstance(each, datetime) and each > stamp for each in (changed, *verified)):
                return False
        return True

    # --- The rule ---

    def is_open(self, person: Person, channel: str, purpose: str, address: Address) -> bool:
        """Points 1 to 4 of the rule for one address."""
        words = person.words[channel, purpose]
        own = {contact.record for contact in person.records}
        yes = _latest(words, is_no=False)
        # an unreadable no closes the person, whoever said it, when it names the address; else who said it
        unreadable = _latest(
            (word for word in words if word.is_unreadable and (word.is_named or word.record in own)), is_no=True
        )
        no = _latest(words, is_no=True)
        if any(said_at >= yes.get(meant, EARLIEST) for meant, said_at in unreadable.items()):
            return False
        if address not in yes or no.get(address, EARLIEST) >= yes[address]:
            return False
        # what others said about an address that they hold as well closes this address, not the person
        mine = _latest((word for word in words if word.record in own and not word.is_unreadable), is_no=True)
        return all(said_at < yes[address] for other, said_at in mine.items() if said_at >= yes.get(other, EARLIEST))

    def judge(self, record: Record, channel: str, purpose: str) -> Verdict:
        """What the person of a record may get."""
        person = self.person_of[record]
        if person.is_erased:
            return Verdict({}, "erased")
        kinds = KINDS[channel] or ("record",)
        taken, is_reachable = {}, False
        for kind in kinds:
            candidates = list(self._candidates(person, channel, purpose, kind))
            is_reachable = is_reachable or bool(candidates)
            best = [
                (self._preference(person, kind, value, holders), value)
                for value, holders, is_open in candidates
                if is_open
            ]
            if best:
                top = max(rank for rank, _ in best)
                taken[kind] = frozenset(value for rank, value in best if rank == top)
        return Verdict(taken, "open" if taken else "no_consent" if is_reachable else "no_address")

    def _candidates(
        self, person: Person, channel: str, purpose: str, kind: str
    ) -> Iterator[tuple[object, list[Contact], bool]]:
        """Addresses that work, who of the person holds them, and whether they are open."""
        held: dict[object, list[Contact]] = defaultdict(list)
        for contact in person.records:
            created = contact.row["created_at"]
            assert isinstance(created, datetime)
            if created >= self.settings.as_of:
                continue
            value: object = contact.record if kind == "record" else contact.of_kind(kind)
            if channel == "push" and contact.row["silo"] != "app":
                continue
            if channel == "post" and None in (contact.row.get("street_address"), contact.row.get("postal_code")):
                continue
            if value is not None:
                held[value].append(contact)
        for value, holders in held.items():
            if not self._works(channel, (kind, value), holders):
                continue
            meant = {self._alone(contact.record, (kind, value)) for contact in holders}
            yield value, holders, any(self.is_open(person, channel, purpose, address) for address in meant)

    def _preference(self, person: Person, kind: str, value: object, holders: list[Contact]) -> tuple[object, ...]:
        verified = [contact.row.get(f"{kind}_verified_at") for contact in holders]
        changed = [contact.row.get("updated_at") or contact.row["created_at"] for contact in holders]
        return (
            value == self._declared(person, kind),
            max((each for each in verified if isinstance(each, datetime)), default=EARLIEST),
            max(each for each in changed if isinstance(each, datetime)),
        )

    def _declared(self, person: Person, kind: str) -> object:
        """What the person said last about where to write."""
        said_last: tuple[datetime, object] = (EARLIEST, None)
        for contact in person.records:
            for row in self._preferences.get((contact.record, f"preferred_{kind}"), ()):
                stamp = moment(row, "declared_at")
                if stamp is None or stamp >= self.settings.as_of or stamp < said_last[0]:
                    continue
                raw, country = row.get("preference_value"), contact.row.get("country_code")
                said_last = (
                    stamp,
                    one_spelling(raw) if kind == "email" else one_number(raw, country, self.settings.country_code),
                )
        return said_last[1]


# --- Small helpers ------------------------------------------------------------------------------------------------

Edge = tuple[Record, Record, str]
Graph = dict[Record, set[tuple[Record, str]]]
# of a chain between two people the weakest link goes: a number is passed on, a mailbox is shared, a card is carried
STRENGTH = {"phone": 0, "email": 1, "card": 2, "link": 3}


def _name(row: Row) -> str | None:
    parts = [str(row[part]).strip().lower() for part in ("first_name", "last_name") if row.get(part)]
    return " ".join(parts) or None


def _latest(words: Iterable[Word], *, is_no: bool) -> dict[Address, datetime]:
    found: dict[Address, datetime] = {}
    for word in words:
        if word.is_no == is_no:
            found[word.address] = max(word.said_at, found.get(word.address, EARLIEST))
    return found


def _path(graph: Graph, start: Record, end: Record) -> list[Edge]:
    """A shortest chain between two records; empty when there is none."""
    came_from: dict[Record, tuple[Record, str] | None] = {start: None}
    front = [start]
    while front and end not in came_from:
        found = []
        for record in front:
            for other, kind in sorted(graph.get(record, ())):
                if other not in came_from:
                    came_from[other] = (record, kind)
                    found.append(other)
        front = found
    path, record = [], end
    while step := came_from.get(record):
        path.append((min(step[0], record), max(step[0], record), step[1]))
        record = step[0]
    return path


def _components(records: Iterable[Record], graph: Graph) -> Iterator[list[Record]]:
    seen: set[Record] = set()
    for start in records:
        if start in seen:
            continue
        group, front = [], [start]
        seen.add(start)
        while front:
            record = front.pop()
            group.append(record)
            for other, _ in graph.get(record, ()):
                if other not in seen:
                    seen.add(other)
                    front.append(other)
        yield group
