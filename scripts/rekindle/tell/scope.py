"""Which records of a person are told to whoever asks, and why others are not.

Two records may have become one person by something that neighbours share too: a phone, a household, the weakest of what
joins them. Whoever asks must not receive her neighbour, so what hangs on that alone is counted and not told, unless
everything is asked for.
"""

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rekindle.forget.finding import Warehouse
from rekindle.forget.people import Contact, People
from rekindle.ground.errors import RekindleError
from rekindle.ground.quoting import text
from rekindle.ground.warehouse import has_table
from rekindle.tell.asking import Row
from rekindle.tell.explaining import edges_in_words

# Why a record is counted and not told.
HOUSEHOLD, PHONE, WEAKEST, GONE = (
    "a link says that they are of one household",
    "a phone is all that joins them",
    "the weakest of what joins the records of the person is all that joins them",
    "the record is not delivered any more, and what joined it is not known",
)


@dataclass(frozen=True)
class Scope:
    """Which records of a person are told, and why others are not."""

    person: People  # with every record
    told: People
    left_out: Mapping[str, int]  # records, by reason
    since: Mapping[str, datetime.date]  # the profile ids that are told, and since when a told record has each

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return not self.left_out

    @property
    def kept(self) -> People:
        """The records that are left out."""
        return People(self.person.contacts - self.told.contacts)


def scope_of(warehouse: Warehouse, person: People, start: Contact | None, *, everything: bool) -> Scope:
    """What is told to whoever asked by the record `start`; by a profile id, it is the oldest record."""
    if everything or len(person.contacts) == 1:
        return Scope(person, person, {}, {})
    profile_id = profile_of(warehouse, person)
    edges = [edge for edge, _ in edges_in_words(warehouse.connection, profile_id) if edge["verdict"] == "one_person"]
    doubts = {ends_of(edge): _doubt(edge, _households(warehouse)) for edge in edges}
    told = {start or _oldest(warehouse, profile_id)}
    while more := {record for pair, doubt in doubts.items() if doubt is None and told & pair for record in pair} - told:
        told |= more
    reasons: dict[Contact, str] = {}
    while found := [
        (record, reasons.get(*(pair - {record})) or doubt)
        for pair, doubt in sorted(doubts.items(), key=lambda each: sorted(each[0]))
        for record in sorted(pair - told - set(reasons))
        if pair - {record} <= told | set(reasons)
    ]:
        reasons |= {record: str(reason) for record, reason in found}
    left_out = Counter(reasons.get(record, GONE) for record in person.contacts - told)
    since = _since(warehouse, told)
    return Scope(person, warehouse.people(frozenset(told), frozenset(since)), left_out, since)


def ends_of(edge: Row) -> frozenset[Contact]:
    """The two records that an edge joins."""
    return frozenset((edge[f"{side}_source_system"], edge[f"{side}_contact_id"]) for side in ("elder", "younger"))


def _doubt(edge: Row, households: set[frozenset[Contact]]) -> str | None:
    """Why an edge is no reason to tell one record's owner of the other; None when it is one."""
    if ends_of(edge) in households:
        return HOUSEHOLD
    if not (edge["is_by_link"] or edge["is_by_loyalty_card"] or edge["is_by_email"]):
        return PHONE
    # a link is no guess: the retailer said that they are one person
    return WEAKEST if edge["is_weakest"] and not edge["is_by_link"] else None


def _households(warehouse: Warehouse) -> set[frozenset[Contact]]:
    if not has_table(warehouse.connection, "intake", "intake_identity_links"):
        return set()
    links = warehouse.connection.execute(
        "select source_system, contact_id, linked_source_system, linked_contact_id from intake.intake_identity_links "
        "where link_type = 'household'"
    ).fetchall()
    return {frozenset([(row[0], row[1]), (row[2], row[3])]) for row in links}


def profile_of(warehouse: Warehouse, person: People) -> str:
    """Today's id of a person who may have had several."""
    ids = ", ".join(map(text, sorted(person.profile_ids)))
    found = warehouse.connection.execute(
        f"select profile_id from identity.contact_profiles where profile_id in ({ids}) limit 1"
    ).fetchone()
    return str(found[0]) if found else min(person.profile_ids)


def _oldest(warehouse: Warehouse, profile_id: str) -> Contact:
    oldest: Contact | None = warehouse.connection.execute(
        "select source_system, contact_id from identity.contact_profiles where profile_id = ? "
        "order by is_oldest desc, created_at, source_system, contact_id limit 1",
        [profile_id],
    ).fetchone()
    if oldest is None:
        raise RekindleError("No record of that profile is delivered any more: name a record with --contact, or --all.")
    return oldest


def _since(warehouse: Warehouse, contacts: Iterable[Contact]) -> dict[str, datetime.date]:
    theirs = People(frozenset(contacts)).are_in(["source_system", "contact_id"], [])
    rows = warehouse.connection.execute(
        "select profile_id, min(first_as_of_date) from identity.contact_profile_history "
        f"where {theirs} group by profile_id"
    ).fetchall()
    return dict(rows)
