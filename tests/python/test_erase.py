"""Erasure: whoever is forgotten is in no file any more, comes back by no build, and takes nobody else along."""

import contextlib
import gzip
import hashlib
import hmac
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from unittest import mock

import duckdb
import pytest
from activation import ADS_FEED, EMAIL_FEED, Retailer, person
from click.testing import CliRunner
from workshop import LAST_AS_OF, Said, Workshop, differences, digest, must, rows

import erase as erase_command
from rekindle.export import runs
from rekindle.forget import backup_folders, blocking, traces
from rekindle.forget.finding import Warehouse, opened
from rekindle.forget.people import People
from rekindle.ground import rules
from rekindle.ground.errors import RekindleError
from rekindle.run import backups

KEY = "the key of a shop in a test"


# --- Looking for somebody, in bytes and in values ---------------------------------------------------------------------


def where_are(values: Iterable[str], *folders: Path) -> dict[str, list[str]]:
    """Per text, the files below the folders whose bytes (unzipped where they are zipped) or whose values hold it."""
    found: dict[str, list[str]] = {value: [] for value in values}
    for folder in folders:
        for file in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"):
            content = file.read_bytes()
            if content[:2] == b"\x1f\x8b":
                content = gzip.decompress(content)
            texts = "\n".join(values_of(file))
            for value in found:
                if value.encode() in content or value in texts:
                    found[value].append(str(file.relative_to(folder)))
    return {value: files for value, files in found.items() if files}


def files_with(folder: Path, value: str) -> list[str]:
    """The same for one text."""
    return where_are([value], folder).get(value, [])


def values_of(file: Path) -> Iterator[str]:
    """Every text in a DuckDB or Parquet file."""
    with duckdb.connect() as connection:
        if file.suffix == ".parquet":
            relations = [f"read_parquet('{file}')"]
        elif file.suffix == ".duckdb":
            connection.execute(f"attach '{file}' as searched (read_only)")
            tables = connection.execute(
                "select schema_name, table_name from duckdb_tables() where database_name = 'searched'"
            ).fetchall()
            relations = [f'searched."{schema}"."{table}"' for schema, table in tables]
        else:
            return
        for relation in relations:
            described = connection.execute(f"describe select * from {relation}").fetchall()
            for column in [row[0] for row in described if row[1] in ("VARCHAR", "JSON")]:
                for (value,) in connection.execute(f'select distinct "{column}" from {relation}').fetchall():
                    if value is not None:
                        yield value


def contents(folder: Path) -> dict[str, str]:
    """What lies below a folder, to see that nobody touched it."""
    return {
        str(path.relative_to(folder)): digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


def test_the_search_itself_finds_a_value_in_every_kind_of_file(tmp_path: Path) -> None:
    (tmp_path / "plain.csv").write_text("a\nneedle\n", encoding="utf-8")
    (tmp_path / "zipped.csv.gz").write_bytes(gzip.compress(b"needle"))
    with duckdb.connect(str(tmp_path / "compressed.duckdb")) as connection:
        connection.execute("create table t as select 'needle' as a from range(50000)")
        connection.execute(f"copy t to '{tmp_path / 'columns.parquet'}' (compression zstd)")
    assert files_with(tmp_path, "needle") == ["columns.parquet", "compressed.duckdb", "plain.csv", "zipped.csv.gz"]
    assert files_with(tmp_path, "nobody") == []


# --- The whole road, with the real commands ---------------------------------------------------------------------------

RITA = ("rita@example.com", "+442079460118", "+44 20 7946 0118", "0001018", "rita_champion", "Wouters")
HUGO = ("hugo@example.com", "+442079460108")  # stays: what is searched in is searched well


@pytest.fixture
def shop(workshop: Workshop, fixture_warehouse: Path) -> Workshop:
    """The hand-written world as of its last date, published and backed up; new files are not compressed."""
    workshop.start_from(fixture_warehouse)
    workshop.environment.update({"REKINDLE_ERASURE_KEY": KEY, "REKINDLE_COMPRESSION": "uncompressed"})
    return workshop


def profile_of(warehouse: Path, contact: str) -> str:
    question = f"select profile_id from identity.contact_profiles where contact_id = '{contact}'"
    return str(rows(warehouse, question)[0][0])


def test_an_erased_person_is_in_no_file_and_does_not_come_back_from_the_same_raw_data(shop: Workshop) -> None:
    must(shop.run("publish"))
    must(shop.run("backup"))
    rita = (profile_of(shop.warehouse, "rita_champion"), *RITA)
    orders = rows(shop.warehouse, "select count(*), sum(net_amount) from core.fct_orders")
    folders = (shop.warehouse.parent, shop.published.parent, shop.backups, shop.erasures)

    said = must(shop.run("erase", "--contact", "pos:rita_champion", "--yes"))
    assert not [value for value in rita if value in said.text], "the report names nobody"
    assert "1 contact record, 1 profile id" in said.text
    assert "published/rekindle.duckdb" in said.text
    assert f"backups/{LAST_AS_OF}_1" in said.text

    found = where_are((*rita, *HUGO), *folders)
    assert sorted(found) == sorted(HUGO), "the same search finds whoever was not erased"
    assert "build.duckdb" in found["hugo@example.com"]
    assert "landing.phone_numbers.parquet" in {Path(file).name for file in found["+442079460108"]}
    assert rows(shop.warehouse, "select count(*), sum(net_amount) from core.fct_orders") == orders
    assert rows(shop.published, "select count(*), sum(net_amount) from core.fct_orders") == orders
    assert rows(shop.warehouse, "select count(*) from intake.intake_contacts where contact_id like 'rita%'") == [(0,)]
    events = "select count(*) filter (where message_id = 'rita_spring'), count(*) > 0 from intake.intake_message_events"
    assert rows(shop.warehouse, events) == [(0, True)], "what she did with a message goes with the message"

    erased = shop.root / "erased.duckdb"
    shutil.copy(shop.warehouse, erased)
    must(shop.run("run", "--as-of", LAST_AS_OF, "--accept", "2024-06", "--no-export"))
    assert sorted(where_are((*rita, *HUGO), *folders)) == sorted(HUGO)
    counted = "select rejected_rows from quality.rejected_row_summary where reason = 'erased' and entity = "
    assert rows(shop.warehouse, f"{counted} 'contacts'") == [(1,)]
    assert rows(shop.warehouse, f"{counted} 'orders'") == []
    left = differences(erased, shop.warehouse, "core", "hub", "hub_private", "snapshots", "landing")
    # counts per mailbox provider and day name nobody, nor do parameters of a fit: later runs make them anew
    anonymous = ["core.mailbox_health", "hub.dim_profiles", "landing.clv_parameters"]
    assert left == anonymous, "erasing gives what building without the person gives"
    # of the hub, what is drawn to everybody's: she was one of them
    with duckdb.connect() as connection:
        connection.execute(f"attach '{erased}' as one (read_only); attach '{shop.warehouse}' as other (read_only)")
        drawn = "promotion_sensitivity, best_send_hour, best_send_weekday, responsive_channel, rf_habit"
        own = f"select * exclude ({drawn}) from {{}}.hub.dim_profiles"
        assert connection.execute(f"{own.format('one')} except all {own.format('other')}").fetchall() == []
    erased.unlink()

    unknown = shop.run("erase", "--contact", "pos:rita_champion")
    assert unknown.code == 1
    assert "knows nobody by that name" in unknown.error


@pytest.mark.parametrize(
    ("where", "call"), [("rekindle.forget.erasing:_put", 1), ("rekindle.forget.erasing:replace_file", 1)]
)
def test_an_erasure_killed_while_files_are_replaced_leaves_a_usable_warehouse_and_is_finished_by_the_next_call(
    shop: Workshop, where: str, call: int
) -> None:
    shop.kill(where, call, "erase", "--contact", "pos:rita_champion", "--yes")
    assert profile_of(shop.warehouse, "rita_champion"), "the warehouse still knows whom to erase"
    assert rows(shop.warehouse, "select count(*) > 0 from intake.intake_contacts") == [(True,)]
    must(shop.run("erase", "--requests", "--yes"))
    found = where_are((*RITA, *HUGO), shop.warehouse.parent, shop.erasures)
    assert found == {value: ["build.duckdb"] for value in HUGO}
    assert not list(shop.root.glob("*/.*erasing*"))


def test_whoever_waits_to_be_erased_is_suppressed_by_the_next_build(shop: Workshop) -> None:
    shop.erasures.mkdir(parents=True)
    (shop.erasures / "requests.csv").write_text(f"pos,rita_champion,{LAST_AS_OF} 00:00:00\n", encoding="utf-8")
    must(shop.run("run", "--as-of", LAST_AS_OF, "--accept", "2024-06", "--no-publish"))
    rita = profile_of(shop.warehouse, "rita_champion")
    asked = f"select has_erasure_request from hub.dim_profiles where profile_id = '{rita}'"
    assert rows(shop.warehouse, asked) == [(True,)]
    assert rows(shop.warehouse, f"select count(*) from audiences.audience_members where profile_id = '{rita}'") == [
        (0,)
    ]


# --- A small world made by hand: who is meant, when, and what is left -------------------------------------------------

AS_OF = "2024-07-01"


class SmallShop(Retailer):
    """A warehouse with the tables that an erasure reads, beside the retailer's publication and exports."""

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse" / "build.duckdb"

    @property
    def raw(self) -> Path:
        return self.root / "contacts.parquet"

    def deliver(self, contacts: Sequence[tuple[str, str, str | None, str]]) -> None:
        """The retailer's file of contacts: (source system, contact, e-mail, created)."""
        with duckdb.connect() as connection:
            connection.execute(
                "create table contacts (source_system varchar, contact_id varchar, email varchar, created_date date, "
                "phone varchar, loyalty_card_id varchar)"
            )
            connection.executemany("insert into contacts values (?, ?, ?, ?, null, null)", contacts)
            connection.execute(f"copy contacts to '{self.raw}'")

    def build(
        self,
        contacts: Sequence[tuple[str, str, str | None]],
        *,
        history: Sequence[tuple[str, str]] = (),
        merges: Sequence[tuple[str, str]] = (),
        asked: Sequence[tuple[str, str]] = (),
        as_of: str = AS_OF,
    ) -> None:
        """`contacts`: (contact, profile, e-mail); `history`: ids that contacts had before; `asked`: (contact, when)."""
        self.warehouse.parent.mkdir(parents=True, exist_ok=True)
        self.warehouse.unlink(missing_ok=True)
        with duckdb.connect(str(self.warehouse)) as connection:
            for schema in ("run", "landing", "input", "intake", "identity", "core", "hub"):
                connection.execute(f"create schema {schema}")
            connection.execute(
                "create table run.run_log as select 'an-invocation' as invocation_id, 'completejourney' as connector, "
                "'full' as command_scope, cast(? as date) as as_of_date, timestamp '2024-07-01' as started_at, "
                "timestamp '2024-07-01' as finished_at",
                [as_of],
            )
            connection.execute("create table landing.blocked_contacts (contact_digest varchar)")
            connection.execute(
                "create table landing.erasure_requests "
                "(source_system varchar, contact_id varchar, requested_at timestamp)"
            )
            connection.execute("create table landing.phone_numbers (raw_phone varchar, e164 varchar)")
            connection.execute("create table landing.email_addresses (raw_email varchar, email varchar)")
            key = "source_system varchar, contact_id varchar"
            preference = "preference_type varchar, preference_value varchar"
            connection.execute(f"create table input.input_consents ({key}, address varchar)")
            connection.execute(f"create table input.input_contact_preferences ({key}, {preference})")
            self.deliver([("till", contact, email, "2024-01-01") for contact, _, email in contacts])
            connection.execute(f"create view input.input_contacts as select * from read_parquet('{self.raw}')")
            connection.execute(
                "create table identity.contact_profiles (source_system varchar, contact_id varchar, profile_id varchar)"
            )
            connection.execute(
                "create table identity.contact_profile_history "
                "(source_system varchar, contact_id varchar, profile_id varchar, first_as_of_date date)"
            )
            connection.execute("create table identity.profile_merges (old_profile_id varchar, new_profile_id varchar)")
            connection.execute(
                "create table identity.contact_identifiers (source_system varchar, contact_id varchar, "
                "identifier_type varchar, identifier_value varchar, is_over_shared boolean)"
            )
            connection.execute(
                "create table core.fct_orders (order_id varchar, profile_id varchar, net_amount integer)"
            )
            connection.execute("create table core.profile_days (profile_id varchar, orders integer)")
            connection.execute(
                "create view intake.intake_erasure_requests as select source_system, contact_id, requested_at "
                "from landing.erasure_requests"
            )
            connection.execute("create view hub.dim_profiles as select * from build.core.profile_days")
            for contact, profile, email in contacts:
                connection.execute("insert into identity.contact_profiles values ('till', ?, ?)", [contact, profile])
                connection.execute("insert into core.fct_orders values (?, ?, 10)", [f"of {contact}", profile])
                connection.execute("insert into core.profile_days values (?, 1)", [profile])
                if email is not None:
                    shared = len([each for each in contacts if each[2] == email]) > 2
                    connection.execute(
                        "insert into identity.contact_identifiers values ('till', ?, 'email', ?, ?)",
                        [contact, email, shared],
                    )
            for contact, profile in [*((contact, profile) for contact, profile, _ in contacts), *history]:
                connection.execute(
                    "insert into identity.contact_profile_history values ('till', ?, ?, '2024-02-01')",
                    [contact, profile],
                )
            for old, new in merges:
                connection.execute("insert into identity.profile_merges values (?, ?)", [old, new])
            for contact, when in asked:
                connection.execute("insert into landing.erasure_requests values ('till', ?, ?)", [contact, when])

    def variables(self) -> dict[str, str]:
        return {
            **super().variables(),
            "REKINDLE_ERASURE_KEY": KEY,
        }

    def erase(self, *arguments: str, **variables: str) -> Said:
        """`python scripts/erase.py …`, in this process."""
        before = Path.cwd()
        try:
            with mock.patch.dict(os.environ, {**self.variables(), **variables}):
                result = CliRunner().invoke(erase_command.main, arguments)
        finally:
            os.chdir(before)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return Said(result.exit_code, result.output)

    def people(self) -> list[str]:
        """The profiles that are left."""
        return sorted(str(each) for (each,) in rows(self.warehouse, "select profile_id from core.profile_days"))

    @contextlib.contextmanager
    def here(self) -> Iterator[None]:
        with mock.patch.dict(os.environ, self.variables()):
            yield


@pytest.fixture
def small(tmp_path: Path) -> SmallShop:
    return SmallShop(tmp_path)


ANN, BOB = ("ann_at_till", "ann", "ann@example.com"), ("bob_at_till", "bob", "bob@example.com")


def test_without_yes_nothing_changes_and_the_counts_are_told(small: SmallShop) -> None:
    small.build([ANN, BOB])
    with duckdb.connect(str(small.warehouse)) as connection:
        connection.execute(
            "create view input.input_messages as select * from (values ('till', 'ann_at_till', 'm1'), "
            "('till', 'bob_at_till', 'm2')) as messages (source_system, contact_id, message_id)"
        )
        connection.execute(
            "create view input.input_message_events as select * from (values ('m1', 'opened'), ('m1', 'clicked'), "
            "('m2', 'opened')) as events (message_id, event_type)"
        )
    before = contents(small.root)
    said = must(small.erase("--contact", "till:ann_at_till"))
    assert "core.profile_days                                  1" in said.text
    assert "raw data: input_contacts 1, input_message_events 2, input_messages 1 (not touched" in said.text
    assert "1 of 1 can be erased now; nothing was changed" in said.text
    assert "ann" not in said.text
    assert contents(small.root) == before


def test_purge_forgets_whom_a_hygiene_scenario_lists_while_its_reason_stands(small: SmallShop) -> None:
    small.build([ANN, BOB, ("cid_at_till", "cid", None), ("dan_at_till", "dan", None)])
    with duckdb.connect(str(small.warehouse)) as connection:
        connection.execute("create schema if not exists activation; create schema if not exists config")
        connection.execute("create schema if not exists scenarios")
        connection.execute(
            "create table config.scenarios as select * from (values ('old', 'hygiene'), ('news', 'message')) "
            "as scenarios (scenario_id, kind)"
        )
        connection.execute(
            "create table activation.decisions as select * from (values ('old', 'ann', 'july', 'selected'), "
            "('news', 'bob', 'july', 'selected'), ('old', 'cid', 'july', 'selected'), "
            "('old', 'dan', 'july', 'closed')) as decisions (scenario_id, profile_id, entry_key, outcome)"
        )
        # cid has shown a sign of life since
        connection.execute(
            "create table scenarios.scenario_triggers as select scenario_id, profile_id, entry_key "
            "from activation.decisions where profile_id <> 'cid'"
        )
    said = must(small.erase("--purge"))
    assert "1 of 1 can be erased now; nothing was changed" in said.text
    assert small.people() == ["ann", "bob", "cid", "dan"]
    must(small.erase("--purge", "--yes"))
    assert small.people() == ["bob", "cid", "dan"]
    assert "Nobody who is to be deleted is left" in must(small.erase("--purge")).text


def test_orders_of_an_erased_person_stay_without_their_person(small: SmallShop) -> None:
    small.build([ANN, BOB])
    must(small.erase("--profile", "ann", "--yes"))
    assert rows(small.warehouse, "select profile_id, net_amount from core.fct_orders order by all") == [
        ("bob", 10),
        (None, 10),
    ]
    assert small.people() == ["bob"]
    assert rows(small.warehouse, "select profile_id from hub.dim_profiles") == [("bob",)], "views go on working"


def test_a_person_goes_under_every_id_they_had_and_nobody_else_does(small: SmallShop) -> None:
    history = [
        ("ann_at_till", "ann_before_a_merge"),
        ("ann_online", "gone_id"),
        ("ann_who_left_the_web_shop", "ann"),
        ("ann_at_till", "bob"),  # they were taken for one person once
        ("ann_at_till", "carl_before"),
    ]
    small.build(
        [ANN, ("ann_online", "ann", None), BOB, ("carl_at_till", "carl", None)],
        history=history,
        merges=[("ann_before_a_merge", "ann"), ("carl_before", "carl")],
    )
    with small.here(), opened(small.warehouse) as warehouse:
        by_old_id = warehouse.person("ann_before_a_merge")
        by_lost_record = warehouse.person_of("till", "ann_who_left_the_web_shop")
    assert by_old_id.profile_ids == {"ann", "ann_before_a_merge", "gone_id"}
    assert by_old_id.contacts == {
        ("till", "ann_at_till"),
        ("till", "ann_online"),
        ("till", "ann_who_left_the_web_shop"),
    }
    assert by_lost_record == by_old_id
    must(small.erase("--profile", "ann_before_a_merge", "--yes"))
    assert small.people() == ["bob", "carl"]


def test_an_address_that_many_share_is_not_taken_from_the_others(small: SmallShop) -> None:
    firm = [(f"colleague_{n}", f"profile_{n}", "info@example.com") for n in range(3)]
    small.build([*firm, BOB])
    must(small.erase("--contact", "till:colleague_0", "--yes"))
    left = rows(small.warehouse, "select contact_id from identity.contact_identifiers order by all")
    assert left == [("bob_at_till",), ("colleague_1",), ("colleague_2",)]
    with small.here():
        blocking.land(small.warehouse)
    assert rows(small.warehouse, "select count(*) from landing.blocked_contacts") == [(1,)]


def blocked(small: SmallShop) -> list[str]:
    """The contacts of the retailer's file that the next build keeps out."""
    with small.here():
        blocking.land(small.warehouse)
    kept_out = (
        f"select contact_id from input.input_contacts where {rules.contact_digest('input_contacts')} "
        "in (select contact_digest from landing.blocked_contacts) order by all"
    )
    return [str(contact) for (contact,) in rows(small.warehouse, kept_out)]


def test_whoever_shares_an_e_mail_or_a_card_is_not_kept_out_with_who_was_erased(small: SmallShop) -> None:
    wife, man = ("wife", "wife", "family@example.com"), ("man", "man", "family@example.com")
    small.build([wife, man, ("sister", "sister", None)])
    with duckdb.connect(str(small.warehouse)) as connection:
        for contact, card in [("wife", "hers"), ("wife", "theirs"), ("sister", "theirs")]:
            connection.execute(
                "insert into identity.contact_identifiers values ('till', ?, 'loyalty_card', ?, false)", [contact, card]
            )
    with small.here(), opened(small.warehouse) as warehouse:
        assert warehouse.person("wife").token_names == {"contact|till|wife", "loyalty_card|hers"}
    must(small.erase("--contact", "till:wife", "--yes"))
    assert blocked(small) == ["wife"]
    # nobody shares it any more
    must(small.erase("--contact", "till:man", "--yes"))
    small.deliver([("web", "moved to another shop", "family@example.com", "2024-07-01")])
    assert blocked(small) == ["moved to another shop"]


def test_what_names_a_neighbour_with_the_same_phone_stays(small: SmallShop) -> None:
    small.build([ANN, BOB])
    with duckdb.connect(str(small.warehouse)) as connection:
        for contact in ("ann_at_till", "bob_at_till"):
            connection.execute(
                "insert into identity.contact_identifiers values ('till', ?, 'phone', '+32470000001', false)", [contact]
            )
        connection.execute(
            "create table hub.phones as select * from (values ('ann', '+32470000001'), ('bob', '+32470000001')) "
            "as phones (profile_id, phone)"
        )
    must(small.erase("--contact", "till:ann_at_till", "--yes"))
    assert rows(small.warehouse, "select * from hub.phones") == [("bob", "+32470000001")]


def test_a_token_blocks_the_record_for_ever_and_an_address_only_on_records_made_before(small: SmallShop) -> None:
    small.build([ANN, BOB])
    must(small.erase("--contact", "till:ann_at_till", "--yes"))
    small.deliver(
        [
            ("till", "ann_at_till", "ann.has.moved@example.com", "2024-01-01"),
            ("web", "moved to another shop", " ANN@example.com", "2024-07-01"),
            ("web", "moved invisibly", "ann\u200b@example.com", "2024-07-01"),
            ("web", "came back herself", "ann@example.com", "2024-07-02"),
            ("till", "bob_at_till", "bob@example.com", "2024-01-01"),
        ]
    )
    assert blocked(small) == ["ann_at_till", "moved invisibly", "moved to another shop"]


def test_a_token_of_before_e_mails_had_one_spelling_still_blocks(small: SmallShop) -> None:
    small.build([BOB])
    with small.here():
        blocking.add_tokens(KEY.encode(), ["email|zoé@bücher.example"], date(2024, 7, 1))
        small.deliver([("web", "zoe", "Zoé@bücher.example", "2024-01-01")])
        blocking.land(small.warehouse)
    assert rows(small.warehouse, "select count(*) from landing.blocked_contacts") == [(1,)]


def test_raw_addresses_that_only_the_erased_wrote_go_from_the_look_ups(small: SmallShop) -> None:
    small.build([ANN, BOB])
    with duckdb.connect(str(small.warehouse)) as connection:
        connection.execute("insert into input.input_consents values ('till', 'ann_at_till', '\u00e4nn@example.com')")
        connection.execute("insert into input.input_consents values ('till', 'bob_at_till', 'b\u00f6b@example.com')")
        connection.execute(
            "insert into landing.email_addresses values "
            "('\u00e4nn@example.com', '\u00e4nn@example.com'), ('b\u00f6b@example.com', 'b\u00f6b@example.com')"
        )
    must(small.erase("--contact", "till:ann_at_till", "--yes"))
    assert rows(small.warehouse, "select email from landing.email_addresses") == [("b\u00f6b@example.com",)]


def test_an_address_of_theirs_goes_however_and_by_whomever_it_was_written(small: SmallShop) -> None:
    small.build([ANN, BOB])
    with duckdb.connect(str(small.warehouse)) as connection:
        for number in ("+32470556677", "+32470556688"):
            connection.execute(
                "insert into identity.contact_identifiers values ('till', 'ann_at_till', 'phone', ?, false)", [number]
            )
        # a withdrawal of an unknown record names her number, another customer's her e-mail, and his own
        connection.execute(
            "insert into input.input_consents values ('web', 'ghost', '0470 55 66 77'), "
            "('till', 'bob_at_till', '0470556688'), ('till', 'bob_at_till', 'ANN@Example.com'), "
            "('till', 'bob_at_till', ' Bob@example.com')"
        )
        # what is hers in one country is the phone of somebody else in another
        connection.execute(
            "create or replace view input.input_contacts as "
            f"select * exclude (phone), if(contact_id = 'bob_at_till', '0470556688', null) as phone "
            f"from read_parquet('{small.raw}')"
        )
        connection.execute(
            "insert into landing.phone_numbers values ('0470 55 66 77', '+32470556677'), "
            "('0470 55 66 77', '+33470556677'), ('0470556688', '+32470556688'), ('0470556688', '+33470556688')"
        )
        connection.execute("create table intake.intake_consents as select * from input.input_consents")
    folder = backup(small, ("landing", "phone_numbers"))
    must(small.erase("--contact", "till:ann_at_till", "--yes"))
    assert rows(small.warehouse, "select * from landing.phone_numbers") == [("0470556688", "+33470556688")]
    assert rows(small.warehouse, "select address from intake.intake_consents order by all") == [
        (" Bob@example.com",),
        ("0470556688",),
    ]
    assert files_with(folder, "0470 55 66 77") == []
    assert files_with(folder, "0470556688"), "the same search finds what stays"


@pytest.mark.parametrize("key", [KEY, "k" * 64, "a key that is longer than a block of sha256: " + "k" * 64])
def test_sql_signs_as_python_does(key: str) -> None:
    inner, outer = blocking.pads(key.encode())
    signed = duckdb.execute(
        "select sha256($outer || unhex(sha256($inner || encode('contact|till|ånn'))))",
        {"inner": inner, "outer": outer},
    ).fetchall()
    assert signed == [(hmac.new(key.encode(), "contact|till|ånn".encode(), "sha256").hexdigest(),)]


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("", "REKINDLE_ERASURE_KEY is not set"),
        ("short", "REKINDLE_ERASURE_KEY is too short"),
        ("another key of the same shop", "is not the key that the tokens in .* were made with"),
    ],
)
def test_without_the_right_key_nobody_is_erased_and_nobody_comes_back(
    small: SmallShop, key: str, sentence: str
) -> None:
    small.build([ANN, BOB])
    must(small.erase("--contact", "till:ann_at_till", "--yes"))
    before = contents(small.root)
    refused = small.erase("--contact", "till:bob_at_till", "--yes", REKINDLE_ERASURE_KEY=key)
    assert refused.code == 1
    with (
        small.here(),
        mock.patch.dict(os.environ, {"REKINDLE_ERASURE_KEY": key}),
        pytest.raises(RekindleError, match=sentence) as raised,
    ):
        blocking.land(small.warehouse)
    assert raised.value.message in refused.text
    assert contents(small.root) == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Name one: --profile ID, --contact SOURCE:ID, --requests, or --purge."),
        (("--profile", "ann", "--requests"), "Name one"),
        (("--contact", "ann_at_till"), "--contact is SOURCE:ID"),
        (("--contact", "till:nobody"), "The warehouse knows nobody by that name"),
        (("--profile", "nobody"), "The warehouse knows nobody by that name"),
    ],
)
def test_a_call_that_names_nobody_is_refused_in_one_sentence(
    small: SmallShop, arguments: tuple[str, ...], sentence: str
) -> None:
    small.build([ANN])
    refused = small.erase(*arguments)
    assert refused.code == 1
    assert sentence in refused.error


# --- Platforms that received the person -------------------------------------------------------------------------------


def exported(small: SmallShop, *people: str, as_of: str = AS_OF, erased: Sequence[str] = ()) -> str:
    """Publishes these members, exports them; the run of the feed."""
    gone = [(each, "*", "*", "erased") for each in erased]
    small.publish([person(each) for each in people], as_of=as_of, withdrawn=gone)
    report = small.export("win_back")["win_back"]
    assert report.run_id is not None, report
    return report.run_id


def acknowledge(small: SmallShop, run_id: str) -> None:
    must(small.call("ack", run_id))


def test_an_erasure_waits_until_every_platform_that_received_the_person_has_acknowledged_the_removal(
    small: SmallShop,
) -> None:
    small.build([ANN, BOB])
    acknowledge(small, exported(small, "ann", "bob"))

    said = must(small.erase("--contact", "till:ann_at_till", "--yes"))
    assert "sent by win_back" in said.text
    assert "Waiting     1 remembered" in said.text
    assert small.people() == ["ann", "bob"]

    removal = exported(small, "bob", as_of="2024-07-02", erased=["ann"])
    assert "Waiting" in must(small.erase("--requests", "--yes")).text, "sent is not taken yet"
    assert small.people() == ["ann", "bob"]

    acknowledge(small, removal)
    must(small.erase("--requests", "--yes"))
    assert small.people() == ["bob"]
    assert files_with(small.exports, "ann@example.com") == []
    assert files_with(small.exports, "bob@example.com"), "whoever stays is found by the same search"
    with small.here():
        assert [runs.verify(run.folder / "manifest.json") for run in runs.FeedFolder("win_back").runs()] == [
            f"win_back {run.run_id}: purged (erasure)" for run in runs.FeedFolder("win_back").runs()
        ]
        assert blocking.own_requests() == []


GOOGLE = {**ADS_FEED, "feed": "google", "target": "google_customer_match"}
# a dot more or less is one address to Google: this one is somebody else's
DOTTED, PLAIN = "b.ob@gmail.com", "bob@gmail.com"


def test_whoever_was_sent_under_the_id_of_somebody_else_before_a_split_is_found_by_the_address(
    small: SmallShop,
) -> None:
    small.feeds = [EMAIL_FEED, ADS_FEED]
    small.build([ANN, ("bob_at_till", "parted", "bob@example.com")], history=[("bob_at_till", "ann")])
    ads = {"channel": "ads", "phone": None}
    one = [person("ann", email="bob@example.com"), person("ann", email="bob@example.com", **ads)]
    two = [person("ann"), person("ann", **ads)]
    small.publish([*one, person("cas"), person("cas", **ads)])
    small.export()
    for feed in ("win_back", "ads"):
        acknowledge(small, small.last(feed).run_id)
    small.publish([*two, person("cas"), person("cas", **ads)], as_of="2024-07-02")
    said = must(small.erase("--contact", "till:bob_at_till", "--yes"))
    assert "sent by ads, win_back" in said.text
    small.export()
    for feed in ("win_back", "ads"):
        assert "Waiting" in must(small.erase("--requests", "--yes")).text
        acknowledge(small, small.last(feed).run_id)

    must(small.erase("--requests", "--yes"))
    hashed = hashlib.sha256(b"bob@example.com").hexdigest()
    assert files_with(small.exports, "bob@example.com") == files_with(small.exports, hashed) == []
    # whoever has the id keeps it, with what she was sent of her own
    small.publish([person("cas"), person("cas", **ads)], as_of="2024-07-03", withdrawn=[("ann", "*", "*", "erased")])
    small.export()
    told = {(row["profile_id"], row["email"]) for row in small.last("erasure_generic").rows("full")}
    assert told == {("ann", "ann@example.com"), ("ann", "")}
    assert len(small.last("erasure_meta_custom_audience").rows("full")) == 1


def test_what_a_platform_takes_for_one_address_stays_with_whoever_is_not_forgotten(small: SmallShop) -> None:
    small.feeds = [GOOGLE]
    small.build([("bob_at_till", "bob", DOTTED), ("mia_at_till", "mia", PLAIN)])
    small.publish([person("mia", channel="ads", email=PLAIN, phone=None)])
    small.export()
    said = must(small.erase("--contact", "till:bob_at_till", "--yes", "--now"))
    assert "sent by" not in said.text
    (ledger,) = (small.exports / "google" / "ledger").glob("*.parquet")
    assert duckdb.sql(f"select profile_id from '{ledger}'").fetchall() == [("mia",)]


def test_what_an_erased_run_held_of_others_is_written_again(small: SmallShop) -> None:
    small.build([ANN, BOB])
    acknowledge(small, exported(small, "ann", "bob"))
    removal = exported(small, "bob", as_of="2024-07-02", erased=["ann"])
    acknowledge(small, removal)
    must(small.erase("--contact", "till:ann_at_till", "--yes"))
    again = small.export("win_back")["win_back"]
    assert again.status == "new run"
    assert (again.counts["members"], again.counts["removed"]) == (1, 0)
    assert again.run_id != removal
    assert small.export("win_back")["win_back"].status == "unchanged"
    assert files_with(small.exports, "ann@example.com") == []


@pytest.mark.parametrize(("as_of", "arguments", "left"), [
    ("2024-07-30", (), ["ann", "bob"]),
    ("2024-07-31", (), ["bob"]),
    ("2024-07-01", ("--now",), ["bob"]),
])  # fmt: skip
def test_after_erasure_max_wait_days_or_when_told_it_waits_for_no_platform(
    small: SmallShop, as_of: str, arguments: tuple[str, ...], left: list[str]
) -> None:
    exported(small, "ann", "bob")  # and never acknowledged
    small.build([ANN, BOB], asked=[("ann_at_till", "2024-07-01 12:00:00")], as_of=as_of)
    said = must(small.erase("--requests", "--yes", *arguments))
    assert "sent by win_back" in said.text, "whoever must be told is named all the same"
    assert small.people() == left
    assert bool(files_with(small.exports, "ann@example.com")) == ("ann" in left)


def test_a_request_of_after_the_as_of_date_is_not_known_yet(small: SmallShop) -> None:
    small.build([ANN], asked=[("ann_at_till", "2024-07-02 00:00:00")])
    assert "Nobody who asked" in must(small.erase("--requests", "--yes")).text
    assert small.people() == ["ann"]


def test_a_run_is_searched_whatever_its_format(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create table t as select 'person' || n || '@example.com' as email, n from range(200000) x(n)"
        )
        for file, options in {
            "a.csv": "format csv",
            "a.jsonl": "format json",
            "a.csv.gz": "format csv, compression gzip",
            "a.parquet": "format parquet",
        }.items():
            connection.execute(f"copy t to '{tmp_path / file}' ({options})")
            assert traces.file_holds(connection, tmp_path / file, {"person199998@example.com"}), file
            assert not traces.file_holds(connection, tmp_path / file, {"nobody@example.com"}), file
            assert not traces.file_holds(connection, tmp_path / file, set()), file
        (tmp_path / "empty.csv").touch()
        assert not traces.file_holds(connection, tmp_path / "empty.csv", {"x"})
        # across the border of two pieces
        (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"x" * (traces.CHUNK - 3) + b"needle" + b"x" * 9))
        assert traces.file_holds(connection, tmp_path / "b.csv.gz", {"needle"})


def test_exports_that_a_replay_set_aside_go_whole_when_they_hold_the_person(small: SmallShop) -> None:
    small.build([ANN, BOB])
    exported(small, "ann", "bob")
    aside = small.root / "backups" / "exports_1"
    aside.parent.mkdir()
    small.exports.rename(aside)
    must(small.erase("--contact", "till:bob_at_till", "--yes"))
    assert not aside.exists()


# --- Backups ----------------------------------------------------------------------------------------------------------


def backup(small: SmallShop, kept: tuple[str, str] = ("core", "profile_days")) -> Path:
    folder = small.root / "backups" / f"{AS_OF}_1"
    folder.mkdir(parents=True)
    with duckdb.connect(str(small.warehouse), read_only=True) as connection:
        table = backups._export(connection, *kept, folder)
    (folder / "manifest.json").write_text(json.dumps({"as_of_date": AS_OF, "tables": [table]}), encoding="utf-8")
    return folder


def test_a_backup_is_written_anew_without_the_person_and_can_be_restored(small: SmallShop, tmp_path: Path) -> None:
    small.build([ANN, BOB])
    folder = backup(small)
    must(small.erase("--contact", "till:ann_at_till", "--yes"))
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    backups.restore(folder, tmp_path / "restored.duckdb")
    assert rows(tmp_path / "restored.duckdb", "select profile_id from core.profile_days") == [("bob",)]


@pytest.mark.parametrize("step", ["before", "between", "after"])
def test_a_backup_is_whole_wherever_its_replacement_was_killed(small: SmallShop, step: str) -> None:
    small.build([ANN, BOB])
    folder = backup(small)
    new, old = folder.with_name(f".new-{folder.name}"), folder.with_name(f".old-{folder.name}")
    shutil.copytree(folder, new)
    if step != "before":
        folder.rename(old)
    if step == "after":
        new.rename(folder)
    with small.here():
        backup_folders.sweep_backups()
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    assert (folder / "manifest.json").exists()


def test_people_are_one_set() -> None:
    both = People(contacts=frozenset([("a", "b")])) | People(profile_ids=frozenset(["p"]), addresses=frozenset(["x"]))
    assert both.are_in(["source_system", "contact_id"], ["email"]) == (
        """coalesce("email" in ('p', 'x') or (source_system, contact_id) in (('a', 'b')), false)"""
    )
    assert People().are_in(["source_system", "contact_id"], ["email"]) == "coalesce(false, false)"


def test_a_message_id_that_somebody_else_has_too_is_not_theirs_alone() -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create schema input; create schema landing; "
            "create table landing.blocked_contacts (contact_digest varchar); "
            "create view input.input_messages as select * from (values "
            "('own', 'newsletter', 'gone'), ('own', 'newsletter', 'gone'), ('shared', 'newsletter', 'gone'), "
            "('shared', 'shop', 'stays'), ('of_nobody', 'newsletter', 'gone'), ('of_nobody', 'shop', ' '), "
            "('of_two', 'newsletter', 'gone'), ('of_two', 'shop', 'gone_before'), ('other', 'shop', 'stays'), "
            "(null, 'newsletter', 'gone'), (null, 'shop', 'stays')) as messages (message_id, source_system, contact_id)"
        )
        digest = rules.contact_digest("erased")
        connection.execute(
            f"insert into landing.blocked_contacts select {digest} "
            "from (values ('shop', 'gone_before')) as erased (source_system, contact_id)"
        )
        warehouse = object.__new__(Warehouse)
        warehouse.connection = connection
        warehouse.find_messages(People(contacts=frozenset({("newsletter", "gone")})))
        found = connection.execute("select distinct message_id from their_messages order by 1").fetchall()
    assert found == [("of_nobody",), ("of_two",), ("own",)]
