"""Identity as compiled, against networkx on generated contact records, and as hand-made worst cases."""

import hashlib
import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import networkx as nx
import pytest
from compiled import CompiledModels, Row, fill, identity_models
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rekindle.ground.dbt import Dbt
from rekindle.ground.paths import PROJECT

MODELS = [
    *("contact_records", "contact_identifiers", "contact_edges", "contact_components", "different_records"),
    *("surviving_edges", "contact_profiles"),
]
CONVERGED = "identity_has_converged_else_raise_identity_rounds"

CONTACTS = {
    "source_system": "varchar", "contact_id": "varchar", "silo": "varchar", "email": "varchar", "phone": "varchar",
    "country_code": "varchar", "loyalty_card_id": "varchar", "first_name": "varchar", "last_name": "varchar",
    "email_verified_at": "timestamp", "created_date": "date", "created_at": "timestamp",
}  # fmt: skip
LINKS = dict.fromkeys(
    ["source_system", "contact_id", "linked_source_system", "linked_contact_id", "link_type"], "varchar"
)
EMAILS = {"raw_email": "varchar", "email": "varchar", "is_valid": "boolean"}
PHONES = {"raw_phone": "varchar", "country_code": "varchar", "e164": "varchar", "is_valid": "boolean"}

Key = tuple[str, str]


@dataclass(frozen=True)
class Record:
    """One contact record: what identity looks at. Phones are numbers of a pool; odd ones are not valid.

    A name is (first name, last name); None is unknown.
    """

    source_system: str
    contact_id: str
    created_day: int
    email: str | None = None
    phone: int | None = None
    card: str | None = None
    name: tuple[str | None, str | None] = (None, None)
    is_verified: bool = False

    @property
    def key(self) -> Key:
        return (self.source_system, self.contact_id)

    @property
    def profile_id_when_oldest(self) -> str:
        return hashlib.md5("|".join(self.key).encode(), usedforsecurity=False).hexdigest()[:16]

    @property
    def address(self) -> str | None:
        return self.email.strip().lower() if self.email and self.email.strip() else None

    @property
    def identifiers(self) -> list[tuple[str, str]]:
        email = [("email", self.address)] if self.address else []
        phone = [("phone", str(self.phone))] if self.phone is not None and self.phone % 2 == 0 else []
        card = [("card", self.card.strip())] if self.card and self.card.strip() else []
        return email + phone + card


@dataclass(frozen=True)
class Link:
    """What somebody said of two records; no type means the same person."""

    one: Key
    other: Key
    link_type: str | None = None


@dataclass(frozen=True)
class World:
    records: tuple[Record, ...]
    links: tuple[Link, ...] = ()


def resolve(models: CompiledModels, world: World) -> tuple[dict[Key, str], list[Row]]:
    """Profile id per record, and what the convergence test finds."""
    connection = duckdb.connect(config={"threads": 1})
    start = datetime(2020, 1, 1)  # noqa: DTZ001 - timestamps of the contract are UTC without a zone
    contacts = []
    for record in world.records:
        created_at = start + timedelta(days=record.created_day)
        phone = None if record.phone is None else f"raw {record.phone}"
        verified_at = created_at if record.is_verified else None
        details = ("till", record.email, phone, "BE", record.card, *record.name, verified_at)
        contacts.append((*record.key, *details, created_at.date(), created_at))
    fill(connection, "intake_contacts", CONTACTS, contacts)
    links = [(*link.one, *link.other, link.link_type) for link in world.links]
    fill(connection, "intake_identity_links", LINKS, links)
    fill(connection, "email_addresses", EMAILS, [])
    phones = sorted({record.phone for record in world.records if record.phone is not None})
    fill(connection, "phone_numbers", PHONES, [(f"raw {n}", "BE", f"+{n}", n % 2 == 0) for n in phones])
    models.build(connection, *MODELS)
    profiles = {(row[0], row[1]): row[2] for row in models.rows(connection, "contact_profiles")}
    return profiles, models.rows(connection, CONVERGED)


def expected_profiles(world: World, most_records_per_identifier: int = 10) -> dict[Key, str]:
    """The rule from its prose, on a graph."""
    by_key = {record.key: record for record in world.records}
    oldest_first = sorted(by_key, key=lambda key: (by_key[key].created_day, *key))
    age = {key: place for place, key in enumerate(oldest_first)}
    graph = nx.Graph()
    graph.add_nodes_from(by_key)
    for one, other in itertools.combinations(oldest_first, 2):
        strength = _strength(world, by_key[one], by_key[other], most_records_per_identifier)
        if strength:
            graph.add_edge(one, other, rank=(strength, -age[other], -age[one]))
    # the strongest ways between records, without the weakest edge between any two that are different people
    ways = _strongest_ways(graph)
    weakest = set()
    for link in world.links:
        are_known = link.one != link.other and {link.one, link.other} <= set(ways)
        if link.link_type == "different" and are_known and nx.has_path(ways, link.one, link.other):
            path = nx.shortest_path(ways, link.one, link.other)
            weakest.add(min(itertools.pairwise(path), key=lambda edge: ways.edges[edge]["rank"]))
    ways.remove_edges_from(weakest)
    profiles = {}
    for component in nx.connected_components(ways):
        oldest = min((by_key[key] for key in component), key=lambda record: (record.created_day, *record.key))
        profiles.update(dict.fromkeys(component, oldest.profile_id_when_oldest))
    return profiles


def _strength(world: World, elder: Record, younger: Record, most_records: int) -> int:
    """How strongly two records are joined; 0: not at all."""
    said = {link.link_type or "same" for link in world.links if {link.one, link.other} == {elder.key, younger.key}}
    holders = Counter(identifier for record in world.records for identifier in record.identifiers)
    shared = {
        kind
        for kind, value in set(elder.identifiers) & set(younger.identifiers)
        if holders[kind, value] <= most_records
    }
    if "same" in said:
        return 5
    if "card" in shared:
        return 4
    if "email" in shared:
        return 3 if elder.is_verified and younger.is_verified else 2
    if "phone" not in shared or "household" in said:
        return 0
    names = [(mine, theirs) for mine, theirs in zip(elder.name, younger.name, strict=True) if mine and theirs]
    other_name = any(mine.lower() != theirs.lower() for mine, theirs in names)
    other_email = bool(elder.address and younger.address and elder.address != younger.address)
    return 0 if other_name and other_email else 1


def _strongest_ways(graph: "nx.Graph[Key]") -> "nx.Graph[Key]":
    """Kruskal: the strongest edges first, none that closes a circle."""
    ways: nx.Graph[Key] = nx.Graph()
    ways.add_nodes_from(graph)
    for one, other, rank in sorted(graph.edges(data="rank"), key=lambda edge: edge[2], reverse=True):
        if not nx.has_path(ways, one, other):
            ways.add_edge(one, other, rank=rank)
    return ways


@pytest.fixture(scope="module")
def models() -> CompiledModels:
    return identity_models(strict=False)


@pytest.fixture(scope="module")
def strict_models() -> CompiledModels:
    return identity_models(strict=True)


def records(
    first_day: int = 0, last_day: int = 5, source_systems: Sequence[str] = ("app", "shop")
) -> st.SearchStrategy[Record]:
    return st.builds(
        Record,
        source_system=st.sampled_from(source_systems),
        contact_id=st.integers(0, 99).map(str),
        created_day=st.integers(first_day, last_day),
        email=st.none()
        | st.integers(0, 7).map("p{}@example.com".format)
        | st.integers(0, 7).map(" P{}@Example.com".format),
        phone=st.none() | st.integers(0, 15),
        card=st.none() | st.integers(0, 9).map(str) | st.just(" "),
        name=st.tuples(st.sampled_from([None, "Ann", "ANN", "Bob"]), st.sampled_from([None, "Maes"])),
        is_verified=st.booleans(),
    )


@st.composite
def worlds(draw: st.DrawFn, max_records: int = 24) -> World:
    drawn = draw(st.lists(records(), min_size=1, max_size=max_records, unique_by=lambda record: record.key))
    keys = st.sampled_from([record.key for record in drawn] + [("app", "rejected by intake")])
    kinds = st.sampled_from([None, "same", "different", "different", "household"])
    links = st.builds(Link, keys, keys, kinds)
    return World(tuple(drawn), tuple(draw(st.lists(links, max_size=4, unique_by=lambda link: (link.one, link.other)))))


@settings(max_examples=60)
@given(world=worlds())
def test_profiles_are_the_connected_components_named_by_their_oldest_record(
    models: CompiledModels, world: World
) -> None:
    profiles, torn = resolve(models, world)
    assert profiles == expected_profiles(world)
    assert torn == []


@settings(max_examples=40)
@given(world=worlds())
def test_identifiers_of_too_many_records_link_nobody(strict_models: CompiledModels, world: World) -> None:
    profiles, torn = resolve(strict_models, world)
    assume(not torn)
    assert profiles == expected_profiles(world, most_records_per_identifier=2)


# ten records in all: no identifier becomes too common, which takes people apart whoever is older
@settings(max_examples=40)
@given(
    world=worlds(max_records=7),
    younger=st.lists(records(6, 9, source_systems=["call"]), unique_by=lambda record: record.key, max_size=3),
)
def test_ids_stay_when_younger_records_join(models: CompiledModels, world: World, younger: list[Record]) -> None:
    before, _ = resolve(models, world)
    after, _ = resolve(models, World((*world.records, *younger), world.links))
    assert {after[key] for key in before} <= set(before.values())
    still_names_somebody = set(after.values())
    assert all(after[key] == profile_id for key, profile_id in before.items() if profile_id in still_names_somebody)


def chain(order: Iterable[int]) -> World:
    """Records in a row, each sharing one identifier with the next; `order` is their seniority along the row."""
    return World(tuple(
        Record("app", f"{place:04}", day, email=f"{(place + 1) // 2}@example.com", card=f"{place // 2}")
        for place, day in enumerate(order)
    ))  # fmt: skip


@pytest.mark.parametrize("direction", [1, -1])
def test_eight_rounds_join_a_chain_of_257_records(models: CompiledModels, direction: int) -> None:
    profiles, torn = resolve(models, chain(list(range(257))[::direction]))
    assert len(set(profiles.values())) == 1
    assert torn == []


@settings(max_examples=30)
@given(order=st.permutations(range(9)))
def test_three_rounds_join_a_chain_of_nine_records_in_any_order(
    strict_models: CompiledModels, order: list[int]
) -> None:
    profiles, torn = resolve(strict_models, chain(order))
    assert len(set(profiles.values())) == 1
    assert torn == []


def test_a_chain_too_long_for_the_rounds_is_found_and_names_the_setting(strict_models: CompiledModels) -> None:
    profiles, torn = resolve(strict_models, chain(range(60)))
    assert len(set(profiles.values())) > 1
    assert torn
    assert all("raise the setting identity_rounds (now 3)" in row[1] for row in torn)
    assert len(profiles) == 60


@pytest.mark.parametrize(("sharers", "persons"), [(10, 1), (11, 11)])
def test_a_switchboard_links_nobody(models: CompiledModels, sharers: int, persons: int) -> None:
    world = World(tuple(Record("app", str(n), n, email="info@example.com") for n in range(sharers)))
    profiles, _ = resolve(models, world)
    assert len(set(profiles.values())) == persons


def test_the_history_of_ids_is_appended_to_and_survives_a_full_refresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    monkeypatch.setenv("REKINDLE_WAREHOUSE", str(tmp_path / "build.duckdb"))
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    dbt = Dbt("empty")
    first_run = {"as_of_date": "2024-01-31"}
    assert dbt.run("run", "--select", "+contact_profile_history", variables=first_run).success

    def run(as_of_date: str, *arguments: str, **profile_ids: str) -> list[Row]:
        """The history after a run in which the contact records belong to these profiles."""
        with duckdb.connect(str(tmp_path / "build.duckdb")) as connection:
            connection.execute("delete from identity.contact_profiles")
            connection.executemany(
                "insert into identity.contact_profiles (source_system, contact_id, profile_id) values ('till', ?, ?)",
                list(profile_ids.items()),
            )
        selected = ("--select", "contact_profile_history", *arguments)
        assert dbt.run("run", *selected, variables={"as_of_date": as_of_date}).success
        with duckdb.connect(str(tmp_path / "build.duckdb")) as connection:
            columns = "contact_id, profile_id, cast(first_as_of_date as varchar)"
            return connection.execute(f"select {columns} from identity.contact_profile_history order by all").fetchall()

    first = [("a", "key_a", "2024-02-29"), ("b", "key_b", "2024-02-29")]
    assert run("2024-02-29", a="key_a", b="key_b") == first
    merged = [("a", "key_a", "2024-02-29"), ("b", "key_a", "2024-03-31"), ("b", "key_b", "2024-02-29")]
    assert run("2024-03-31", "--full-refresh", a="key_a", b="key_a") == merged
    # the same again, and a record that is gone: nothing is added and nothing is lost
    assert run("2024-04-30", a="key_a") == merged


@pytest.mark.parametrize(
    "records",
    [
        {"gert_newsletter", "gert_web", "gert_till", "gert_app"},
        {"lars_and_lotte_share_a_phone", "lotte_and_lars_share_a_phone"},
    ],
)
def test_the_hand_written_people_are_who_their_table_says(fixture_warehouse: Path, records: set[str]) -> None:
    """A chain of e-mail, phone written in two ways and loyalty card over four silos; two people with one phone."""
    with duckdb.connect(str(fixture_warehouse), read_only=True) as connection:
        profiles = connection.execute(
            "select distinct profile_id from identity.contact_profiles where list_contains(?, contact_id)",
            [list(records)],
        ).fetchall()
        assert len(profiles) == 1
        members = connection.execute(
            "select contact_id from identity.contact_profiles where profile_id = ?", [profiles[0][0]]
        ).fetchall()
    assert {contact for (contact,) in members} == records
