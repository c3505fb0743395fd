"""Who is sought, by everything the project knows them by."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from rekindle.ground.quoting import DUCKDB, Spelling

Contact = tuple[str, str]
# Columns that name a contact record, by its ids or by its seniority.
CONTACT_PAIRS = (("source_system", "contact_id"), ("linked_source_system", "linked_contact_id"))
SENIORITIES = (("seniority",), ("elder", "younger"), ("one", "other"))


@dataclass(frozen=True)
class People:
    """One person or several at once, as one set."""

    contacts: frozenset[Contact] = frozenset()
    profile_ids: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()  # e-mails and phones of theirs alone
    token_names: frozenset[str] = frozenset()  # what blocks a new delivery
    seniorities: frozenset[int] = frozenset()  # numbers of their records in identity
    spellings: frozenset[str] = frozenset()  # their addresses as anybody wrote them

    def __or__(self, other: "People") -> "People":
        return People(*(getattr(self, each.name) | getattr(other, each.name) for each in fields(self)))

    def are_in(self, columns: Iterable[str], texts: Iterable[str], spelling: Spelling = DUCKDB) -> str:
        """The SQL condition for a row that names one of them; `texts`: the columns that hold text."""
        known_by = ", ".join(map(spelling.text, sorted(self.profile_ids | self.addresses | self.spellings)))
        conditions = [f"{spelling.name(column)} in ({known_by})" for column in texts] if known_by else []
        if self.contacts:
            pairs = (pair for pair in CONTACT_PAIRS if {*pair} <= set(columns))
            conditions += [spelling.pairs(pair, sorted(self.contacts)) for pair in pairs]
        numbers = ", ".join(map(str, sorted(self.seniorities)))
        for together in SENIORITIES:
            if set(together) <= set(columns) and numbers:
                conditions += [f"{spelling.name(column)} in ({numbers})" for column in together]
        return f"coalesce({' or '.join(conditions) or 'false'}, false)"
