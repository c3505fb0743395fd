"""Cases of consent from the raw contract file to the exported file; see consent_cases.py for what is delivered."""

import pytest
from conftest import ExportedPeople
from consent_cases import CASES


@pytest.mark.parametrize(
    ("exported_people", "name"),
    [
        (double_opt_in, told.name)
        for double_opt_in in (False, True)
        for told in CASES
        if told.double_opt_in in (None, double_opt_in)
    ],
    indirect=["exported_people"],
    scope="session",
)
def test_case(name: str, exported_people: ExportedPeople) -> None:
    expected = exported_people.expected[name]
    written = {
        row.last_name if row.channel == "ads" else row.entry_key: row.email
        for row in exported_people.sent
        if row.channel in ("email", "ads")
    }
    assert {cart: written.get(cart) for cart in expected} == expected
