"""Phones: how raw values read in E.164; the look-up is filled once, completely or not at all, and in silence."""

from pathlib import Path

import duckdb
import pytest
from compiled import fill, identity_models
from hypothesis import given, settings
from hypothesis import strategies as st

from rekindle.addresses import phones
from rekindle.addresses.phones import normalise_contacts, to_e164
from rekindle.ground import rules
from rekindle.ground.errors import RekindleError

# Reserved for fiction where a country has such numbers (US 555-01xx, UK 020 7946 0, FR 06 39 98: not in its plan).
VECTORS = [
    ("(212) 555-0123", "US", "+12125550123", True),
    ("1-212-555-0123", "US", "+12125550123", True),
    ("+1 212 555 0123", "", "+12125550123", True),
    ("001 212 555 0123", "BE", "+12125550123", True),
    ("212 555 0123 ext. 9", "US", "+12125550123;ext=9", True),
    ("212 555 0123 x102", "US", "+12125550123;ext=102", True),
    ("tel:+1-212-555-0123;ext=101", "", "+12125550123;ext=101", True),
    ("491701234567.0", "DE", None, False),  # a float: the plus is lost, and read as German it is another number
    ("4.91701234567E+11", "DE", None, False),
    ("0612345678.", "FR", None, False),
    ("06.12.34.56.78", "FR", "+33612345678", True),
    ("06 12 34 56 78", "FR", "+33612345678", True),
    ("+33 (0)6 12 34 56 78", "BE", "+33612345678", True),
    ("06 39 98 12 34", "FR", "+33639981234", False),
    ("0470/12.34.56", "BE", "+32470123456", True),
    ("020 7946 0123", "GB", "+442079460123", True),
    ("06 6982 1234", "IT", "+390669821234", True),  # Italy keeps its leading zero
    ("\uff10\uff14\uff17\uff10 123456", "BE", "+32470123456", True),  # full-width digits
    ("0470 12 34 56", "", None, False),  # of which country?
    ("0470 12 34 56", "XX", None, False),
    ("123", "US", "+1123", False),
    ("no phone", "US", None, False),
    ("", "US", None, False),
    ("0" * 300, "US", None, False),
]


@pytest.mark.parametrize(("raw_phone", "country_code", "e164", "is_valid"), VECTORS)
def test_raw_phones_read_as_published_numbering_plans_say(
    raw_phone: str, country_code: str, e164: str | None, is_valid: bool
) -> None:
    assert to_e164(raw_phone, country_code) == (e164, is_valid)


@settings(max_examples=200)
@given(
    raw_phone=st.text(alphabet="+0123456789 ()-./x", max_size=20), country_code=st.sampled_from(["", "US", "BE", "IT"])
)
def test_a_valid_number_reads_as_itself_wherever_it_is_read(raw_phone: str, country_code: str) -> None:
    e164, is_valid = to_e164(raw_phone, country_code)
    if is_valid:
        assert e164 is not None
        assert all(to_e164(e164, country) == (e164, True) for country in ("", "US", "BE", "IT"))


CONTACTS = {"source_system": "varchar", "contact_id": "varchar", "phone": "varchar", "country_code": "varchar"}
CONSENTS = {"source_system": "varchar", "contact_id": "varchar", "address": "varchar"}
PREFERENCES = {
    "source_system": "varchar", "contact_id": "varchar", "preference_type": "varchar", "preference_value": "varchar",
}  # fmt: skip
PHONE_NUMBERS = {"raw_phone": "varchar", "country_code": "varchar", "e164": "varchar", "is_valid": "boolean"}

RAW = [
    ("till", "c1", "0470 12 34 56", "BE"),
    ("shop", "c2", "0471 12 34 56", " be "),
    ("shop", "c3", "0470 12 34 56", None),
    ("till", "c4", "(212) 555-0123", "US"),
    ("till", "c5", "123", "US"),
    ("till", "c6", " ", "US"),
    ("till", "c7", None, "US"),
]


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A warehouse after `dbt run --select +input_contacts`: contacts, and an empty look-up."""
    path = tmp_path / "build.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema input")
        connection.execute("create schema landing")
        connection.execute("use build.input")
        fill(connection, "input_contacts", CONTACTS, RAW)
        fill(connection, "input_consents", CONSENTS, [])
        fill(connection, "input_contact_preferences", PREFERENCES, [])
        connection.execute("use build.landing")
        fill(connection, "phone_numbers", PHONE_NUMBERS, [])
        fill(connection, "blocked_contacts", {"contact_digest": "varchar"}, [])
    return path


def look_up(warehouse: Path) -> list[tuple[str, str, str | None, bool]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute("select * from landing.phone_numbers order by all").fetchall()


def test_the_phone_of_somebody_who_was_erased_is_not_read(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            f"insert into landing.blocked_contacts select {rules.contact_digest('input_contacts')} "
            "from input.input_contacts where contact_id = 'c4'"
        )
    normalise_contacts(warehouse, "BE")
    read = {raw_phone for raw_phone, *_ in look_up(warehouse)}
    assert "(212) 555-0123" not in read
    assert "0470 12 34 56" in read


def test_each_raw_phone_and_country_is_read_once(warehouse: Path) -> None:
    report = normalise_contacts(warehouse, "be")
    assert (report.read, report.valid, report.known_before) == (4, 3, 0)
    assert look_up(warehouse) == [
        ("(212) 555-0123", "US", "+12125550123", True),
        ("0470 12 34 56", "BE", "+32470123456", True),
        ("0471 12 34 56", "BE", "+32471123456", True),
        ("123", "US", "+1123", False),
    ]
    again = normalise_contacts(warehouse, "be")
    assert (again.read, again.known_before) == (0, 4)
    assert str(again) == "0 new phones read: 0 valid, 0 not valid. 4 were known."


def test_a_number_that_a_consent_of_nobody_names_is_read_with_each_country_of_a_record(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("use build.input")
        consents = [("till", "ghost", "02 555 01 23"), (None, "c1", "(212) 555-0124"), ("till", "c4", "(212) 555-0125")]
        fill(connection, "input_consents", CONSENTS, consents)
    normalise_contacts(warehouse, "FR")
    read: dict[str, set[str]] = {}
    for raw_phone, country, *_ in look_up(warehouse):
        read.setdefault(raw_phone, set()).add(country)
    assert read["02 555 01 23"] == read["(212) 555-0124"] == {"BE", "FR", "US"}
    assert read["(212) 555-0125"] == {"FR", "US"}


def test_another_default_country_reads_the_phones_without_country_again(warehouse: Path) -> None:
    normalise_contacts(warehouse)
    assert ("0470 12 34 56", "", None, False) in look_up(warehouse)
    assert normalise_contacts(warehouse, "FR").read == 1


def test_after_reading_the_build_finds_every_phone(warehouse: Path) -> None:
    """The country rule in SQL (macro phone_country) and in Python is the same."""
    models = identity_models(strict=True)  # default_country_code: be
    connection = duckdb.connect()
    fill(connection, "intake_contacts", CONTACTS, RAW)
    fill(connection, "phone_numbers", PHONE_NUMBERS, [])
    assert sorted(models.rows(connection, "unread_phones")) == [
        ("shop", "not_read_yet", "python scripts/normalise_contacts.py", 2, 2),
        ("till", "not_read_yet", "python scripts/normalise_contacts.py", 3, 3),
    ]
    normalise_contacts(warehouse, "be")
    fill(connection, "phone_numbers", PHONE_NUMBERS, look_up(warehouse))
    assert models.rows(connection, "unread_phones") == [("till", "not_in_numbering_plan", None, 1, 1)]


def test_a_failure_half_way_leaves_the_look_up_as_it_was(warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_late(raw_phone: str, country_code: str) -> tuple[str | None, bool]:
        if raw_phone == "123":
            raise RuntimeError
        return to_e164(raw_phone, country_code)

    monkeypatch.setattr(phones, "BATCH", 1)
    monkeypatch.setattr(phones, "to_e164", fail_late)
    with pytest.raises(RuntimeError):
        normalise_contacts(warehouse, "BE")
    assert look_up(warehouse) == []


def test_many_batches_are_as_good_as_one(warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phones, "BATCH", 1)
    assert normalise_contacts(warehouse, "BE").read == 4
    assert len(look_up(warehouse)) == 4


def test_what_is_missing_is_said_with_the_command_that_makes_it(tmp_path: Path) -> None:
    missing = tmp_path / "none.duckdb"
    with pytest.raises(RekindleError, match=r"no warehouse at .*none\.duckdb: run `dbt run --select \+input_contacts`"):
        normalise_contacts(missing)
    with duckdb.connect(str(missing)) as connection:
        connection.execute("select 1")
    with pytest.raises(RekindleError, match=r"no input.input_contacts .*: run `dbt run --select \+input_contacts`"):
        normalise_contacts(missing)


def test_no_phone_is_ever_printed(
    warehouse: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    report = normalise_contacts(warehouse, "BE")
    printed = capfd.readouterr()
    said = printed.out + printed.err + caplog.text + str(report) + repr(report)
    assert not any(digits in said for digits in ("0470", "470123456", "555", "123"))
