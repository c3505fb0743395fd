"""The demo's simulated world, and whether what was decided in it can be believed."""

import datetime
import hashlib
import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from scipy import stats
from workshop import Workshop, must

from rekindle.demo import floors, responses

D = datetime.date(2017, 11, 1)
DRAWS = (responses.SQL_FOLDER / "10_draws.sql").read_text(encoding="utf-8")
EXPORTED = """
    select
        sha256('decision' || row_number() over (order by household_id)) as decision_id,
        substring(md5('till|' || household_id), 1, 16) as profile_id,
        'anti_attrition' as scenario_id, '2017-10-01' as entry_key, 'first_message' as step, 'email' as channel,
        cast(null as varchar) as variant, 'voucher-5' as offer_id, timestamp '2017-11-02 13:00:00' as send_at
    from (select distinct household_id from '{raw}/completejourney/transactions.parquet' order by 1 limit 400)
"""


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, demo_workshop: Workshop) -> tuple[Path, Path]:
    """A data folder with the demo's raw files, and an exported file for four hundred households."""
    data = tmp_path_factory.mktemp("world") / "data"
    (data / "raw").mkdir(parents=True)
    raw = Path(demo_workshop.environment["REKINDLE_DATA"]) / "raw"
    for folder in ("synthetic", "completejourney"):
        (data / "raw" / folder).symlink_to(raw / folder)
    exported = data / "messages.parquet"
    duckdb.sql(EXPORTED.format(raw=raw)).write_parquet(str(exported))
    responses.play(data, D, [exported])
    return data, exported


ASKED = D + datetime.timedelta(days=1)
ASKING = """
    select
        sha256(people.person_id || asking.scenario_id) as decision_id,
        substring(md5(people.source_system || '|' || people.contact_id), 1, 16) as profile_id,
        asking.scenario_id, 'key of ' || people.person_id as entry_key, 'first_message' as step, asking.channel,
        cast(null as varchar) as variant, cast(null as varchar) as offer_id, timestamp '2017-11-03 13:00:00' as send_at
    from (
        select person_id, min(source_system) as source_system, min_by(contact_id, source_system) as contact_id
        from '{raw}/synthetic/_truth_people.parquet' where person_id like '{kind}%'
        group by all order by person_id limit {people}
    ) as people
    cross join (values
        ('contact_enrichment', 'email'), ('preference_form', 'email'), ('post_purchase_survey', 'email'),
        ('media_reactivation', 'ads'), ('drive_invitation', 'email'), ('welcome', 'email')
    ) as asking (scenario_id, channel)
"""
PEOPLE = 1000


@pytest.fixture(scope="module")
def asked(played: tuple[Path, Path]) -> Path:
    """The same data folder, where a thousand customers and readers were asked for something else."""
    data, _ = played
    raw = data / "raw"
    exported = data / "asking.parquet"
    customers, others = (ASKING.format(raw=raw, kind=kind, people=PEOPLE) for kind in "HN")
    duckdb.sql(f"({customers}) union all ({others})").write_parquet(str(exported))
    responses.play(data, ASKED, [exported])
    return data


def table(data: Path, name: str, of: datetime.date = D) -> str:
    """A file of the world, for a query."""
    return f"read_parquet('{responses.folder_of(data, of)}/{name}.parquet')"


def digests(folder: Path) -> dict[str, str]:
    """What each file of a folder holds."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*.parquet"))
    }


def test_the_same_exports_give_the_same_answers_byte_by_byte(played: tuple[Path, Path]) -> None:
    data, exported = played
    before = digests(responses.folder_of(data, D))
    responses.play(data, D, [exported])
    assert digests(responses.folder_of(data, D)) == before
    assert len(before) == len(responses.FILES)


def test_a_csv_says_the_same_as_a_parquet_file(played: tuple[Path, Path], tmp_path: Path) -> None:
    data, exported = played
    before = digests(responses.folder_of(data, D))
    csv = tmp_path / "messages.csv"
    duckdb.sql(f"select * from '{exported}'").write_csv(str(csv))
    responses.play(data, D, [csv])
    assert digests(responses.folder_of(data, D)) == before


def test_everything_comes_later_than_the_date_that_caused_it(played: tuple[Path, Path]) -> None:
    data, _ = played
    midnight = "2017-11-02 04:00:00"  # the end of the day in New York
    for name, stamp in (
        ("messages", "sent_at"),
        ("message_events", "occurred_at"),
        ("offer_assignments", "assigned_at"),
        ("offer_redemptions", "redeemed_at"),
        ("transactions", "transaction_timestamp"),
    ):
        rows, first = duckdb.sql(f"select count(*), cast(min({stamp}) as varchar) from {table(data, name)}").fetchall()[
            0
        ]
        assert rows > 0, name
        assert first >= midnight, name


def test_whoever_responds_brings_one_basket_copied_from_an_earlier_one(played: tuple[Path, Path]) -> None:
    data, _ = played
    raw = f"{data}/raw/completejourney/transactions.parquet"
    wrong = duckdb.sql(f"""
        select new.basket_id
        from (
            select basket_id, contact_id as household_id, sum(sales_value) as amount, count(*) as lines
            from {table(data, "transactions")} group by all
        ) as new
        where not exists (
            select 1 from (
                select basket_id, household_id, sum(sales_value) as amount, count(*) as lines from '{raw}'
                where transaction_timestamp < timestamp '2017-11-02 13:00:00' group by all
            ) as old
            where old.household_id = new.household_id and old.amount = new.amount and old.lines = new.lines
        )
    """).fetchall()
    assert wrong == []
    baskets, households = duckdb.sql(
        f"select count(distinct basket_id), count(distinct contact_id) from {table(data, 'transactions')}"
    ).fetchall()[0]
    assert baskets == households
    # a quarter responds on average, of the messages that arrive at somebody who ever bought
    assert 0.17 < baskets / 400 < 0.33


def test_who_comes_back_hangs_on_the_channel_and_on_what_the_offer_is_worth() -> None:
    with duckdb.connect() as connection:
        connection.execute(DRAWS)
        [shares] = connection.execute("""
            select
                avg(would_respond('H' || i, 'p' || i, 's', 'e', pull('email', null))::int),
                avg(would_respond('H' || i, 'p' || i, 's', 'e', pull('email', 2))::int),
                avg(would_respond('H' || i, 'p' || i, 's', 'e', pull('email', 10))::int),
                avg(would_respond('H' || i, 'p' || i, 's', 'e', pull('push', 2))::int),
                avg(would_respond('H' || i, 'p' || i, 's', 'e', pull('sms', 2))::int)
            from range(20000) as people (i)
        """).fetchall()
    assert shares == pytest.approx((0.2125, 0.25, 0.325, 0.2, 0.3), abs=0.012)


def test_most_who_click_an_invitation_follow_its_discount_link_and_no_other_message_has_one(
    played: tuple[Path, Path], tmp_path: Path
) -> None:
    data, exported = played
    inviting = tmp_path / "inviting.parquet"
    duckdb.sql(f"""
        select * replace (sha256(decision_id || told.step) as decision_id, told.scenario_id as scenario_id,
            told.step as step, if(told.step = 'thanks', offer_id, null) as offer_id)
        from '{exported}' cross join (values
            ('reactivation', 'first_message'), ('reactivation', 'other_proposal'), ('reactivation', 'thanks'),
            ('welcome_back', 'first')
        ) as told (scenario_id, step)
    """).write_parquet(str(inviting))
    elsewhere = tmp_path / "data"
    (elsewhere / "raw").mkdir(parents=True)
    for folder in ("synthetic", "completejourney"):
        (elsewhere / "raw" / folder).symlink_to((data / "raw" / folder).resolve())
    responses.play(elsewhere, D, [inviting])
    clicks = dict(
        duckdb.sql(f"""
            select exported.step, list(events.link_tag)
            from {table(elsewhere, "message_events")} as events
            inner join '{inviting}' as exported on events.message_id = 'W' || substring(exported.decision_id, 1, 24)
            where events.event_type = 'clicked' group by 1
        """).fetchall()
    )
    assert set(clicks["thanks"]) == {"offer"}
    assert set(clicks["first"]) == {"shop"}
    for step in ("first_message", "other_proposal"):
        assert set(clicks[step]) == {"discount", "shop"}
    followed = clicks["first_message"] + clicks["other_proposal"]
    assert stats.binomtest(followed.count("discount"), len(followed), 0.7).pvalue > 0.001


def test_nobody_is_written_to_who_was_not_exported_and_ads_are_no_messages(
    played: tuple[Path, Path], tmp_path: Path
) -> None:
    data, exported = played
    ads = tmp_path / "ads.parquet"
    duckdb.sql(f"select * replace ('ads' as channel) from '{exported}'").write_parquet(str(ads))
    elsewhere = tmp_path / "data"
    (elsewhere / "raw").mkdir(parents=True)
    for folder in ("synthetic", "completejourney"):
        (elsewhere / "raw" / folder).symlink_to((data / "raw" / folder).resolve())
    assert set(responses.play(elsewhere, D, [ads]).values()) == {0}
    assert set(responses.play(elsewhere, D, []).values()) == {0}


def test_who_is_asked_answers_later_than_the_question_and_as_the_page_says(asked: Path) -> None:
    asking = f"'{asked}/asking.parquet'"
    for name, stamp in (
        ("web_events", "occurred_at"), ("service_events", "occurred_at"), ("contact_preferences", "declared_at")
    ):  # fmt: skip
        [(rows, first)] = duckdb.sql(
            f"select count(*), min({stamp}) > timestamp '2017-11-03 13:00:00' from {table(asked, name, ASKED)}"
        ).fetchall()
        assert rows > 100, name
        assert first, name
    forms = dict(
        duckdb.sql(f"""
            select asking.scenario_id || ' ' || forms.form_type || ' ' || forms.platform, count(*)
            from {table(asked, "web_events", ASKED)} as forms
            inner join {asking} as asking on forms.event_id = 'W' || substring(asking.decision_id, 1, 24)
            group by all
        """).fetchall()
    )
    ratings, of_orders = duckdb.sql(
        f"select count(*), count(basket_id) from {table(asked, 'service_events', ASKED)}"
    ).fetchall()[0]
    # a quarter is moved on average; one e-mail in seventy does not arrive
    expected = {
        "contact_enrichment enrichment web": 0.30 * 2 * PEOPLE,
        "preference_form preference web": 0.25 * 2 * PEOPLE,
        "media_reactivation contest social": 0.20 * 2 * PEOPLE,
    }
    assert forms == {kind: pytest.approx(count, rel=0.15) for kind, count in expected.items()}
    assert ratings == of_orders == pytest.approx(0.30 * 2 * PEOPLE, rel=0.15)


def test_who_stands_on_a_mirrored_list_enters_the_contest_once(asked: Path) -> None:
    later = ASKED + datetime.timedelta(days=1)
    assert set(responses.play(asked, later, [asked / "asking.parquet"]).values()) == {0}


def test_who_never_bought_buys_in_the_web_shop_and_who_is_invited_to_a_drive_orders_there(asked: Path) -> None:
    rows = duckdb.sql(f"""
        select asking.scenario_id, substring(people.person_id, 1, 1) in ('H', 'P') as is_customer, lines.sales_channel,
            min(lines.source_system = 'till'), max(lines.delivered_at - lines.transaction_timestamp),
            count(distinct lines.basket_id)
        from {table(asked, "transactions", ASKED)} as lines
        inner join '{asked}/asking.parquet' as asking on lines.basket_id = 'W' || substring(asking.decision_id, 1, 24)
        inner join '{asked}/raw/synthetic/_truth_people.parquet' as people
            on lines.source_system = people.source_system and lines.contact_id = people.contact_id
        group by all
    """).fetchall()
    told = {(scenario, customer): rest for scenario, customer, *rest in rows}
    four_hours, two_days = datetime.timedelta(hours=4), datetime.timedelta(days=2)
    # no offer: 0.85 of a quarter, half of that for a drive, whether she ever bought or not
    assert told == {
        ("welcome", True): [None, True, None, pytest.approx(0.2125 * PEOPLE, rel=0.2)],
        ("welcome", False): ["web", False, two_days, pytest.approx(0.2125 * PEOPLE, rel=0.2)],
        ("drive_invitation", True): ["drive", True, four_hours, pytest.approx(0.2125 * 0.5 * PEOPLE, rel=0.25)],
        ("drive_invitation", False): ["drive", False, four_hours, pytest.approx(0.2125 * 0.5 * PEOPLE, rel=0.25)],
    }


@pytest.fixture(scope="module")
def decided(decided_workshop: Workshop) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of the demo with decisions and answers."""
    with duckdb.connect(str(decided_workshop.warehouse), read_only=True) as connection:
        yield connection


MATURE = """
    select
        entries.*,
        exists (
            select 1 from core.fct_orders as orders
            where orders.profile_id = entries.profile_id and orders.order_status = 'completed'
                and orders.order_date > entries.entered_date and orders.order_date <= entries.entered_date + 30
        ) as is_back,
        exists (
            select 1 from core.fct_orders as orders
            where orders.profile_id = entries.profile_id and orders.order_status = 'completed'
                -- what another scenario brought would be there as well
                and not exists (
                    select 1 from activation.decisions as own
                    where own.scenario_id = 'anti_attrition'
                        and orders.order_id = 'W' || substring(own.decision_id, 1, 24)
                )
                and orders.order_date > entries.entered_date and orders.order_date <= entries.entered_date + 30
        ) as would_be_back
    from activation.scenario_entries as entries
    where entries.scenario_id = 'anti_attrition' and entries.arm <> 'held_out_globally'
        and entries.entered_date <= date '2017-12-01'
"""


def test_the_interval_of_the_lift_covers_what_the_messages_did(decided: duckdb.DuckDBPyConnection) -> None:
    counted = decided.sql(
        f"select arm, count(*), avg(is_back::int), avg(would_be_back::int) from ({MATURE}) group by 1"
    ).fetchall()
    rows = {arm: (entries, back, alone) for arm, entries, back, alone in counted}
    (treated, back, alone), (held_out, base, _) = rows["treated"], rows["held_out"]
    truth = back - alone
    lift = back - base
    half = 1.96 * math.sqrt(back * (1 - back) / treated + base * (1 - base) / held_out)
    assert 0.06 < truth < 0.18
    assert abs(lift - truth) < half
    assert lift - half > 0, "the demo cannot prove that anything worked"


def test_nobody_who_is_held_out_was_ever_answered(decided: duckdb.DuckDBPyConnection) -> None:
    assert decided.sql("""
        select count(*) from activation.decisions as decisions
        inner join core.fct_messages as messages on decisions.decision_id = messages.decision_id
        where decisions.outcome <> 'selected'
    """).fetchall() == [(0,)]
    assert decided.sql("""
        select count(*) from activation.decisions as decisions
        inner join activation.scenario_entries as entries using (scenario_id, profile_id, entry_key)
        where entries.arm <> 'treated' and decisions.outcome = 'selected'
    """).fetchall() == [(0,)]


def test_arms_have_the_sizes_that_were_asked_for(decided: duckdb.DuckDBPyConnection) -> None:
    # one draw per person and half-year: people are counted, not entries
    treated, held_out = decided.sql("""
        select count(distinct case when arm = 'treated' then profile_id end),
            count(distinct case when arm = 'held_out' then profile_id end)
        from activation.scenario_entries
        where scenario_id = 'anti_attrition' and holdout_period = '2017H2'
    """).fetchall()[0]
    assert stats.binomtest(held_out, treated + held_out, 0.30).pvalue > 0.001


def test_arms_do_not_depend_on_what_was_known_before_the_period(decided: duckdb.DuckDBPyConnection) -> None:
    rows = decided.sql("""
        select published.segment, count(distinct case when arm = 'treated' then entries.profile_id end) + 0,
            count(distinct case when arm = 'held_out' then entries.profile_id end) + 0
        from activation.scenario_entries as entries
        inner join segments.rfm_published as published
            on entries.profile_id = published.profile_id and published.segment_month = date '2017-06-01'
        where entries.scenario_id = 'anti_attrition' and holdout_period = '2017H2'
        group by 1 having count(distinct entries.profile_id) >= 20 order by 1
    """).fetchall()
    counts = [[treated, held_out] for _, treated, held_out in rows]
    assert len(counts) >= 4
    assert stats.chi2_contingency(counts).pvalue > 0.001


def test_no_selected_message_goes_over_its_cap_in_the_whole_period(decided: duckdb.DuckDBPyConnection) -> None:
    # caps as the seed has them for everybody: the strictest tier may only be lower
    over = decided.sql("""
        with sent as (
            select profile_id, channel, send_date, decision_id as slot from activation.decisions
            where outcome = 'selected' and channel <> 'ads'
            union
            select profile_id, channel, sent_date, message_id from core.fct_messages
            where decision_id is null and first_not_sent_at is null
        )
        select decisions.decision_id
        from activation.decisions as decisions
        inner join config.message_caps as caps on decisions.channel = caps.channel and caps.engagement_tier = '*'
        inner join sent on decisions.profile_id = sent.profile_id and decisions.channel = sent.channel
            and sent.send_date < decisions.send_date and sent.send_date > decisions.send_date - caps.window_days
        where decisions.outcome = 'selected'
            and not exists (
                select 1 from core.fct_messages as back
                where back.decision_id = sent.slot and back.first_not_sent_at is not null
            )
        group by decisions.decision_id, caps.max_messages
        having count(distinct sent.slot) >= caps.max_messages
    """).fetchall()
    assert over == []
    assert decided.sql("select count(*) from activation.decisions where closed_gate = 'under_pressure_cap'").fetchall()[
        0
    ][0], "no cap ever closed: the check above proves nothing"


def test_content_is_json_and_holds_no_contact_details(decided: duckdb.DuckDBPyConnection) -> None:
    rows, objects = decided.sql("""
        select count(*), count(*) filter (where json_type(content) = 'OBJECT') from audiences.audience_members
    """).fetchall()[0]
    assert rows == objects > 100
    told = decided.sql("""
        select count(*) from audiences.audience_members as members
        inner join hub_private.profile_contacts as contacts on members.profile_id = contacts.profile_id
        where contains(members.content, '@')
            or contains(members.content, coalesce(contacts.email, '@'))
            or contains(members.content, coalesce(contacts.sms_phone, contacts.call_phone, '@'))
            or contains(members.content, coalesce(contacts.street_address, '@'))
            or contains(members.content, coalesce('"' || contacts.first_name || '"', '@'))
            or contains(members.content, coalesce('"' || contacts.last_name || '"', '@'))
    """).fetchall()
    assert told == [(0,)]


def test_waterfalls_add_up_to_the_ledger(decided: duckdb.DuckDBPyConnection) -> None:
    assert (
        decided.sql("""
        select as_of_date, scenario_id, sum(decision_count) from activation.decision_waterfall group by all
        except
        select as_of_date, scenario_id, count(*) from activation.decisions group by all
    """).fetchall()
        == []
    )
    assert (
        decided.sql("""
        select scenario_id from config.scenarios where kind <> 'media'
        except
        select scenario_id from activation.decisions
    """).fetchall()
        == []
    )


def test_no_message_scenario_of_the_demo_stays_empty(decided: duckdb.DuckDBPyConnection) -> None:
    """The demo itself decides on four times as many dates, and says at its end what stays below its floors.

    Of some scenarios nobody can be expected to be held out on so few dates: that is for the whole demo to say.
    """
    counts = floors.counted(decided)
    assert len(counts) >= 23
    few = {name: floor / 4 for name, floor in floors.FLOORS.items() if name != "held out"}
    assert floors.below(counts, {**few, "held out": 0, "of the rarest step": 0}) == {}


def test_what_stays_below_its_floor_is_told(tmp_path: Path) -> None:
    warehouse = tmp_path / "demo.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("""
            create schema activation; create schema config;
            create table config.scenarios as
            select * from (values
                ('asks', 'message', true, 0.0), ('gives', 'message', true, 0.1),
                ('lists', 'media', true, 0.1), ('rests', 'message', false, 0.1)
            ) as seeds (scenario_id, kind, is_enabled, holdout_share);
            create table config.scenario_steps as
            select * from (values ('asks', 'first'), ('gives', 'first'), ('gives', 'second'), ('lists', 'mirror'))
                as seeds (scenario_id, step);
            create table activation.decisions as
            select
                scenario_id || number as decision_id, scenario_id, if(number <= 15, 'first', 'second') as step,
                date '2018-01-01' as as_of_date, if(number <= 20, 'selected', 'stopped') as outcome
            from (values ('asks'), ('gives')) as deciding (scenario_id) cross join range(1, 61) as numbers (number);
            create table activation.scenario_entries as
            select
                scenario_id,
                if(number <= 5, 'held_out', if(number <= 40, 'treated', 'held_out_globally')) as arm,
                if(number <= 20, date '2017-12-02', date '2017-12-03') as entered_date
            from (values ('asks'), ('gives')) as entering (scenario_id) cross join range(1, 61) as numbers (number);
        """)
    assert list(floors.in_words(warehouse)) == [
        "Scenarios   2 that write to people, each with at least",
        "            60 due, 20 selected, 5 held out, 20 mature, 5 of the rarest step",
    ]
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("delete from activation.scenario_entries where arm = 'held_out'")
        connection.execute("delete from activation.decisions where scenario_id = 'asks'")
        connection.execute("delete from activation.decisions where decision_id = 'gives20'")
    assert list(floors.in_words(warehouse)) == [
        "Too few     asks: 0 due of 60, 0 selected of 20, 15 mature of 20, 0 of the rarest step of 5",
        "Too few     gives: 59 due of 60, 19 selected of 20, 0 held out of 5, 15 mature of 20, "
        "4 of the rarest step of 5",
    ]


def test_the_run_after_a_replay_that_decided_finds_everything_built(decided_workshop: Workshop, tmp_path: Path) -> None:
    after = Workshop(tmp_path, "completejourney")
    after.environment["REKINDLE_DATA"] = decided_workshop.environment["REKINDLE_DATA"]
    after.warehouse.parent.mkdir(parents=True, exist_ok=True)
    after.start_from(decided_workshop.warehouse)
    said = must(after.run("run", "--as-of", "2018-01-01", "--no-publish")).text
    assert "nothing to build; --full builds all." in said
    assert "Decided     steps of journeys due as of 2018-01-01" in said


def test_a_shorter_replay_decides_and_is_answered_as_the_longer_one_was(
    decided_workshop: Workshop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    again = Workshop(tmp_path_factory.mktemp("again"), "completejourney")
    again.environment["REKINDLE_DATA"] = str(again.root / "data")
    again.environment["REKINDLE_EXPORTS"] = str(again.root / "exports")
    again.warehouse.parent.mkdir(parents=True)
    shutil.copytree(decided_workshop.environment["REKINDLE_DATA"], again.environment["REKINDLE_DATA"])
    months = ("--from", "2017-01", "--to", "2017-08", "--decide-from", "2017-07")
    again.kill("rekindle.run.replaying:build", 1, "demo", "replay", *months)  # after its last decision that is compared
    with duckdb.connect() as connection:
        connection.execute(f"attach '{decided_workshop.warehouse}' as longer (read_only)")
        connection.execute(f"attach '{again.warehouse.parent}/replay/build.duckdb' as shorter (read_only)")
        for name, column in (("decisions", "as_of_date"), ("scenario_entries", "entered_date")):
            for one, other in (("longer", "shorter"), ("shorter", "longer")):
                assert connection.execute(f"""
                    select count(*) from (
                        from {one}.activation.{name} where {column} <= date '2017-08-01'
                        except
                        from {other}.activation.{name} where {column} <= date '2017-08-01'
                    )
                """).fetchall() == [(0,)], (name, one)
        assert connection.execute("select count(*) from shorter.activation.decisions").fetchall()[0][0] > 300
    folders = [
        Path(workshop.environment["REKINDLE_DATA"]) / "raw" / "world" / "caused_by=2017-07-01"
        for workshop in (decided_workshop, again)
    ]
    assert digests(folders[0]) == digests(folders[1]) != {}
