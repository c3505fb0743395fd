"""E-mails: one spelling of one address, whoever wrote it; read once, completely, and in silence."""

import unicodedata
from pathlib import Path

import duckdb
import pytest
from compiled import fill
from hypothesis import given, settings
from hypothesis import strategies as st

from rekindle.addresses.emails import EmailReport, spell_emails
from rekindle.addresses.spelling import spelled
from rekindle.ground import rules

SAME = [
    ("a7\u200b@example.com", "a7@example.com"),  # zero width space
    ("\ufeffa7@exam\u00adple.com", "a7@example.com"),  # byte order mark, soft hyphen
    ("\u202aa7@example.com\u202c", "a7@example.com"),  # written from right to left
    ("\u00a0a7@example.com\u2003", "a7@example.com"),  # no-break and wide spaces
    ("zoe\u0301@example.com", "zo\u00e9@example.com"),  # decomposed
    ("ZO\u00c9@EXAMPLE.com", "zo\u00e9@example.com"),
    ("M\u00dcLLER@b\u00fccher.example", "m\u00fcller@xn--bcher-kva.example"),
    ("m\u00fcller@XN--BCHER-KVA.example", "m\u00fcller@xn--bcher-kva.example"),
    ("\u0130@example.com", "i\u0307@example.com"),  # the letter that engines lower in two ways
    ("\u4f8b@\u4f8b\u3048\u3002example", "\u4f8b@xn--r8jz45g.example"),
    ("Zo\u00eb <zoe@example.com>", "zoe@example.com"),
    ('"Zo\u00eb, B" <MailTo:zoe@Example.com?subject=stop>', "zoe@example.com"),
    ("\u00a0mailto:zo\u00e9@example.com.", "zo\u00e9@example.com"),
    ("\u201czo\u00e9@example.com\u201d;", "zo\u00e9@example.com"),
    ("\u00abzo\u00e9@example.com\u00bb", "zo\u00e9@example.com"),
    ("a7\uff20example.com", "a7@example.com"),
    ("[zo\u00e9 \ufe6b\u00a0example.com],", "zo\u00e9@example.com"),
    ("o\u2019brien@example.com", "o\u2019brien@example.com"),
]
UNREADABLE = [
    "zo\u00e9",
    "zo\u00e9@",
    "zo\u00e9@localhost",
    "zo\u00e9 b@example.com",
    "zo\u00e9@exam ple.com",
    "zo\u00e9\u0007@example.com",
    "zo\u00e9@@example.com",
    "zo\u00e9..b@example.com",
    "b@\u00fc-.example",
    "b@" + "\u00fc" * 80 + ".example",
    "zo\u00e9@example.com..",
    "zo\u00e9@example.com <zo\u00e9@example.com>",  # which one?
    "<zo\u00e9@example.com>, <b@example.com>",
    "mailto:zo\u00e9@example.com,b@example.com",
    "zo\u00e9@example.com;b@example.com",
    "zo\u00e9 (b@example.com)",
]


@pytest.mark.parametrize(("raw_email", "email"), SAME)
def test_one_address_has_one_spelling(raw_email: str, email: str) -> None:
    assert spelled(raw_email) == email


@pytest.mark.parametrize("raw_email", UNREADABLE)
def test_what_is_no_address_has_none(raw_email: str) -> None:
    assert spelled(raw_email) is None


@settings(max_examples=300, deadline=None, derandomize=True)
@given(raw_email=st.builds("{}@{}.example".format, st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=8)))
def test_a_spelling_spells_itself_and_does_not_depend_on_how_signs_are_composed(raw_email: str) -> None:
    email = spelled(raw_email)
    assert email is None or spelled(email) == email
    assert spelled(unicodedata.normalize("NFD", raw_email)) == spelled(unicodedata.normalize("NFC", raw_email))


AROUND = (
    "{}",
    "<{}>",
    "Ann < {} >",
    '"B, Ann" <mailto:{}>',
    "MAILTO:{}?subject=stop",
    "{}.",
    "<{}.>",
    "b@c.de <{}>",
    "'{}'",
    '"{}"',
    "'{};",
    "[{}],",
    "({}.) ;",
    "<'{}'>",
    '"B" <"mailto:{}">;',
    "[{0}](mailto:{0})",
    "{0};{0}",
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    raw_email=st.builds(
        str.format,
        st.sampled_from(AROUND),
        st.from_regex(
            r"[ \t]{0,2}[A-Za-z0-9_+-]{1,6}[ \t]?@[ \n]?[A-Za-z0-9]{1,6}\.[A-Za-z]{2,3}[ \n]{0,2}", fullmatch=True
        ),
    )
)
def test_sql_spells_plain_e_mails_as_python_would(raw_email: str) -> None:
    plain, normalised = rules.apply("is_plain_email", "$raw"), rules.apply("normalised_email", "$raw")
    readable = rules.apply("is_readable_email", "$raw")
    ((is_plain, email, is_email),) = duckdb.execute(
        f"select {plain}, {normalised}, {readable}", {"raw": raw_email}
    ).fetchall()
    assert (is_plain, email if is_email else None) == (True, spelled(raw_email))


KEY = {"source_system": "varchar", "contact_id": "varchar"}
CONTACTS = [
    ("till", "a", "ann@example.com"),
    ("till", "b", "zo\u00e9@example.com"),
    ("shop", "b", "zo\u00e9@example.com"),
    ("till", "c", "zo\u00e9"),
    ("till", "erased", "gon\u00e9@example.com"),
    ("till", "d", None),
]


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A warehouse with the input and an empty look-up."""
    path = tmp_path / "build.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema input")
        connection.execute("create schema landing")
        connection.execute("use build.input")
        fill(connection, "input_contacts", {**KEY, "email": "varchar"}, CONTACTS)
        consents = [("till", "a", "\u200bann@example.com"), ("till", "a", "\u0660\u0661\u0662")]
        fill(connection, "input_consents", {**KEY, "address": "varchar"}, consents)
        fill(
            connection,
            "input_contact_preferences",
            {**KEY, "preference_type": "varchar", "preference_value": "varchar"},
            [("till", "a", "preferred_email", "\u00e4nn@example.com"), ("till", "a", "interest", "b\u00fccher")],
        )
        connection.execute("use build.landing")
        look_up = {"raw_email": "varchar", "email": "varchar", "is_valid": "boolean"}
        fill(connection, "email_addresses", look_up, [])
        fill(connection, "blocked_contacts", {"contact_digest": "varchar"}, [])
        connection.execute(
            f"insert into landing.blocked_contacts select {rules.contact_digest('input_contacts')} "
            "from input.input_contacts where contact_id = 'erased'"
        )
    return path


def test_each_e_mail_that_is_not_plain_is_read_once_wherever_the_input_names_it(
    warehouse: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    report = spell_emails(warehouse)
    assert report == EmailReport(read=4, valid=3)
    assert spell_emails(warehouse) == EmailReport(read=0, valid=0)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        assert connection.execute("select * from landing.email_addresses order by all").fetchall() == [
            ("zo\u00e9", None, False),
            ("zo\u00e9@example.com", "zo\u00e9@example.com", True),
            ("\u00e4nn@example.com", "\u00e4nn@example.com", True),
            ("\u200bann@example.com", "ann@example.com", True),
        ]
    assert "example" not in "".join(capfd.readouterr()) + str(report)
