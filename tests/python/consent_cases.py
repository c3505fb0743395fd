"""Cases of consent, each a person or two who stand beside the generated ones: what is delivered, and who is written to.

The base person has one record of the web shop, said yes to e-mail in 2022 and left a cart on the evening before. The
cases are named as sentences; the test of each is in test_cases_consent.py.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from people_project import Row, World
from people_worlds import EXTRACTED

# A cart of the case (on ads: the family name) and the address it is written to; None: it is not written to.
Expected = dict[str, str | None]


def at(text: str) -> datetime:
    """A UTC stamp of 2024 when it has no year."""
    return datetime.fromisoformat(text if text.startswith("20") else f"2024-{text}{'' if ':' in text else ' 10:00'}")


class Case:
    """The rows of one case; `before`: what a build of long ago saw of it.

    Addresses and ids carry its number, so that cases stay apart.
    """

    def __init__(self, world: World, number: int, past: World | None = None) -> None:
        self.world, self.number = world, number
        self.before = Case(past, number) if past is not None else self

    def email(self, name: str) -> str:
        return f"{name}@case{self.number}.example"

    def cart_of(self, name: str) -> str:
        return f"case{self.number}-{name}"

    def add(self, entity: str, **columns: object) -> None:
        self.world[entity].append({"source_system": "web_shop", "extracted_at": EXTRACTED, **columns})

    def record(self, name: str, *, cart: bool = False, **columns: object) -> None:
        """A contact record created in 2020, without any yes."""
        row: Row = {"silo": "web_shop", "email": self.email(name), "first_name": name, "last_name": "Case"}
        row |= {"created_at": at("2020-01-01 08:00"), "created_date": "2020-01-01", "country_code": "BE"}
        self.add("contacts", contact_id=self.cart_of(name), **(row | columns))
        if cart:
            stamps: Row = {"created_at": at("06-30 18:00"), "updated_at": at("06-30 19:00")}
            stamps |= {"updated_date": "2024-06-30", "items": "p1,p2", "item_count": 2, "cart_amount": 20}
            self.add("carts", contact_id=self.cart_of(name), cart_id=self.cart_of(name), **stamps)

    def base(self, name: str = "x", **columns: object) -> None:
        """The base person: written to when nothing else is delivered."""
        self.record(name, cart=True, **columns)
        self.says("granted", "2022-01-01 09:00", name)

    def says(self, status: str | None, when: str | None, name: str = "x", **columns: object) -> None:
        stamp = at(when) if when else None
        row: Row = {"contact_id": self.cart_of(name), "channel": "email", "purpose": "marketing"}
        row |= {"status": status, "changed_at": stamp}
        if status == "granted":
            row["double_opt_in_confirmed_at"] = stamp
        self.add("consents", **(row | columns))

    def message(self, name: str = "x", sent: str = "02-01", which: str = "m1", **columns: object) -> None:
        row: Row = {"message_id": self.cart_of(which), "channel": "email", "sent_at": at(sent)}
        self.add("messages", contact_id=self.cart_of(name), **(row | {"sent_date": at(sent).date()} | columns))

    def event(self, kind: str, when: str, which: str = "m1", **columns: object) -> None:
        row: Row = {"message_id": self.cart_of(which), "event_type": kind, "occurred_at": at(when)}
        row |= {"occurred_date": at(when).date(), "link_tag": ""}
        self.add("message_events", **(row | columns))

    def joined(self, *names: str, **columns: object) -> None:
        """Records of one person: they carry one card."""
        for name in names:
            self.record(name, loyalty_card_id=f"card-{self.number}", cart=name == names[0], **columns)

    def link(self, kind: str, one: str, other: str) -> None:
        whom: Row = {"contact_id": self.cart_of(one), "linked_contact_id": self.cart_of(other)}
        self.add("identity_links", linked_source_system="web_shop", link_type=kind, linked_at=at("01-01"), **whom)


@dataclass(frozen=True)
class Told:
    """A case and what it expects; `double_opt_in` says in which of the two settings, None: in both."""

    tell: Callable[[Case], Expected]
    double_opt_in: bool | None

    @property
    def name(self) -> str:
        return self.tell.__name__


CASES: list[Told] = []


def case(tell: Callable[[Case], Expected]) -> Callable[[Case], Expected]:
    """A case that holds with and without double opt-in."""
    CASES.append(Told(tell, None))
    return tell


def with_double_opt_in(tell: Callable[[Case], Expected]) -> Callable[[Case], Expected]:
    CASES.append(Told(tell, True))
    return tell


def without_double_opt_in(tell: Callable[[Case], Expected]) -> Callable[[Case], Expected]:
    CASES.append(Told(tell, False))
    return tell


def tell_all(world: World, past: World, *, double_opt_in: bool) -> dict[str, Expected]:
    """Adds every case of a setting to a world and its past; carts by case."""
    expected = {}
    for number, told in enumerate(CASES):
        if told.double_opt_in in (None, double_opt_in):
            one = Case(world, number, past)
            expected[told.name] = {one.cart_of(name): address for name, address in told.tell(one).items()}
    return expected


# --- Whoever said yes is written to, whoever was never asked is not ------------------------------------------------


@case
def who_said_yes_is_written_to(case: Case) -> Expected:
    case.base()
    return {"x": case.email("x")}


@case
def who_was_never_asked_is_not_written_to(case: Case) -> Expected:
    case.record("x", cart=True)
    return {"x": None}


# --- The latest word counts ---------------------------------------------------------------------------------------


@case
def a_stop_said_again_after_a_yes_closes(case: Case) -> Expected:
    case.base()
    case.message()
    case.event("unsubscribed", "03-02")
    case.says("granted", "04-01")
    case.event("unsubscribed", "05-01")
    return {"x": None}


@case
def a_complaint_said_again_after_a_yes_closes(case: Case) -> Expected:
    case.base()
    case.message()
    case.event("complained", "03-02")
    case.says("granted", "04-01")
    case.event("complained", "05-01")
    return {"x": None}


@case
def a_yes_after_the_last_stop_opens(case: Case) -> Expected:
    case.base()
    case.message()
    case.event("unsubscribed", "03-02")
    case.says("granted", "04-01")
    return {"x": case.email("x")}


@with_double_opt_in
def a_yes_that_was_never_confirmed_lifts_no_stop(case: Case) -> Expected:
    case.base()
    case.message()
    case.event("unsubscribed", "03-02")
    case.says("granted", "06-01", double_opt_in_confirmed_at=None)
    return {"x": None}


@without_double_opt_in
def without_double_opt_in_a_yes_needs_no_confirmation(case: Case) -> Expected:
    case.base()
    case.message()
    case.event("unsubscribed", "03-02")
    case.says("granted", "06-01", double_opt_in_confirmed_at=None)
    return {"x": case.email("x")}


@with_double_opt_in
def a_stop_between_a_yes_and_its_confirmation_stands(case: Case) -> Expected:
    case.record("x", cart=True)
    case.message()
    case.says("granted", "03-01", double_opt_in_confirmed_at=at("03-09"))
    case.event("unsubscribed", "03-05")
    return {"x": None}


@case
def of_a_yes_and_a_no_at_one_instant_the_no_wins(case: Case) -> Expected:
    case.base()
    case.says("denied", "04-01")
    case.says("granted", "04-01")
    return {"x": None}


@case
def a_yes_extracted_later_does_not_replace_the_no_of_its_instant(case: Case) -> Expected:
    case.base()
    case.says("withdrawn", "04-01", extracted_at=at("04-02"))
    case.says("granted", "04-01")
    return {"x": None}


@case
def a_word_after_the_as_of_date_is_not_heard_yet(case: Case) -> Expected:
    case.base()
    case.says("withdrawn", "07-02", extracted_at=at("07-05"))
    case.record("new", cart=True)
    case.says("granted", "07-02", "new", extracted_at=at("07-05"))
    return {"x": case.email("x"), "new": None}


# --- A no belongs to an address -----------------------------------------------------------------------------------


@case
def the_address_that_stopped_is_never_taken_and_the_one_that_said_yes_afterwards_is(case: Case) -> Expected:
    case.joined("old", "new")
    case.world["contacts"][-2]["email_verified_at"] = at("2022-01-02 09:00")
    case.says("granted", "2022-01-01 09:00", "old")
    case.message("old")
    case.event("unsubscribed", "03-02")
    case.says("granted", "04-01", "new")
    return {"old": case.email("new")}


@case
def a_yes_older_than_a_stop_at_another_address_is_not_used(case: Case) -> Expected:
    case.joined("old", "new")
    case.says("granted", "2022-01-01 09:00", "old")
    case.says("granted", "01-15", "new")
    case.message("old")
    case.event("unsubscribed", "03-02")
    return {"old": None}


@case
def a_no_at_a_named_old_address_closes_the_record_that_still_holds_it(case: Case) -> Expected:
    case.record("account", cart=True, loyalty_card_id=f"card-{case.number}")
    case.record("old", loyalty_card_id=f"card-{case.number}", silo="newsletter")
    case.says("granted", "2019-01-01 09:00", "old")
    case.says("withdrawn", "03-02", "account", address=case.email("old"))
    return {"account": None}


@case
def a_yes_at_the_same_address_from_another_record_lifts_the_no(case: Case) -> Expected:
    case.joined("x", "y")
    for row in case.world["contacts"][-2:]:
        row["email"] = case.email("x")
    case.says("withdrawn", "03-02", "x")
    case.says("granted", "04-01", "y")
    return {"x": case.email("x")}


@case
def a_yes_at_an_address_that_cannot_be_read_opens_nothing(case: Case) -> Expected:
    case.record("x", cart=True)
    case.says("granted", "04-01", address="n/a")
    return {"x": None}


@case
def people_told_apart_share_the_noes_of_their_address_and_never_the_yeses(case: Case) -> Expected:
    for name in ("ann", "bob", "cy"):
        case.record(name, cart=True, email=case.email("shared"))
    for one, other in (("ann", "bob"), ("ann", "cy"), ("bob", "cy")):
        case.link("different", one, other)
    case.says("granted", "2022-01-01 09:00", "ann")
    case.says("withdrawn", "03-02", "ann")
    case.says("granted", "2022-01-01 09:00", "bob")
    case.says("granted", "05-01", "cy")
    return {"ann": None, "bob": None, "cy": case.email("shared")}


# --- A no that cannot be read closes what it may have meant ---------------------------------------------------------


@case
def a_withdrawal_without_a_time_closes(case: Case) -> Expected:
    case.base()
    case.says("withdrawn", None)
    return {"x": None}


@case
def a_status_that_is_not_in_the_list_closes(case: Case) -> Expected:
    case.base()
    case.says("unsubscribed", "03-02")
    return {"x": None}


@case
def an_unsubscription_stamped_after_its_extraction_closes(case: Case) -> Expected:
    case.base()
    case.message()
    case.event("unsubscribed", "07-01 07:30")
    return {"x": None}


@case
def a_withdrawal_on_a_channel_that_is_spelled_wrong_closes(case: Case) -> Expected:
    case.base()
    case.says("withdrawn", "03-02", channel="Email")
    return {"x": None}


@case
def a_withdrawal_for_a_purpose_that_is_spelled_wrong_closes(case: Case) -> Expected:
    case.base()
    case.says("withdrawn", "03-02", purpose="newsletter")
    return {"x": None}


@case
def an_event_type_that_is_spelled_wrong_closes(case: Case) -> Expected:
    case.base()
    case.message()
    case.event("unsubscribe", "03-02")
    return {"x": None}


@case
def a_stop_without_a_time_closes(case: Case) -> Expected:
    case.base()
    case.message()
    case.event("complained", "03-02", occurred_at=None)
    return {"x": None}


@case
def a_withdrawal_of_an_unknown_record_closes_the_address_it_names(case: Case) -> Expected:
    case.base()
    case.says("withdrawn", "03-02", "gone", address=case.email("x"))
    return {"x": None}


@case
def an_unreadable_no_is_lifted_by_a_later_yes_about_its_address(case: Case) -> Expected:
    case.base()
    case.says("unsubscribed", "03-02")
    case.says("granted", "04-01")
    return {"x": case.email("x")}


@case
def an_unreadable_no_is_not_lifted_by_a_yes_at_another_address(case: Case) -> Expected:
    case.joined("old", "new")
    case.says("granted", "2022-01-01 09:00", "old")
    case.says("unsubscribed", "03-02", "old")
    case.says("granted", "04-01", "new")
    return {"old": None}


@case
def an_unreadable_no_that_is_delivered_again_closes_again(case: Case) -> Expected:
    case.base()
    case.says("withdrawn", None, extracted_at=at("03-02"))
    case.says("granted", "04-01")
    case.says("withdrawn", None, extracted_at=at("05-01"))
    return {"x": None}


@case
def a_rejected_yes_stays_rejected_and_closes_nothing(case: Case) -> Expected:
    case.base()
    case.says("granted", None)
    case.record("never", cart=True)
    case.says("granted", "04-01", "never", channel="Email")
    return {"x": case.email("x"), "never": None}


@case
def an_erasure_request_without_a_time_is_honoured(case: Case) -> Expected:
    case.base()
    case.add("erasure_requests", contact_id=case.cart_of("x"), requested_at=None)
    return {"x": None}


@case
def an_erasure_request_by_another_record_of_the_person_is_honoured(case: Case) -> Expected:
    case.joined("x", "y")
    case.says("granted", "2022-01-01 09:00", "x")
    case.add("erasure_requests", contact_id=case.cart_of("y"), requested_at=at("03-02"))
    return {"x": None}


@case
def an_erasure_request_of_a_rejected_record_closes_whoever_holds_its_address(case: Case) -> Expected:
    for name in ("x", "later"):
        case.base(name)
        case.record(f"{name}2", email=case.email(name), created_at=None, created_date=None)
        case.add("erasure_requests", contact_id=case.cart_of(f"{name}2"), requested_at=at("03-02"))
    case.says("granted", "04-01", "later")
    return {"x": None, "later": case.email("later")}


@case
def an_erasure_request_says_nothing_about_whoever_shares_the_address(case: Case) -> Expected:
    case.base("x", email=case.email("both"))
    case.base("y", email=case.email("both"))
    case.link("different", "x", "y")
    case.add("erasure_requests", contact_id=case.cart_of("y"), requested_at=at("03-02"))
    return {"x": case.email("both"), "y": None}


# --- A no that names no address is about what its record held then -----------------------------------------------


@case
def a_record_that_moved_after_a_withdrawal_opens_its_new_address_only(case: Case) -> Expected:
    card = f"card-{case.number}"
    case.record("account", cart=True, email=case.email("new"), updated_at=at("05-01"), loyalty_card_id=card)
    case.record("old", loyalty_card_id=card, email_verified_at=at("05-20"))
    case.says("granted", "2019-01-01 09:00", "old")
    case.says("withdrawn", "04-01", "account")
    case.says("granted", "06-01", "account")
    return {"account": case.email("new")}


@case
def a_withdrawal_that_cannot_be_read_stays_with_the_address_that_its_record_held_then(case: Case) -> Expected:
    card = f"card-{case.number}"
    case.record("account", cart=True, email=case.email("new"), updated_at=at("05-01"), loyalty_card_id=card)
    case.record("old", loyalty_card_id=card, email_verified_at=at("05-20"))
    case.says("granted", "2019-01-01 09:00", "old")
    case.says("Withdrawn", "04-01", "account")
    case.says("granted", "06-01", "account")
    return {"account": case.email("new")}


@case
def a_yes_at_the_old_address_after_the_withdrawal_opens_it_again(case: Case) -> Expected:
    card = f"card-{case.number}"
    case.record("account", cart=True, email=None, updated_at=at("05-01"), loyalty_card_id=card)
    case.record("old", loyalty_card_id=card)
    case.says("withdrawn", "04-01", "account")
    case.says("granted", "06-01", "old")
    return {"account": case.email("old")}


@case
def a_yes_of_the_record_that_said_no_lifts_it_whatever_was_changed_since(case: Case) -> Expected:
    case.base("x", updated_at=at("05-01"))
    case.says("withdrawn", "03-02")
    case.says("granted", "04-01")
    return {"x": case.email("x")}


@case
def a_no_that_was_taken_back_leaves_the_other_addresses_of_an_unchanged_record_open(case: Case) -> Expected:
    case.joined("x", "y")
    case.world["contacts"][-1]["email_verified_at"] = at("05-20")
    case.says("granted", "2019-01-01 09:00", "y")
    case.says("withdrawn", "03-02", "x")
    case.says("granted", "04-01", "x")
    return {"x": case.email("y")}


# --- Messages that share an id ------------------------------------------------------------------------------------


@case
def an_unsubscription_from_an_id_that_two_messages_share_closes_both_records(case: Case) -> Expected:
    case.base()
    case.base("y")
    case.message("x")
    case.message("y", extracted_at=at("06-01"))
    case.event("unsubscribed", "03-02")
    return {"x": None, "y": None}


@case
def a_hard_bounce_at_an_id_that_two_records_share_is_of_both_addresses(case: Case) -> Expected:
    case.base()
    case.base("y")
    case.message("x")
    case.message("y", extracted_at=at("06-01"))
    case.event("bounced_hard", "03-01")
    return {"x": None, "y": None}


@case
def a_stop_at_a_message_that_came_twice_is_lifted_by_a_yes_at_another_address(case: Case) -> Expected:
    case.joined("x", "y")
    case.message("x")
    case.message("x", extracted_at=at("06-01"))
    case.event("unsubscribed", "03-02")
    case.says("granted", "04-01", "y")
    return {"x": case.email("y")}


# --- An empty text is a missing one -------------------------------------------------------------------------------


@case
def a_yes_with_an_empty_address_is_about_the_records_own(case: Case) -> Expected:
    case.record("x", cart=True)
    case.says("granted", "2022-01-01 09:00", address="")
    return {"x": case.email("x")}


@case
def a_withdrawal_with_a_blank_source_system_is_of_every_record_of_that_id(case: Case) -> Expected:
    case.base()
    case.says("withdrawn", "03-02", source_system=" ")
    return {"x": None}


@case
def an_erasure_request_with_an_empty_source_system_is_honoured(case: Case) -> Expected:
    case.base()
    case.add("erasure_requests", source_system="", contact_id=case.cart_of("x"), requested_at=at("03-02"))
    return {"x": None}


@case
def a_cart_with_an_empty_order_was_left(case: Case) -> Expected:
    case.base()
    case.world["carts"][-1]["order_id"] = ""
    return {"x": case.email("x")}


@with_double_opt_in
def a_confirmation_of_1970_confirms_nothing(case: Case) -> Expected:
    case.record("x", cart=True)
    case.says("granted", "2022-01-01 09:00", double_opt_in_confirmed_at=datetime.fromisoformat("1970-01-01"))
    return {"x": None}


# --- Where and about what a no was said -----------------------------------------------------------------------------


@case
def a_withdrawal_at_another_spelling_of_the_address_closes_it(case: Case) -> Expected:
    case.base()
    case.record("y", email=f"  X@CASE{case.number}.Example\t")
    case.link("different", "x", "y")
    case.says("withdrawn", "03-02", "y")
    return {"x": None}


@case
def an_address_with_a_plus_is_another_address(case: Case) -> Expected:
    case.base()
    case.record("y", email=f"x+news@case{case.number}.example")
    case.says("withdrawn", "03-02", "y")
    return {"x": case.email("x")}


@case
def a_withdrawal_of_nobody_in_particular_closes_the_address_it_names(case: Case) -> Expected:
    case.base()
    case.says("withdrawn", "03-02", source_system=None, contact_id=None, address=f" {case.email('x').upper()} ")
    return {"x": None}


@case
def a_withdrawal_for_another_purpose_closes_nothing_else(case: Case) -> Expected:
    case.base()
    case.says("withdrawn", "03-02", purpose="profiling")
    case.says("withdrawn", "03-02", purpose="ads_personalisation")
    case.says("withdrawn", "03-02", channel="ads", purpose="ads_personalisation")
    return {"x": case.email("x")}


@case
def a_withdrawal_by_text_that_names_an_e_mail_is_about_texts(case: Case) -> Expected:
    case.base()
    case.says("withdrawn", "03-02", channel="sms", address=case.email("x"))
    return {"x": case.email("x")}


@case
def a_withdrawal_by_e_mail_that_names_a_phone_closes_e_mail(case: Case) -> Expected:
    case.base(phone="+32470998101")
    case.says("withdrawn", "03-02", address="+32470998101")
    return {"x": None}


@case
def a_complaint_about_a_text_closes_texts_only(case: Case) -> Expected:
    case.base()
    case.message(channel="sms")
    case.event("complained", "03-02")
    return {"x": case.email("x")}


@case
def a_yes_of_a_stranger_at_an_address_is_none_of_whoever_holds_it(case: Case) -> Expected:
    case.record("x", cart=True)
    case.record("y")
    case.says("granted", "04-01", "y", address=case.email("x"))
    return {"x": None}


@case
def withdrawals_of_one_instant_at_two_addresses_close_both(case: Case) -> Expected:
    case.base()
    case.base("y")
    case.record("z")
    case.says("withdrawn", "04-01", "z", address=case.email("x"))
    case.says("withdrawn", "04-01", "z", address=case.email("y"))
    return {"x": None, "y": None}


@case
def a_number_in_national_format_is_read_with_each_country_when_nobody_knows_the_record(case: Case) -> Expected:
    case.base(phone="06 12 34 56 78", country_code="FR")
    case.says("withdrawn", "03-02", "nobody", address="06-12-34-56-78")
    case.base("rejected", phone="06 12 34 56 79", country_code="FR")
    case.record("kiosk", email=None, phone="06 12 34 56 79", silo="kiosk")
    case.says("withdrawn", "03-02", "kiosk")
    case.base("known", phone="06 12 34 56 80", country_code="FR")
    case.record("belgian", email=None, country_code="BE")
    case.says("withdrawn", "03-02", "belgian", address="06 12 34 56 80")
    return {"x": None, "rejected": None, "known": case.email("known")}


# --- In which order -------------------------------------------------------------------------------------------------


@case
def a_no_counts_by_when_it_was_said_and_not_by_when_it_was_delivered(case: Case) -> Expected:
    case.base()
    case.says("denied", "03-02", extracted_at=at("06-30"))
    case.says("granted", "04-01", extracted_at=at("04-02"))
    case.base("late")
    case.says("granted", "03-02", "late", extracted_at=at("06-30"))
    case.says("denied", "04-01", "late", extracted_at=at("04-02"))
    return {"x": case.email("x"), "late": None}


@case
def of_a_stop_and_a_yes_at_one_instant_the_stop_wins(case: Case) -> Expected:
    case.base()
    case.message()
    case.event("unsubscribed", "04-01")
    case.says("granted", "04-01")
    return {"x": None}


@case
def a_no_needs_no_confirmation(case: Case) -> Expected:
    case.base()
    case.says("denied", "04-01", double_opt_in_confirmed_at=at("2022-01-01"))
    return {"x": None}


@case
def a_withdrawal_older_than_its_record_closes(case: Case) -> Expected:
    case.record("x", cart=True)
    case.says("granted", "2018-01-01 09:00")
    case.says("withdrawn", "2019-01-01 09:00")
    return {"x": None}


# --- Whose a record was that is nobody's today ----------------------------------------------------------------------


def merged(case: Case) -> None:
    """The shop merged two accounts into x and deleted the other one, gone."""
    case.before.joined("x", "gone")
    case.base(loyalty_card_id=f"card-{case.number}")


@case
def a_withdrawal_of_a_deleted_account_is_of_the_person_whose_it_was(case: Case) -> Expected:
    merged(case)
    case.says("withdrawn", "06-02", "gone")
    return {"x": None}


@case
def a_withdrawal_of_a_deleted_account_that_names_its_address_is_of_the_person_whose_it_was(case: Case) -> Expected:
    merged(case)
    case.says("withdrawn", "06-02", "gone", address=case.email("gone"))
    return {"x": None}


@case
def a_stop_of_a_deleted_account_is_of_the_person_whose_it_was(case: Case) -> Expected:
    merged(case)
    case.message("gone")
    case.event("unsubscribed", "06-02")
    return {"x": None}


@case
def a_yes_after_the_withdrawal_of_a_deleted_account_opens_its_own_address(case: Case) -> Expected:
    merged(case)
    case.says("withdrawn", "06-02", "gone")
    case.says("granted", "06-10")
    return {"x": case.email("x")}


@case
def a_withdrawal_of_a_deleted_account_for_another_purpose_closes_nothing_else(case: Case) -> Expected:
    merged(case)
    case.says("withdrawn", "06-02", "gone", purpose="open_tracking")
    return {"x": case.email("x")}


@case
def of_two_who_were_one_with_a_deleted_account_it_may_have_been_each(case: Case) -> Expected:
    case.before.joined("gone", "x", "y")
    for name in ("x", "y"):
        case.base(name)
    case.says("withdrawn", "06-02", "gone")
    return {"x": None, "y": None}


@case
def a_withdrawal_of_an_account_that_a_link_says_is_the_same_closes(case: Case) -> Expected:
    case.base()
    case.link("same", "x", "never_delivered")
    case.says("withdrawn", "03-02", "never_delivered")
    case.base("y")
    case.record("rejected", email=None, created_at=at("2030-01-01"), created_date="2030-01-01")
    case.link("same", "rejected", "y")
    case.says("withdrawn", "03-02", "rejected")
    case.base("other")
    case.link("different", "other", "never_delivered")
    return {"x": None, "y": None, "other": case.email("other")}


@case
def a_withdrawal_of_a_rejected_account_with_her_card_closes(case: Case) -> Expected:
    case.base(loyalty_card_id=f"card-{case.number}")
    case.record("rejected", loyalty_card_id=f"card-{case.number}", created_at=None, created_date=None)
    case.says("withdrawn", "03-02", "rejected")
    return {"x": None}


# --- Rows around a no that cannot be kept ----------------------------------------------------------------------------


@case
def a_withdrawal_of_1970_closes(case: Case) -> Expected:
    case.base()
    case.says("withdrawn", None, changed_at=datetime.fromisoformat("1970-01-01"))
    return {"x": None}


@case
def a_withdrawal_without_an_extraction_closes(case: Case) -> Expected:
    case.base()
    case.says("withdrawn", "03-02", extracted_at=None)
    return {"x": None}


@case
def a_stop_at_a_message_on_a_channel_that_is_spelled_wrong_closes(case: Case) -> Expected:
    case.base()
    case.message(channel="E-Mail")
    case.event("unsubscribed", "03-02")
    return {"x": None}


@case
def a_stop_at_a_message_that_was_rejected_closes(case: Case) -> Expected:
    case.base()
    case.message(sent_at=None)
    case.event("unsubscribed", "03-02")
    case.base("y")
    case.message("y", which="m2", extracted_at=at("01-01"))
    case.event("complained", "03-02", "m2")
    return {"x": None, "y": None}


@case
def a_stop_without_a_date_or_a_link_closes(case: Case) -> Expected:
    case.base()
    case.message()
    case.event("unsubscribed", "03-02", occurred_date=None)
    case.base("y")
    case.message("y", which="m2")
    case.event("unsubscribed", "03-02", "m2", link_tag=None)
    return {"x": None, "y": None}


@case
def a_stop_that_a_machine_reports_is_a_stop(case: Case) -> Expected:
    case.base()
    case.message()
    case.event("unsubscribed", "03-02", is_machine=True)
    return {"x": None}


@case
def a_stop_at_a_message_that_nobody_knows_closes_nobody(case: Case) -> Expected:
    case.base()
    case.event("unsubscribed", "03-02", "unheard_of")
    return {"x": case.email("x")}


@case
def a_stop_with_white_space_around_its_message_id_closes(case: Case) -> Expected:
    case.base()
    case.message()
    case.event("unsubscribed", "03-02", message_id=f" {case.cart_of('m1')} ")
    return {"x": None}


@case
def a_withdrawal_with_white_space_around_its_record_closes(case: Case) -> Expected:
    case.base()
    case.says("withdrawn", "03-02", contact_id=f"{case.cart_of('x')} ")
    return {"x": None}


@case
def an_erasure_request_with_white_space_around_its_record_is_honoured(case: Case) -> Expected:
    case.base()
    case.add("erasure_requests", contact_id=f" {case.cart_of('x')}", requested_at=at("03-02"))
    return {"x": None}


@case
def a_no_under_another_spelling_of_its_system_closes(case: Case) -> Expected:
    case.base()
    case.says("withdrawn", "03-02", source_system="Web_Shop ")
    case.base("y")
    case.message("y", source_system="web shop")
    case.event("unsubscribed", "03-02")
    case.base("z")
    case.add("erasure_requests", source_system="WEBSHOP", contact_id=case.cart_of("z"), requested_at=at("03-02"))
    case.base("other")
    case.says("withdrawn", "03-02", "other", source_system="web_shop_2")
    return {"x": None, "y": None, "z": None, "other": case.email("other")}


# --- Addresses ----------------------------------------------------------------------------------------------------


@case
def an_address_that_bounced_is_not_written_to(case: Case) -> Expected:
    case.base()
    case.message()
    case.event("bounced_hard", "03-01")
    return {"x": None}


@case
def an_address_bounced_whatever_is_wrong_with_the_row_that_says_so(case: Case) -> Expected:
    wrong: dict[str, Row] = {
        "capitals": {"event_type": "Bounced_Hard"},
        "blank": {"event_type": "bounced_hard "},
        "no_stamp": {"occurred_at": None},
        "later_than_told": {"occurred_at": at("07-01 07:30")},
        "no_date": {"occurred_date": None},
        "blank_id": {"message_id": f" {case.cart_of('blank_id')}"},
    }
    for name, columns in wrong.items():
        case.base(name)
        case.message(name, which=name)
        case.event("bounced_hard", "03-01", name, **columns)
    case.base("message_rejected")
    case.message("message_rejected", which="rejected", sent_at=None)
    case.event("bounced_hard", "03-01", "rejected")
    case.base("soft")
    case.message("soft", which="soft")
    case.event("Bounced_Soft", "03-01", "soft")
    return dict.fromkeys((*wrong, "message_rejected")) | {"soft": case.email("soft")}


@case
def an_address_that_bounced_at_a_record_that_is_nobodys_is_not_written_to(case: Case) -> Expected:
    case.before.record("gone", email=case.email("x"))
    case.base()
    case.message("gone")
    case.event("bounced_hard", "03-01")
    case.base("y")
    case.record("rejected", email=case.email("y"), silo="kiosk")
    case.message("rejected", which="m2")
    case.event("bounced_hard", "03-01", "m2")
    return {"x": None, "y": None}


@case
def a_record_corrected_after_a_bounce_holds_an_address_that_works(case: Case) -> Expected:
    case.base(updated_at=at("05-01"))
    case.message()
    case.event("bounced_hard", "03-01")
    return {"x": case.email("x")}


@case
def an_address_verified_after_a_bounce_works(case: Case) -> Expected:
    case.base(email_verified_at=at("05-01"))
    case.message()
    case.event("bounced_hard", "03-01")
    return {"x": case.email("x")}


@case
def a_no_reaches_every_invisible_spelling_of_its_address(case: Case) -> Expected:
    case.base("a", email=f"a​7@case{case.number}.example")
    case.record("b", email=f"a7@case{case.number}.example")
    case.says("withdrawn", "03-02", "b")
    return {"a": None}


@case
def a_composed_and_a_decomposed_spelling_are_one_address(case: Case) -> Expected:
    zoe = f"zoé@case{case.number}.example"
    case.base("a", email=unicodedata.normalize("NFD", zoe))
    case.record("b", email=zoe)
    case.says("withdrawn", "03-02", "b")
    return {"a": None}


@case
def a_domain_in_letters_and_in_ascii_is_one_address(case: Case) -> Expected:
    case.base("a", email=f"a@bücher{case.number}.example")
    case.record("b", email=f"a@{f'bücher{case.number}'.encode('idna').decode()}.example")
    case.says("withdrawn", "03-02", "b")
    return {"a": None}


@case
def a_no_reaches_its_address_whatever_a_mail_program_wrote_around_it(case: Case) -> Expected:
    written = {"link": "mailto:{}?subject=stop", "brackets": "< {} >", "named": '"Somebody, else" <{}>', "root": "{}."}
    written["named_link"] = "Zoë <MAILTO:{}>"
    for name, form in written.items():
        case.base(name)
        case.says("withdrawn", "03-02", "nobody", address=form.format(case.email(name)))
    case.base("holds", email=f'"Holds" <{case.email("holds")}>')
    case.record("says", email=case.email("holds"))
    case.link("different", "holds", "says")
    case.says("withdrawn", "03-02", "says")
    return dict.fromkeys((*written, "holds"))


@case
def a_record_is_written_to_at_its_address_and_not_at_what_stood_around_it(case: Case) -> Expected:
    case.base(email=f"Case <mailto:{case.email('x')}>")
    return {"x": case.email("x")}


@case
def a_no_at_what_may_be_one_address_or_another_is_about_its_record(case: Case) -> Expected:
    case.joined("x", "y")
    case.says("granted", "2022-01-01 09:00", "y")
    case.says("withdrawn", "03-02", "x", address=f"{case.email('x')} <{case.email('z')}>")
    case.base("quoted")
    case.says("withdrawn", "03-02", "quoted", address=f"{case.email('quoted')}'")
    return {"x": None, "quoted": None}


@case
def an_answer_is_not_older_than_the_message_that_it_answers(case: Case) -> Expected:
    # the provider stamps in another zone, or gives dates only
    answers = [("unsubscribed", "06-10 10:30"), ("complained", "06-10 10:30"), ("complained", "06-10 00:00")]
    for number, (kind, when) in enumerate(answers):
        case.record(f"x{number}", cart=True)
        case.says("granted", "06-10 14:00", f"x{number}")
        case.message(f"x{number}", "06-10 14:01", f"m{number}")
        case.event(kind, when, f"m{number}")
    case.record("wrong", cart=True)
    case.says("granted", "06-10 14:00", "wrong")
    case.message("wrong", "06-10 14:01", "wrong")
    case.event("unsubscribe", "06-10 10:30", "wrong")
    case.record("unstamped", cart=True)
    case.says("granted", "06-10 14:00", "unstamped")
    case.message("unstamped", "06-10 14:01", "unstamped")
    case.event("complained", "06-10 10:30", "unstamped", occurred_at=None, extracted_at=at("06-10 11:00"))
    case.base("bounced", email_verified_at=at("06-10 12:00"))
    case.message("bounced", "06-10 14:01", "bounced")
    case.event("bounced_hard", "06-10 10:30", "bounced")
    case.base("dead", email_verified_at=at("06-10 12:00"))
    case.message("dead", "06-10 14:01", "dead")
    case.event("Bounced_Hard", "06-10 10:30", "dead")
    return dict.fromkeys(("x0", "x1", "x2", "wrong", "unstamped", "bounced", "dead"))


@case
def an_answer_to_an_id_of_two_messages_is_not_older_than_either(case: Case) -> Expected:
    for name in ("x", "y"):
        case.record(name, cart=True)
        case.says("granted", "06-10 14:00", name)
        case.message(name, "06-10 14:01")
    case.event("unsubscribed", "06-10 10:30")
    for name in ("dead", "too"):
        case.base(name, email_verified_at=at("06-10 12:00"))
        case.message(name, "06-10 14:01", "m2")
    case.event("bounced_hard", "06-10 10:30", "m2")
    return dict.fromkeys(("x", "y", "dead", "too"))


@case
def a_yes_after_an_answer_and_its_message_opens(case: Case) -> Expected:
    case.base()
    case.message("x", "06-10 14:01")
    case.event("unsubscribed", "06-10 10:30")
    case.says("granted", "06-10 14:02")
    # a message whose own stamp nobody can believe says nothing of when it was answered
    case.base("late")
    case.message("late", "07-01 08:00", "late")
    case.event("unsubscribed", "03-02", "late")
    case.says("granted", "04-01", "late")
    return {"x": case.email("x"), "late": case.email("late")}


@with_double_opt_in
def a_yes_that_was_confirmed_before_it_was_said_is_as_old_as_its_confirmation(case: Case) -> Expected:
    for name in ("withdrawn", "stopped", "between"):
        case.base(name)
        case.message(name, which=name)
    case.says("withdrawn", "03-02", "withdrawn")
    case.event("unsubscribed", "03-02", "stopped")
    case.event("complained", "03-02", "between")
    case.says("granted", "06-01", "withdrawn", double_opt_in_confirmed_at=at("2022-01-02"))
    case.says("granted", "06-01", "stopped", double_opt_in_confirmed_at=at("2022-01-02"))
    case.says("granted", "06-01", "between", double_opt_in_confirmed_at=at("03-01"))
    case.record("only", cart=True)
    case.says("granted", "06-01", "only", double_opt_in_confirmed_at=at("2022-01-02"))
    case.base("after")
    case.says("withdrawn", "03-02", "after")
    case.says("granted", "06-01", "after", double_opt_in_confirmed_at=at("05-31"))
    case.base("at_once")
    case.says("withdrawn", "03-02", "at_once")
    case.says("granted", "06-01", "at_once", double_opt_in_confirmed_at=at("06-01"))
    opened = {name: case.email(name) for name in ("only", "after", "at_once")}
    return opened | dict.fromkeys(("withdrawn", "stopped", "between"))


@case
def a_no_of_whom_a_link_names_in_other_letters_closes(case: Case) -> Expected:
    mark = chr(0xFEFF)
    other: dict[str, Row] = {
        "plain": {},
        "system": {"linked_source_system": "CRM"},
        "blank": {"linked_contact_id": " "},
        "mark": {"linked_contact_id": mark},
        "any": {"linked_source_system": None},
        "own": {"source_system": "Web_Shop"},
        "own_blank": {"contact_id": " "},
        "own_any": {"source_system": None},
        "type": {"link_type": "duplicate"},
        "typed": {"link_type": "Same "},
        "apart": {"link_type": "Different "},
        "family": {"link_type": "Household"},
    }
    for name, wrong in other.items():
        case.base(name)
        ids = {"contact_id": case.cart_of(name), "linked_contact_id": f"z{case.cart_of(name)}"}
        row: Row = ids | {"linked_source_system": "crm", "link_type": "same", "linked_at": at("01-01")}
        row |= {column: f"{value}{ids[column]}" if column in ids else value for column, value in wrong.items()}
        case.add("identity_links", **row)
        case.says("withdrawn", "03-02", source_system="crm", contact_id=f"z{case.cart_of(name)}")
    # and the other way round: the link has the plain name, and the no another one
    case.base("said")
    said: Row = {"linked_source_system": "crm", "linked_contact_id": f"z{case.cart_of('said')}"}
    case.add("identity_links", contact_id=case.cart_of("said"), link_type="same", linked_at=at("01-01"), **said)
    case.says("withdrawn", "03-02", source_system="C.R.M.", contact_id=f"z{case.cart_of('said')}")
    opened = {name: case.email(name) for name in ("apart", "family")}
    return opened | dict.fromkeys((*(name for name in other if name not in opened), "said"))


@case
def an_address_in_quotes_or_with_a_separator_behind_it_is_that_address(case: Case) -> Expected:
    ways = (
        *('"{}"', "'{}'", "{};", "{},", "[{}]", "<{}>", "({})", "'{}';", "<{}>;", '"Ann" <{}>,', "<'{}'>", " {} ; "),
        *("'{}", "mailto:{};", '"mailto:{}"', "{}.;"),
    )
    names = []
    for number, way in enumerate(ways):
        for how in ("nobody", "other"):
            names.append(f"{how}{number}")
            case.base(names[-1])
            case.record(f"o{names[-1]}", first_name="Other", last_name="Else")
            said = "gone" if how == "nobody" else f"o{names[-1]}"
            case.says("withdrawn", "03-02", said, address=way.format(case.email(names[-1])))
    for number, sign in enumerate((" @ ", "@ ", chr(0xFF20), chr(0xFE6B))):
        names.append(f"sign{number}")
        case.base(names[-1])
        case.says("withdrawn", "03-02", "gone", address=case.email(names[-1]).replace("@", sign))
    case.base("holds", email=f"'{case.email('holds')}';")
    case.record("says", email=case.email("holds"))
    case.link("different", "holds", "says")
    case.says("withdrawn", "03-02", "says")
    case.base("opens", email=f"[{case.email('opens')}]")
    return {"opens": case.email("opens")} | dict.fromkeys((*names, "holds"))


@case
def strangers_with_a_recycled_mobile_are_two_people(case: Case) -> Expected:
    case.record("ann", phone="+32470999001", last_name="Old", created_at=at("2012-01-01 08:00"))
    case.says("granted", "2022-01-01 09:00", "ann")
    case.base("bob", phone="+32470999001", last_name="New")
    return {"bob": case.email("bob")}


@case
def the_declared_address_is_taken(case: Case) -> Expected:
    case.joined("x", "y")
    case.world["contacts"][-1]["updated_at"] = at("05-01")
    for name in ("x", "y"):
        case.says("granted", "2022-01-01 09:00", name)
    told: Row = {"preference_type": "preferred_email", "preference_value": case.email("x").upper()}
    case.add("contact_preferences", contact_id=case.cart_of("x"), declared_at=at("03-01"), **told)
    return {"x": case.email("x")}


@case
def a_declared_address_without_a_yes_is_not_taken(case: Case) -> Expected:
    case.joined("x", "y")
    case.says("granted", "2022-01-01 09:00", "y")
    told: Row = {"preference_type": "preferred_email", "preference_value": case.email("x")}
    case.add("contact_preferences", contact_id=case.cart_of("x"), declared_at=at("03-01"), **told)
    return {"x": case.email("y")}


# --- What fills a cap ---------------------------------------------------------------------------------------------


@case
def order_confirmations_fill_no_cap(case: Case) -> Expected:
    case.base()
    case.base("sold")
    for number, sent in enumerate(("06-27", "06-28", "06-29")):
        case.message("x", sent, f"t{number}", message_kind="transactional")
        case.message("sold", sent, f"s{number}", message_kind="marketing")
    return {"x": case.email("x"), "sold": None}


@case
def a_wish_for_no_more_messages_is_lifted_by_no_word_that_cannot_be_read(case: Case) -> Expected:
    said = {"none": ("0", "never again"), "fewer": ("5", "0"), "more": ("0", "5"), "words": ("0,5",)}
    for name, wishes in said.items():
        case.base(name)
        for month, wish in enumerate(wishes, 3):
            told: Row = {"preference_type": "max_frequency", "preference_value": wish}
            case.add("contact_preferences", contact_id=case.cart_of(name), declared_at=at(f"0{month}-01"), **told)
    return {"none": None, "fewer": None, "more": case.email("more"), "words": case.email("words")}


@case
def a_wish_for_no_more_messages_closes_whoever_may_have_said_it(case: Case) -> Expected:
    wrong: dict[str, Row] = {
        "clean": {},
        "undated": {"declared_at": None},
        "zero": {"declared_at": datetime.fromisoformat("1970-01-01")},
        "early": {"declared_at": at("07-01 07:30")},
        "unextracted": {"extracted_at": None},
        "capital": {"preference_type": "Max_Frequency"},
        "blank": {"preference_type": "max_frequency "},
        "spaced": {"preference_type": "max frequency"},
        "system": {"source_system": "web shop"},
        "systems": {"source_system": "Web_Shop "},
        "any": {"source_system": None},
    }
    told: Row = {"preference_type": "max_frequency", "preference_value": "0", "declared_at": at("03-01")}
    for name, columns in wrong.items():
        case.base(name)
        case.add("contact_preferences", **{"contact_id": case.cart_of(name), **told, **columns})
    case.base("id")
    case.add("contact_preferences", contact_id=case.cart_of("id") + " ", **told)
    for name, created_at in {"rejected": None, "joined": at("2020-01-01 08:00")}.items():
        case.base(name, loyalty_card_id=f"{name}-{case.number}")
        case.record(f"{name}2", loyalty_card_id=f"{name}-{case.number}", created_at=created_at)
        case.add("contact_preferences", contact_id=case.cart_of(f"{name}2"), **told)
    case.base("linked")
    case.link("same", "linked", "gone")
    case.add("contact_preferences", contact_id=case.cart_of("gone"), **told)
    # what was said before counts no more, and who may have said more says no less
    case.base("later")
    case.add("contact_preferences", contact_id=case.cart_of("later"), **(told | {"preference_type": "Max_Frequency"}))
    fewer = {"preference_value": "5", "declared_at": at("05-01")}
    case.add("contact_preferences", contact_id=case.cart_of("later"), **(told | fewer))
    case.base("more")
    case.add("contact_preferences", contact_id=case.cart_of("more"), **told)
    many = {"preference_value": "5", "preference_type": "Max_Frequency", "declared_at": at("05-01")}
    case.add("contact_preferences", contact_id=case.cart_of("more"), **(told | many))
    case.base("both")
    for value in ("10", "0"):
        case.add("contact_preferences", contact_id=case.cart_of("both"), **(told | {"preference_value": value}))
    closed = (*wrong, "id", "rejected", "joined", "linked", "more", "both")
    return dict.fromkeys(closed) | {"later": case.email("later")}


# --- Who is silent ------------------------------------------------------------------------------------------------


@case
def a_scanner_that_clicks_each_link_is_no_sign_of_life(case: Case) -> Expected:
    for name in ("scanned", "alive"):
        case.record(name, last_name=case.cart_of(name), created_at=at("2018-01-01 08:00"), created_date="2018-01-01")
        case.says("granted", "2019-01-01 09:00", name, channel="ads", purpose="ads_personalisation")
        case.says("granted", "2019-01-01 09:00", name, purpose="click_tracking")
        case.message(name, "06-01", name)
    for second, link in enumerate(("offer", "shop", "footer")):
        case.event("clicked", f"06-02 10:00:0{second}", "scanned", link_tag=link, is_machine=True)
    case.event("clicked", "06-02 10:00", "alive", link_tag="offer")
    return {"scanned": case.email("scanned"), "alive": None}
