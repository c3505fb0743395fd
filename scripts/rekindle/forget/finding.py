"""Who a person is: the records, ids and addresses of somebody whom one of them names."""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import duckdb

from rekindle.forget import blocking
from rekindle.forget.blocking import Request
from rekindle.forget.people import Contact, People
from rekindle.forget.tables import Table, tables_of
from rekindle.ground import paths, rules
from rekindle.ground.contract import entities
from rekindle.ground.engine import connect_within_limits
from rekindle.ground.errors import RekindleError, without_values
from rekindle.ground.files import private_files
from rekindle.ground.quoting import DUCKDB, name, text
from rekindle.ground.warehouse import checkpoint, columns_of, has_table, must_hold, read_runs


class Warehouse:
    """The warehouse, opened read-only in a connection that can also read Parquet and write other files."""

    spelling = DUCKDB

    def __init__(self, connection: duckdb.DuckDBPyConnection, file: Path) -> None:
        self.connection = connection
        self.file = file
        self.attach()
        runs = [run for run in read_runs(connection) if run.is_finished]
        if not runs or not has_table(connection, "identity", "contact_profile_history"):
            raise RekindleError(f"{file} holds no finished build, so nobody can be found in it: build first.")
        must_hold(
            columns_of(connection),
            {("identity", "contact_profiles"): ["profile_id"], ("input", "input_consents"): ["address"]},
        )
        self.as_of = max(run.as_of_date for run in runs)
        self.connector = runs[-1].connector

    def attach(self) -> None:
        """The file, under its own name, to be read."""
        self.connection.execute(f"attach {text(self.file)} as {name(self.file.stem)} (read_only)")
        self.connection.execute(f"use {name(self.file.stem)}")

    def tables(self) -> Iterator[tuple[str, Sequence[Table]]]:
        """Every table of the warehouse, under the name of the place."""
        yield self.file.name, tables_of(self.connection, self.file.stem)

    def rows_of(self, tables: Sequence[Table], people: People) -> dict[str, int]:
        """How many rows of each table name them."""
        return {table.title: self.count(table.rows, table.names(people)) for table in tables}

    def person_of(self, source_system: str, contact_id: str) -> People:
        """The person a contact record belongs to; no profile when the warehouse does not know the record."""
        contact = (source_system, contact_id)
        found = self._column(
            "select profile_id from identity.contact_profiles where source_system = ? and contact_id = ?", contact
        ) or self._had_by(contact)
        person = self.person(found[0]) if found else People()
        return person | People(contacts=frozenset([contact]), token_names=frozenset(["|".join(("contact", *contact))]))

    def _had_by(self, contact: Contact) -> list[str]:
        """The profile of a record that is gone: nobody's, when each of several people of today may have had it."""
        of_today: list[str] = []
        if has_table(self.connection, "identity", "former_records"):
            of_today = self._column(
                "select profile_id from identity.former_records where source_system = ? and contact_id = ?", contact
            )
            several = "select 1 from identity.former_record_people where source_system = ? and contact_id = ? limit 1"
            if not of_today and self._column(several, contact):
                return []
        return of_today or self._column(
            "select profile_id from identity.contact_profile_history where source_system = ? and contact_id = ? "
            "order by first_as_of_date desc, profile_id limit 1",
            contact,
        )

    def person(self, profile_id: str) -> People:
        """The person with this profile id, today's or an earlier one, under all ids and with all contact records."""
        profile_id = self.profile_of_today(profile_id)
        ids = {profile_id}
        ids |= set(
            self._column("select old_profile_id from identity.profile_merges where new_profile_id = ?", [profile_id])
        )
        contacts: set[Contact] = set()
        while True:  # a record that is gone may have had an id before that nobody else has
            known = len(ids), len(contacts)
            contacts |= set(
                self._pairs("select source_system, contact_id from identity.contact_profiles where profile_id in", ids)
            )
            contacts |= set(
                self._pairs(
                    "select history.source_system, history.contact_id from identity.contact_profile_history as history "
                    "anti join identity.contact_profiles as today using (source_system, contact_id) "
                    "where history.profile_id in",
                    ids,
                )
            )
            ids |= self._ids_of_nobody_else(contacts)
            if known == (len(ids), len(contacts)):
                break
        return self.people(frozenset(contacts), frozenset(ids)) if contacts else People()

    def purge_list(self) -> list[str]:
        """Whom a scenario of kind hygiene was decided to delete, for a reason that still stands."""
        return self._column(
            "select distinct decisions.profile_id from activation.decisions "
            "inner join config.scenarios using (scenario_id) "
            "inner join scenarios.scenario_triggers using (scenario_id, profile_id, entry_key) "
            "where scenarios.kind = 'hygiene' and decisions.outcome = 'selected' order by profile_id"
        )

    def profile_of_today(self, profile_id: str) -> str:
        """The profile that carries on for an id."""
        today = self._column(
            "select new_profile_id from identity.profile_merges where old_profile_id = ?", [profile_id]
        )
        return today[0] if today else profile_id

    def people(self, contacts: frozenset[Contact], ids: frozenset[str]) -> People:
        """These records and ids, with everything else they are known by."""
        theirs = People(contacts).are_in(["source_system", "contact_id"], [])
        rows = self.connection.execute(
            "select distinct identifier_type, identifier_value, "
            "(identifier_type, identifier_value) in (select (identifier_type, identifier_value) "
            f"from identity.contact_identifiers where not {theirs}) as is_shared "
            "from identity.contact_identifiers "
            f"where not is_over_shared and identifier_type <> 'identity_link' and {theirs}"
        ).fetchall()
        # what somebody else has as well neither blocks nor names them: that one stays
        own = [(kind, value) for kind, value, is_shared in rows if not is_shared]
        tokens = {"|".join(("contact", *contact)) for contact in contacts}
        tokens |= {f"{kind}|{value}" for kind, value in own if kind in ("email", "loyalty_card")}
        addresses = {value for kind, value in own if kind in ("email", "phone", "phone_extension")}
        numbers: set[int] = set()
        if has_table(self.connection, "identity", "contact_records"):
            records = f"select seniority from identity.contact_records where {theirs}"
            numbers = {row[0] for row in self.connection.execute(records).fetchall()}
        spellings = self._spellings(addresses, theirs)
        return People(contacts, ids, frozenset(addresses), frozenset(tokens), frozenset(numbers), spellings)

    def _spellings(self, addresses: set[str], theirs: str) -> frozenset[str]:
        """Everything that anybody wrote and that reads as one of the addresses, such as a withdrawal of another record;
        not what a contact record of somebody else has, which is a number of another country there."""
        if not addresses:
            return frozenset()
        # once for all people that are looked for: it reads the raw data
        self.connection.execute(
            "create temp table if not exists written_addresses as "
            "select distinct source_system, contact_id, raw_address, "
            f"{rules.apply('normalised_email', 'raw_address')} as email, "
            f"is_of_contact and not {rules.is_blocked('everywhere')} as is_kept from ({RAW_VALUES}) as everywhere"
        )
        known = ", ".join(map(text, sorted(addresses)))
        written = self._column(
            f"select raw_address from temp.written_addresses where email in ({known}) "
            f"or raw_address in (select raw_email from landing.email_addresses where email in ({known})) "
            f"or raw_address in (select raw_phone from landing.phone_numbers where e164 in ({known})) "
            f"except select raw_address from temp.written_addresses where is_kept and not {theirs}"
        )
        return frozenset(written)

    def requests(self) -> list[Request]:
        """Who asked to be forgotten by the as-of date: through the retailer's systems, or here."""
        rows = self.connection.execute(
            "select source_system, contact_id, min(requested_at) from intake.intake_erasure_requests group by all"
        ).fetchall()
        by_contact = {(row[0], row[1]): Request(*row) for row in rows}
        for each in blocking.own_requests():
            by_contact.setdefault((each.source_system, each.contact_id), each)
        found = [each for each in by_contact.values() if each.requested_at.date() <= self.as_of]
        return sorted(found, key=lambda each: (each.requested_at, each.source_system, each.contact_id))

    def delivered(self, people: People) -> dict[str, str]:
        """Per entity that the connector fills, the query of their rows in the input contract, or of rows of a row that
        is theirs."""
        queries = {}
        for entity, about in sorted(entities().items()):
            if not self.has_input(entity) or about.person_key == "none":
                continue
            condition = people.are_in(about.columns, [], self.spelling)
            if about.person_key != "contact":
                parent = entities()[about.person_key]
                key = ", ".join(parent.key)
                condition = (
                    f"({key}) in (select ({key}) from input.{self.spelling.name('input_' + about.person_key)} "
                    f"where {people.are_in(parent.columns, [], self.spelling)})"
                )
            view = f"input_{entity}"
            queries[view] = f"select * from input.{self.spelling.name(view)} where {condition}"
        return queries

    def raw_counts(self, people: People) -> dict[str, int]:
        """Rows of the raw data, as the input contract shows them, that name them or go with a row that does."""
        return {view: self.count(f"({query})", "true") for view, query in self.delivered(people).items()}

    def keep_raw_addresses(self, people: People) -> None:
        """Makes the table of raw phones and e-mails that somebody else still has: nobody's input holds the others."""
        self.connection.execute(
            "create or replace temp table kept_raw_addresses as select distinct raw_address "
            f"from ({RAW_VALUES}) as everywhere where not {people.are_in(['source_system', 'contact_id'], [])} "
            f"and not {rules.is_blocked('everywhere')}"
        )

    def find_messages(self, people: People) -> None:
        """Makes the table of the messages that are theirs alone: two systems may number alike, and what was done with a
        message that somebody else got by the same id may be about that one."""
        messages = "(select null as message_id where false)"
        if self.has_input("messages"):
            theirs = people.are_in(["source_system", "contact_id"], [])
            messages = (
                f"input.input_messages where {theirs} and message_id is not null and message_id not in ("
                "select message_id from input.input_messages as others where message_id is not null "
                f"and nullif(trim(contact_id), '') is not null and not {theirs} and not {rules.is_blocked('others')})"
            )
        self.connection.execute(
            "create or replace temp table their_messages as "
            f"select cast(message_id as varchar) as message_id from {messages}"
        )

    def has_input(self, entity: str) -> bool:
        """Whether the connector fills the entity."""
        return bool(
            self._column(
                "select view_name from duckdb_views() where schema_name = 'input' and view_name = ? "
                "and database_name = current_catalog()",
                [f"input_{entity}"],
            )
        )

    def _ids_of_nobody_else(self, contacts: set[Contact]) -> set[str]:
        pairs = ", ".join(f"({text(system)}, {text(contact)})" for system, contact in contacts)
        if not pairs:
            return set()
        return set(
            self._column(
                "select distinct profile_id from identity.contact_profile_history as history "
                f"where (source_system, contact_id) in ({pairs}) "
                "and profile_id not in (select profile_id from identity.contact_profiles) "
                "and profile_id not in (select old_profile_id from identity.profile_merges)",
                [],
            )
        )

    def _column(self, question: str, parameters: Iterable[str] = ()) -> list[str]:
        return [row[0] for row in self.connection.execute(question, list(parameters)).fetchall()]

    def _pairs(self, question: str, ids: Iterable[str]) -> list[Contact]:
        return self.connection.execute(f"{question} ({', '.join(map(text, sorted(ids)))})").fetchall()

    def count(self, relation: str, condition: str) -> int:
        """Rows of a relation that meet a condition."""
        counted = self.connection.execute(f"select count(*) from {relation} where {condition}").fetchone()
        return int(counted[0]) if counted else 0


# Every phone and e-mail that a contact record wrote, as delivered.
RAW_VALUES = """
    select * from (
        select source_system, contact_id, unnest([phone, email]) as raw_address, true as is_of_contact
        from input.input_contacts
        union all select source_system, contact_id, address, false from input.input_consents
        union all select source_system, contact_id, preference_value, false from input.input_contact_preferences
        where preference_type in ('preferred_email', 'preferred_phone')
    ) as written where raw_address is not null
"""


def contact_named(option: str) -> Contact:
    """What --contact names. A contact id may hold colons, a source system holds none."""
    source_system, colon, contact_id = option.partition(":")
    if not (source_system and colon and contact_id):
        raise RekindleError("--contact is SOURCE:ID, such as till:123.")
    return source_system, contact_id


@contextlib.contextmanager
def opened(
    file: Path,
    advice: str = "mend the cause and run the same command again",
    kind: Callable[[duckdb.DuckDBPyConnection, Path], Warehouse] = Warehouse,
) -> Iterator[Warehouse]:
    """The warehouse, to look for somebody. Its log goes into it first; errors come out without values."""
    if not file.exists():
        raise RekindleError(f"There is no warehouse at {file}, so nobody can be found in it.")
    checkpoint(file)
    os.chdir(paths.PROJECT)  # views name raw files relative to it
    try:
        with private_files(), contextlib.closing(connect_within_limits(workplace(file) / "spill")) as connection:
            connection.execute("set timezone = 'UTC'")
            connection.execute("set force_compression = ?", [os.environ.get("REKINDLE_COMPRESSION", "auto")])
            yield kind(connection, file)
    except duckdb.Error as error:
        raise RekindleError(f"It stopped ({without_values(str(error))}): {advice}.") from None
    finally:
        shutil.rmtree(workplace(file), ignore_errors=True)


def workplace(file: Path) -> Path:
    """The folder beside a file in which it is written anew."""
    return file.with_name(f".{file.stem}.erasing")
