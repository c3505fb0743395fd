"""Phones become E.164: raw values of the input that nobody has read yet go into `landing.phone_numbers`.

SQL cannot do this (a numbering plan per country, revised several times a year), so it happens once per raw value,
before dbt, with Google's `phonenumbers`. Nothing here prints or raises a value.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb
import phonenumbers

from rekindle.blocking import CONTACT_DIGEST
from rekindle.errors import RekindleError
from rekindle.warehouse import open_warehouse

BATCH = 50_000
FLOAT = re.compile(r"[+-]?\d+(\.0*|[.,]\d{1,2}|(\.\d+)?[eE][+]?\d+)")

# The country rule is the macro phone_country() of macros/identity/phone_numbers.sql; a test holds the two together.
# A consent or a preference names a number as its record would; both are read with the default country as well, because
# intake may not know the record.
UNSEEN = f"""
    with
    countries as (
        select source_system, contact_id, nullif(upper(trim(country_code)), '') as country_code
        from input.input_contacts
    ),
    named as (
        select source_system, contact_id, address as phone from input.input_consents where not contains(address, '@')
        union
        select source_system, contact_id, preference_value from input.input_contact_preferences
        where preference_type = 'preferred_phone'
    ),
    written as (
        select source_system, contact_id, phone, nullif(upper(trim(country_code)), '') as country_code
        from input.input_contacts
        union all
        select source_system, contact_id, phone, null from named
        union all
        select source_system, contact_id, named.phone, countries.country_code
        from named inner join countries using (source_system, contact_id)
    ),
    phones as (
        select distinct phone as raw_phone, coalesce(country_code, upper($default_country_code)) as country_code
        from written
        where
            phone is not null and trim(phone) <> ''
            and {CONTACT_DIGEST} not in (select contact_digest from landing.blocked_contacts)
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


def _normalise(connection: duckdb.DuckDBPyConnection, default_country_code: str) -> PhoneReport:
    reader = connection.cursor()  # its own connection: it goes on reading while the other one writes
    valid = read = 0
    try:
        row = reader.execute("select count(*) from landing.phone_numbers").fetchone()
        known_before = int(row[0]) if row else 0
        reader.execute(UNSEEN, {"default_country_code": default_country_code})
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
