"""Who asked to be forgotten, and the tokens that keep out who was: the folder erasures/, landed before each build.

    erasures/requests.csv   source_system, contact_id, requested_at of requests given to `make erase`, until carried out
    erasures/tokens.csv     keyed tokens of who was erased, and the as-of date; the first line is a check of the key

Outside the warehouse, because a replay and a restore make a new one. A token says nothing without the key, and the key
(environment variable REKINDLE_ERASURE_KEY) never passes through dbt, which would write it into compiled SQL.
"""

import contextlib
import csv
import datetime
import hashlib
import hmac
import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from rekindle.addresses.spelling import make_spellings
from rekindle.ground import paths, rules
from rekindle.ground.errors import RekindleError
from rekindle.ground.files import private_writing
from rekindle.ground.quoting import text
from rekindle.ground.warehouse import open_warehouse

KEY = "REKINDLE_ERASURE_KEY"
SHORTEST_KEY = 16
BLOCK_BYTES = 64  # of sha256, in RFC 2104

PLAIN = rules.apply("is_plain_email", "input_contacts.email")
WRITTEN = rules.apply("normalised_email", "input_contacts.email")
EMAIL = f"case when {PLAIN} then {WRITTEN} else spellings.email end"

# A record is known by itself for ever. By an address only when it was made before the erasure: somebody who comes back
# later and signs up anew is a new customer. Not by phone: numbers are given to somebody else.
BLOCKED = f"""
    with
    names as (
        select source_system, contact_id, null as created_date,
            concat('contact|', source_system, '|', contact_id) as name
        from input.input_contacts
        union all
        select source_system, contact_id, created_date, concat('email|', {EMAIL})
        from input.input_contacts left join spellings on input_contacts.email = spellings.raw_email
        where {EMAIL} is not null
        union all
        -- tokens of before e-mails had one spelling
        select source_system, contact_id, created_date, concat('email|', {WRITTEN})
        from input.input_contacts where not {PLAIN}
        union all
        select source_system, contact_id, created_date, concat('loyalty_card|', trim(loyalty_card_id))
        from input.input_contacts where trim(loyalty_card_id) <> ''
    ),
    signed as (
        select *, sha256($outer || unhex(sha256($inner || encode(name)))) as token
        from names
        where source_system is not null and contact_id is not null
    )
    select distinct {rules.contact_digest("signed")} as contact_digest
    from signed
    inner join tokens on signed.token = tokens.token
    where signed.created_date is null or signed.created_date <= tokens.erased_as_of
"""


@dataclass(frozen=True)
class Request:
    """A wish to be forgotten, of the person that a contact record belongs to."""

    source_system: str
    contact_id: str
    requested_at: datetime.datetime


def requests_file() -> Path:
    """Requests given to `make erase`."""
    return paths.erasures() / "requests.csv"


def tokens_file() -> Path:
    """Tokens of who was erased."""
    return paths.erasures() / "tokens.csv"


def own_requests() -> list[Request]:
    """The requests that were given to `make erase` and are not carried out yet."""
    return [
        Request(source_system, contact_id, datetime.datetime.fromisoformat(requested_at))
        for source_system, contact_id, requested_at in _read(requests_file())
    ]


def write_requests(requests: Iterable[Request]) -> None:
    """Replaces the open requests in one step."""
    rows = [(each.source_system, each.contact_id, each.requested_at.isoformat(" ")) for each in requests]
    _write(requests_file(), sorted(set(rows)))


def erasure_key() -> bytes:
    """The key of the tokens; RekindleError when it is missing, short, or another one than tokens were made with."""
    key = os.environ.get(KEY, "").encode()
    if len(key) < SHORTEST_KEY:
        raise RekindleError(
            f"{KEY} is {'not set' if not key else 'too short'}: set it to a secret of at least {SHORTEST_KEY} "
            "characters that you keep; without it nobody can be erased, and who was erased would come back."
        )
    known = _read(tokens_file())
    if known and known[0][0] != sign(key, "check"):
        raise RekindleError(
            f"{KEY} is not the key that the tokens in {tokens_file()} were made with: set that one, "
            "else who was erased would come back."
        )
    return key


def sign(key: bytes, name: str) -> str:
    """HMAC-SHA256 in hex."""
    return hmac.digest(key, name.encode(), "sha256").hex()


def has_token(key: bytes, name: str) -> bool:
    """Whether that name was erased."""
    token = sign(key, name)
    return any(known == token for known, _ in _read(tokens_file())[1:])


def is_erased(connection: duckdb.DuckDBPyConnection, contact: tuple[str, str]) -> bool:
    """Whether a record was erased: the last build kept it out, or, where the key is set, there is a token of it."""
    kept_out = connection.execute(
        f"select {rules.is_blocked('asked')} from (values (?, ?)) as asked (source_system, contact_id)",
        contact,
    ).fetchone()
    if kept_out is not None and kept_out[0]:
        return True
    return KEY in os.environ and has_token(erasure_key(), "|".join(("contact", *contact)))


def digests_of(contacts: Iterable[tuple[str, str]]) -> str:
    """The query of how landing.blocked_contacts names these records, which must be some."""
    pairs = ", ".join(f"({text(system)}, {text(contact)})" for system, contact in sorted(contacts))
    return f"select {rules.contact_digest('blocked')} from (values {pairs}) as blocked (source_system, contact_id)"


def add_tokens(key: bytes, names: Iterable[str], as_of: datetime.date) -> None:
    """Remembers names as erased, on the disk before this returns."""
    known = _read(tokens_file()) or [[sign(key, "check"), ""]]
    tokens = {token: date for token, date in known[1:]}  # noqa: C416 - dict() of lists is not typed
    tokens |= {sign(key, name): str(as_of) for name in names}
    _write(tokens_file(), [known[0], *sorted(tokens.items())])


def land(warehouse: Path) -> None:
    """Writes the open requests and the blocked records of the raw data to schema landing, for dbt to read.

    Needs the views of the input that name addresses and the tables (scripts/normalise_contacts.py makes all).
    """
    tokens, requests = _read(tokens_file())[1:], own_requests()
    with contextlib.closing(open_warehouse(warehouse)) as connection:
        if not tokens and not requests and not _has_landed(connection):
            return
        connection.execute("begin")
        connection.execute("delete from landing.erasure_requests")
        for each in requests:
            connection.execute(
                "insert into landing.erasure_requests values (?, ?, ?)",
                [each.source_system, each.contact_id, each.requested_at],
            )
        connection.execute("delete from landing.blocked_contacts")
        if tokens:
            connection.execute(
                "create or replace temp table tokens as "
                "select unnest($tokens) as token, cast(unnest($dates) as date) as erased_as_of",
                {"tokens": [token for token, _ in tokens], "dates": [date for _, date in tokens]},
            )
            make_spellings(connection)
            inner, outer = pads(erasure_key())
            connection.execute(f"insert into landing.blocked_contacts {BLOCKED}", {"inner": inner, "outer": outer})
        connection.execute("commit")


def pads(key: bytes) -> tuple[bytes, bytes]:
    """The two blocks from which SQL makes the same HMAC: contacts are signed without passing through Python."""
    block = (hashlib.sha256(key).digest() if len(key) > BLOCK_BYTES else key).ljust(BLOCK_BYTES, b"\0")
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)


def _has_landed(connection: duckdb.DuckDBPyConnection) -> bool:
    counted = connection.execute(
        "select (select count(*) from landing.erasure_requests) + (select count(*) from landing.blocked_contacts)"
    ).fetchone()
    return counted is not None and counted[0] > 0


def _read(file: Path) -> list[list[str]]:
    if not file.exists():
        return []
    try:
        with file.open(encoding="utf-8", newline="") as handle:
            return list(csv.reader(handle, strict=True))
    except (OSError, csv.Error, UnicodeDecodeError):
        raise RekindleError(f"{file} cannot be read: bring it back from a copy, else the erased come back.") from None


def _write(file: Path, rows: Iterable[Iterable[str]]) -> None:
    content = io.StringIO()
    csv.writer(content, lineterminator="\n").writerows(rows)
    with private_writing(file) as unfinished:
        unfinished.write_text(content.getvalue(), encoding="utf-8")
