"""A download folder of a shop, full of traps: what the connector `shopify` makes of it, against rows made by hand."""

import csv
import hashlib
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb
import jinja2
import pytest
from workshop import Said, Workshop, must, rows

from rekindle.gates.raw import ROWS_WORTH_COMPARING
from rekindle.ground.paths import PROJECT

DOWNLOADS = PROJECT / "tests" / "fixtures" / "shopify"
COLUMNS = PROJECT / "models" / "staging" / "shopify" / "columns"
VARIABLES = (
    "{connector: shopify, business_timezone: Europe/Brussels, default_country_code: BE, as_of_date: 2024-07-01, "
    "max_rejected_share: 0.6}"
)
# the last second of the day in the files' names, in Brussels
JUNE, MAY = "2024-06-30 21:59:59", "2024-05-31 21:59:59"
# the first purchase of all files
OPENED = "2023-01-15 09:00:00"


def buyer(address: str) -> str:
    """The contact record of whoever bought with an e-mail (or a phone, when it has no @)."""
    kind = "email" if "@" in address else "phone"
    return "buyer-" + hashlib.md5(f"{kind}|{address}".encode(), usedforsecurity=False).hexdigest()[:16]


ANN, BEN, CLEO = buyer("ann@example.com"), buyer("ben@example.com"), buyer("cleo@example.com")
DORA, JANE, GUS = buyer("dora@example.com"), buyer("jane@example.com"), buyer("32470000017")
IVY = buyer("ivy@example.com").replace("buyer", "customer")
UMA = "email-" + hashlib.md5(b"uma@example.com", usedforsecurity=False).hexdigest()[:16]


def download(workshop: Workshop, *names: str) -> Path:
    """The folder of raw files of a workshop, with the files that hold only headers, and these downloads."""
    folder = workshop.root / "data" / "raw" / "shopify"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(COLUMNS, folder)
    for name in names:
        shutil.copy(DOWNLOADS / name, folder)
    workshop.environment["REKINDLE_DATA"] = str(workshop.root / "data")
    return folder


def table(warehouse: Path, columns: str, name: str) -> list[tuple[str | None, ...]]:
    """Columns of a table as text, sorted by them."""
    texts = ", ".join(f"cast({column.strip()} as varchar)" for column in columns.split(","))
    found = rows(warehouse, f"select {texts} from {name} order by all nulls first")
    return [tuple(None if cell is None else str(cell) for cell in row) for row in found]


@pytest.fixture(scope="module")
def shop(make_workshop: Callable[..., Workshop]) -> Workshop:
    """Everything that was downloaded, as far as valid rows and rejects."""
    workshop = make_workshop("shopify")
    download(workshop, *(path.name for path in DOWNLOADS.glob("*.csv")))
    must(workshop.dbt("build", "--selector", "contract", "--exclude-resource-type", "unit_test", "--vars", VARIABLES))
    return workshop


def test_an_order_is_one_row_in_utc_with_what_the_newest_file_says(shop: Workshop) -> None:
    found = table(
        shop.warehouse,
        "order_id, contact_id, store_id, sales_channel, ordered_at, order_date, order_status, original_order_id",
        "intake.intake_orders",
    )
    assert found == [
        # another shop's #1001, of an older form: with a byte-order mark, and without what only some plans have
        ("4000000000001", DORA, "web", "web", OPENED, "2023-01-15", "completed", None),
        # pending in May's file, paid in June's; a note of four lines
        ("5000000000001", ANN, "web", "web", "2024-05-03 21:30:00", "2024-05-03", "completed", None),
        # a guest, ten minutes into June in Brussels
        ("5000000000002", BEN, "web", "web", "2024-05-31 22:10:00", "2024-06-01", "completed", None),
        # sold in May; the refund has no date but that of the first file that shows it
        ("5000000000003", CLEO, "web", "web", "2024-05-10 10:00:00", "2024-05-10", "completed", None),
        ("5000000000003-R", CLEO, "web", "web", JUNE, "2024-06-30", "returned", "5000000000003"),
        # half refunded, nobody knows which half
        ("5000000000004", ANN, "web", "web", "2024-06-02 08:00:00", "2024-06-02", "completed", None),
        # cancelled and paid back: not sold, so not returned
        ("5000000000005", ANN, "web", "web", "2024-06-03 08:00:00", "2024-06-03", "cancelled", None),
        # a passer-by at the till, and one who gave a phone
        ("5000000000006", None, "ghent market", "store", "2024-06-04 08:00:00", "2024-06-04", "completed", None),
        ("5000000000007", GUS, "ghent market", "store", "2024-06-04 09:00:00", "2024-06-04", "completed", None),
        ("5000000000011", ANN, "web", "web", "2024-06-06 08:00:00", "2024-06-06", "completed", None),
        ("5000000000012", ANN, "web", "app", "2024-06-07 08:00:00", "2024-06-07", "completed", None),
        # a test, and one that is not paid
        ("5000000000013", ANN, "web", "web", "2024-06-08 08:00:00", "2024-06-08", "cancelled", None),
        ("5000000000014", ANN, "web", "web", "2024-06-09 08:00:00", "2024-06-09", "cancelled", None),
        ("5000000000015", DORA, "web", "phone", "2024-06-10 08:00:00", "2024-06-10", "completed", None),
    ]


def test_lines_add_up_to_what_was_paid_for_goods(shop: Workshop) -> None:
    found = table(
        shop.warehouse,
        "order_id, line_number, product_id, quantity, gross_amount, discount_amount, offer_discount_amount, net_amount",
        "intake.intake_order_lines",
    )
    spoon = ("SPOON", "1", "1.00", "0.00", "0.00", "1.00")
    assert found == [
        ("4000000000001", "1", "MUG-BLUE", "1", "8.00", "0.00", "0.00", "8.00"),
        ("4000000000001", "2", "SPOON", "2", "2.00", "0.00", "0.00", "2.00"),
        # unit price × quantity; an apostrophe before 0042
        ("5000000000001", "1", "MUG-BLUE", "2", "20.00", "0.00", "0.00", "20.00"),
        ("5000000000001", "2", "0042", "1", "5.50", "0.00", "0.00", "5.50"),
        # 10.00 off 36.00, by a code
        ("5000000000002", "1", "MUG-BLUE", "3", "30.00", "0.00", "8.33", "21.67"),
        ("5000000000002", "2", "0042", "1", "5.00", "0.00", "1.39", "3.61"),
        ("5000000000002", "3", "SPOON", "1", "1.00", "0.00", "0.28", "0.72"),
        # 5.60 of tax on top of 28.00, of which 2.00 are off the first line
        ("5000000000003", "1", "BOWL", "1", "23.60", "0.00", "2.00", "21.60"),
        ("5000000000003", "2", "PLATE", "1", "12.00", "0.00", "0.00", "12.00"),
        ("5000000000003-R", "1", "BOWL", "-1", "-23.60", "0.00", "-2.00", "-21.60"),
        ("5000000000003-R", "2", "PLATE", "-1", "-12.00", "0.00", "0.00", "-12.00"),
        ("5000000000004", "1", "VASE", "2", "30.00", "0.00", "0.00", "30.00"),
        ("5000000000005", "1", "MUG-BLUE", "1", "10.00", "0.00", "0.00", "10.00"),
        # no stock keeping unit
        (
            *("5000000000006", "1", "name-" + hashlib.md5(b"Repair of a cup", usedforsecurity=False).hexdigest()[:16]),
            *("1", "7.00", "0.00", "0.00", "7.00"),
        ),
        ("5000000000007", "1", *spoon),
        # beside a gift card and a tip, 3.00 off all three without a code
        ("5000000000011", "1", "MUG-BLUE", "1", "10.00", "0.48", "0.00", "9.52"),
        # the first line was edited away
        ("5000000000012", "2", *spoon),
        ("5000000000013", "1", *spoon),
        ("5000000000014", "1", *spoon),
        ("5000000000015", "1", *spoon),
    ]


def test_guests_customers_and_profiles_are_records_of_their_own(shop: Workshop) -> None:
    found = table(
        shop.warehouse,
        "source_system, contact_id, silo, email, phone, last_name, country_code, postal_code, created_at",
        "intake.intake_contacts",
    )
    first = {"ann": "2024-05-03 21:30:00", "ben": "2024-05-31 22:10:00", "cleo": "2024-05-10 10:00:00"}
    gus, made = "+32 470 00 00 17", "2024-02-01 09:00:00"
    shopify = [
        (ANN, "ann@example.com", None, None, None, None, first["ann"]),
        (BEN, "Ben@Example.com", None, None, None, None, first["ben"]),
        (CLEO, "cleo@example.com", None, None, None, None, first["cleo"]),
        (DORA, "dora@example.com", None, None, None, None, OPENED),
        (JANE, "jane@example.com", None, None, None, None, "2024-06-20 18:15:00"),
        (GUS, None, gus, None, None, None, "2024-06-04 09:00:00"),
        # no number in the oldest form of the file
        (IVY, "ivy@example.com", None, "Example", None, None, OPENED),
        # a name keeps its apostrophe, a postal code and a phone lose theirs
        ("customer-7000000000001", "ann@example.com", "+32470000011", "'t Example", "BE", "9000", first["ann"]),
        ("customer-7000000000002", "ben@example.com", None, "Example", None, None, first["ben"]),
        ("customer-7000000000003", "cleo@example.com", None, "Example", None, None, first["cleo"]),
        ("customer-7000000000005", "eve@example.com", None, "Example", None, None, OPENED),
        ("customer-7000000000007", None, gus, "Example", None, None, OPENED),
        ("customer-7000000000008", "hal@example.com", None, "Example", None, None, OPENED),
        # a spreadsheet destroyed the number in the newer file
        ("customer-7000000000009", "wes@example.com", None, "Example", None, None, OPENED),
    ]
    klaviyo = [
        ("KANN", "ann@example.com", None, None, None, None, "2024-01-05 08:00:00"),
        *(
            (f"K{name.upper()}", f"{name}@example.com", None, None, None, None, made)
            for name in ("ben", "cleo", "eve", "kim", "leo", "mo", "nia", "pat", "rex", "sue", "tom")
        ),
        # in the list of suppressed profiles only
        (UMA, "uma@example.com", None, None, None, None, "2024-02-10 08:00:00"),
        # old: dora@
        ("KDORA", "dora.new@example.com", None, None, None, None, made),
        ("KQUINN", None, "+32470000027", None, None, None, made),
    ]
    assert found == sorted(
        [("klaviyo", row[0], "newsletter", *row[1:]) for row in klaviyo]
        + [("shopify", row[0], "web_shop", *row[1:]) for row in shopify],
        key=lambda row: [str(cell) for cell in row],
    )


def test_a_yes_is_as_early_and_a_no_as_late_as_it_can_be(shop: Workshop) -> None:
    found = table(
        shop.warehouse,
        "source_system, contact_id, channel, purpose, status, changed_at, evidence_reference, address",
        "intake.intake_consents",
    )
    undated = "export, time unknown"
    expected: list[tuple[str, ...]] = [
        ("klaviyo", "KANN", "email", "marketing", "granted", "2024-01-05 08:00:00", "export"),
        # the shop's yes of the same person is older: this no wins, and has the time of its event
        ("klaviyo", "KBEN", "email", "marketing", "withdrawn", "2024-06-10 12:00:00", "event"),
        # never subscribed, and called the newsletter spam
        ("klaviyo", "KCLEO", "email", "marketing", "withdrawn", "2024-06-06 08:00:00", "event"),
        # said by the end of May, when the profile was dora@'s, who is a customer of that address
        ("klaviyo", "KDORA", "email", "marketing", "denied", MAY, undated, "dora@example.com"),
        ("klaviyo", "KDORA", "email", "marketing", "withdrawn", MAY, undated),
        # on the day of May's files, in which her box was not ticked
        ("klaviyo", "KEVE", "email", "marketing", "withdrawn", "2024-05-31 13:00:00", "event"),
        # 1990-01-01
        ("klaviyo", "KKIM", "email", "marketing", "granted", "2024-02-01 09:00:00", undated),
        # subscribed, and suppressed by hand; a bounce is no word of a person
        ("klaviyo", "KLEO", "email", "marketing", "withdrawn", JUNE, undated),
        # unsubscribed and came back
        ("klaviyo", "KMO", "email", "marketing", "granted", "2024-02-03 08:00:00", "export"),
        ("klaviyo", "KMO", "email", "marketing", "withdrawn", "2024-02-02 09:00:00", "event"),
        # 2030
        ("klaviyo", "KNIA", "email", "marketing", "granted", "2024-02-01 09:00:00", undated),
        ("klaviyo", "KQUINN", "sms", "marketing", "granted", "2024-03-01 17:00:00", "export"),
        ("klaviyo", "KQUINN", "sms", "marketing", "withdrawn", "2024-06-16 08:00:00", "event"),
        # closed by what an event may have meant, see below
        ("klaviyo", "KREX", "email", "marketing", "granted", "2024-02-02 08:00:00", "export"),
        ("klaviyo", "KSUE", "email", "marketing", "granted", "2024-02-02 08:00:00", "export"),
        # in the list of suppressed profiles, which has no identifiers; a dead address is in it, too: no word of Rex
        ("klaviyo", "KTOM", "email", "marketing", "granted", "2024-02-02 08:00:00", "export"),
        ("klaviyo", "KTOM", "email", "marketing", "withdrawn", JUNE, undated),
        # without a reason, and in no other file
        ("klaviyo", UMA, "email", "marketing", "withdrawn", JUNE, undated),
        ("shopify", "customer-7000000000001", "email", "marketing", "granted", OPENED, undated),
        ("shopify", "customer-7000000000002", "email", "marketing", "granted", OPENED, undated),
        # yes in May, no in June
        ("shopify", "customer-7000000000003", "email", "marketing", "granted", OPENED, undated),
        ("shopify", "customer-7000000000003", "email", "marketing", "withdrawn", JUNE, undated),
        # no in May, yes in June: on the day of May's file, or after it
        (
            *("shopify", "customer-7000000000005", "email", "marketing", "granted"),
            *("2024-05-30 22:00:00", undated),
        ),
        ("shopify", "customer-7000000000007", "sms", "marketing", "granted", OPENED, undated),
        # June's row has no readable number, but the same e-mail
        ("shopify", "customer-7000000000009", "email", "marketing", "granted", OPENED, undated),
        ("shopify", "customer-7000000000009", "email", "marketing", "withdrawn", JUNE, undated),
        ("shopify", IVY, "email", "marketing", "granted", OPENED, undated),
    ]
    assert found == [(*word, None)[:8] for word in expected]


def test_what_may_be_a_no_and_cannot_be_read_is_somebodys(shop: Workshop) -> None:
    found = table(
        shop.warehouse,
        "entity, written_contact_id, channel, said_at, has_address",
        "(select distinct entity, written_contact_id, channel, said_at, named_address_hash is not null as has_address "
        "from intake.intake_unreadable_noes) as noes",
    )
    assert found == [
        # xia@, whose number a spreadsheet destroyed
        ("consents", None, "email", JUNE, "true"),
        # `perhaps` and `PENDING_SOMEWHERE`
        ("consents", "KPAT", "email", JUNE, "false"),
        # a metric that no file names, and one that we do not know: neither names a message
        ("consents", "KREX", None, "2024-06-20 10:00:00", "false"),
        ("consents", "KSUE", None, "2024-06-20 11:00:00", "false"),
        ("consents", "customer-7000000000008", "email", JUNE, "false"),
        # these name one
        ("message_events", "KNIA", "email", "2024-06-08 09:00:00", "false"),
        ("message_events", "KNIA", "email", "2024-06-08 10:00:00", "false"),
    ]


def test_products_stores_codes_and_checkouts(shop: Workshop) -> None:
    repair = "name-" + hashlib.md5(b"Repair of a cup", usedforsecurity=False).hexdigest()[:16]
    assert table(shop.warehouse, "product_id, product_name, brand, department, category", "intake.intake_products") == [
        # of the file with the newer headers
        ("0042", "Green tea", "Leaf", None, "Tea"),
        ("BOWL", "Bowl", "Blue Pottery", None, None),
        # what is said of the product stands in the row of its first variant only
        ("MUG-BLUE", "Mug", "Blue Pottery", "Home & Garden", "Mugs"),
        ("MUG-RED", "Mug", "Blue Pottery", "Home & Garden", "Mugs"),
        ("PLATE", "Plate", "Blue Pottery", None, None),
        ("SPOON", "Spoon", "Blue Pottery", None, None),
        ("VASE", "Vase", "Blue Pottery", None, None),
        (repair, "Repair of a cup", "Blue Pottery", None, None),
    ]
    assert table(shop.warehouse, "store_id, store_name, store_type", "intake.intake_stores") == [
        ("ghent market", "Ghent Market", "store"),
        ("web", "web", "web"),
    ]
    # known from its uses only, a code may be one person's: it has no days on which it could be handed out
    assert table(shop.warehouse, "offer_id, offer_type, valid_from, valid_to", "intake.intake_offers") == [
        ("summer10", "coupon", "2024-06-01", "2024-06-01"),
        ("vip", "coupon", "2024-05-10", "2024-05-10"),
        ("welcome", "coupon", "2024-05-10", "2024-05-10"),
    ]
    assert table(
        shop.warehouse,
        "redemption_id, offer_id, contact_id, redeemed_at, order_id, redeemed_amount",
        "intake.intake_offer_redemptions",
    ) == [
        ("5000000000002-summer10", "summer10", BEN, "2024-05-31 22:10:00", "5000000000002", "10.00"),
        ("5000000000003-vip", "vip", CLEO, "2024-05-10 10:00:00", "5000000000003", None),
        ("5000000000003-welcome", "welcome", CLEO, "2024-05-10 10:00:00", "5000000000003", None),
    ]
    assert table(
        shop.warehouse, "cart_id, contact_id, updated_at, items, item_count, cart_amount", "intake.intake_carts"
    ) == [("31000000000001", JANE, "2024-06-20 18:15:00", "0042,MUG-BLUE", "3", "30.45")]


def message(person: str, channel: str, sending: str, received_at: str = "") -> str:
    """The message of a campaign, or the copy of a flow's message that was received then."""
    return hashlib.md5(f"{person}|{channel}|{sending}|{received_at}".encode(), usedforsecurity=False).hexdigest()[:16]


NEWS = {name: message(name, "email", "C1") for name in ("KANN", "KBEN", "KCLEO", "KKIM", "KLEO", "KNIA")}
TEXT, AUTUMN = message("KQUINN", "sms", "C4"), message("KCLEO", "email", "C0")
FIRST_COPY, SECOND_COPY = (
    message("KANN", "email", "FM1", received_at) for received_at in ("2024-05-10 06:00:00", "2024-06-20 06:00:00")
)


def test_a_message_is_one_person_and_campaign_or_one_time_that_a_flow_sent_it(shop: Workshop) -> None:
    found = table(
        shop.warehouse,
        "message_id, contact_id, channel, campaign_id, variant, message_kind, sent_at, sent_date",
        "intake.intake_messages",
    )
    sent, day = "2024-06-05 08:00:00", "2024-06-05"
    expected = [
        # the same event is in two files, in June's with an offset
        (FIRST_COPY, "KANN", "email", None, None, None, "2024-05-10 06:00:00", "2024-05-10"),
        (SECOND_COPY, "KANN", "email", None, None, None, "2024-06-20 06:00:00", "2024-06-20"),
        (NEWS["KANN"], "KANN", "email", "C1", "A", None, sent, day),
        (NEWS["KBEN"], "KBEN", "email", "C1", "B", None, sent, day),
        (NEWS["KCLEO"], "KCLEO", "email", "C1", None, None, sent, day),
        # it bounced, and was dropped: neither was received
        (NEWS["KKIM"], "KKIM", "email", "C1", None, None, "2024-06-05 08:00:01", day),
        (NEWS["KLEO"], "KLEO", "email", "C1", None, None, sent, day),
        (NEWS["KNIA"], "KNIA", "email", "C1", None, None, "2024-06-05 08:00:02", day),
        # half past two of the longest night, in summer time, of a campaign that no file has
        (AUTUMN, "KCLEO", "email", "C0", None, None, "2023-10-29 00:30:00", "2023-10-29"),
        # half past one in Brussels
        (TEXT, "KQUINN", "sms", "C4", None, None, "2024-06-15 23:30:00", "2024-06-16"),
    ]
    assert found == sorted(expected)


def test_what_a_machine_did_is_kept_and_said_and_nothing_odd_passes_for_a_person(shop: Workshop) -> None:
    found = table(
        shop.warehouse, "message_id, event_type, occurred_at, link_tag, is_machine", "intake.intake_message_events"
    )
    ann, received = NEWS["KANN"], "2024-06-05 08:00:00"
    assert found == sorted(
        [
            (FIRST_COPY, "delivered", "2024-05-10 06:00:00", "", None),
            # May's file did not record that
            (FIRST_COPY, "opened", "2024-05-12 18:00:00", "", "true"),
            (SECOND_COPY, "delivered", "2024-06-20 06:00:00", "", None),
            # in the same second
            (SECOND_COPY, "opened", "2024-06-20 06:00:00", "", "true"),
            (SECOND_COPY, "clicked", "2024-06-20 06:10:00", "", None),
            (ann, "delivered", received, "", None),
            # two seconds early: of a campaign there is one copy only
            (ann, "opened", "2024-06-05 07:59:58", "", None),
            (ann, "opened", "2024-06-05 08:05:00", "", "false"),
            # `perhaps`
            (ann, "opened", "2024-06-05 09:00:00", "", "true"),
            (ann, "clicked", "2024-06-05 09:00:00", "tea", "false"),
            (ann, "clicked", "2024-06-05 08:00:10", "mugs", "true"),
            (NEWS["KBEN"], "delivered", received, "", None),
            (NEWS["KBEN"], "unsubscribed", "2024-06-10 12:00:00", "", None),
            (NEWS["KCLEO"], "delivered", received, "", None),
            (NEWS["KCLEO"], "complained", "2024-06-06 08:00:00", "", None),
            (NEWS["KKIM"], "bounced_hard", "2024-06-05 08:00:01", "", None),
            (NEWS["KLEO"], "delivered", received, "", None),
            (NEWS["KLEO"], "bounced_soft", "2024-06-05 08:30:00", "", None),
            (NEWS["KNIA"], "not_sent", "2024-06-05 08:00:02", "", None),
            (AUTUMN, "delivered", "2023-10-29 00:30:00", "", None),
            (AUTUMN, "opened", "2023-10-29 01:30:00", "", None),
            (TEXT, "delivered", "2024-06-15 23:30:00", "", None),
            (TEXT, "clicked", "2024-06-15 23:40:00", "", None),
        ]
    ), "with nothing of orders, of subscriptions or of what a loader marked as deleted"
    campaigns = table(
        shop.warehouse, "campaign_id, route, campaign_name, start_date, end_date", "intake.intake_campaigns"
    )
    assert campaigns == [
        ("C1", "email", "June news", "2024-06-05", "2024-06-06"),
        ("C4", "sms", "Text of June", "2024-06-16", "2024-06-17"),
    ]


def test_what_cannot_be_read_is_counted(shop: Workshop) -> None:
    found = table(
        shop.warehouse,
        "entity, reason, column_name, rejected_rows",
        "quality.rejected_row_summary where is_row_rejected",
    )
    assert found == [
        # nobody is known of a checkout
        ("carts", "missing_value", "contact_id", "1"),
        # events that may be noes about any channel
        ("consents", "missing_key", "channel", "2"),
        # two numbers that a spreadsheet destroyed
        ("consents", "missing_key", "contact_id", "2"),
        # `perhaps` and `PENDING_SOMEWHERE`
        ("consents", "not_in_list", "status", "2"),
        ("contacts", "missing_key", "contact_id", "2"),
        # an event whose metric no file names, one of no message, and one of `yesterday`
        ("message_events", "missing_key", "event_type", "1"),
        ("message_events", "missing_key", "message_id", "1"),
        ("message_events", "missing_key", "occurred_at", "1"),
        # a metric that the connector does not know
        ("message_events", "not_in_list", "event_type", "1"),
        # of a copy that no file has, and of somebody whom no file has
        ("message_events", "unknown_message", "message_id", "3"),
        ("messages", "unknown_contact", "contact_id", "1"),
        # of the destroyed number, and a row whose order has no first row
        ("order_lines", "missing_key", "order_id", "2"),
        ("order_lines", "unknown_order", "order_id", "3"),
        ("orders", "missing_key", "order_id", "1"),
        # 45448.4167
        ("orders", "missing_value", "ordered_at", "1"),
        # `on_the_moon`
        ("orders", "not_in_list", "order_status", "1"),
        ("orders", "wrong_currency", "currency_code", "1"),
    ]


def test_no_identifier_holds_an_address(shop: Workshop) -> None:
    ids = rows(
        shop.warehouse,
        "select contact_id from input.input_contacts union select contact_id from input.input_consents "
        "union select contact_id from input.input_orders union select cart_id from input.input_carts "
        "union select redemption_id from input.input_offer_redemptions "
        "union select message_id from input.input_messages",
    )
    assert len(ids) > 20
    assert [found for (found,) in ids if "@" in str(found) or "4700000" in str(found)] == []


def test_a_file_that_was_not_downloaded_again_closes_the_gate(make_workshop: Callable[..., Workshop]) -> None:
    """The noes of its profiles would be lost with it."""
    workshop = make_workshop("shopify", "a shop whose profiles get lost")
    folder = download(workshop, *(path.name for path in DOWNLOADS.glob("*.csv")))

    def look() -> Said:
        return workshop.run("check_sources", "--connector", "shopify", "--as-of", "2024-07-01")

    more = folder / "klaviyo_profiles_2024-06-30_2.csv"
    people = [f"person{number}@example.com,P{number},UNSUBSCRIBED" for number in range(ROWS_WORTH_COMPARING)]
    more.write_text("\n".join(["Email,Klaviyo ID,Email Marketing Consent", *people, ""]), encoding="utf-8")
    must(look())
    more.unlink()
    said = look()
    assert said.code == 1
    assert "Raw table klaviyo.profiles: " in said.text
    for path in folder.glob("klaviyo_profiles*.csv"):
        path.unlink()
    assert "Raw table klaviyo.profiles: there is no file " in look().error


def test_orders_of_an_older_form_are_enough(make_workshop: Callable[..., Workshop]) -> None:
    workshop = make_workshop("shopify", "one file of a shop")
    download(workshop, "orders_export_old_shop.csv")
    models = ("--select", "path:models/staging/shopify", "path:models/input/shopify")
    must(workshop.dbt("run", *models, "--vars", VARIABLES))
    assert table(workshop.warehouse, "order_id, contact_id, ordered_at, extracted_at", "input.input_orders") == [
        ("4000000000001", DORA, OPENED, OPENED)
    ]
    assert table(workshop.warehouse, "product_id, quantity, net_amount", "input.input_order_lines") == [
        ("MUG-BLUE", "1", "8.00"),
        ("SPOON", "2", "2.00"),
    ]
    assert table(workshop.warehouse, "contact_id, created_at", "input.input_contacts") == [(DORA, OPENED)]
    assert table(workshop.warehouse, "contact_id", "input.input_consents") == []
    assert table(workshop.warehouse, "cart_id", "input.input_carts") == []
    assert table(workshop.warehouse, "message_id", "input.input_messages") == []


def write(file: Path, *lines: Mapping[str, str], encoding: str = "utf-8") -> None:
    """A CSV file of these rows, with the columns that any of them has."""
    columns = list(dict.fromkeys(column for line in lines for column in line))
    with file.open("w", encoding=encoding, newline="") as opened:
        writer = csv.DictWriter(opened, columns)
        writer.writeheader()
        writer.writerows(lines)


def sale(number: int, **others: str) -> dict[str, str]:
    """An order of one line of 10.00; keywords have underscores for the spaces of columns."""
    plain = {
        "Name": f"#{number}",
        "Email": "ann@example.com",
        "Financial Status": "paid",
        "Currency": "EUR",
        "Subtotal": "10.00",
        "Shipping": "0.00",
        "Taxes": "0.00",
        "Total": "10.00",
        "Discount Amount": "0.00",
        "Created at": "2024-06-01 10:00:00 +0200",
        "Payment Method": "card",
        "Source": "web",
        "Lineitem quantity": "1",
        "Lineitem name": "Mug",
        "Lineitem sku": "MUG",
        "Lineitem price": "10.00",
        "Lineitem discount": "0.00",
        "Refunded Amount": "0.00",
        "Id": str(number),
    }
    return {**plain, **{name.replace("_", " "): value for name, value in others.items()}}


@pytest.fixture(scope="module")
def odd_shop(make_workshop: Callable[..., Workshop]) -> Workshop:
    """Files that went through a spreadsheet or were downloaded twice, as far as valid rows and rejects."""
    workshop = make_workshop("shopify", "a shop of odd files")
    folder = download(workshop)
    second_line = dict.fromkeys(("Financial Status", "Subtotal", "Total", "Shipping", "Taxes", "Refunded Amount"), "")
    write(
        folder / "orders_export_2024-06-29.csv",
        # a spreadsheet destroyed the identifiers of all three
        *(sale(number, Id="6.01381E+12") for number in (1, 2, 3)),
        # the order's number is on each of its rows
        sale(11, Subtotal="33.00", Total="33.00"),
        {**sale(11, Lineitem_price="11.00"), **second_line},
        {**sale(11, Lineitem_price="12.00"), **second_line},
        # the same number under another name is not that order
        sale(12, Name="#12"),
        sale(12, Name="#12 again", Lineitem_price="12.00", Subtotal="12.00", Total="12.00"),
        sale(21, Financial_Status="refunded", Refunded_Amount=""),
        sale(22, Financial_Status="refunded", Refunded_Amount="4.00"),
        # given back already in the oldest file that has it
        sale(23, Financial_Status="refunded", Refunded_Amount="10.00"),
        sale(31, Shipping="7,50"),
        sale(32, Discount_Amount="7,50"),
        sale(33, Lineitem_discount="7,50"),
        sale(34, Refunded_Amount="7,50"),
        sale(35, Subtotal="7,50"),
        sale(36, Taxes="7,50"),
        sale(37, Duties="7,50"),
        sale(38, Shipping="", Taxes="", Lineitem_discount="", Discount_Amount="", Refunded_Amount=""),
    )
    write(folder / "orders_export_2024-06-30.csv", sale(41, Financial_Status="pending"))
    write(folder / "orders_export_2024-06-30 (1).csv", sale(41, Lineitem_price="8.00", Subtotal="8.00", Total="8.00"))
    write(folder / "orders_export_2024-06-30 (2).csv", sale(41, Lineitem_price="9.00", Subtotal="9.00", Total="9.00"))
    write(folder / "orders_export_2024-06-30 (10).csv", sale(41, Lineitem_price="7.00", Subtotal="7.00", Total="7.00"))
    # sorted by article: the number on every row, or the name only; what is said of the order in one row of it
    no_number = {**second_line, "Id": ""}
    three = {"Subtotal": "33.00", "Total": "33.00"}
    write(
        folder / "orders_export_2024-06-28.csv",
        {**sale(51, Lineitem_name="Bowl", Lineitem_price="11.00"), **second_line},
        {**sale(52, Lineitem_name="Bowl", Lineitem_price="11.00"), **no_number},
        sale(53, Lineitem_name="Bowl", Lineitem_price="11.00", **three),
        sale(51, **three),
        sale(52, **three),
        sale(53, **three),
        {**sale(51, Lineitem_name="Plate", Lineitem_price="12.00"), **second_line},
        {**sale(52, Lineitem_name="Plate", Lineitem_price="12.00"), **no_number},
        sale(53, Lineitem_name="Plate", Lineitem_price="12.00", **three),
        # of two orders of one name nobody knows which
        sale(54, Name="#54"),
        sale(55, Name="#54"),
        sale(56),
        {**sale(57, Name="#54"), **no_number},
    )
    # two downloads that overlap: the older one had a line more, and the other order is in both as it was
    whole = {"Subtotal": "21.00", "Total": "21.00"}
    two_lines = [sale(61, **whole), {**sale(61, Lineitem_price="11.00"), **no_number}]
    write(folder / "orders_export_2024-06-20.csv", *two_lines, {**sale(61, Lineitem_price="5.00"), **no_number})
    write(folder / "orders_export_2024-06-21.csv", *two_lines)
    # joined into one file, with the header between them and without
    one_line = sale(62, Lineitem_price="8.00", Subtotal="8.00", Total="8.00")
    joined = folder / "orders_export_2024-06-22.csv"
    write(joined, *two_lines, sale(62), *(sale(63, **three) for _ in range(3)))
    write(folder / "second.part", *two_lines, one_line, *(sale(63, **three) for _ in range(3)))
    joined.write_text(joined.read_text() + (folder / "second.part").read_text(), encoding="utf-8")
    (folder / "second.part").unlink()
    two_more = [{**line, "Name": "#64", "Id": line["Id"] and "64"} for line in two_lines]
    write(
        folder / "orders_export_2024-06-23.csv", *two_more, sale(65), *two_more, {**one_line, "Name": "#65", "Id": "65"}
    )
    customer = {"Customer ID": "'7", "Email": "january@example.com", "Accepts Email Marketing": "yes"}
    write(folder / "customers_export.csv", customer)
    write(folder / "customers_export_2024-05-31.csv", {**customer, "Email": "may@example.com"})
    left = {**customer, "Email": "june@example.com", "Accepts Email Marketing": "no"}
    write(folder / "customers_export_2024-06-15.csv", left)
    told, at = "Email Marketing Consent", "Email Marketing Consent Timestamp"
    profile = {"Email": "", "Klaviyo ID": "", told: "SUBSCRIBED", at: "", "Profile Created On": "2023-01-01 08:00:00"}
    write(
        folder / "klaviyo_profiles.csv",
        {**profile, "Klaviyo ID": "KLEFT", "Email": "left@example.com", told: "UNSUBSCRIBED"},
        {**profile, "Klaviyo ID": "KYES", "Email": "yes@example.com", at: "2024-06-20 08:00:00"},
        {**profile, "Klaviyo ID": "KLATER", "Email": "later@example.com", at: "2030-01-01 08:00:00"},
    )
    hand = {**profile, "Klaviyo ID": "KHAND", "Email": "hand@example.com"}
    write(folder / "klaviyo_profiles_2024-05-31.csv", {**hand, "Email Suppressions": "USER_SUPPRESSED"})
    write(folder / "klaviyo_profiles_2024-06-15.csv", {**hand, at: "2024-06-05 08:00:00"})
    listed = {**profile, "Klaviyo ID": "KLISTED", "Email": "listed@example.com", at: "2024-06-01 08:00:00"}
    many = [
        {**listed, "Klaviyo ID": name, "Email": f"{name}@example.com"} for name in ("KONE", "KTWO", "KTHREE", "KFOUR")
    ]
    write(folder / "klaviyo_profiles_2024-06-14.csv", listed, *many)
    write(folder / "klaviyo_profiles_suppressed_2024-06-18.csv", {"Email": "Listed@example.com"})
    event = {"metric_name": "Unsubscribed", "campaign_id": "C1", "datetime": "2024-06-01 08:00:00"}
    received = {**event, "metric_name": "Received Email", "datetime": "2024-05-30 08:00:00"}
    spoilt, numbered = {**event, "id": "1.71E+18"}, {**event, "id": "1"}
    write(
        folder / "klaviyo_events_2024-06-10.csv",
        *({**received, "id": f"to {person}", "person_id": person} for person in ("KONE", "KTWO", "KTHREE")),
        {**spoilt, "person_id": "KONE"},
        {**spoilt, "person_id": "KTWO"},
        {**spoilt, "person_id": "KTWO", "metric_name": "Clicked Email"},
        {**numbered, "person_id": "KTHREE"},
    )
    write(
        folder / "klaviyo_events_2024-06-30.csv",
        {**received, "id": "1", "person_id": "KFOUR"},
        {**spoilt, "person_id": "KONE"},
    )
    must(workshop.dbt("build", "--selector", "contract", "--exclude-resource-type", "unit_test", "--vars", VARIABLES))
    return workshop


def rejected(shop: Workshop, entity: str) -> list[tuple[str | None, ...]]:
    """What was rejected of an entity, with its reasons."""
    return table(
        shop.warehouse,
        "reason, column_name, rejected_rows",
        f"quality.rejected_row_summary where is_row_rejected and entity = '{entity}'",
    )


def test_events_of_two_people_are_two_whatever_a_spreadsheet_or_a_loader_made_of_their_numbers(
    odd_shop: Workshop,
) -> None:
    noes = table(
        odd_shop.warehouse, "contact_id", "input.input_consents where status = 'withdrawn' and contact_id like 'KT%'"
    )
    assert noes == [("KTHREE",), ("KTWO",)]
    copies = table(odd_shop.warehouse, "person_id, metric_name", "staging.stg_klaviyo__events where event_id like '1%'")
    assert copies == [
        *(("KFOUR", "received email"), ("KONE", "unsubscribed"), ("KTHREE", "unsubscribed")),
        *(("KTWO", "clicked email"), ("KTWO", "unsubscribed")),
    ]


def test_klaviyos_list_of_suppressed_profiles_says_no_by_its_name_alone(odd_shop: Workshop) -> None:
    said = table(
        odd_shop.warehouse,
        "status, changed_at",
        "intake.intake_consents where contact_id = 'KLISTED' and channel = 'email'",
    )
    assert said == [("granted", "2024-06-01 08:00:00"), ("withdrawn", "2024-06-18 21:59:59")]


def test_each_order_whose_number_a_spreadsheet_destroyed_is_counted(odd_shop: Workshop) -> None:
    assert rejected(odd_shop, "orders") == [("missing_key", "order_id", "3")]
    # and a line that may be of either of two orders
    assert ("missing_key", "order_id", "4") in rejected(odd_shop, "order_lines")


def test_an_amount_that_cannot_be_read_is_rejected_and_an_empty_one_is_nothing(odd_shop: Workshop) -> None:
    assert ("missing_value", "gross_amount", "7") in rejected(odd_shop, "order_lines")
    found = table(odd_shop.warehouse, "order_id, net_amount", "intake.intake_order_lines where order_id like '3%'")
    assert found == [("38", "10.00")]


def test_an_order_with_its_number_on_every_row_keeps_all_its_lines(odd_shop: Workshop) -> None:
    found = table(
        odd_shop.warehouse, "order_id, line_number, net_amount", "intake.intake_order_lines where order_id like '1%'"
    )
    assert found == [("11", "1", "10.00"), ("11", "2", "11.00"), ("11", "3", "12.00"), ("12", "1", "12.00")]


def test_rows_of_an_order_need_not_follow_one_another(odd_shop: Workshop) -> None:
    found = table(odd_shop.warehouse, "order_id, net_amount", "intake.intake_order_lines where order_id like '5%'")
    three = ("10.00", "11.00", "12.00")
    assert found == [
        *((order_id, amount) for order_id in ("51", "52", "53") for amount in three),
        *((order_id, "10.00") for order_id in ("54", "55", "56")),
    ]
    found = table(odd_shop.warehouse, "order_id, order_status", "intake.intake_orders where order_id like '5%'")
    assert found == [(str(number), "completed") for number in range(51, 57)]


def test_of_downloads_that_overlap_the_newest_says_all_of_an_order(odd_shop: Workshop) -> None:
    found = table(odd_shop.warehouse, "order_id, net_amount", "intake.intake_order_lines where order_id like '6%'")
    assert found == [
        *(("61", "10.00"), ("61", "11.00"), ("62", "8.00"), ("63", "10.00"), ("63", "10.00"), ("63", "10.00")),
        *(("64", "10.00"), ("64", "11.00"), ("65", "8.00")),
    ]


def test_refunded_without_a_sum_is_all_given_back(odd_shop: Workshop) -> None:
    found = table(odd_shop.warehouse, "order_id, order_status", "intake.intake_orders where order_id like '2%'")
    given_back = (("23", "completed"), ("23-R", "returned"))
    assert found == [("21", "completed"), ("21-R", "returned"), ("22", "completed"), *given_back]


def test_what_the_oldest_file_shows_as_given_back_takes_nothing_off_the_day_of_that_file(odd_shop: Workshop) -> None:
    found = table(odd_shop.warehouse, "order_id, order_date", "intake.intake_orders where order_id like '23%'")
    assert found == [("23", "2024-06-01"), ("23-R", "2024-06-01")]


def test_of_the_downloads_of_one_day_the_highest_number_counts(odd_shop: Workshop) -> None:
    assert table(odd_shop.warehouse, "order_status", "intake.intake_orders where order_id = '41'") == [("completed",)]
    found = table(odd_shop.warehouse, "net_amount", "intake.intake_order_lines where order_id = '41'")
    assert found == [("7.00",)]


def test_an_undated_file_is_neither_the_newest_yes_nor_older_than_its_newest_stamp(odd_shop: Workshop) -> None:
    of_contacts = "intake.intake_contacts where contact_id = 'customer-7'"
    assert table(odd_shop.warehouse, "email", of_contacts) == [("june@example.com",)]
    opened, undated = "2024-06-01 08:00:00", "export, time unknown"
    of_other_tests = "'KONE', 'KTWO', 'KTHREE', 'KFOUR', 'KLISTED'"
    found = table(
        odd_shop.warehouse,
        "contact_id, status, changed_at, evidence_reference",
        f"intake.intake_consents where contact_id not in ({of_other_tests})",
    )
    assert found == [
        # suppressed by the staff in May; June's file does not have that column
        ("KHAND", "withdrawn", MAY, undated),
        # 2030
        ("KLATER", "granted", "2023-01-01 08:00:00", undated),
        # as late as the newest consent of its file
        ("KLEFT", "withdrawn", "2024-06-20 08:00:00", undated),
        ("KYES", "granted", "2024-06-20 08:00:00", "export"),
        # the no is also one at each address that the customer had, a second apart
        *(("customer-7", "denied", f"2024-06-15 21:59:{second}", undated) for second in (57, 58, 59)),
        ("customer-7", "granted", opened, undated),
        ("customer-7", "withdrawn", "2024-06-15 21:59:59", undated),
    ]


def test_a_download_that_nothing_reads_stops_before_the_build(make_workshop: Callable[..., Workshop]) -> None:
    """It may hold the noes of June."""
    workshop = make_workshop("shopify", "a shop with a file of another name")
    folder = download(workshop, *(path.name for path in DOWNLOADS.glob("*.csv")))
    look = ("check_sources", "--connector", "shopify", "--as-of", "2024-07-01")
    # what an operating system or a copying program leaves there
    (folder / ".DS_Store").touch()
    (folder / ".part").mkdir()
    (folder / ".part" / "customers_export.csv.part").touch()
    (folder / "empty").mkdir()
    must(workshop.run(*look))
    (folder / "customers_2024-06-30.csv").touch()
    (folder / "customers_export_2024-07-01.CSV").touch()
    (folder / "Klaviyo_profiles_2024-06-30.csv").touch()
    (folder / "June").mkdir()
    (folder / "June" / "customers_export_2024-06-30.csv").touch()
    said = workshop.run(*look)
    assert said.code == 1
    read = (
        "checkouts_export*.csv, customers_export*.csv, klaviyo_campaigns*.csv, klaviyo_events*.csv, "
        "klaviyo_metrics*.csv, klaviyo_profiles*.csv, orders_export*.csv, products_export*.csv"
    )
    assert said.error.splitlines() == [
        f"Raw folder {folder}: nothing reads {name}, and a no may be in it: give it a name that is read there "
        f"({read}), or take it out of the folder."
        for name in (
            "June/customers_export_2024-06-30.csv",
            "Klaviyo_profiles_2024-06-30.csv",
            "customers_2024-06-30.csv",
            "customers_export_2024-07-01.CSV",
        )
    ]
    assert workshop.run("run", "--as-of", "2024-07-01").code == 1
    assert not workshop.warehouse.exists()


def test_a_file_that_is_no_utf8_is_named_with_its_mend(make_workshop: Callable[..., Workshop]) -> None:
    """Whether the reader's look at the first rows finds it or the counting does; no row is quoted."""
    workshop = make_workshop("shopify", "a shop with a file of Windows")
    folder = download(workshop, *(path.name for path in DOWNLOADS.glob("*.csv")))
    windows = folder / "customers_export_2024-07-01.csv"
    person = {"Customer ID": "'8", "Last Name": "Example", "Email": "x@example.com", "Accepts Email Marketing": "yes"}
    for lines_before in (0, 40_000):
        write(windows, *[person] * lines_before, {**person, "Last Name": "Lef\u00e9vre \u20ac"}, encoding="cp1252")
        said = workshop.run("check_sources", "--connector", "shopify", "--as-of", "2024-07-01")
        assert said.code == 1
        assert said.error == (
            f"Raw table shopify.customers: {windows} cannot be read as UTF-8, line {lines_before + 2} has other bytes: "
            "save it as 'CSV UTF-8', or, when a program on Windows wrote it, as "
            "`iconv -f WINDOWS-1252 -t UTF-8 in.csv > out.csv` does."
        )
        assert "Lef" not in said.text


def test_the_guides_reader_of_text_files_drops_no_row(tmp_path: Path) -> None:
    """It is what people copy: rows that begin with #, rows without a receipt, and a folder with a quote in its name."""
    guide = (PROJECT / "docs" / "connector-guide.md").read_text(encoding="utf-8")
    [location] = re.findall(r"^ +(read_csv\('.*?)\n    tables:", guide, re.M | re.S)
    [condition] = re.findall(r"^where (.*receipt.*)$", guide, re.M)
    raw = tmp_path / "it's" / "raw"
    raw.mkdir(parents=True)
    (raw / "purchases_05.csv").write_text("receipt;card\n#1;007\n#2;'008\n3;010\n", encoding="latin-1")
    (raw / "purchases_06.csv").write_text("receipt;card\n;009\nreceipt;card\n4;011\n", encoding="latin-1")
    reader = jinja2.Environment().from_string(location).render(env_var=lambda name, default: str(raw.parent))
    found = duckdb.sql(f"select receipt, card from {reader.replace('{name}', 'purchases')} where {condition}")
    assert found.fetchall() == [("#1", "007"), ("#2", "'008"), ("3", "010"), (None, "009"), ("4", "011")]
