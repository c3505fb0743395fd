"""Noes that came after the publication: files of the contract's shape in late_noes/, read before anything leaves.

    input_consents.csv, input_message_events.parquet, input_erasure_requests/<any>.csv ...

A file that cannot be read stops the export, because it may hold a no; so does one with a name that is none of these.
What cannot be read of a row closes more, not less. No value is told, and no file name that somebody chose.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from rekindle.addresses import phones, spelling
from rekindle.export.queries import query
from rekindle.ground import paths, rules
from rekindle.ground.errors import ContractError
from rekindle.ground.quoting import file_text, name, parquet, text
from rekindle.ground.screen import counted
from rekindle.ground.settings import setting

# Per entity, the columns that are read; those marked ! must be there, others are empty in older files.
ENTITIES = {
    "input_consents": "source_system! contact_id! channel! purpose! status! changed_at! address",
    "input_message_events": "message_id! event_type! occurred_at!",
    "input_erasure_requests": "source_system! contact_id!",
    # not noes: which contact a message went to that is newer than the publication
    "input_messages": "source_system! contact_id! message_id! channel! sent_at",
}
AGAIN = "nothing leaves before it is mended or taken away, because it may hold a no"


@dataclass(frozen=True)
class LateNoes:
    """What was read. Counts only."""

    noes: int = 0
    people: int = 0
    unknown: int = 0  # noes of nobody in today's audiences
    closed: int = 0  # permissions that do not hold any more

    def __str__(self) -> str:
        return (
            f"{counted(self.noes, 'late no', 'late noes')} of {counted(self.people, 'person', 'people')} read; "
            f"{self.unknown:,} of nobody in today's audiences."
        )


def read(connection: duckdb.DuckDBPyConnection) -> LateNoes:
    """Makes `late_noes` (who said no, where, when) and what follows from it; raises ContractError for a bad file."""
    folder = paths.late_noes()
    found = list(_files(folder))
    for entity, columns in ENTITIES.items():
        declared = ", ".join(f"{column.rstrip('!')} varchar" for column in columns.split())
        connection.execute(f"create temp table {entity} ({declared})")
    for entity, file, told in found:
        _load(connection, entity, file, told)
    default = {"default_country_code": setting("default_country_code", paths.connector())}
    country_of_contact = rules.apply("phone_country", "contacts.country_code", settings=default)
    _spell_addresses(connection, country_of_contact)
    earliest = str(setting("earliest_plausible_date", paths.connector()))
    zone = text(str(setting("business_timezone", paths.connector())))
    now = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M:%S}"
    connection.execute(
        query("late_noes", earliest=earliest, now=now, country_of_contact=country_of_contact, business_zone=zone)
    )
    (counts,) = connection.execute(
        "select count(distinct row_id), count(distinct profile_id), "
        "count(distinct row_id) - count(distinct case when profile_id is not null then row_id end), "
        "(select count(*) from late_closed) from late_noes"
    ).fetchall()
    return LateNoes(*counts)


def _files(folder: Path) -> Iterator[tuple[str, Path, str]]:
    """(entity, file, how it is called in a message) of every file there."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ContractError(f"{folder} is not a folder: REKINDLE_LATE_NOES names the one with the late noes.")
    for place in sorted(folder.iterdir()):
        if place.name.startswith("."):
            continue
        entity = place.name if place.is_dir() else place.stem
        if entity not in ENTITIES:
            raise ContractError(
                f"Something in {folder} is none of {', '.join(ENTITIES)} (.csv, .parquet or a folder of them): {AGAIN}."
            )
        inside = [place]
        if place.is_dir():
            inside = sorted(file for file in place.rglob("*") if not file.is_dir() and file.name != "_SUCCESS")
            inside = [file for file in inside if not file.name.startswith(".")]
        for number, file in enumerate(inside, 1):
            told = f"{place}, file {number} by name" if place.is_dir() else str(place)
            if file.suffix not in (".csv", ".parquet"):
                raise ContractError(f"{told} is no .csv or .parquet: {AGAIN}.")
            yield entity, file, told


def _load(connection: duckdb.DuckDBPyConnection, entity: str, file: Path, told: str) -> None:
    source = parquet(file)
    if file.suffix == ".csv":
        source = (
            f"read_csv({file_text(file)}, auto_detect = true, all_varchar = true, header = true, delim = ',', "
            "quote = '\"', escape = '\"', comment = '', nullstr = '', strict_mode = true, null_padding = false, "
            "ignore_errors = false, hive_partitioning = false)"
        )
    try:
        present = {
            str(row[0]).strip().lower(): str(row[0])
            for row in connection.execute(f"describe select * from {source}").fetchall()
        }
        columns = ENTITIES[entity].split()
        missing = [each.rstrip("!") for each in columns if each.endswith("!") and each.rstrip("!") not in present]
        if missing:
            raise ContractError(f"{told} has no column {', '.join(missing)}: {AGAIN}.")
        names = [column.rstrip("!") for column in columns]
        # an empty text is a missing one; else as delivered, since a word with blanks is none that a build could read
        texts = {each: f"cast({name(present[each])} as varchar)" for each in names if each in present}
        read = [rules.apply("filled_text", texts[each]) if each in texts else "null" for each in names]
        connection.execute(f"insert into {entity} select {', '.join(read)} from {source}")
    except (duckdb.Error, OSError):
        raise ContractError(f"{told} cannot be read: {AGAIN}.") from None


def _spell_addresses(connection: duckdb.DuckDBPyConnection, country_of_contact: str) -> None:
    """Makes `spelled_addresses`: how the publication spells the addresses that late consents name.

    A number without a prefix is read with each country that a record of the publication has, and the default one: which
    of them counts, the query says.
    """
    rows = connection.execute("select distinct address from input_consents where address is not null").fetchall()
    countries = connection.execute(
        f"select {country_of_contact} from activation.audiences.audience_contacts as contacts "
        f"union select {country_of_contact} from (select null as country_code) as contacts order by 1"
    ).fetchall()
    connection.execute("create temp table spelled_addresses (address varchar, country_code varchar, spelled varchar)")
    if rows:
        readings = [
            (address, country, spelled)
            for (address,) in rows
            for country, spelled in _readings(str(address), [str(each) for (each,) in countries])
        ]
        raw, read_with, spelled = (list(column) for column in zip(*readings, strict=True))
        connection.execute(
            "insert into spelled_addresses select unnest($raw), unnest($read_with), unnest($spelled)",
            {"raw": raw, "read_with": read_with, "spelled": spelled},
        )


def _readings(address: str, countries: list[str]) -> list[tuple[str, str | None]]:
    """How an address reads in each country; an e-mail in all of them alike."""
    email = spelling.spelled(address)
    if email is not None or "@" in address:
        return [("", email)]
    return [(country, phones.to_e164(address, country)[0]) for country in countries]
