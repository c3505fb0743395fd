"""What campaigns, questions and messages brought, on the decided demo, found again by pandas from the pages' prose."""

from collections.abc import Iterator

import duckdb
import pandas as pd
import pytest
from test_measurement import AS_OF, MIN_GROUP_SIZE, OUTCOME_DAYS, SCENARIOS, seed
from workshop import Workshop

TIERS = ["active", "dormant", "at_risk", "to_delete"]
CALENDAR_DAY_AFTER = AS_OF + pd.Timedelta(days=1)


@pytest.fixture(scope="module")
def decided(decided_workshop: Workshop) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of the demo with decisions and answers."""
    with duckdb.connect(str(decided_workshop.warehouse), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


def month_of(dates: pd.Series) -> pd.Series:
    """The first day of the month of each date."""
    return dates.dt.to_period("M").dt.to_timestamp()


def local(column: str) -> str:
    """The date of an instant where the shops are."""
    return f"timezone('America/New_York', timezone('UTC', {column}))::date"


def marketing_consents(decided: duckdb.DuckDBPyConnection) -> set[str]:
    """Who may be written to now, on some channel."""
    rows = decided.sql("""
        select profile_id from core.fct_consents
        where purpose = 'marketing' and is_granted and valid_from < timestamp '2018-01-02 05:00:00'
            and (valid_to is null or valid_to >= timestamp '2018-01-02 05:00:00')
    """).fetchall()
    return {name for (name,) in rows}


def test_a_campaign_brings_back_who_was_inactive_and_answers_it(decided: duckdb.DuckDBPyConnection) -> None:
    campaigns = decided.sql("select * from core.dim_campaigns").df()
    media = decided.sql("select * from core.fct_media_results where result_date <= date '2018-01-01'").df()
    reported = set(zip(media["campaign_id"], media["route"], strict=True))
    answers = decided.sql(f"""
        select campaign_id, route, profile_id, occurred_at, {local("occurred_at")} as said_on from core.fct_web_events
        where campaign_id is not null
        union all
        select campaign_id, channel, profile_id, first_clicked_at, {local("first_clicked_at")} from core.fct_messages
        where campaign_id is not null and first_clicked_at is not null
    """).df()
    answers = answers[answers["said_on"] < CALENDAR_DAY_AFTER]
    people = decided.sql("select profile_id, created_date, newest_record_date from core.profiles").df()
    people = people.set_index("profile_id")
    silence = decided.sql("""
        select coalesce(heirs.profile_id, silence.profile_id) as profile_id, engagement_tier, segment_month
        from segments.silence_published as silence
        left join activation.profile_heirs as heirs on silence.profile_id = heirs.remembered_id
    """).df()
    silence["rank"] = silence["engagement_tier"].map(TIERS.index)
    chosen = decided.sql("""
        select scenario_id, profile_id, as_of_date from measurement.scenario_decisions where outcome = 'selected'
    """).df()
    agreed = marketing_consents(decided)
    found = decided.sql("select * from measurement.reactivation_summary").df()
    found = found.set_index(["campaign_id", "route", "engagement_tier"])
    campaigns = campaigns[campaigns["start_date"] <= AS_OF]
    told, brought, expected_keys = 0, {}, set()
    for campaign in campaigns.itertuples():
        key = (campaign.campaign_id, campaign.route)
        if not (key in reported or campaign.scenario_id is not None or campaign.is_acquisition_baseline):
            continue
        before = campaign.start_date.to_period("M").to_timestamp() - pd.DateOffset(months=1)
        of_month = silence[silence["segment_month"] == before].sort_values("rank").drop_duplicates("profile_id")
        inactive = of_month[of_month["engagement_tier"] != "active"].set_index("profile_id")["engagement_tier"]
        siblings = set(campaigns.loc[campaigns["campaign_id"] == campaign.campaign_id, "route"])
        own = answers[(answers["campaign_id"] == campaign.campaign_id) & answers["route"].isin(siblings)]
        own = own[own["said_on"] >= campaign.start_date].sort_values(["occurred_at", "route"])
        own = own.drop_duplicates("profile_id")
        who = set(own.loc[own["route"] == campaign.route, "profile_id"]) & set(people.index)
        back = who & set(inactive.index)
        new = {name for name in who if people.loc[name, "created_date"] >= campaign.start_date}
        end = campaign.end_date if pd.notna(campaign.end_date) else pd.Timestamp("2999-01-01")
        listed = chosen[(chosen["scenario_id"] == campaign.scenario_id) & (chosen["as_of_date"] < end)]
        listed_people = set(listed.loc[listed["as_of_date"] >= campaign.start_date, "profile_id"])
        slices = {"all": set(inactive.index), **{tier: set(rows.index) for tier, rows in inactive.groupby(inactive)}}
        for tier, members in slices.items():
            expected_keys.add((*key, tier))
            row = found.loc[(*key, tier)]
            if not len(of_month):
                assert row["no_reactivation_because"] == "no tiers were published before it began"
                assert row[["inactive_people", "reactivated", "contacts", "cost_per_contact"]].isna().all()
            elif len(members) >= MIN_GROUP_SIZE:
                returned = back & members if tier != "all" else back
                assert row["inactive_people"] == len(members)
                assert row["reactivated"] == len(returned), (*key, tier)
                if campaign.scenario_id is not None:
                    of_tier = listed_people & members if tier != "all" else listed_people
                    assert row["targeted"] == len(of_tier)
                if len(returned) >= MIN_GROUP_SIZE:
                    assert row["reactivated_opted_in"] == len(returned & agreed)
                    renewed = [
                        name for name in returned if people.loc[name, "newest_record_date"] >= campaign.start_date
                    ]
                    assert row["returned_with_new_record"] == len(renewed)
                else:
                    assert pd.isna(row["reactivated_opted_in"])
                told += 1
            if tier == "all":
                shown = len(new) >= MIN_GROUP_SIZE
                assert (row["new_contacts"] == len(new)) if shown else pd.isna(row["new_contacts"]), key
                assert (row["new_opted_in"] == len(new & agreed)) if shown else pd.isna(row["new_opted_in"])
                platform = media[(media["campaign_id"] == key[0]) & (media["route"] == key[1])]
                assert pd.isna(row["reached"]) if not len(platform) else row["reached"] == platform["reached"].max()
                cost = float(campaign.cost_amount) if pd.notna(campaign.cost_amount) else platform["cost_amount"].sum()
                if len(of_month):
                    brought[key] = (campaign.is_acquisition_baseline, cost, len(back | new))
            else:
                assert row[["new_contacts", "reached", "cost_amount"]].isna().all()
    assert expected_keys == set(found.index)
    assert told > 6
    baselines = [(cost, contacts) for is_baseline, cost, contacts in brought.values() if is_baseline]
    usual = sum(cost for cost, _ in baselines) / sum(contacts for _, contacts in baselines)
    compared = 0
    for key, (_, cost, contacts) in brought.items():
        if contacts >= MIN_GROUP_SIZE:
            row = found.loc[(*key, "all")]
            assert row["contacts"] == contacts
            assert row["cost_per_contact"] == pytest.approx(cost / contacts, rel=1e-9)
            assert row["cost_change"] == pytest.approx(cost / contacts / usual - 1, abs=1e-9)
            compared += 1
    assert compared > 1


def half_year(month: pd.Timestamp) -> str:
    return f"{month.year}H{1 if month.month <= 6 else 2}"


def steps_reached(decided: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """One row per entry and step: its message, or the newest decision of an entry that got none."""
    decisions = decided.sql("""
        select decision_id, profile_id, scenario_id, entry_key, step, outcome, arm, channel, as_of_date,
            coalesce(offer_type, 'none') as offer_type, coalesce(variant, 'none') as variant, reason_code
        from measurement.scenario_decisions
    """).df()
    place = ["scenario_id", "profile_id", "entry_key", "step"]
    sent = decisions[decisions["outcome"] == "selected"]
    others = decisions[(decisions["outcome"] != "selected") & decisions["reason_code"].notna()]
    others = others.sort_values(["as_of_date", "decision_id"], ascending=[False, True]).drop_duplicates(place)
    others = others.merge(sent[place].drop_duplicates(), on=place, how="left", indicator=True)
    others = others[others["_merge"] == "left_only"].drop(columns="_merge").assign(channel="none")
    steps = pd.concat([sent, others], ignore_index=True)
    return steps.assign(decided_month=month_of(steps["as_of_date"]))


def test_entries_that_got_no_message_are_counted_beside_those_that_did(decided: duckdb.DuckDBPyConnection) -> None:
    key = ["scenario_id", "step", "channel", "offer_type", "variant", "decided_month"]
    found = decided.sql("select * from measurement.scenario_performance where step <> 'all'").df().set_index(key)
    steps = steps_reached(decided)
    others = decided.sql("""
        select profile_id, channel, sent_date, first_opened_at is not null as is_opened from core.fct_messages
        where decision_id is null and is_open_observed and first_delivered_at is not null and sent_date <= '2018-01-01'
    """).df()
    by_month = others.groupby(["channel", month_of(others["sent_date"])])
    usual = by_month["is_opened"].mean()[by_month["profile_id"].nunique() >= MIN_GROUP_SIZE]
    results = decided.sql("""
        select scenario_id, holdout_period, total_lift, lower_total_lift from measurement.experiment_results
        where metric_id = 'net_return' and slice_kind = 'all' and variation_id = 'treated'
            and holdout_period is not null
    """).df()
    results = results.set_index(["scenario_id", "holdout_period"])
    first_steps = {(row["scenario_id"], row["step"]) for row in seed("scenario_steps") if not row["after_steps"]}
    # a half-year's result belongs to those who were treated in it, by the month in which they came to a first step
    began = steps[[place in first_steps for place in zip(steps["scenario_id"], steps["step"], strict=True)]]
    began = began[began["arm"] == "treated"]
    half_years = [half_year(month) for month in began["decided_month"]]
    shares = began.groupby(["scenario_id", half_years]).size()
    groups = steps.groupby(key)
    assert set(groups.groups) == set(found.index)
    waiting = opens = returns = 0
    for place, rows in groups:
        scenario, step, channel, _, _, month = place
        row = found.loc[place]
        if rows["profile_id"].nunique() < MIN_GROUP_SIZE:
            assert row.drop("withheld_because").isna().all()
            continue
        treated = (rows["arm"] == "treated").sum()
        assert (row["entered"], row["treated"]) == (len(rows), treated), place
        assert row["people"] == rows["profile_id"].nunique()
        if channel == "none":
            assert row[["selected", "sent", "redeemed", "revisited"]].sum() == 0
            waiting += 1
        rate = usual.get((channel, month))
        if rate is None or not row["open_observed"]:
            assert pd.isna(row["open_rate_change"])
        else:
            expected = row["opened"] / row["open_observed"] - rate
            assert row["open_rate_change"] == pytest.approx(expected, abs=1e-12)
            opens += 1
        half = (scenario, half_year(month))
        if (scenario, step) in first_steps and half in results.index and pd.notna(results.loc[half, "total_lift"]):
            for name in ("", "lower_"):
                each = float(results.loc[half, f"{name}total_lift"]) / shares.loc[half]
                assert float(row[f"{name}net_return_amount"]) == pytest.approx(each * treated, abs=0.0051)
            returns += 1
        else:
            assert pd.isna(row["net_return_amount"])
    assert min(waiting, opens, returns) > 0


def test_an_address_is_recovered_when_it_may_be_written_to_soon_after_the_question(
    decided: duckdb.DuckDBPyConnection,
) -> None:
    asking = {row["scenario_id"] for row in seed("scenario_moments") if row["moment"] == "address_missing"}
    questions = decided.sql("""
        select profile_id, scenario_id, entry_key, channel, as_of_date
        from measurement.scenario_decisions as decisions
        left join activation.decision_reports as reports on decisions.decision_id = reports.decision_id
        where outcome = 'selected' and not coalesce(is_not_sent, false)
            and channel in ('email', 'sms', 'phone')
    """).df()
    questions = questions[questions["scenario_id"].isin(asking)].sort_values("as_of_date")
    questions = questions.drop_duplicates(["scenario_id", "profile_id", "entry_key"])
    opened = decided.sql(f"""
        select profile_id, channel, {local("valid_from")} as opened_on from identity.address_permissions
        where is_open and purpose = 'marketing' and channel in ('email', 'sms', 'phone')
    """).df()
    found = decided.sql("select * from measurement.enrichment_summary").df().set_index(["scenario_id", "asked_month"])
    groups = questions.groupby(["scenario_id", month_of(questions["as_of_date"])])
    assert set(groups.groups) == set(found.index)
    for place, asked in groups:
        row = found.loc[place]
        days = pd.Timedelta(days=int(SCENARIOS[place[0]]["outcome_days"] or OUTCOME_DAYS))
        for kind, by, at in (("emails", ("sms", "phone"), ("email",)), ("mobiles", ("email",), ("sms", "phone"))):
            of_kind = asked[asked["channel"].isin(by)]
            later = of_kind.merge(opened[opened["channel"].isin(at)], on="profile_id")
            later = later[
                (later["opened_on"] >= later["as_of_date"]) & (later["opened_on"] <= later["as_of_date"] + days)
            ]
            people = of_kind["profile_id"].nunique()
            if people < MIN_GROUP_SIZE:
                assert pd.isna(row[f"{kind}_asked"])
                continue
            assert row[f"{kind}_asked"] == people
            assert row[f"{kind}_recovered"] == later["profile_id"].nunique()
        assert row["is_over"] == (asked["as_of_date"].max() + days < AS_OF)


def written_to(decided: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """The first entries of people whom the scenario against attrition writes to, and whether they bought again."""
    entries = decided.sql("""
        select heirs.profile_id, entry_key, arm, holdout_period, entered_date
        from activation.scenario_entries as entries
        inner join activation.profile_heirs as heirs on entries.profile_id = heirs.remembered_id
        where scenario_id = 'anti_attrition'
    """).df()
    entries = entries.sort_values(["entered_date", "entry_key"]).drop_duplicates(["profile_id", "holdout_period"])
    days = pd.Timedelta(days=int(SCENARIOS["anti_attrition"]["outcome_days"] or OUTCOME_DAYS))
    entries = entries[(entries["arm"] == "treated") & (entries["entered_date"] + days < AS_OF)].reset_index(drop=True)
    orders = decided.sql("select profile_id, order_date from core.fct_orders where order_status = 'completed'").df()
    waited = entries.reset_index().merge(orders, on="profile_id")
    waited["after"] = waited["order_date"] - waited["entered_date"]
    back = waited.loc[(waited["after"] > pd.Timedelta(0)) & (waited["after"] <= days), "index"]
    return entries.assign(revisited=entries.index.isin(back))


def chosen_messages(decided: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Each message that a scenario decided on, and what became of it until the last day was over."""
    steps = steps_reached(decided)
    chosen = steps[steps["outcome"] == "selected"]
    end = "timestamp '2018-01-02 05:00:00'"
    reports = decided.sql(f"""
        select decision_id, bool_and(coalesce(first_not_sent_at < {end}, false)) as is_not_sent,
            bool_or(coalesce(first_delivered_at < {end}, false)) and bool_and(is_open_observed) as is_seen,
            bool_or(coalesce(first_opened_at < {end}, false)) as is_opened
        from core.fct_messages where decision_id is not null and sent_at < {end} group by decision_id
    """).df()
    used = decided.sql(f"""
        select distinct decision_id, profile_id, true as is_used from core.fct_coupons
        where decision_id is not null and first_redeemed_at < {end}
    """).df()
    chosen = chosen.merge(reports, on="decision_id", how="left").merge(
        used, on=["decision_id", "profile_id"], how="left"
    )
    for name in ("is_not_sent", "is_seen", "is_opened", "is_used"):
        chosen[name] = chosen[name].fillna(value=False).astype(bool)
    return chosen.assign(is_sent=~chosen["is_not_sent"])


def test_what_scenarios_did_in_a_year_is_counted_from_messages_of_few_in_a_month_too(
    decided: duckdb.DuckDBPyConnection,
) -> None:
    chosen = chosen_messages(decided)
    # the replay decides for half a year, and all of it lies in the newest twelve months
    totals = decided.sql("select * from measurement.scenario_totals").df()
    totals = totals.set_index(["scenario_id", "channel", "messages"])
    kinds = {row["scenario_id"] for row in seed("scenarios") if row["kind"] != "hygiene"}
    chosen = chosen[chosen["scenario_id"].isin(kinds)]
    offered = chosen[chosen["offer_type"] != "none"]
    groups = {
        **{(*place, "all"): rows for place, rows in chosen.groupby(["scenario_id", "channel"])},
        **{(*place, "with_offer"): rows for place, rows in offered.groupby(["scenario_id", "channel"])},
        **{(scenario, "all", "all"): rows for scenario, rows in chosen.groupby("scenario_id")},
    }
    assert set(groups) == set(totals.index)
    told = withheld = 0
    for place, rows in groups.items():
        row, people = totals.loc[place], rows["profile_id"].nunique()
        if people < MIN_GROUP_SIZE:
            assert row.drop(["withheld_because", "first_month", "last_month"]).isna().all()
            withheld += 1
            continue
        counts = [people, *(rows[name].sum() for name in ("is_sent", "is_seen", "is_opened", "is_used"))]
        assert row[["people", "sent", "open_observed", "opened", "redeemed"]].tolist() == counts, place
        assert (row["first_month"], row["last_month"]) == (rows["decided_month"].min(), rows["decided_month"].max())
        told += 1
    assert told > 20
    assert withheld > 0
    # what was said of months leaves out whoever was one of a few
    added_up = decided.sql("select sum(sent) from measurement.scenario_performance").fetchall()[0][0]
    assert added_up < totals.xs("all", level="channel")["sent"].sum()


def test_figures_of_months_are_counted_from_people_and_add_up(decided: duckdb.DuckDBPyConnection) -> None:
    months = decided.sql("select * from measurement.kpi_months").df()
    written = written_to(decided)
    coupons = decided.sql("""
        select profile_id, assigned_date, first_redeemed_at < timestamp '2018-01-02 05:00:00' as is_used
        from core.fct_coupons where assigned_at < timestamp '2018-01-02 05:00:00'
    """).df()
    coupons["is_used"] = coupons["is_used"].fillna(False).astype(bool)
    used = coupons.groupby(["profile_id", month_of(coupons["assigned_date"]).rename("month")])["is_used"].any()
    messages = decided.sql("""
        select profile_id, decision_id, sent_date from core.fct_messages
        where first_not_sent_at is null and sent_date <= '2018-01-01'
    """).df()
    sent = messages.groupby(month_of(messages["sent_date"]))
    expected = {
        "revisit_rate": written.groupby(month_of(written["entered_date"]))["revisited"].agg(["sum", "size"]),
        "offers_that_miss": (~used).groupby("month").agg(["sum", "size"]),
        "personalised_messages": pd.DataFrame({"sum": sent["decision_id"].count(), "size": sent.size()}),
    }
    chosen = chosen_messages(decided)
    for channel in ("sms", "email"):
        offered = chosen[(chosen["channel"] == channel) & (chosen["offer_type"] != "none")]
        months_of = offered.groupby("decided_month")
        expected[f"offers_used_by_{channel}"] = pd.DataFrame(
            {"sum": months_of["is_used"].sum(), "size": months_of["is_sent"].sum()}
        )
    emails = chosen[chosen["channel"] == "email"].groupby("decided_month")
    expected["open_rate"] = pd.DataFrame({"sum": emails["is_opened"].sum(), "size": emails["is_seen"].sum()})
    told = 0
    for kpi_id, by_month in expected.items():
        found = months[months["kpi_id"] == kpi_id].set_index("kpi_month")
        assert set(found.index) == set(by_month.index), kpi_id
        for month, (counted, base) in zip(by_month.index, by_month.to_numpy(), strict=True):
            row = found.loc[month]
            if pd.notna(row["withheld_because"]):
                assert row[["counted", "base", "own_figure"]].isna().all()
                continue
            assert (row["counted"], row["base"]) == (counted, base), (kpi_id, month)
            assert row["own_figure"] == pytest.approx(counted / base, abs=1e-12)
            told += 1
    assert told > 15
    kpis = decided.sql("select * from measurement.kpis").df().set_index("kpi_id")
    assert set(kpis.index) == {row["kpi_id"] for row in seed("kpi_benchmarks")} >= set(months["kpi_id"])
    assert (kpis["own_figure"].isna() == kpis["unmeasured_because"].notna()).all()
    for kpi_id in (*expected, "opens_change", "acquisition_cost"):
        own = months[(months["kpi_id"] == kpi_id) & months["base"].notna()]
        assert kpis.loc[kpi_id, "own_figure"] == pytest.approx(own["counted"].sum() / own["base"].sum(), abs=1e-9)
    contacts = decided.sql("""
        select sum(new_contacts)::double from measurement.reactivation_summary where engagement_tier = 'all'
    """).fetchall()
    assert kpis.loc["new_contacts", "own_figure"] == contacts[0][0]
