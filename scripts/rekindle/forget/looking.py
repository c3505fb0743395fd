"""Where a person is: the one walk over every table and file that erasure and access follow.

What is not found here is neither erased nor told: a new place is added here, never in one of the two.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rekindle.forget import answers, traces
from rekindle.forget.backup_folders import backup_folders, backup_tables
from rekindle.forget.finding import Warehouse
from rekindle.forget.people import People
from rekindle.forget.tables import Table, attached, publications, tables_of
from rekindle.ground import paths


@dataclass
class Report:
    """Where the people are, or were: rows per place and table, of every table that was looked at. Never a value."""

    places: dict[str, dict[str, int]] = field(default_factory=dict)
    exports: list[traces.Traces] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)  # to be removed whole
    left: list[str] = field(default_factory=list)  # what could not be done yet, a sentence each

    def holds(self, place: str) -> bool:
        """Whether a place has a row of them."""
        return any(self.places[place].values())

    def lines(self) -> Iterator[str]:
        """The report, for people."""
        for place, counts in self.places.items():
            found = {table: rows for table, rows in counts.items() if rows}
            yield f"{place}: {sum(found.values()):,} rows in {len(found)} of {len(counts)} tables"
            for table, rows in found.items():
                yield f"  {table:<44} {rows:>7,}"
        for each in self.exports:
            yield f"exports/{each}"
        for folder in self.folders:
            yield f"{folder}: whole"
        yield from self.left


def look_for(warehouse: Warehouse, people: People) -> Report:
    """Where they are; changes nothing."""
    report = Report()
    warehouse.keep_raw_addresses(people)
    warehouse.find_messages(people)
    for place, tables in walk(warehouse):
        report.places[place] = warehouse.rows_of(tables, people)
    report.exports = traces.find(warehouse.connection, people.profile_ids, people.addresses)
    report.folders = [
        *(folder for folder in _leftovers(warehouse) if folder.exists()),
        *(
            folder
            for folder in sorted(paths.backups().glob("exports_*"))
            if traces.folder_holds(warehouse.connection, folder, people.profile_ids, people.addresses)
        ),
        *answers.about(people.contacts, people.profile_ids | people.addresses),
    ]
    return report


def walk(warehouse: Warehouse) -> Iterator[tuple[str, Sequence[Table]]]:
    """Every place that holds rows about people, with all its tables: the warehouse, what is published, the backups."""
    yield from warehouse.tables()
    for file in publications():
        with attached(warehouse.connection, file):
            yield f"published/{file.name}", tables_of(warehouse.connection, file.stem)
    for folder in backup_folders():
        yield f"backups/{folder.name}", list(backup_tables(warehouse.connection, folder))


def _leftovers(warehouse: Warehouse) -> list[Path]:
    """What may hold anybody and is made again when needed: an unfinished replay, and what killed commands left."""
    warehouse_folder = warehouse.file.parent
    return [
        warehouse_folder / "replay",
        warehouse_folder / "whatif",
        warehouse_folder / f"{warehouse.file.name}.tmp",
        paths.published() / ".rekindle.spill",
        *sorted(paths.backups().glob(".unfinished-*")),
        *sorted(paths.exports().glob(".spill-*")),
        *sorted(paths.access().glob(".unfinished-*")),
    ]
