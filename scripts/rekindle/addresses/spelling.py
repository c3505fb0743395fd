"""The one spelling of an e-mail that is not plain ASCII: composed, lower case, nothing invisible, the domain in ASCII.

Engines disagree on lower('İ') and know nothing of IDNA, so it happens once per raw value, before dbt. A plain e-mail is
spelled in SQL (macro normalised_email). Nothing here prints or raises a value.
"""

import re
import unicodedata

import duckdb
import idna

from rekindle.ground import rules

# As the macro is_readable_email() has it, of an address that is spelled already.
_WORD = r"[^\s@<>()\[\],;:\".]+"
_LABEL = r"[a-z0-9-]+"
SHAPE = re.compile(rf"{_WORD}(\.{_WORD})*@({_LABEL}\.)+[a-z0-9-]{{2,63}}")
# Marks that show nothing and are no format characters: the grapheme joiner, and what chooses a variant of a sign.
INVISIBLE = frozenset({0x034F, *range(0xFE00, 0xFE10)})

# An @ of other keyboards is one; what has none is a number.
_OTHER_AT = "\uff20\ufe6b"
HAS_AT = f"regexp_matches(address, '[@{_OTHER_AT}]')"

# As the macro bare_email() has it, besides the quotes of other languages.
_QUOTES = "\"'\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb"
_ENDS = (re.compile(rf"^[\s{_QUOTES}\[(,;]+|[\s{_QUOTES}\]),;]+$"), "")
_BARE = (
    _ENDS,
    (re.compile(r"^[^<>@]*<([^<>]+)>$"), r"\1"),
    _ENDS,
    (re.compile(r"^mailto:([^?]+)(\?.*)?$", re.IGNORECASE), r"\1"),
    (re.compile(r"\s*@\s*"), "@"),
    (re.compile(r"(@[^@]*[^.])\.$"), r"\1"),
)

UNPLAIN = f"""
    select distinct raw_email
    from (
        select source_system, contact_id, email as raw_email from input.input_contacts
        union all
        select source_system, contact_id, address from input.input_consents where {HAS_AT}
        union all
        select source_system, contact_id, preference_value from input.input_contact_preferences
        where preference_type = 'preferred_email'
    ) as written
    where raw_email is not null and not {rules.apply("is_plain_email", "raw_email")}
"""


def spelled(raw_email: str) -> str | None:
    """The one spelling, None when it is not one e-mail address."""
    visible = "".join(sign for sign in raw_email if not _is_invisible(sign))
    for sign in _OTHER_AT:
        visible = visible.replace(sign, "@")
    for around, kept in _BARE:
        visible = around.sub(kept, visible)
    local_part, at, domain = visible.rpartition("@")
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return None
    email = unicodedata.normalize("NFC", local_part.lower()) + at + ascii_domain
    return email if SHAPE.fullmatch(email) and email.isprintable() else None


def make_spellings(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the temporary table `spellings` (raw_email, email) of every raw e-mail of the input that is not plain."""
    raw_emails = [row[0] for row in connection.execute(UNPLAIN).fetchall()]
    connection.execute("create or replace temp table spellings (raw_email varchar, email varchar)")
    if raw_emails:
        connection.execute(
            "insert into spellings select unnest($raw_emails), unnest($emails)",
            {"raw_emails": raw_emails, "emails": [spelled(raw_email) for raw_email in raw_emails]},
        )


def _is_invisible(sign: str) -> bool:
    return unicodedata.category(sign) == "Cf" or ord(sign) in INVISIBLE
