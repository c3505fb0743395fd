"""Noes that came after the publication: who is left out, what a file must look like, and what is told."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from activation import EMAIL_FEED, Person, Retailer, address_id, committed, person

from rekindle.export import late_noes
from rekindle.ground.errors import CONTRACT, GUARD

CONSENTS = "source_system,contact_id,channel,purpose,status,address,changed_at,extracted_at"
EVENTS = "message_id,event_type,occurred_at"
ERASURES = "source_system,contact_id,requested_at"
CANARY = "canary.bird@cage.example"


@pytest.fixture
def shop(tmp_path: Path) -> Retailer:
    made = Retailer(tmp_path)
    made.late_noes.mkdir()
    return made


def consent(contact: str = "c_ann", **values: str) -> str:
    """A line of input_consents.csv: a withdrawal by e-mail of this morning unless said otherwise."""
    row = {
        "source_system": "web_shop",
        "contact_id": contact,
        "channel": "email",
        "purpose": "marketing",
        "status": "withdrawn",
        "address": "",
        "changed_at": "2024-07-01 08:00:00",
        "extracted_at": "",
    }
    return ",".join({**row, **values}.values())


def late(shop: Retailer, header: str, *lines: str) -> None:
    """Writes the late file that has this header."""
    name = {CONSENTS: "consents", EVENTS: "message_events", ERASURES: "erasure_requests"}[header]
    (shop.late_noes / f"input_{name}.csv").write_text("\n".join([header, *lines, ""]), encoding="utf-8")


def left_out(shop: Retailer, feed: str = "win_back") -> list[str]:
    """Exports; returns who was left out because of a late no."""
    report = shop.export(feed)[feed]
    rows = [row["profile_id"] for row in shop.last(feed).rows("rejected") if row["reason"] == "late_no"]
    assert report.counts["late_noes"] == len(rows) == shop.last(feed).manifest["counts"]["late_noes"]
    assert not set(rows) & {row["profile_id"] for row in shop.last(feed).rows("full")}
    return rows


# The permission of everybody dates of 2024-01-01 10:00.
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (consent(), ["ann"]),
        (consent(status=" Withdrawn "), ["ann"]),
        (consent(status="denied"), ["ann"]),
        (consent(status="stop it"), ["ann"]),
        (consent(status=""), ["ann"]),
        (consent(status=" GRANTED"), []),
        (consent(channel=" Email"), ["ann"]),
        (consent(channel="e-mail"), ["ann"]),
        (consent(channel=""), ["ann"]),
        (consent(channel="sms"), []),
        (consent(purpose="newsletter"), ["ann"]),
        (consent(purpose="profiling"), []),
        (consent(purpose="open_tracking"), []),
        (consent(changed_at="2024-01-01 10:00:00"), ["ann"]),
        (consent(changed_at="2024-01-01 11:30:00+02:00"), []),
        (consent(changed_at="2024-01-01T10:00:00Z"), ["ann"]),
        (consent(changed_at="2023-12-31 23:00:00"), []),
        (consent(changed_at="31/12/2023"), ["ann"]),
        # what a build cannot read is no time here either
        (consent(changed_at="2023-12-31 08:00:00 Europe/Brussels"), ["ann"]),
        (consent(changed_at="2023-12-31 08:00:00 CET"), ["ann"]),
        (consent(changed_at="2023-12-31T08:00:00+99:00"), ["ann"]),
        (consent(changed_at="infinity"), ["ann"]),
        (consent(changed_at="1970-01-01"), ["ann"]),
        # a date alone is the end of its day, here in Paris: the yes was said on this one
        (consent(changed_at="2024-01-01"), ["ann"]),
        (consent(changed_at="2023-12-31"), []),
        (consent(changed_at=""), ["ann"]),
        (consent(source_system=""), ["ann"]),
        (consent(source_system="crm"), []),
        # a system has one name, however it is spelled
        (consent(source_system="Web_Shop"), ["ann"]),
        (consent(source_system=" web-shop"), ["ann"]),
        (consent("c_ann ", source_system="WEB SHOP"), ["ann"]),
        (consent("c_nobody"), []),
        (consent("c_nobody", address=" ANN@example.com"), ["ann"]),
        (consent("c_nobody", address="ann@elsewhere.example"), []),
        # the yes at the very address is newer: the no is lifted
        (consent(address="ann@example.com", changed_at="2023-12-31"), []),
        # nobody knows what was said at another address: a newer yes here does not help
        (consent(address="ann@elsewhere.example", status="?", changed_at="2023-12-31"), ["ann"]),
    ],
)
def test_a_late_consent_that_is_no_yes_leaves_the_person_out(shop: Retailer, line: str, expected: list[str]) -> None:
    shop.publish([person("ann"), person("bob")])
    late(shop, CONSENTS, line)
    assert left_out(shop) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("m_ann,unsubscribed,2024-07-01 08:00:00", ["ann"]),
        ("m_ann,Complained ,2024-07-01 08:00:00", ["ann"]),
        ("m_ann,opt-out,2024-07-01 08:00:00", ["ann"]),
        ("m_ann,,", ["ann"]),
        ("m_ann,unsubscribed,soon", ["ann"]),
        ("m_ann,unsubscribed,2023-12-31 23:00:00", []),
        ("m_ann,unsubscribed,2024-01-01", ["ann"]),
        ("m_ann,clicked,2024-07-01 08:00:00", []),
        ("m_ann,bounced_hard,2024-07-01 08:00:00", []),
        ("m_unheard_of,unsubscribed,2024-07-01 08:00:00", []),
        ("m_cas,unsubscribed,2024-07-01 08:00:00", []),
    ],
)
def test_a_late_event_that_is_not_harmless_leaves_the_person_out(
    shop: Retailer, line: str, expected: list[str]
) -> None:
    shop.publish([person("ann"), person("cas"), person("cas", channel="sms")])
    with duckdb.connect(str(shop.activation)) as connection:
        connection.execute("delete from audiences.audience_messages where profile_id = 'cas' and channel = 'email'")
    late(shop, EVENTS, line)
    assert left_out(shop) == expected


@pytest.mark.parametrize(
    "more",
    [
        "update audiences.audience_messages set sent_at = timestamp '2024-01-01 10:01' where profile_id = 'ann'",
        "insert into audiences.audience_doubted_messages "
        "values ('m_ann', 'web_shop', 'c_ann', 'email', timestamp '2024-01-01 10:01')",
    ],
)
def test_a_late_stop_is_not_older_than_the_message_that_it_answers(more: str, shop: Retailer) -> None:
    # stamped in another zone, before the yes that the message followed
    shop.publish([person("ann"), person("bob")], more=more)
    late(shop, EVENTS, *(f"{message},unsubscribed,2024-01-01 06:00:00" for message in (" m_ann", "m_bob")))
    assert left_out(shop) == ["ann"]


def test_a_line_that_begins_with_a_number_sign_is_no_comment(shop: Retailer) -> None:
    numbers = "update audiences.audience_messages set message_id = if(profile_id = 'bob', '1002', '#1001')"
    shop.publish([person("ann"), person("bob")], more=numbers)
    late(shop, EVENTS, *(f"{message},unsubscribed,2024-07-01 08:00:00" for message in ("1002", "#1001")))
    assert left_out(shop) == ["ann", "bob"]


def test_an_event_of_a_message_newer_than_the_publication_finds_its_contact_in_late_messages(shop: Retailer) -> None:
    shop.publish([person("ann"), person("bob")])
    late(shop, EVENTS, "m_new,unsubscribed,2024-07-01 08:00:00")
    (shop.late_noes / "input_messages.csv").write_text(
        "source_system,contact_id,message_id,channel\nweb_shop,c_ann,m_new,email\n"
    )
    assert left_out(shop) == ["ann"]


def test_a_late_stop_is_not_older_than_a_message_that_late_messages_tell_of(shop: Retailer) -> None:
    shop.publish([person("ann"), person("bob")])
    (shop.late_noes / "input_messages.csv").write_text(
        "source_system,contact_id,message_id,channel,sent_at\n"
        "web_shop,c_ann,m_new,email,2024-01-01 10:01:00\nweb_shop,c_bob,m_newer,email,\n"
    )
    late(shop, EVENTS, *(f"{message},unsubscribed,2024-01-01 06:00:00" for message in ("m_new", "m_newer")))
    assert left_out(shop) == ["ann"]


def test_a_message_that_was_sent_in_times_to_come_makes_no_answer_of_before_a_split_one_of_after_it(
    shop: Retailer,
) -> None:
    parted = "insert into audiences.audience_unknown_people values ('web_shop', 'c_merged', 'bob', date '2024-05-01')"
    shop.publish([person("ann"), person("bob")], more=parted)
    (shop.late_noes / "input_messages.csv").write_text(
        "source_system,contact_id,message_id,channel,sent_at\nweb_shop,c_merged,m_new,email,2099-01-01 08:00:00\n"
    )
    late(shop, EVENTS, "m_new,unsubscribed,2024-04-01 08:00:00")
    assert left_out(shop) == ["bob"]
    (shop.late_noes / "input_messages.csv").write_text(
        "source_system,contact_id,message_id,channel,sent_at\nweb_shop,c_merged,m_new,email,2024-06-01 08:00:00\n"
    )
    assert left_out(shop) == []


def test_a_late_no_of_a_known_record_is_not_of_whom_a_link_without_a_system_names(shop: Retailer) -> None:
    linked = "insert into audiences.audience_unknown_people values ('', '{}', 'bob', null)"
    shop.publish([person("ann"), person("bob")], more=f"{linked.format('c_ann')}; {linked.format('c_gone')}")
    late(shop, CONSENTS, consent("c_ann"))
    assert left_out(shop) == ["ann"]
    late(shop, CONSENTS, consent("c_gone", source_system="crm"))
    assert left_out(shop) == ["bob"]


@pytest.mark.parametrize("table", ["audience_messages", "audience_doubted_messages"])
def test_a_publication_that_does_not_say_when_messages_were_sent_is_made_again_first(
    table: str, shop: Retailer
) -> None:
    shop.publish([person("ann")], more=f"alter table audiences.{table} drop column sent_at")
    said = shop.call("export")
    assert (said.code, "does not say when messages were sent: run" in said.text) == (4, True), said.text


def test_a_late_no_without_a_system_is_of_every_record_of_that_id(shop: Retailer) -> None:
    shop.publish(
        [person("ann"), person("bob"), person("cas")],
        more="update audiences.audience_contacts set contact_id = 'c_1', source_system = 'crm' "
        "where profile_id = 'bob'; update audiences.audience_contacts set contact_id = 'c_1' where profile_id = 'ann'",
    )
    late(shop, CONSENTS, consent("c_1", source_system=""))
    assert left_out(shop) == ["ann", "bob"]
    late(shop, CONSENTS, consent("c_1", source_system="crm"))
    assert left_out(shop) == ["bob"]
    late(shop, CONSENTS)
    late(shop, EVENTS, "m_new,unsubscribed,2024-07-01 08:00:00")
    (shop.late_noes / "input_messages.csv").write_text(
        "source_system,contact_id,message_id,channel\n,c_1,m_new,email\n"
    )
    assert left_out(shop) == ["ann", "bob"]


FAMILY = "family@example.com"
FAMILY_TOO = f"insert into audiences.audience_permissions values ('bob', 'email', 'marketing', 'email', '{FAMILY}', "


@pytest.mark.parametrize(
    ("header", "line", "closed"),
    [
        (CONSENTS, consent(), ["ann", "bob"]),
        (CONSENTS, consent(status="?"), ["ann", "bob"]),
        (CONSENTS, consent(source_system=""), ["ann", "bob"]),
        (CONSENTS, consent(channel="", purpose=""), ["ann", "bob"]),
        (CONSENTS, consent(address="not readable@"), ["ann", "bob"]),
        (CONSENTS, consent(channel="sms"), []),
        (CONSENTS, consent(purpose="profiling"), []),
        (CONSENTS, consent(changed_at="2023-12-31 08:00:00"), []),
        (CONSENTS, consent(address="ann@elsewhere.example"), ["ann"]),
        (EVENTS, "m_ann,unsubscribed,2024-07-01 08:00:00", ["ann", "bob"]),
        (EVENTS, "m_ann,opt-out,", ["ann", "bob"]),
        (EVENTS, "m_ann,unsubscribed,2023-12-31 23:00:00", []),
        # who is forgotten has said nothing about the address
        (ERASURES, "web_shop,c_ann,", ["ann"]),
        (ERASURES, "WebShop,c_ann,", ["ann"]),
    ],
)
def test_a_late_no_holds_for_everybody_at_the_address_of_the_record(
    header: str, line: str, closed: list[str], shop: Retailer
) -> None:
    shop.publish([person("ann", email=FAMILY), person("bob", email=FAMILY), person("cas")])
    late(shop, header, line)
    shop.export()
    full = {row["profile_id"] for row in shop.last().rows("full")}
    out = {row["profile_id"]: row["reason"] for row in shop.last().rows("rejected")}
    assert "cas" in full
    assert not full & set(closed)
    assert {who for who, why in out.items() if why in ("late_no", "withdrawn")} == set(closed)


def test_a_late_no_of_one_closes_the_other_at_their_common_address_only(shop: Retailer) -> None:
    shop.publish([person("ann", email=FAMILY), person("bob")], more=f"{FAMILY_TOO}timestamp '2024-01-01')")
    late(shop, CONSENTS, consent())
    assert left_out(shop) == ["ann"]
    assert [row["profile_id"] for row in shop.last().rows("full")] == ["bob"]
    assert shop.last().manifest["late_noes"] == {"noes": 1, "people": 2, "unknown": 0, "closed": 2}


def test_a_yes_of_the_other_after_the_late_no_keeps_the_common_address(shop: Retailer) -> None:
    shop.publish(
        [person("ann", email=FAMILY), person("bob", email=FAMILY, consented_at="2024-06-30 12:00:00")],
    )
    late(shop, CONSENTS, consent(changed_at="2024-06-30 11:00:00"))
    assert left_out(shop) == ["ann"]
    assert [row["profile_id"] for row in shop.last().rows("full")] == ["bob"]


@pytest.mark.parametrize(("sharers", "closed"), [(10, 10), (11, 1)])
def test_an_address_that_too_many_share_is_nobodys_in_particular(sharers: int, closed: int, shop: Retailer) -> None:
    colleagues = [person(f"p{number:02}", email=FAMILY) for number in range(sharers)]
    shop.publish([*colleagues, person("cas")])
    late(shop, CONSENTS, consent("c_p00"))
    shop.export()
    assert shop.last().manifest["late_noes"] == {"noes": 1, "people": closed, "unknown": 0, "closed": closed}


@pytest.mark.parametrize("system", ["web_shop", ""])
def test_a_late_request_to_be_forgotten_leaves_the_person_out_of_everything(system: str, shop: Retailer) -> None:
    shop.feeds = [EMAIL_FEED, {**EMAIL_FEED, "feed": "texts", "channel": "sms"}]
    shop.publish([person("ann"), person("ann", channel="sms"), person("bob")])
    shop.export()
    late(shop, ERASURES, f"{system},c_ann,")
    shop.export()
    assert [row["profile_id"] for row in shop.last("win_back").rows("full")] == ["bob"]
    assert shop.last("texts").rows("full") == []
    assert [row["profile_id"] for row in shop.last("erasure_generic").rows("full")] == ["ann", "ann"]
    assert shop.last("opt_out_generic").rows("full") == []


@pytest.mark.parametrize(
    ("header", "line", "forgotten"),
    [
        (ERASURES, "web_shop,c_gone,", True),
        (ERASURES, "Web-Shop, c_gone,", True),
        (ERASURES, ",c_gone,", True),
        (ERASURES, "crm,c_gone,", False),
        # another no of it is about its addresses, and it had none
        (CONSENTS, consent("c_gone"), False),
    ],
)
def test_a_late_request_to_be_forgotten_of_a_record_that_is_gone_is_of_whose_it_was(
    header: str, line: str, forgotten: bool, shop: Retailer
) -> None:
    former = "insert into audiences.audience_former_records values ('ann', 'web_shop', 'c_gone')"
    shop.publish([person("ann"), person("bob")], more=former)
    shop.export()
    late(shop, header, line)
    shop.export()
    assert [row["profile_id"] for row in shop.last().rows("full")] == (["bob"] if forgotten else ["ann", "bob"])
    if forgotten:
        assert [row["profile_id"] for row in shop.last("erasure_generic").rows("full")] == ["ann"]


def test_whoever_a_late_request_closes_by_an_address_is_not_to_be_forgotten(shop: Retailer) -> None:
    shop.publish([person("bob", email=FAMILY), person("cas")], more=GONE)
    shop.export()
    late(shop, ERASURES, "web_shop,c_gone,")
    shop.export()
    assert [row["profile_id"] for row in shop.last("opt_out_generic").rows("full")] == ["bob"]
    assert [run.rows("full") for run in committed(shop.exports, "erasure_generic")] in ([], [[]])


def test_a_yes_said_after_the_late_no_elsewhere_opens_that_address_only(shop: Retailer) -> None:
    shop.publish(
        [person("ann"), person("bob", email="bob@new.example.com", consented_at="2024-06-30 12:00:00")],
        more="insert into audiences.audience_permissions values "
        "('bob', 'email', 'marketing', 'email', 'bob@example.com', timestamp '2024-01-01')",
    )
    late(shop, CONSENTS, consent("c_bob", changed_at="2024-06-30 11:00:00"))
    assert left_out(shop) == []
    shop.publish(
        [person("bob")],
        as_of="2024-07-02",
        more="""
        insert into audiences.audience_permissions
        values ('bob', 'email', 'marketing', 'email', 'bob@new.example.com', timestamp '2024-06-30 12:00:00')
    """,
    )
    assert left_out(shop) == ["bob"]


@pytest.mark.parametrize(
    ("header", "line", "closed"),
    [
        (CONSENTS, consent("c_eve"), True),
        (CONSENTS, consent("c_eve", status="?", changed_at=""), True),
        (CONSENTS, consent("c_eve", channel="sms"), False),
        # bob said yes after it
        (CONSENTS, consent("c_eve", changed_at="2023-12-31"), False),
        (CONSENTS, consent("c_eve", address="eve@elsewhere.example"), False),
        (EVENTS, "m_eve,unsubscribed,2024-07-01 08:00:00", True),
        (ERASURES, "web_shop,c_eve,", False),
    ],
)
def test_a_late_no_of_whoever_may_be_written_to_nowhere_holds_at_the_address_that_she_shares(
    header: str, line: str, closed: bool, shop: Retailer
) -> None:
    shop.publish(
        [person("bob", email=FAMILY), person("cas")],
        more=f"""
        insert into audiences.audience_held_addresses values ('eve', 'email', {address_id(FAMILY)}, false);
        insert into audiences.audience_contacts values ('eve', 'web_shop', 'c_eve', null);
        insert into audiences.audience_messages values ('m_eve', 'eve', 'email', null)
    """,
    )
    late(shop, header, line)
    assert left_out(shop) == (["bob"] if closed else [])
    assert "cas" in {row["profile_id"] for row in shop.last().rows("full")}


GONE = f"insert into audiences.audience_unknown_records values ('web_shop', 'c_gone', 'email', {address_id(FAMILY)})"
ONCE = f"insert into audiences.audience_held_addresses values ('bob', 'email', {address_id(FAMILY)}, "


@pytest.mark.parametrize(
    ("header", "line", "closed"),
    [
        (CONSENTS, consent("c_gone"), True),
        (CONSENTS, consent("c_gone", source_system=""), True),
        (CONSENTS, consent("c_gone", source_system="crm"), False),
        (CONSENTS, consent("c_gone", channel="sms"), False),
        # what it says of another address is about that one
        (CONSENTS, consent("c_gone", address="else@where.example"), False),
        (CONSENTS, consent("c_gone", address="not readable@"), True),
        # bob said yes after it, but nobody knows that it was about the same
        (CONSENTS, consent("c_gone", changed_at="2023-12-31"), True),
        (EVENTS, "m_gone,unsubscribed,2024-07-01 08:00:00", True),
        # the stronger word says no less
        (ERASURES, "web_shop,c_gone,", True),
        (ERASURES, ",c_gone ,", True),
        (ERASURES, "crm,c_gone,", False),
    ],
)
def test_a_late_no_of_a_record_that_is_gone_is_of_whoever_holds_or_held_the_address_that_it_was_seen_with(
    header: str, line: str, closed: bool, shop: Retailer
) -> None:
    message = "insert into audiences.audience_doubted_messages values ('m_gone', 'web_shop', 'c_gone', 'email', null)"
    shop.publish([person("bob"), person("cas")], more=f"{GONE}; {ONCE}true); {message}")
    late(shop, header, line)
    assert left_out(shop) == (["bob"] if closed else [])
    assert "cas" in {row["profile_id"] for row in shop.last().rows("full")}


def test_a_late_no_of_a_record_that_is_gone_is_lifted_by_a_later_yes_at_its_address(shop: Retailer) -> None:
    shop.publish([person("bob", email=FAMILY, consented_at="2024-06-30 12:00:00")], more=GONE)
    late(shop, CONSENTS, consent("c_gone", changed_at="2024-06-30 11:00:00"))
    assert left_out(shop) == []


@pytest.mark.parametrize(
    ("header", "line", "closed"),
    [
        (CONSENTS, consent("c_merged"), ["ann", "cas"]),
        (CONSENTS, consent("c_merged", source_system=" Web-Shop"), ["ann", "cas"]),
        (CONSENTS, consent("c_merged", source_system=""), ["ann", "cas"]),
        (CONSENTS, consent("c_merged", source_system="crm"), []),
        (CONSENTS, consent("c_merged", channel="sms"), []),
        (CONSENTS, consent("c_merged", status="?", changed_at=""), ["ann", "bob", "cas"]),
        # bob was seen apart since, and what was said then is of whom he was one with before, too
        (CONSENTS, consent("c_merged", changed_at="2024-05-02 03:00:00"), ["ann", "bob", "cas"]),
        (CONSENTS, consent("c_merged", changed_at="2024-05-03 03:00:00"), ["ann", "cas"]),
        # a later yes opens its own address; at the very one that the no names it lifts it
        (CONSENTS, consent("c_merged", changed_at="2023-12-31 08:00:00"), []),
        (CONSENTS, consent("c_merged", address="else@where.example"), ["ann", "cas"]),
        (EVENTS, "m_merged,unsubscribed,2024-07-01 08:00:00", ["ann", "cas"]),
        # a wish to be forgotten does no less, and no time is read of it: it may be older than what parted them
        (ERASURES, "web_shop,c_merged,2024-06-30 08:00:00", ["ann", "bob", "cas"]),
        (ERASURES, "web_shop,c_merged,", ["ann", "bob", "cas"]),
    ],
)
def test_a_late_no_of_a_record_that_is_nobodys_is_of_the_people_whose_it_was(
    header: str, line: str, closed: list[str], shop: Retailer
) -> None:
    known = "insert into audiences.audience_unknown_people values ('web_shop', 'c_merged', {})"
    whose = ("'ann', null", "'bob', date '2024-05-01'")
    message = (
        "insert into audiences.audience_doubted_messages values ('m_merged', 'web_shop', 'c_merged', 'email', null)"
    )
    split = "insert into audiences.audience_siblings values ('cas', 'ann', date '2024-12-01')"
    more = [*(known.format(each) for each in whose), message, split]
    shop.publish([person("ann"), person("bob"), person("cas"), person("dan")], more="; ".join(more))
    late(shop, header, line)
    assert left_out(shop) == closed


@pytest.mark.parametrize(
    ("line", "closed"),
    [
        (consent("c_nobody", address=FAMILY), ["bob"]),
        # of a record that is known it is hers, and of bob's nothing but what is said there
        (consent("c_cas", address=FAMILY), ["cas"]),
        # one that cannot be read may be the no of each
        (consent("c_cas", address=FAMILY, status="?"), ["bob", "cas"]),
        (consent("c_nobody", address=FAMILY, changed_at="2023-12-31"), ["bob"]),
        (consent("c_nobody", address=FAMILY, channel="sms"), []),
    ],
)
def test_a_late_no_at_an_address_that_somebody_may_not_be_written_to_at_any_more_closes_her_when_it_may_be_hers(
    line: str, closed: list[str], shop: Retailer
) -> None:
    shop.publish([person("ann"), person("bob"), person("cas")], more=f"{ONCE}false)")
    late(shop, CONSENTS, line)
    assert left_out(shop) == closed


def test_a_late_no_holds_for_whoever_is_written_to_at_an_address_that_its_record_held_before(shop: Retailer) -> None:
    before = ONCE.replace("'bob'", "'ann'")
    shop.publish([person("ann"), person("bob", email=FAMILY), person("cas")], more=f"{before}false)")
    late(shop, CONSENTS, consent())
    assert left_out(shop) == ["ann", "bob"]
    assert [row["profile_id"] for row in shop.last().rows("full")] == ["cas"]


def test_a_late_stop_at_a_message_id_that_several_share_is_of_each(shop: Retailer) -> None:
    shared = "insert into audiences.audience_doubted_messages values ('m_ann', 'web_shop', 'c_{0}', 'email', null)"
    shop.publish(
        [person("ann"), person("bob", consented_at="2024-06-30 12:00:00"), person("cas")],
        more=";".join(shared.format(who) for who in ("ann", "bob"))
        + "; insert into audiences.audience_contacts values ('bob', 'till', 'card_bob', null)",
    )
    late(shop, EVENTS, "m_ann,unsubscribed,2024-07-01 08:00:00")
    assert left_out(shop) == ["ann", "bob"]
    # nobody can say at which record the later yes was said
    late(shop, EVENTS, "m_ann,unsubscribed,2024-06-30 11:00:00")
    assert left_out(shop) == ["ann", "bob"]


@pytest.mark.parametrize(
    ("line", "closed"),
    [
        (consent(changed_at="2024-04-01 08:00:00"), ["ann", "bob"]),
        # the day of the split is a local one
        (consent(changed_at="2024-05-02 03:00:00"), ["ann", "bob"]),
        (consent(changed_at="2024-05-03 08:00:00"), ["ann"]),
        (consent(changed_at=""), ["ann", "bob"]),
        # bob said yes after it
        (consent(changed_at="2023-12-31 08:00:00"), []),
        (consent(changed_at="2023-12-31 08:00:00", status="?"), ["bob"]),
        # of a record that nobody knows, at an address that ann holds
        (consent("c_nobody", address="ann@example.com", changed_at="2023-12-31 08:00:00"), ["bob"]),
    ],
)
def test_a_late_no_that_was_said_before_a_split_is_of_both(line: str, closed: list[str], shop: Retailer) -> None:
    split = "insert into audiences.audience_siblings values ('bob', 'ann', date '2024-05-01')"
    shop.publish([person("ann"), person("bob"), person("cas")], more=split)
    late(shop, CONSENTS, line)
    assert left_out(shop) == closed


@pytest.mark.parametrize(
    ("line", "closed"),
    [
        # a word that is spelled otherwise is none that a build reads: its channel may be each
        (consent(channel="SMS"), True),
        (consent(channel=" sms"), True),
        (consent(purpose="Profiling"), True),
        (consent(channel="sms"), False),
        (consent(purpose="profiling"), False),
        (consent("\tc_ann "), True),
        (consent("c_ann "), True),
        (consent("c_ann\u200b"), True),
        (consent(source_system="\ufeffweb_shop"), True),
        (consent("card_ann "), True),
        (consent("card_ann"), False),
        (consent(source_system="\t "), True),
    ],
)
def test_a_late_word_is_read_letter_by_letter_and_an_id_with_and_without_the_white_space_around_it(
    line: str, closed: bool, shop: Retailer
) -> None:
    more = "insert into audiences.audience_contacts values ('ann', 'web_shop', 'card_ann ', null)"
    shop.publish([person("ann"), person("bob")], more=more)
    late(shop, CONSENTS, line)
    assert left_out(shop) == (["ann"] if closed else [])


@pytest.mark.parametrize(
    ("words", "closed"),
    [
        ({"status": "Withdrawn"}, ["bob"]),
        # the kind of an address that its channel does not use says nothing of where it was said
        ({"address": "+32470123456"}, ["bob"]),
        # and a row without a system is none that a build can read
        ({"source_system": ""}, ["bob"]),
        ({"source_system": "Web_Shop"}, ["bob"]),
        ({}, []),
    ],
)
def test_a_late_no_in_other_words_stays_where_nobody_knows_which_record_a_later_yes_is_of(
    words: dict[str, str], closed: list[str], shop: Retailer
) -> None:
    shop.publish(
        [person("bob", consented_at="2024-06-30 12:00:00")],
        more="insert into audiences.audience_contacts values ('bob', 'till', 'card_bob', null)",
    )
    late(shop, CONSENTS, consent("c_bob", changed_at="2024-06-30 11:00:00", **words))
    assert left_out(shop) == closed


@pytest.mark.parametrize(
    ("words", "records", "closed"),
    [
        ({"status": "?"}, 1, []),
        ({"status": "?"}, 2, ["bob"]),
        ({}, 2, []),
        ({"channel": "e-mail"}, 2, ["bob"]),
        ({"purpose": ""}, 2, ["bob"]),
        ({"address": "not readable@"}, 2, ["bob"]),
    ],
)
def test_a_late_no_that_cannot_be_read_stays_when_nobody_knows_at_which_record_a_later_yes_was_said(
    words: dict[str, str], records: int, closed: list[str], shop: Retailer
) -> None:
    more = "insert into audiences.audience_contacts values ('bob', 'till', 'card_bob', null)"
    shop.publish([person("ann"), person("bob", consented_at="2024-06-30 12:00:00")], more=more if records > 1 else "")
    late(shop, CONSENTS, consent("c_bob", changed_at="2024-06-30 11:00:00", **words))
    assert left_out(shop) == closed


@pytest.mark.parametrize(
    ("message", "closed"), [("m_bob", []), (" m_bob", ["bob"]), ("m_new", []), ("m_newer", ["bob"])]
)
def test_a_late_stop_at_ids_that_are_written_otherwise_is_one_that_cannot_be_read(
    message: str, closed: list[str], shop: Retailer
) -> None:
    shop.publish(
        [person("bob", consented_at="2024-06-30 12:00:00")],
        more="insert into audiences.audience_contacts values ('bob', 'till', 'card_bob', null)",
    )
    late(shop, EVENTS, f"{message},unsubscribed,2024-06-30 11:00:00")
    (shop.late_noes / "input_messages.csv").write_text(
        "source_system,contact_id,message_id,channel\nweb_shop,c_bob,m_new,email\nWeb_Shop,c_bob,m_newer,email\n"
    )
    assert left_out(shop) == closed


def test_a_later_yes_at_the_address_that_a_late_no_names_lifts_it_everywhere(shop: Retailer) -> None:
    shop.publish(
        [person("ann")],
        more="insert into audiences.audience_permissions values "
        "('ann', 'email', 'marketing', 'email', 'ann@old.example.com', timestamp '2024-06-30 12:00:00')",
    )
    late(shop, CONSENTS, consent(address="ann@old.example.com", changed_at="2024-06-30 11:00:00"))
    assert left_out(shop) == []
    late(shop, CONSENTS, consent(address="ann@old.example.com", changed_at="2024-06-30 13:00:00"))
    assert left_out(shop) == ["ann"]


def test_a_late_no_makes_a_new_run_that_removes_whatever_the_guards_say_and_the_same_again_makes_none(
    shop: Retailer,
) -> None:
    shop.feeds = [{**EMAIL_FEED, "target": "actito", "guards": {"max_remove_pct": 0, "min_rows": 3}}]
    shop.publish([person("ann"), person("bob"), person("cas")])
    shop.export()
    before = shop.last()
    late(shop, CONSENTS, consent())
    assert shop.export(dry=True)["win_back"].counts["late_noes"] == 1
    assert shop.last().run_id == before.run_id
    assert shop.export()["win_back"].exit_code == GUARD
    after = shop.last()
    assert (after.manifest["kind"], after.roles) == ("withdrawals_only", ["removed"])
    assert [row["customerId"] for row in after.rows("removed")] == ["ann"]
    assert [row["customerId"] for row in shop.last("opt_out_actito").rows("full")] == ["ann"]
    assert after.manifest["late_noes"] == {"noes": 1, "people": 1, "unknown": 0, "closed": 1}

    shop.export(accepted=("win_back",))
    whole = shop.last()
    assert (whole.manifest["kind"], whole.manifest["seals"], len(whole.rows("full"))) == ("whole", True, 2)
    reports = shop.export(accepted=("win_back",))
    assert {report.status for report in reports.values()} == {"unchanged"}
    assert shop.last().run_id == whole.run_id
    assert [run.manifest["as_of_date"] for run in committed(shop.exports, "win_back")] == ["2024-07-01"] * 3


def test_whoever_was_sent_under_a_former_id_is_removed_under_it(shop: Retailer) -> None:
    shop.feeds = [{**EMAIL_FEED, "guards": {"max_remove_pct": 0}}]
    shop.publish([person("ann_before", email="ann@example.com"), person("bob")])
    shop.export()
    former = "insert into audiences.audience_former_ids values ('ann_before', 'ann')"
    shop.publish([person("ann"), person("bob")], as_of="2024-07-02", more=former)
    late(shop, CONSENTS, consent())
    assert shop.export()["win_back"].counts["withdrawn"] == 1


@pytest.mark.parametrize("form", ["csv", "parquet", "folder", "quoted"])
def test_a_late_file_may_be_csv_or_parquet_or_a_folder_of_them(shop: Retailer, form: str) -> None:
    shop.publish([person("ann"), person("bob")])
    late(shop, CONSENTS, consent())
    file = shop.late_noes / "input_consents.csv"
    if form == "parquet":
        # as the first version of the contract had it: no address, and a time that is one
        duckdb.sql(
            f"copy (select * exclude (address, changed_at), timestamp '2024-07-01 08:00:00' as changed_at "
            f"from read_csv('{file}', all_varchar = true)) to '{file.with_suffix('.parquet')}' (format parquet)"
        )
        file.unlink()
    if form in ("folder", "quoted"):
        folder = shop.late_noes / "input_consents" / "today"
        folder.mkdir(parents=True)
        file.rename(folder / ("it's; drop table x --.csv" if form == "quoted" else "one.csv"))
        (folder / "other.csv").write_text(f"{CONSENTS}\n{consent('c_bob')}\n")
    assert left_out(shop) == (["ann", "bob"] if form in ("folder", "quoted") else ["ann"])


def _write(file: str, content: bytes) -> Any:
    def write(folder: Path) -> None:
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_bytes(content)

    return write


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (_write("input_consents.parquet", CANARY.encode()), "input_consents.parquet cannot be read"),
        (_write("input_consents.csv", b""), "input_consents.csv"),
        (_write("input_consents.csv", f"source_system;contact_id\n{CANARY}".encode()), "has no column source_system"),
        (_write("input_consents.csv", f"{CONSENTS}\na,b,{CANARY}\n".encode()), "input_consents.csv cannot be read"),
        (_write("input_consents.csv", f"{CONSENTS}\n".encode() + b"\xff\xfe,b,c,d,e,f,g,h\n"), "cannot be read"),
        (_write("input_message_events.csv", b"message_id,occurred_at\nm_ann,\n"), "has no column event_type"),
        (_write(f"{CANARY}.csv", b""), "is none of input_consents"),
        (_write("input_consents.xlsx", b""), "is no .csv or .parquet"),
        (_write(f"input_consents/{CANARY}*.csv", b""), "input_consents, file 1 by name"),
    ],
)
def test_a_late_file_that_cannot_be_read_lets_nothing_out_and_tells_no_value(
    shop: Retailer, damage: Any, sentence: str
) -> None:
    shop.publish([person("ann")])
    damage(shop.late_noes)
    said = shop.call("export")
    assert (said.code, sentence in said.text) == (CONTRACT, True), said.text
    assert "nothing leaves before it is mended" in said.text
    assert CANARY not in said.text
    assert not shop.exports.exists()


def test_what_was_read_is_told_in_counts(shop: Retailer) -> None:
    people: list[Person] = [person("ann", email=CANARY), person("bob")]
    shop.publish(people)
    late(shop, CONSENTS, consent("c_nobody", address=CANARY), consent("c_stranger"), consent("c_bob", status="granted"))
    said = shop.call("plan")
    assert "2 late noes of 1 person read; 1 of nobody in today's audiences." in said.text
    assert said.text.count("1 late no\n") == 1
    said = shop.call("export", "--json")
    content = json.loads(said.text[said.text.index("{") :])
    assert (
        content["late_noes"] == {"noes": 2, "people": 1, "unknown": 1, "closed": 1} == shop.last().manifest["late_noes"]
    )
    assert CANARY not in said.text + (shop.last().folder / "manifest.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("country", ["be", "BE"])
def test_a_phone_in_a_late_no_is_read_with_the_default_country_as_models_read_it(
    country: str, shop: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"default_country_code": country, "earliest_plausible_date": "1990-01-01", "business_timezone": "UTC"}
    monkeypatch.setattr(late_noes, "setting", lambda name, _: settings[name])
    shop.feeds = [{**EMAIL_FEED, "channel": "sms"}]
    shop.publish([person("ann", channel="sms", phone="+32470123456"), person("bob", channel="sms")])
    late(shop, CONSENTS, consent("c_nobody", channel="sms", address="0470 12 34 56"))
    assert left_out(shop) == ["ann"]


@pytest.mark.parametrize(
    ("line", "closed"),
    [
        # the number of a Dutch record is Dutch, also when it is somebody else's
        (consent("c_bob", channel="sms", address="06 12345678"), ["ann", "bob"]),
        (consent("c_bob", channel="sms", address="0470 12 34 56"), ["bob"]),
        # of a record that nobody knows it may be either
        (consent("c_nobody", channel="sms", address="06 12345678"), ["ann"]),
        (consent("c_nobody", channel="sms", address="0470 12 34 56"), ["cas"]),
        (consent("c_nobody", channel="sms", address="06 12345679"), []),
        (consent(" c_bob", channel="sms", address="06 12345678"), ["ann", "bob"]),
    ],
)
def test_a_phone_in_a_late_no_is_read_with_the_country_of_its_record(
    line: str, closed: list[str], shop: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"default_country_code": "BE", "earliest_plausible_date": "1990-01-01", "business_timezone": "UTC"}
    monkeypatch.setattr(late_noes, "setting", lambda name, _: settings[name])
    shop.feeds = [{**EMAIL_FEED, "channel": "sms"}]
    shop.publish(
        [
            person("ann", channel="sms", phone="+31612345678"),
            person("bob", channel="sms", phone="+31687654321"),
            person("cas", channel="sms", phone="+32470123456"),
        ],
        more="update audiences.audience_contacts set country_code = 'nl' where profile_id = 'bob'",
    )
    late(shop, CONSENTS, line)
    assert left_out(shop) == closed
    assert shop.last().manifest["late_noes"]["noes"] == 1
