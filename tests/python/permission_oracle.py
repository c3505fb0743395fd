"""Who may be written to, where: decision 0005 in plain Python, from the raw rows of the contract to an address.

Written from docs/ and from the contract alone; it shares no code, no column and no reading with the SQL. Where the
pages leave two readings open, it takes the one that writes to fewer people, and says so ("cautious").
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
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
    # a mailbox provider is paused when more than this share complained of enough messages of the last days
    mailbox_min_contacts: int = 50
    mailbox_days: int = 28
    mailbox_min_delivered: int = 1000
    mailbox_stop_share: float = 0.003


@dataclass(frozen=True)
class Word:
    """A yes or a no of a record about an address; a record that nobody knows speaks about an address only."""

    record: Record | None
    address: Address
    said_at: datetime
    is_no: bool
    is_unreadable: bool = False
    is_named: bool = False  # the row names the address, or was said by nobody who holds it


@dataclass
class Contact:
    """A contact record that intake lets through."""

    record: Record
    email: str | None
    phone: str | None
    extension: str | None  # a number behind which somebody sits: it identifies, and no channel takes it
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
    # records of others that were one person with these once: their noes of then are this person's as well
    former: set[Record] = field(default_factory=set)
    words: dict[tuple[str, str], list[Word]] = field(default_factory=lambda: defaultdict(list))


# --- Spelling -----------------------------------------------------------------------------------------------------


@cache
def one_spelling(email: object) -> str | None:
    """NFC, nothing invisible, no white space around, lower case, the domain as it is looked up; None: no address."""
    if email is None:
        return None
    visible = "".join(
        "@" if unicodedata.normalize("NFKC", letter) == "@" else letter
        for letter in unicodedata.normalize("NFC", str(email))
        if unicodedata.category(letter) not in ("Cf", "Cc")
    )
    local, at, domain = unicodedata.normalize("NFC", _bare(visible.strip().lower())).rpartition("@")
    if not (at and local) or "@" in local or any(letter.isspace() for letter in local + domain):
        return None
    try:
        domain = domain.encode("idna").decode()
    except UnicodeError:
        return None
    return f"{local}@{domain}" if "." in domain.strip(".") and domain == domain.strip(".") else None


def _bare(email: str) -> str:
    """Without quotes, brackets and separators; out of a link, or of <> with a name before them that is no address."""
    email = _without_ends(email)
    name, opened, rest = email.partition("<")
    if opened and "@" not in name and rest.find(">") == len(rest) - 1 and "<" not in rest:
        email = _without_ends(rest[:-1])
    if email.startswith("mailto:"):
        email = email.removeprefix("mailto:").partition("?")[0]
    email = "@".join(part.strip() if "@" in email else part for part in email.split("@"))
    # the dot of the root
    return email[:-1] if email.endswith(".") else email


def _without_ends(email: str) -> str:
    """An address begins with no quote, bracket or separator, and ends with none."""
    while email and (email[0] in "\"'[(,;" or email[0].isspace()):
        email = email[1:]
    while email and (email[-1] in "\"']),;" or email[-1].isspace()):
        email = email[:-1]
    return email


@cache
def dialled(phone: object, country_code: object, default_country: str) -> tuple[str | None, str | None]:
    """The number in E.164 when its numbering plan has it, and its extension; a number with decimals is none."""
    if phone is None or re.search(r"[.,]\d{1,2}$|\.\d*$|\d[eE]", str(phone).strip()):
        return None, None
    try:
        number = phonenumbers.parse(str(phone), str(country_code or default_country))
    except phonenumbers.NumberParseException:
        return None, None
    if not phonenumbers.is_valid_number(number):
        return None, None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), number.extension


def one_number(phone: object, country_code: object, default_country: str) -> str | None:
    """A number that can be called or texted: not one behind which there is an extension."""
    number, extension = dialled(phone, country_code, default_country)
    return None if extension else number


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


def answered(at: datetime | None, message: Row) -> datetime | None:
    """When an answer to a message was given: not before that was sent, if one knows when that was."""
    sent = moment(message, "sent_at")
    return max(at, sent) if at and sent else at


def record_of(row: Row) -> Record | None:
    system, contact = row.get("source_system"), row.get("contact_id")
    return None if system is None or contact is None else (str(system), str(contact))


# marks a row whose ids were written otherwise
RESPELLED = "is_respelled"


class Oracle:
    """Answers for one world."""

    def __init__(self, world: World, settings: Settings, past: "Oracle | None" = None) -> None:
        """`past`: what an earlier build saw of contacts and links."""
        self.settings = settings
        self.world = {entity: [_filled(row) for row in rows] for entity, rows in world.items()}
        systems = {str(row["source_system"]) for row in self.world["contacts"] if row["source_system"] is not None}
        for entity in ("consents", "message_events", "erasure_requests"):
            self.world[entity] += [*_respelled(self.world[entity], systems)]
        self.messages = [*self.world["messages"], *_respelled(self.world["messages"], systems)]
        self.past = past
        self.countries = {row["country_code"] for row in self.world["contacts"] if row.get("country_code") is not None}
        self.contacts = self._read_contacts()
        self.strangers = self._read_rejected_contacts()
        self.namesakes: dict[str, list[Record]] = defaultdict(list)
        for record in self.contacts:
            self.namesakes[record[1]].append(record)
        self.holders = self._holders()
        self.persons = self._join()
        self._preferences: dict[object, list[Row]] = defaultdict(list)
        for row in world["contact_preferences"]:
            self._preferences[record_of(row), row.get("preference_type")].append(row)
        self.person_of = {contact.record: person for person in self.persons for contact in person.records}
        self._forget_whose_records_are_gone()
        self._split_off: dict[Record, list[Person]] = defaultdict(list)
        self._remember_splits()
        self._bounces = self._read_bounces()
        self.paused = self._paused_domains()
        self._hear()

    # --- Records and people ---

    def _read_contacts(self) -> dict[Record, Contact]:
        found: dict[Record, Row] = {}
        for row in self.world["contacts"]:
            record = record_of(row)
            if record is None or not self._is_a_contact(row):
                continue
            known = found.get(record)
            if known is None or str(known["extracted_at"]) < str(row["extracted_at"]):
                found[record] = row
        return {record: self._contact(record, row) for record, row in found.items()}

    def _is_a_contact(self, row: Row) -> bool:
        return (
            row.get("silo") in SILOS
            and moment(row, "created_at") is not None
            and None not in (row.get("extracted_at"), row.get("created_date"))
        )

    def _contact(self, record: Record, row: Row) -> Contact:
        phone = dialled(row.get("phone"), row.get("country_code"), self.settings.country_code)
        number, extension = phone
        return Contact(
            record,
            one_spelling(row.get("email")),
            None if extension else number,
            f"{number} {extension}" if extension else None,
            row,
        )

    def _read_rejected_contacts(self) -> dict[Record, Contact]:
        """Records that intake rejected: nobody, but they may speak for who holds their addresses."""
        found: dict[Record, Contact] = {}
        for row in self.world["contacts"]:
            record = record_of(row)
            if record is not None and record not in self.contacts:
                found[record] = self._contact(record, row)
        return found

    def _holders(self) -> dict[Address, list[Record]]:
        """Who holds an e-mail, a phone or a card."""
        found: dict[Address, list[Record]] = defaultdict(list)
        for contact in self.contacts.values():
            card = contact.row.get("loyalty_card_id")
            values = {"email": contact.email, "phone": contact.phone, "extension": contact.extension, "card": card}
            for kind, value in values.items():
                if value is not None:
                    found[kind, value].append(contact.record)
        return found

    def is_shared_by_many(self, address: Address) -> bool:
        """A switchboard: it is nobody's in particular."""
        return len(self.holders.get(address, ())) > self.settings.max_contacts_per_identifier

    def _join(self) -> list[Person]:
        """Decision 0013: the strongest edges that join whoever is joined, less those that part different people."""
        edges = sorted(self._edges().items(), key=self._rank, reverse=True)
        tree: Graph = defaultdict(dict)
        leader = {record: record for record in self.contacts}

        def lead(record: Record) -> Record:
            while leader[record] != record:
                record = leader[record]
            return record

        # any other edge is a way around that is weaker
        for rank, ((one, other), _) in enumerate(edges):
            if lead(one) != lead(other):
                leader[lead(one)] = lead(other)
                tree[one][other] = tree[other][one] = -rank
        weakest = [min(path) for one, other in self._links("different") if (path := _path(tree, one, other))]
        for _, one, other in weakest:
            tree[one].pop(other, None)
            tree[other].pop(one, None)
        erased = {record for row in self.world["erasure_requests"] for record in self._may_be(row)}
        return [
            Person([self.contacts[record] for record in group], is_erased=not erased.isdisjoint(group))
            for group in _components(self.contacts, tree)
        ]

    def _forget_whose_records_are_gone(self) -> None:
        """A wish to be forgotten of a record that is gone is of its person, when that is one today."""
        for row in self.world["erasure_requests"]:
            record = record_of(row)
            before = self.past.person_of.get(record) if self.past and record and record not in self.contacts else None
            heirs = [
                self.person_of[contact.record]
                for contact in (before.records if before else ())
                if contact.record in self.person_of
            ]
            if len({id(heir) for heir in heirs}) == 1:
                heirs[0].is_erased = True

    def _rank(self, edge: "tuple[tuple[Record, Record], int]") -> tuple[object, ...]:
        """Stronger is larger; of two alike the one whose younger record is older, then whose older one is."""
        ages = sorted((self._age(record) for record in edge[0]), reverse=True)
        return (edge[1], *((-(stamp - EARLIEST).total_seconds(), _reversed(record)) for stamp, record in ages))

    def _age(self, record: Record) -> tuple[datetime, Record]:
        created = self.contacts[record].row["created_at"]
        assert isinstance(created, datetime)
        return created, record

    def _remember_splits(self) -> None:
        """Whoever was one person with somebody once, and is another now, goes on with what that one refused."""
        for person in self.past.persons if self.past else ():
            records = [contact.record for contact in person.records if contact.record in self.person_of]
            for record in records:
                for other in records:
                    mine = self.person_of[other]
                    if mine is not self.person_of[record] and record not in mine.former:
                        mine.former.add(record)
                        self._split_off[record].append(mine)

    def _links(self, kind: str) -> Iterator[tuple[Record, Record]]:
        for row in self.world["identity_links"]:
            one = record_of(row)
            other = (str(row["linked_source_system"]), str(row["linked_contact_id"]))
            is_readable = moment(row, "linked_at") is not None and one in self.contacts and other in self.contacts
            if is_readable and one is not None and (row.get("link_type") or "same") == kind:
                yield one, other

    def _edges(self) -> "dict[tuple[Record, Record], int]":
        """Which two records are joined, and how strongly."""
        kinds: dict[tuple[Record, Record], set[str]] = defaultdict(set)
        for (kind, value), records in self.holders.items():
            if len(records) > 1 and not self.is_shared_by_many((kind, value)):
                for position, one in enumerate(records):
                    for other in records[position + 1 :]:
                        kinds[min(one, other), max(one, other)].add(kind)
        for one, other in self._links("same"):
            kinds[min(one, other), max(one, other)].add("link")
        households = {(min(pair), max(pair)) for pair in self._links("household")}
        return {
            pair: self._strength(pair, shared)
            for pair, shared in kinds.items()
            if shared & {"email", "card", "link"} or not (pair in households or self._are_strangers(*pair))
        }

    def _strength(self, pair: tuple[Record, Record], shared: set[str]) -> int:
        if "link" in shared or "card" in shared:
            return 5 if "link" in shared else 4
        if "email" in shared:
            is_proved = all(self.contacts[record].row.get("email_verified_at") is not None for record in pair)
            return 3 if is_proved else 2
        return 1

    def _are_strangers(self, one: Record, other: Record) -> bool:
        """Names and e-mails are known on both sides, and differ; what is unknown differs from nothing."""
        first, second = self.contacts[one], self.contacts[other]
        return _differ(first.email, second.email) and any(
            _differ(_folded(first.row.get(name)), _folded(second.row.get(name))) for name in ("first_name", "last_name")
        )

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
        for channel, purposes, word in [*self._consent_words(), *self._stops(), *self._wishes()]:
            if word.said_at >= self.settings.as_of:
                continue
            for person in self._concerned(word):
                for purpose in purposes:
                    person.words[channel, purpose].append(word)

    def _concerned(self, word: Word) -> list[Person]:
        """Whose word it is: of who said it; a no also of everybody who holds the address."""
        persons = [self.person_of[word.record]] if word.record in self.person_of else []
        holders = self.holders.get(word.address, ()) if word.is_no and word.address[0] in KINDS["ads"] else ()
        persons += [self.person_of[record] for record in holders]
        if word.is_no:
            # what one of them refused, or may have refused, before they were two, both have
            meant = holders if word.is_unreadable and word.is_named else ()
            persons += [each for record in (word.record, *meant) if record for each in self._split_off[record]]
            # nobody knows whose it was: it may be the no of whoever held the address as well
            before = self.past.holders.get(word.address, ()) if self.past and word.is_unreadable else ()
            persons += [self.person_of[record] for record in before if word.is_named and record in self.person_of]
        return list({id(person): person for person in persons}.values())

    def _named(self, row: Row, kinds: Iterable[str]) -> tuple[bool, list[Address | None]]:
        """Whether the row names an address, and which it may be; None: it cannot be read."""
        raw = row.get("address")
        if raw is None:
            return False, [None]
        found: set[Address] = set()
        for kind in kinds:
            countries = self._countries(row) if kind == "phone" else [None]
            values = {
                one_spelling(raw) if kind == "email" else one_number(raw, country, self.settings.country_code)
                for country in countries
            }
            found |= {(kind, value) for value in values if value is not None}
        return True, sorted(found, key=str) or [None]

    def _countries(self, row: Row) -> list[object]:
        """With which countries a number is read: of a record that nobody knows, with each that there is."""
        contact = self.contacts.get(record_of(row) or ("", ""))
        return [contact.row.get("country_code")] if contact else [None, *self.countries]

    def _consent_words(self) -> Iterator[tuple[str, tuple[str, ...], Word]]:
        copies: dict[tuple[object, ...], Row] = {}
        for row in self.world["consents"]:
            record, status = record_of(row), row.get("status")
            if str(status).lower() == "granted" and (status != "granted" or RESPELLED in row):
                continue  # could only be a yes
            channel, purpose = row.get("channel"), row.get("purpose")
            stamp = moment(row, "changed_at")
            is_readable = (
                record in self.contacts
                and channel in CHANNELS
                and purpose in PURPOSES
                and status in ("granted", "denied", "withdrawn")
                and stamp is not None
                and row.get("extracted_at") is not None
                and RESPELLED not in row
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
                # a row that cannot be read may name any address
                names, addresses = self._named(row, KINDS[each if is_readable else "ads"])
                # cautious: a no about an address that cannot be read may have meant any
                is_clear = is_readable and (addresses != [None] or not names)
                for who, address in ((who, address) for who in self._may_be(row) for address in addresses):
                    for mine in self._people_of(who):
                        about = address if address and address[0] in KINDS[each] else NOBODY_KNOWS
                        yield each, purposes, Word(mine, self._alone_or_unknown(about), said_at, is_no=True)
                    for speaker, meant in self._meant(who, each, address):
                        yield (
                            each,
                            purposes,
                            Word(
                                *(speaker, meant, said_at, True, not is_clear),
                                is_named=speaker is None or meant == address,
                            ),
                        )
                    if who is not None and (address is None or address[0] not in KINDS[each]):
                        for meant in self._former_addresses(who, each, said_at):
                            yield each, purposes, Word(who, meant, said_at, is_no=True)
        for row in copies.values():
            yield from self._yes(row)

    def _may_be(self, row: Row) -> list[Record | None]:
        """Whose row it is; without a source system any record of that id."""
        if row.get("source_system") is not None or row.get("contact_id") is None:
            return [record_of(row)]
        gone = [record for record in (self.past.contacts if self.past else ()) if record[1] == row["contact_id"]]
        return [*self.namesakes.get(str(row["contact_id"]), ())] or [*gone] or [None]

    def _meant(self, record: Record | None, channel: str, named: Address | None) -> list[tuple[Record | None, Address]]:
        """Who speaks about which address; an unknown record at a switchboard may be anybody's there."""
        if record is not None and record in self.contacts:
            if named is not None and named[0] in KINDS[channel]:
                return [(record, self._alone(record, named))]
            sharers = self._of_nobody(named, channel) if named and not self.is_shared_by_many(named) else []
            return [*((record, address) for address in self.own_addresses(record, channel)), *sharers]
        if named is not None:
            return self._of_nobody(named, channel)
        return [meant for address in self._known_by(record) for meant in self._of_nobody(address, channel)]

    def _known_by(self, record: Record | None) -> set[Address]:
        """What a rejected record holds, or what was seen at one that is not delivered any more."""
        rejected = self.strangers.get(record or ("", ""))
        gone = self.past.contacts.get(record or ("", "")) if self.past else None
        values = [(kind, each.of_kind(kind)) for each in (rejected, gone) if each for kind in ("email", "phone")]
        if rejected:
            # intake keeps no country of it
            raw, default = rejected.row.get("phone"), self.settings.country_code
            values += [("phone", one_number(raw, country, default)) for country in (None, *self.countries)]
        return {(kind, value) for kind, value in values if value is not None}

    def _of_nobody(self, address: Address, channel: str) -> list[tuple[Record | None, Address]]:
        """Said by a record that is nobody's: about the address, and of one that cannot be meant about who holds it."""
        if address[0] in KINDS[channel] and not self.is_shared_by_many(address):
            return [(None, address)]
        return [
            (holder, own) for holder in self.holders.get(address, ()) for own in self.own_addresses(holder, channel)
        ]

    def _yes(self, row: Row) -> Iterator[tuple[str, tuple[str, ...], Word]]:
        channel, record, stamp = str(row["channel"]), record_of(row), moment(row, "changed_at")
        assert stamp is not None
        if self.settings.require_double_opt_in:
            confirmed = moment(row, "double_opt_in_confirmed_at")
            if confirmed is None or confirmed >= self.settings.as_of:
                return
            if stamp >= self.settings.as_of:
                return
            # of an earlier yes, it may be: what was refused since stands
            stamp = min(stamp, confirmed)
        names, [address, *_] = self._named(row, KINDS[channel])
        if names and address is None:
            return
        for speaker, meant in self._meant(record, channel, address):
            yield channel, (str(row["purpose"]),), Word(speaker, meant, stamp, is_no=False)

    def _stops(self) -> Iterator[tuple[str, tuple[str, ...], Word]]:
        messages: dict[object, list[Row]] = defaultdict(list)
        for row in self.messages:
            messages[row.get("message_id")].append(row)
        for row in self.world["message_events"]:
            kind = row.get("event_type")
            if _word(kind) in EVENTS and _word(kind) not in ("unsubscribed", "complained"):
                continue
            copies = [each for each in messages.get(row.get("message_id"), ()) if each.get("contact_id") is not None]
            # two systems number alike: nobody knows which of the messages was meant
            told = {
                (each.get("source_system"), each["contact_id"], each.get("channel"))
                for each in copies
                if RESPELLED not in each
            }
            for message, record in ((each, record) for each in copies for record in self._may_be(each)):
                if record is None:
                    continue
                channel, stamp = message.get("channel"), moment(row, "occurred_at")
                is_readable = (
                    kind in EVENTS
                    and len(told) <= 1
                    and RESPELLED not in row
                    and RESPELLED not in message
                    and record in self.contacts
                    and stamp is not None
                    and channel in CHANNELS
                    and moment(message, "sent_at") is not None
                    and None not in (message.get("extracted_at"), message.get("sent_date"), row.get("source_system"))
                    and None not in (row.get("link_tag"), row.get("occurred_date"), row.get("extracted_at"))
                )
                said_at = answered(said(row, "occurred_at"), message)
                if said_at is None:
                    continue
                for each in (str(channel),) if channel in CHANNELS else CHANNELS:
                    for mine in self._people_of(record):
                        yield each, PURPOSES, Word(mine, NOBODY_KNOWS, said_at, is_no=True)
                    for speaker, meant in self._meant(record, each, None):
                        yield each, PURPOSES, Word(speaker, meant, said_at, True, not is_readable, speaker is None)
                    for meant in self._former_addresses(record, each, said_at):
                        yield each, PURPOSES, Word(record, meant, said_at, is_no=True)

    def _wishes(self) -> Iterator[tuple[str, tuple[str, ...], Word]]:
        """A wish to be forgotten of a record that is nobody's is a no to everything, of its person, too."""
        for row in self.world["erasure_requests"]:
            said_at = said(row, "requested_at")
            for record in self._may_be(row):
                if record is None or record in self.contacts or said_at is None:
                    continue
                for each in CHANNELS:
                    for mine in self._people_of(record):
                        yield each, PURPOSES, Word(mine, NOBODY_KNOWS, said_at, is_no=True)
                    for speaker, meant in self._meant(record, each, None):
                        yield each, PURPOSES, Word(speaker, meant, said_at, True, True, speaker is None)

    def _people_of(self, record: Record | None) -> list[Record]:
        """Of a record that is nobody's, records of those whose it was, or to whom a link or its card ties it."""
        if record is None or record in self.contacts:
            return []
        before = self.past.person_of.get(record) if self.past else None
        found = [contact.record for contact in before.records] if before else []
        for row in self.world["identity_links"]:
            ends = [[row[f"{end}source_system"], row[f"{end}contact_id"]] for end in ("", "linked_")]
            # nothing but these two says that they are not one
            if _letters(str(row.get("link_type") or "")) not in ("different", "household"):
                for one, other in (ends, ends[::-1]):
                    if _may_mean(one, record):
                        meant = {str(other[1]), _meant(str(other[1]))}
                        mine = [each for name in meant for each in self.namesakes.get(name, ())]
                        found += [each for each in mine if _may_mean(other, each)]
        if record in self.strangers:
            card = ("card", self.strangers[record].row.get("loyalty_card_id"))
            found += [] if self.is_shared_by_many(card) else self.holders.get(card, [])
        return [each for each in found if each in self.contacts]

    def _alone_or_unknown(self, address: Address) -> Address:
        """Of a switchboard nobody knows what else the record held."""
        return NOBODY_KNOWS if self.is_shared_by_many(address) else address

    def _former_addresses(self, record: Record, channel: str, at: datetime) -> Iterator[Address]:
        """What a no that names no address is about besides what the record holds today."""
        if record not in self.contacts:
            return
        # nobody looked before the record was first seen: what it held then, it may always have held
        for address in self._held_then(record, channel):
            yield self._alone(record, address)
        changed = self.contacts[record].row.get("updated_at")
        if isinstance(changed, datetime) and changed > at and KINDS[channel]:
            yield NOBODY_KNOWS

    def _held_then(self, record: Record, channel: str) -> list[Address]:
        """What an earlier build saw at the record."""
        before = self.past.contacts.get(record) if self.past else None
        values = [(kind, before.of_kind(kind)) for kind in KINDS[channel]] if before else []
        return [(kind, value) for kind, value in values if value is not None]

    # --- Addresses that work ---

    def _read_bounces(self) -> dict[Address, list[tuple[datetime, Contact | None, bool]]]:
        """When an address bounced, at whose record (None: nobody's), and whether an earlier build had seen it there."""
        messages: dict[object, list[Row]] = defaultdict(list)
        for row in self.messages:
            messages[row.get("message_id")].append(row)
        found: dict[Address, list[tuple[datetime, Contact | None, bool]]] = defaultdict(list)
        bounces = [row for row in self.world["message_events"] if _word(row.get("event_type")) == "bounced_hard"]
        # of messages that share an id each may be the one that bounced
        for bounce, message in ((row, each) for row in bounces for each in messages.get(row.get("message_id"), ())):
            stamp = answered(said(bounce, "occurred_at"), message)
            record, channel = record_of(message), _word(message.get("channel"))
            if stamp is None or channel not in CHANNELS or channel == "ads" or stamp >= self.settings.as_of:
                continue
            contact = self.contacts.get(record or ("", ""))
            if contact is None:
                for address in self._known_by(record):
                    if address[0] in KINDS[channel]:
                        found[address].append((stamp, None, True))
                continue
            for kind in KINDS[str(channel)] or (str(channel),):
                value = contact.of_kind(kind) if KINDS[str(channel)] else contact.record
                if value is not None:
                    found[kind, value].append((stamp, contact, False))
            if self.past and self.past.settings.as_of <= stamp:
                for address in self._held_then(contact.record, str(channel)):
                    found[address].append((stamp, contact, True))
        return found

    def _paused_domains(self) -> set[str]:
        """Mailbox providers whose people complained too often of late (docs/tracking.md)."""
        domains = {record: _domain(contact.email) for record, contact in self.contacts.items() if contact.email}
        contacts = Counter(domains.values())
        first = self.settings.as_of - timedelta(days=self.settings.mailbox_days)
        recent = {
            row["message_id"]: domains[record]
            for row in self.world["messages"]
            if (record := record_of(row)) in domains and row.get("channel") == "email"
            if (sent := moment(row, "sent_at")) is not None and first <= sent < self.settings.as_of
        }
        answers = {(row["message_id"], row["event_type"]) for row in self.world["message_events"]}
        delivered, complained = (
            Counter(recent[name] for name, kind in answers if name in recent and kind == wanted)
            for wanted in ("delivered", "complained")
        )
        return {
            domain
            for domain, count in delivered.items()
            if contacts[domain] >= self.settings.mailbox_min_contacts
            and count >= self.settings.mailbox_min_delivered
            and complained[domain] > self.settings.mailbox_stop_share * count
        }

    def _works(self, channel: str, address: Address, holders: list[Contact]) -> bool:
        """Whether it has not bounced since; `holders`: the records of the person that have it."""
        kind = address[0] if address[0] != "record" else channel
        verified = [contact.row.get(f"{kind}_verified_at") for contact in holders]
        for stamp, contact, was_seen in self._bounces.get((kind, address[1]), ()):
            changed = contact.row.get("updated_at") if contact and not was_seen else None
            if not any(isinstance(each, datetime) and each > stamp for each in (changed, *verified)):
                return False
        return True

    # --- The rule ---

    def is_open(self, person: Person, channel: str, purpose: str, address: Address) -> bool:
        """Points 1 to 4 of the rule for one address."""
        words = person.words[channel, purpose]
        own = {contact.record for contact in person.records} | person.former
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
        if channel == "email" and {_domain(value) for value in taken.get("email", ())} & self.paused:
            return Verdict({}, "paused")
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


def _respelled(rows: list[Row], systems: set[str]) -> Iterator[Row]:
    """Rows with white space around an id, without it, and under each system that has the letters of theirs."""
    named = {system: _letters(system) for system in systems}
    for row in rows:
        ids = {name: row[name] for name in ("source_system", "contact_id", "message_id") if row.get(name) is not None}
        stripped = {name: _meant(str(value)) for name, value in ids.items()}
        letters = _letters(str(ids.get("source_system", "")))
        meant = [stripped, *(stripped | {"source_system": each} for each in named if named[each] == letters)]
        for other in meant:
            if other != ids and other not in meant[: meant.index(other)]:
                yield row | other | {RESPELLED: True}


def _word(value: object) -> str:
    """A word of a closed list in whatever case, with white space around it or without."""
    return str(value or "").strip().lower()


def _meant(name: str) -> str:
    """An id without white space, and signs that nobody sees, around it."""
    seen = [place for place, sign in enumerate(name) if not sign.isspace() and unicodedata.category(sign) != "Cf"]
    return name[seen[0] : seen[-1] + 1] if seen else ""


def _may_mean(end: Sequence[object], record: Record) -> bool:
    """Whether an end of a link, a system and an id, may be a record, however it is spelled."""
    system, contact = end
    return _meant(str(contact)) == _meant(record[1]) and (
        system is None or _letters(str(system)) == _letters(record[0])
    )


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _filled(row: Row) -> Row:
    """An empty text is a missing one, but for the link of an event: '' means none there."""
    return {
        name: None if isinstance(value, str) and not value.strip() and name != "link_tag" else value
        for name, value in row.items()
    }


# who is joined with whom, and how strongly (less than nothing: a rank from the strongest downwards)
Graph = dict[Record, dict[Record, int]]


def _folded(name: object) -> str | None:
    """A name for comparing: case, accents, spaces and punctuation make no difference."""
    letters = unicodedata.normalize("NFD", str(name or "").casefold())
    return "".join(letter for letter in letters if letter.isalnum()) or None


def _domain(email: object) -> str:
    return str(email).partition("@")[2]


def _differ(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other


def _reversed(record: Record) -> tuple[int, ...]:
    """Sorts the other way round."""
    return tuple(-ord(letter) for letter in "/".join(record))


def _latest(words: Iterable[Word], *, is_no: bool) -> dict[Address, datetime]:
    found: dict[Address, datetime] = {}
    for word in words:
        if word.is_no == is_no:
            found[word.address] = max(word.said_at, found.get(word.address, EARLIEST))
    return found


def _path(tree: Graph, start: Record, end: Record) -> list[tuple[int, Record, Record]]:
    """The edges of the only way between two records of a tree; none when there is no way."""
    came_from: dict[Record, Record] = {start: start}
    front = [start]
    while front and end not in came_from:
        record = front.pop()
        for other in tree.get(record, {}):
            if other not in came_from:
                came_from[other] = record
                front.append(other)
    path, record = [], end
    while record != start and record in came_from:
        path.append((tree[record][came_from[record]], record, came_from[record]))
        record = came_from[record]
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
            for other in graph.get(record, ()):
                if other not in seen:
                    seen.add(other)
                    front.append(other)
        yield group
