"""Generated people dense with noes: the exported files hold whom the oracle allows, at the address that it allows."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from conftest import PEOPLE, PEOPLE_SEED, ExportedPeople
from consent_cases import tell_all
from people_mutations import MUTATIONS, Mutation
from people_project import Sent, purpose
from people_worlds import People, differences, oracle_of, people, rare_kinds

from rekindle.ground.paths import PROJECT


def test_the_files_hold_whom_the_oracle_allows_and_nobody_else(exported_people: ExportedPeople) -> None:
    oracle = oracle_of(exported_people.people, double_opt_in=exported_people.double_opt_in)
    carts = {cart for expected in exported_people.expected.values() for cart in expected}
    sent = [row for row in exported_people.sent if not carts & {row.entry_key, row.last_name}]
    found, allowed = differences(exported_people.people, sent, oracle)
    assert allowed > PEOPLE / 3, "hardly anybody may be written to: nothing was tried"
    assert not found, f"PEOPLE={PEOPLE} SEED={PEOPLE_SEED}: {len(found)} differences, the first: {found[:5]}"


def test_every_kind_of_trouble_is_told_often_enough() -> None:
    assert not rare_kinds(people(2 * PEOPLE, PEOPLE_SEED), 2 * PEOPLE)


def test_the_same_seed_tells_the_same_people_and_another_seed_others() -> None:
    assert people(50, 1) == people(50, 1)
    assert people(50, 1).world != people(50, 2).world


@pytest.mark.parametrize("double_opt_in", [False, True])
def test_the_oracle_says_of_each_case_what_a_person_wrote_down(double_opt_in: bool) -> None:
    told = People()
    cases = tell_all(told.world, told.past, double_opt_in=double_opt_in)
    oracle = oracle_of(told, double_opt_in=double_opt_in)
    # these are about what a permitted person gets
    del cases["order_confirmations_fill_no_cap"], cases["a_scanner_that_clicks_each_link_is_no_sign_of_life"]
    del cases["a_wish_for_no_more_messages_is_lifted_by_no_word_that_cannot_be_read"]
    del cases["a_wish_for_no_more_messages_closes_whoever_may_have_said_it"]
    for name, expected in cases.items():
        says = {
            cart: next(iter(oracle.judge(("web_shop", cart), "email", "marketing").taken.get("email", [None])))
            for cart in expected
        }
        assert says == expected, name


def a_row_too_many(sent: list[Sent], forbidden: Sent) -> list[Sent]:
    return [*sent, forbidden]


def a_row_too_few(sent: list[Sent], forbidden: Sent) -> list[Sent]:
    return sent[1:]


def another_address(sent: list[Sent], forbidden: Sent) -> list[Sent]:
    return [replace(sent[0], email="somebody@else.example"), *sent[1:]]


@pytest.mark.parametrize(
    ("spoil", "kind"), [(a_row_too_many, "forbidden"), (a_row_too_few, "missing"), (another_address, "wrong_address")]
)
def test_the_comparison_sees_each_kind_of_difference(
    spoil: Callable[[list[Sent], Sent], list[Sent]], kind: str
) -> None:
    told = people(200, 1)
    oracle = oracle_of(told, double_opt_in=False)
    mails: list[Sent] = []
    others: list[str] = []
    for subject, (record, channel) in told.subjects.items():
        verdict = oracle.judge(record, channel, purpose(channel))
        if channel == "email" and verdict.is_allowed:
            [email, *_] = verdict.taken["email"]
            mails.append(Sent(channel, subject, "", str(email), "", "", ""))
        elif channel == "email":
            others.append(subject)
    for subject in [each for each, (_, channel) in told.subjects.items() if channel != "email"]:
        del told.subjects[subject]
    assert differences(told, mails, oracle) == ([], len(mails))
    found, _ = differences(told, spoil(mails, replace(mails[0], entry_key=others[0])), oracle)
    assert [each.kind for each in found] == [kind]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.rule)
def test_every_way_to_break_a_rule_still_fits_the_project(mutation: Mutation) -> None:
    text = (PROJECT / mutation.file).read_text(encoding="utf-8")
    assert text.count(mutation.text) == 1
    assert mutation.broken != mutation.text
