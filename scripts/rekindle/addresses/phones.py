"""Phones become E.164: raw values of the input that nobody has read yet go into `landing.phone_numbers`.

SQL cannot do this (a numbering plan per country, revised several times a year), so it happens once per raw value,
before dbt, with Google's `phonenumbers`. Nothing here prints or raises a value.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb
import phonenumbers

from rekindle.ground import rules
from rekindle.ground.errors import RekindleError
from rekindle.ground.warehouse import open_warehouse

BATCH = 50_000
FLOAT = re.compile(r"[+-]?\d+(\.0*|[.,]\d{1,2}|(\.\d+)?[eE][+]?\d+)")

# What nobody has read yet. A consent or a preference names a number as its record would; both are read with the default
# country as well, because intake may not know the record. Where no row of the input is that record, a consent's number
# is read with every country that a record has: it may be the no of each.
UNSEEN = """
    with
    named as (
        select source_system, contact_id, address as phone, true as is_consent
        from input.input_consents where not contains(address, '@')
        union
        select source_system, contact_id, preference_value, false from input.input_contact_preferences
        where preference_type = 'preferred_phone'
    ),
    named_by_nobody as (
        select named.source_system, named.contact_id, named.phone
        from (select * from named where is_consent) as named
        anti join input.input_contacts as contacts using (source_system, contact_id)
    ),
    countries as (
        select distinct country_code from input.input_contacts
    ),
    written as (
        select source_system, contact_id, phone, country_code from input.input_contacts
        union all
        select source_system, contact_id, phone, null from named
        union all
        select source_system, contact_id, named.phone, contacts.country_code
        from named inner join input.input_contacts as contacts using (source_system, contact_id)
        union all
        select named_by_nobody.source_system, named_by_nobody.contact_id, named_by_nobody.phone, countries.country_code
        from named_by_nobody cross join countries
    ),
    phones as (
        select distinct phone as raw_phone, {phone_country} as country_code
        from written
        where {has_phone} and not {is_blocked}
    )
    select phones.raw_phone, phones.country_code
    from phones
    left join landing.phone_numbers as known
        on phones.raw_phone = known.raw_phone and phones.country_code = known.country_code
    where known.raw_phone is null
    order by phones.raw_phone, phones.country_code
"""


@dataclass(frozen=True)
class PhoneReport:
    """What one call did, in numbers of different (raw phone, country) pairs."""

    read: int
    valid: int
    known_before: int

    def __str__(self) -> str:
        return (
            f"{self.read:,} new phones read: {self.valid:,} valid, {self.read - self.valid:,} not valid. "
            f"{self.known_before:,} were known."
        )


def to_e164(raw_phone: str, country_code: str) -> tuple[str | None, bool]:
    """The number in E.164 (None when it cannot be read) and whether its numbering plan has such a number.

    `country_code` (ISO 3166-1 alpha-2, upper case, or '') is the country of a number written without a country prefix.
    An extension is part of the number (as RFC 3966 writes it, +4930123456;ext=101): it tells people apart.
    A number with decimals went through a spreadsheet and lost its plus: nobody knows what it was.
    """
    if FLOAT.fullmatch(raw_phone.strip()):
        return None, False
    try:
        number = phonenumbers.parse(raw_phone, country_code or None)
    except phonenumbers.NumberParseException:
        return None, False
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    extension = f";ext={number.extension}" if number.extension else ""
    return e164 + extension, phonenumbers.is_valid_number(number)


def normalise_contacts(warehouse: Path, default_country_code: str | None = None) -> PhoneReport:
    """Add every raw phone of the input that `landing.phone_numbers` does not have yet, in one transaction.

    Needs the views of the input that name phones, and the table (`dbt run --select +input_contacts` makes all).
    `default_country_code` is the setting of that name: the country of a record that names none.
    """
    if not warehouse.exists():
        raise RekindleError(f"There is no warehouse at {warehouse}: run `dbt run --select +input_contacts` first.")
    with open_warehouse(warehouse) as connection:
        return _normalise(connection, default_country_code or "")


def unseen(default_country_code: str) -> str:
    """The query of raw phones that nobody has read yet, each with the country that phone_country() gives it."""
    default = {"default_country_code": default_country_code}
    return UNSEEN.format(
        phone_country=rules.apply("phone_country", "country_code", settings=default),
        has_phone=rules.apply("has_phone", "phone"),
        is_blocked=rules.is_blocked("written"),
    )


def _normalise(connection: duckdb.DuckDBPyConnection, default_country_code: str) -> PhoneReport:
    reader = connection.cursor()  # its own connection: it goes on reading while the other one writes
    valid = read = 0
    try:
        row = reader.execute("select count(*) from landing.phone_numbers").fetchone()
        known_before = int(row[0]) if row else 0
        reader.execute(unseen(default_country_code))
    except duckdb.CatalogException as error:
        raise RekindleError(
            "The warehouse has no input.input_contacts or no landing.phone_numbers yet: "
            "run `dbt run --select +input_contacts` first."
        ) from error
    connection.execute("begin")
    while batch := reader.fetchmany(BATCH):
        numbers = [to_e164(raw_phone, country_code) for raw_phone, country_code in batch]
        # lists as parameters: a row at a time takes a hundred times as long
        connection.execute(
            "insert into landing.phone_numbers (raw_phone, country_code, e164, is_valid) "
            "select unnest($raw_phones), unnest($country_codes), unnest($e164s), unnest($are_valid)",
            {
                "raw_phones": [raw_phone for raw_phone, _ in batch],
                "country_codes": [country_code for _, country_code in batch],
                "e164s": [e164 for e164, _ in numbers],
                "are_valid": [is_valid for _, is_valid in numbers],
            },
        )
        read += len(batch)
        valid += sum(is_valid for _, is_valid in numbers)
    connection.execute("commit")
    return PhoneReport(read=read, valid=valid, known_before=known_before)
