"""What the boards must show, by pandas from the published tables, written from docs/boards.md and not from the queries.

Each function gives the rows of one panel; a column that is text stands as text, a figure as it is, and
nan where it would be about too few people.
"""

from collections.abc import Callable
from typing import Any

import pandas as pd

Tables = Callable[[str], pd.DataFrame]
Rows = list[list[Any]]
ORACLES: dict[tuple[str, str], Callable[[Tables], Rows]] = {}
LEAST = 10


def panel(board: str, title: str) -> Callable[[Callable[[Tables], Rows]], Callable[[Tables], Rows]]:
    """Names the panel that a function computes."""

    def named(oracle: Callable[[Tables], Rows]) -> Callable[[Tables], Rows]:
        ORACLES[board, title] = oracle
        return oracle

    return named


def few(people: float, figure: Any) -> Any:
    """The figure, unless it is about too few people."""
    return float("nan") if 0 < people < LEAST else figure


def ladder(tables: Tables) -> pd.DataFrame:
    """The segments, best first."""
    return tables("segments.dim_segments").sort_values("rung", ascending=False, na_position="last")


def newest(frame: pd.DataFrame, column: str = "segment_month") -> pd.DataFrame:
    """The rows of the newest month."""
    return frame[frame[column] == frame[column].max()]


def year(frame: pd.DataFrame, column: str = "segment_month") -> pd.DataFrame:
    """The rows of the newest twelve months."""
    return frame[frame[column] > frame[column].max() - pd.DateOffset(months=12)]


def month(stamp: pd.Timestamp) -> str:
    """A month as the page spells it."""
    return f"{stamp:%b %Y}"


@panel("customer-base", "Customers per segment, now")
def customers_now(tables: Tables) -> Rows:
    base = tables("measurement.customer_base")
    base = newest(base)
    base = base[base["slice_kind"] == "rfm"].set_index("slice")
    return [
        [row["segment_name"], base.at[row["segment"], "people"], base.at[row["segment"], "net_amount"]]
        for _, row in ladder(tables).iterrows()
        if row["segment"] in base.index
    ]


@panel("customer-base", "Customers per segment, over a year")
def customers_over_a_year(tables: Tables) -> Rows:
    published = tables("segments.rfm_published")
    counts = published.groupby(["segment_month", "segment"]).size().unstack()
    counts = counts[counts.index > counts.index.max() - pd.DateOffset(months=12)]
    named = [each for each in ladder(tables)["segment"] if each in counts and counts[each].notna().any()]
    return [
        [month(at), *(float("nan") if pd.isna(row[each]) else few(row[each], row[each]) for each in named)]
        for at, row in counts.iterrows()
    ]


@panel("who-went-down", "Down and up, month by month")
def down_and_up(tables: Tables) -> Rows:
    moves = year(tables("segments.segment_moves"))
    found = moves.groupby("segment_month").agg(
        down=("is_down", "sum"), up=("direction", lambda each: each.isin(["up", "back"]).sum())
    )
    return [[month(at), few(row["down"], row["down"]), few(row["up"], row["up"])] for at, row in found.iterrows()]


@panel("who-went-down", "From where to where")
def from_where_to_where(tables: Tables) -> Rows:
    moves = newest(tables("segments.segment_moves"))
    moves = moves[(moves["from_segment"] != moves["to_segment"]) & ~moves["direction"].isin(["first", "recalibrated"])]
    published = newest(tables("segments.rfm_published")).set_index("profile_id")["monetary_amount"]
    names, rungs = (ladder(tables).set_index("segment")[column] for column in ("segment_name", "rung"))
    moves = moves.assign(spent=moves["profile_id"].map(published).astype(float))
    found = []
    for (left, right), group in moves.groupby(["from_segment", "to_segment"]):
        figures = [len(group), group["spent"].sum(), group["expected_loss_amount"].astype(float).sum()]
        way = "down" if rungs[right] < rungs[left] else "up"
        found.append(
            ((-rungs[left], -rungs[right]), [names[left], names[right], way, *(few(len(group), f) for f in figures)])
        )
    return [row for _, row in sorted(found, key=lambda each: each[0])]


def share(part: float, whole: float) -> float:
    """A share, nan of nobody."""
    return part / whole if whole else float("nan")


def everybody(tables: Tables) -> pd.DataFrame:
    """The rows of customer_base about everybody, in the order of the months."""
    base = tables("measurement.customer_base")
    return year(base[base["slice_kind"] == "all"]).sort_values("segment_month")


def scenarios(tables: Tables) -> pd.DataFrame:
    """The scenarios as boards order them."""
    return tables("activation.dim_scenarios").sort_values(["priority", "scenario_id"]).set_index("scenario_id")


@panel("customer-base", "In the newest month")
def newest_base(tables: Tables) -> Rows:
    now, before = everybody(tables).iloc[[-1, -2]].to_dict("records")
    published = tables("segments.rfm_published")
    customers = published.groupby("segment_month").size()
    best = published[published["segment"].isin(["champions", "loyal"])].groupby("segment_month").size() / customers
    orders = tables("core.profile_days")
    end = now["segment_month"] + pd.DateOffset(months=1)
    spent = orders[(orders["order_date"] >= now["segment_month"]) & (orders["order_date"] < end)]
    return [
        [
            *(month(now["segment_month"]), now["people"]),
            *(customers.iloc[-1], customers.iloc[-1] - customers.iloc[-2]),
            *(best.iloc[-1], best.iloc[-1] - best.iloc[-2]),
            *(now["buyers"], now["buyers"] - before["buyers"]),
            float(spent["net_amount"].astype(float).sum()),
            *(now["basket_amount"], now["contactable_by_email"] / now["people"]),
        ]
    ]


@panel("customer-base", "What they bring in, over a year")
def what_they_bring_in(tables: Tables) -> Rows:
    return [
        [month(row.segment_month), row.net_amount, row.basket_amount, share(float(row.net_amount), row.buyers)]
        for row in everybody(tables).itertuples()
    ]


CHANNELS = ("email", "sms", "phone", "post", "push", "ads")
# codes as people say them
CALLED = {
    "email": "e-mail",
    "sms": "SMS",
    "treated": "written to",
    "held_out": "held out",
    "as_before": "as before",
    "banner": "banner",
    "lead_ad": "lead ad",
    "sponsored_post": "sponsored post",
    "mailing": "mailing",
}


@panel("customer-base", "Whom can we reach, over a year")
def reach_over_a_year(tables: Tables) -> Rows:
    return [
        [month(row["segment_month"]), *(row[f"contactable_by_{channel}"] / row["people"] for channel in CHANNELS)]
        for _, row in everybody(tables).iterrows()
    ]


@panel("customer-base", "New contacts, and how many of them said yes")
def new_contacts(tables: Tables) -> Rows:
    people = year(tables("hub.dim_profiles"), "created_month")
    found = []
    for at, group in people.groupby("created_month"):
        figures = [len(group), group["has_email_consent"].sum(), group["has_email_consent"].mean()]
        found.append([month(at), *(few(len(group), figure) for figure in figures)])
    return found


@panel("who-went-down", "In the newest month")
def newest_moves(tables: Tables) -> Rows:
    moves = tables("segments.segment_moves")
    now, before = (moves[moves["segment_month"] == at] for at in sorted(moves["segment_month"].unique())[:-3:-1])
    ups = [each["direction"].isin(["up", "back"]).sum() for each in (now, before)]
    down = now[now["is_down"]]
    counts = [(now["direction"] == "same").sum(), now["is_attrition_signal"].sum()]
    costly = now["is_costly_decline"].fillna(value=False).astype(bool).sum()
    at_stake = down["expected_loss_amount"].astype(float).sum()
    return [
        [
            *(month(now["segment_month"].iloc[0]), len(down), len(down) - before["is_down"].sum()),
            *(len(down) / len(now), *(few(ups[0], each) for each in (ups[0], ups[0] - ups[1]))),
            *(few(each, each) for each in (*counts, costly)),
            at_stake,
        ]
    ]


@panel("who-went-down", "Who went down, as a matrix")
def matrix(tables: Tables) -> Rows:
    moves = newest(tables("segments.segment_moves"))
    down = moves[moves["is_down"]].groupby(["from_segment", "to_segment"]).size()
    rungs = ladder(tables).dropna(subset="rung")
    return [
        [
            name,
            *(
                few(count, count) if (count := down.get((left, right), 0)) else float("nan")
                for right in rungs["segment"]
            ),
        ]
        for left, name in zip(rungs["segment"], rungs["segment_name"], strict=True)
    ]


@panel("who-went-down", "Money at stake, by the segment they left")
def money_at_stake(tables: Tables) -> Rows:
    down = newest(tables("segments.segment_moves")).query("is_down")
    found = []
    for _, segment in ladder(tables).iterrows():
        left = down[down["from_segment"] == segment["segment"]]
        if len(left):
            figures = (len(left), left["expected_loss_amount"].astype(float).sum())
            found.append([segment["segment_name"], *(few(len(left), figure) for figure in figures)])
    return found


@panel("who-went-down", "Why they went down")
def why_they_went_down(tables: Tables) -> Rows:
    down = newest(tables("segments.segment_moves")).query("is_down")
    rarer, less = down["r_score_fell"], down["fm_score_fell"]
    reasons = {
        "Have not come for longer": rarer & ~less,
        "Buy less often or for less": ~rarer & less,
        "Both": rarer & less,
        "Neither score alone": ~rarer & ~less,
    }
    found = []
    for reason, those in reasons.items():
        if those.any():
            figures = (those.sum(), down[those]["expected_loss_amount"].astype(float).sum())
            found.append([reason, *(few(those.sum(), figure) for figure in figures)])
    return found


@panel("who-went-down", "Are the signals any good?")
def signals(tables: Tables) -> Rows:
    """Counted again: who was flagged, and bought in the 28 days after, of those who bought in the window before."""
    names = {
        "is_down": "Went down",
        "is_attrition_signal": "Signal of attrition",
        "is_confirmed": "Confirmed a month later",
    }
    quality = tables("segments.segment_signal_quality")
    quality = newest(quality[(quality["horizon_days"] == 28) & (quality["population"] == "in_window")])
    at = quality["segment_month"].iloc[0]
    orders, end = tables("core.profile_days"), at + pd.offsets.MonthEnd(0)
    after = orders[(orders["order_date"] > end) & (orders["order_date"] <= end + pd.Timedelta(days=28))]
    bought = set(after[after["orders"] > 0]["profile_id"])
    published, moves = (tables(name) for name in ("segments.rfm_published", "segments.segment_moves"))
    before = published[published["segment_month"] == at - pd.DateOffset(months=1)]
    base = set(before[before["monetary_amount"] > 0]["profile_id"]) & set(
        moves[moves["segment_month"] == at]["profile_id"]
    )
    silent = share(sum(profile not in bought for profile in base), len(base))
    flagged = moves[(moves["segment_month"] == at) & moves["profile_id"].isin(base)]
    counted = {}
    for column, title in names.items():
        of = flagged[flagged[column].fillna(value=False).astype(bool)]["profile_id"]
        stayed = share(sum(profile not in bought for profile in of), len(of))
        counted[title] = [few(len(of), each) for each in (len(of), stayed)], silent, few(len(of), stayed / silent)
    titles = {
        "down": "Went down",
        "attrition_signal": "Signal of attrition",
        "costly_decline": "Costly decline",
        "confirmed": "Confirmed a month later",
        "crossed": "Fell to a low rung",
    }
    rows = []
    for row in quality.sort_values(["lift", "signal"], ascending=[False, True]).itertuples():
        title = titles[row.signal]
        first = [few(row.flagged_profiles, each) for each in (row.flagged_profiles, row.flagged_silent_share)]
        if title in counted:
            (first, all_silent, lift) = counted[title]
        else:
            all_silent, lift = row.base_silent_share, few(row.flagged_profiles, row.lift)
        rows.append([title, *first, all_silent, lift, few(row.flagged_profiles, row.silent_money_share)])
    return rows


@panel("scenarios", "Who gets a message, and who does not")
def who_gets_a_message(tables: Tables) -> Rows:
    """From the decisions themselves: each step where it was decided last in the time."""
    gates = tables("activation.dim_gates").sort_values("gate_order").set_index("closed_gate")["gate_label"]
    words = {gate: label[0].upper() + label[1:] for gate, label in gates.items()}
    waterfall, known = tables("activation.decision_waterfall"), scenarios(tables)
    since = waterfall["as_of_date"].max().replace(day=1) - pd.DateOffset(months=1)
    recent = waterfall[waterfall["as_of_date"] >= since]
    steps = recent.groupby(["scenario_id", "closed_gate"])["step_count"].sum()
    # a message that is due and goes out is a decision of scenario_decisions
    decisions = tables("measurement.scenario_decisions")
    out = (
        decisions[(decisions["as_of_date"] >= since) & (decisions["outcome"] == "selected")]
        .groupby("scenario_id")
        .size()
    )
    for scenario, count in out.items():
        assert steps[scenario, "selected"] == count
    names = [name for name in known.index if (name, "selected") in steps.index or name in steps.index]
    found = [["Due", *(few(steps[name].sum(), steps[name].sum()) for name in names)]]
    for gate, title in words.items():
        counts = [steps.get((name, gate), 0) for name in names]
        if any(counts):
            found.append([title, *(float("nan") if not count else few(count, count) for count in counts)])
    return found


def messages_of_a_year(tables: Tables) -> pd.DataFrame:
    """Each message of a scenario of the newest twelve months, and what became of it, from what was decided on."""
    decisions = tables("measurement.scenario_decisions")
    decisions = decisions.assign(decided_month=decisions["as_of_date"].dt.to_period("M").dt.to_timestamp())
    # the newest month is that of the newest step that anybody came to; a list of whom to delete is no message
    known = scenarios(tables)
    decisions = decisions[decisions["scenario_id"].map(known["kind"]) != "hygiene"]
    came = decisions[(decisions["outcome"] == "selected") | decisions["reason_code"].notna()]
    found = year(came, "decided_month")
    found = found[found["outcome"] == "selected"].reset_index(drop=True)
    # a decision may come back in more than one message: not sent when none was, known when all are
    as_of = tables("hub.dim_profiles")["as_of_date"].max()
    # the shop's midnight; what comes later is not known yet
    end = (as_of + pd.Timedelta(days=1)).tz_localize("America/New_York").tz_convert("UTC").tz_localize(None)
    messages = tables("core.fct_messages")
    messages = messages[messages["sent_at"] < end]
    for name in ("not_sent", "delivered", "opened", "clicked"):
        messages = messages.assign(**{name: messages[f"first_{name}_at"] < end})
    by_decision = messages[messages["decision_id"].notna()].groupby("decision_id")
    came_back = by_decision[["delivered", "opened", "clicked"]].any()
    came_back = came_back.join(by_decision[["not_sent", "is_open_observed", "is_click_observed"]].all())
    for name in came_back:
        found[name] = found["decision_id"].map(came_back[name]).fillna(value=False).astype(bool)
    found["sent"] = ~found["not_sent"]
    for name in ("open_observed", "click_observed"):
        found[name] = found[f"is_{name}"] & found["delivered"]
    coupons = tables("core.fct_coupons")
    used = coupons[coupons["first_redeemed_at"] < end][["decision_id", "profile_id"]]
    pairs = pd.MultiIndex.from_frame(found[["decision_id", "profile_id"]])
    found["redeemed"] = pairs.isin(pd.MultiIndex.from_frame(used))
    # what each use cost is asked elsewhere
    costs = tables("measurement.scenario_messages").set_index(["decision_id", "profile_id"])["offer_cost"]
    found["offer_costs"] = costs.reindex(pairs).to_numpy()
    found["channel_costs"] = found["channel_cost_amount"].astype(float).where(found["sent"], 0.0)
    days = tables("core.profile_days")
    days = days[days["orders"] > 0][["profile_id", "order_date"]]
    after = found[["profile_id", "scenario_id", "send_date"]].reset_index().merge(days, on="profile_id")
    length = after["scenario_id"].map(tables("config.scenarios").set_index("scenario_id")["outcome_days"]).fillna(30)
    passed = (after["order_date"] - after["send_date"]).dt.days
    is_over = after["order_date"] < as_of
    visits = after[(passed >= 0) & (passed < length) & is_over].groupby("index").size()
    found["visits"] = visits.reindex(found.index).fillna(0)
    return found


def messages_by_channel(tables: Tables, *, with_offer: bool) -> list[tuple[str, pd.DataFrame]]:
    """Those of each message scenario and channel."""
    recent, known = messages_of_a_year(tables), scenarios(tables)
    if with_offer:
        recent = recent[recent["offer_type"].notna()]
    return [
        (f"{scenario.scenario_name}, {CALLED.get(channel, channel)}", group)
        for scenario in known[known["kind"] == "message"].itertuples()
        for channel, group in recent[recent["scenario_id"] == scenario.Index].groupby("channel")
    ]


def told(group: pd.DataFrame, *figures: float) -> list[float]:
    """Figures of a group, unless it is of few people."""
    return [few(group["profile_id"].nunique(), figure) for figure in figures]


@panel("scenarios", "Offers used")
def offers_used(tables: Tables) -> Rows:
    return [
        [
            title,
            *told(
                group,
                group["sent"].sum(),
                group["redeemed"].sum(),
                share(group["redeemed"].sum(), group["sent"].sum()),
            ),
        ]
        for title, group in messages_by_channel(tables, with_offer=True)
    ]


@panel("scenarios", "Did people come back because of it?")
def did_people_come_back(tables: Tables) -> Rows:
    """Shares from the sums, and the difference as far as no covariate takes part."""
    results, sums = tables("measurement.experiment_results"), tables("measurement.experiment_statistics")
    sums = sums[(sums["metric_id"] == "revisit_rate") & (sums["slice_kind"] == "all")]
    known, found = scenarios(tables), []
    results = results[(results["metric_id"] == "revisit_rate") & (results["slice_kind"] == "all")]
    results = results[results["holdout_period"].notna()]
    for row in results.itertuples():
        arms = {}
        for arm in ("treated", "held_out"):
            arms[arm] = [float("nan")] * 2  # nobody is held out of some scenarios
            for of in sums[(sums["experiment_id"] == row.experiment_id) & (sums["variation_id"] == arm)].itertuples():
                arms[arm] = [of.users, of.main_sum / of.users]  # no sums, no share
        lift = row.adjusted_lift if pd.notna(row.adjusted_lift) else arms["treated"][1] - arms["held_out"][1]
        interval = [row.always_valid_lower_lift, row.always_valid_upper_lift]
        scenario = known.loc[row.scenario_id]
        title = f"{scenario['scenario_name']}, {row.holdout_period}"
        cells = [title, row.verdict, row.sentence, *arms["treated"], *arms["held_out"], lift, *interval]
        # those with a figure come first
        found.append(((-int(row.holdout_period.replace("H", "")), pd.isna(lift), scenario["priority"]), cells))
    return [cells for _, cells in sorted(found, key=lambda each: each[0])]


@panel("scenarios", "Carts, month by month")
def carts(tables: Tables) -> Rows:
    delivered = tables("core.fct_carts")
    counts = (
        delivered.assign(
            at=delivered["updated_date"].dt.to_period("M").dt.to_timestamp(), left=delivered["order_id"].isna()
        )
        .groupby(["at", "left"])
        .size()
        .unstack(fill_value=0)
        .tail(12)
    )
    return [[month(at), *(few(row[left], row[left]) for left in (False, True))] for at, row in counts.iterrows()]


@panel("reactivation", "Silence, over a year")
def silence_over_a_year(tables: Tables) -> Rows:
    """Who is in no row of silence_published is simply active."""
    silent = tables("segments.silence_published")
    counts = silent.groupby(["segment_month", "engagement_tier"]).size().unstack(fill_value=0)
    people = everybody(tables).set_index("segment_month")["people"]
    return [
        [
            month(at),
            people[at] - row[["dormant", "at_risk", "to_delete"]].sum(),
            *(few(row[tier], row[tier]) for tier in ("dormant", "at_risk", "to_delete")),
        ]
        for at, row in counts.tail(12).iterrows()
    ]


@panel("reactivation", "What is best done")
def what_is_best_done(tables: Tables) -> Rows:
    silent = newest(tables("segments.silence_published"))
    actions = silent["recommended_action"].str.replace("_", " ").fillna("nothing: have come back")
    found = []
    for action, group in silent.groupby(actions):
        worth = group["is_worth_reactivating"].fillna(value=False).astype(bool).sum()
        expected = group["expected_return_amount"].astype(float).sum(min_count=1)
        figures = [few(len(group), each) for each in (len(group), worth, expected)]
        found.append(((-len(group), action), [action, *figures]))
    return [row for _, row in sorted(found, key=lambda each: each[0])]


@panel("reactivation", "Have come back, month by month")
def have_come_back(tables: Tables) -> Rows:
    silent = tables("segments.silence_published")
    counts = silent.groupby("segment_month")["has_returned"].sum().tail(12)
    return [[month(at), few(count, count)] for at, count in counts.items()]


@panel("reactivation", "When they must be deleted")
def when_they_must_be_deleted(tables: Tables) -> Rows:
    due = newest(tables("segments.silence_published"))["purge_due_date"].dropna()
    days = (due - tables("hub.dim_profiles")["as_of_date"].max()).dt.days
    bands = pd.cut(
        days, [-100_000, 0, 30, 90, 100_000], labels=["Already due", "Within 30 days", "Within 90 days", "Later"]
    )
    return [[label, few(count, count)] for label, count in bands.value_counts(sort=False).items() if count]


@panel("trust", "Who was drawn into which group")
def who_was_drawn(tables: Tables) -> Rows:
    drawn, known = tables("measurement.experiment_assignments"), scenarios(tables)
    drawn = drawn[drawn["variation_id"] != "held_out_globally"]
    found = []
    for (experiment, scenario), group in drawn.groupby(["experiment_id", "scenario_id"]):
        counts = group.groupby("variation_id")["profile_id"].nunique()
        period = group["holdout_period"].iloc[0]
        place = (-int(period.replace("H", "")), known.at[scenario, "priority"], experiment)
        for arm in sorted(counts.index, reverse=True):
            meant = group[group["variation_id"] == arm]["expected_share"].max()
            figures = [few(counts[arm], each) for each in (counts[arm], counts[arm] / counts.sum())]
            title = f"{known.at[scenario, 'scenario_name']}, {period}"
            found.append((place, [title, CALLED[arm], *figures, meant]))
    return [row for _, row in sorted(found, key=lambda each: each[0])]


@panel("trust", "Who stays away, foretold and true")
def who_stays_away(tables: Tables) -> Rows:
    quality = tables("segments.return_rate_quality")
    quality = newest(quality[quality["horizon_days"] == 28]).sort_values("decile")
    rows = []
    for row in quality.itertuples():
        true = row.silent_profiles / row.profiles
        for what, figure in (("foretold", row.predicted_silent_share), ("came true", true)):
            rows.append([f"Tenth {row.decile}", what, few(row.profiles, row.profiles), few(row.profiles, figure)])
    return rows


@panel("trust", "How mailboxes take it")
def mailboxes(tables: Tables) -> Rows:
    """From the messages of each provider's days."""
    health, published = tables("core.mailbox_health"), tables("measurement.deliverability")
    months = health.assign(at=health["sent_date"].dt.to_period("M").dt.to_timestamp())
    sums = months.groupby(["at", "mailbox_provider"])[["complained", "delivered"]].sum()
    shares = (sums["complained"] / sums["delivered"]).unstack()
    withheld = published[published["withheld_because"].notna()]
    for row in withheld.itertuples():
        shares.loc[row.sent_month, row.mailbox_provider] = float("nan")
    recent = shares[shares.index > shares.index.max() - pd.DateOffset(months=12)].dropna(axis="columns", how="all")
    return [[month(at), *row] for at, row in recent.iterrows()]


@panel("trust", "Months, as they were published")
def months_published(tables: Tables) -> Rows:
    counts = year(tables("segments.rfm_published")).groupby("segment_month").size()
    restated = tables("segments.rfm_restatements").groupby("segment_month").size()
    return [
        [month(at), few(count, count), few(restated.get(at, 0), restated.get(at, 0))]
        for at, count in counts.sort_index(ascending=False).items()
    ]


TIERS = {
    "active": "Active",
    "dormant": "Dormant",
    "at_risk": "At risk of being lost",
    "to_delete": "To be deleted",
}
NOBODY = float("nan")


def figures_or_dashes(row: pd.Series, *names: str) -> list[Any]:
    """Figures of a mart; nan where it has none."""
    return [row[name] if pd.notna(row[name]) else NOBODY for name in names]


def titled(tables: Tables, rows: pd.DataFrame) -> list[tuple[str, Any]]:
    """Scenario and half-year of each row, newest half-year first, scenarios as boards order them."""
    known = scenarios(tables)
    rows = rows.assign(
        half_year=-rows["holdout_period"].str.replace("H", "").astype(int),
        priority=rows["scenario_id"].map(known["priority"]),
    ).sort_values(["half_year", "priority", "experiment_id"], kind="stable")
    names = rows["scenario_id"].map(known["scenario_name"]) + ", " + rows["holdout_period"]
    return list(zip(names, (row for _, row in rows.iterrows()), strict=True))


def results(tables: Tables) -> pd.DataFrame:
    """Results of all people of an experiment about a scenario."""
    found = tables("measurement.experiment_results")
    treated = (found["slice_kind"] == "all") & (found["variation_id"] == "treated")
    return found[treated & found["holdout_period"].notna()]


@panel("customer-base", "How long since we heard from them")
def how_long_since(tables: Tables) -> Rows:
    silence = silence_over_a_year(tables)[-1]
    return [[name, count] for name, count in zip(TIERS.values(), silence[1:], strict=True)]


@panel("customer-base", "Whom can we reach, by segment")
def reach_by_segment(tables: Tables) -> Rows:
    base = newest(tables("measurement.customer_base"))
    base = base[base["slice_kind"] == "rfm"].set_index("slice")
    channels = [f"contactable_by_{each}" for each in CHANNELS]
    found = []
    for _, segment in ladder(tables).iterrows():
        if segment["segment"] in base.index:
            row = base.loc[segment["segment"]]
            shares = [row[each] / row["people"] if pd.notna(row["people"]) else NOBODY for each in channels]
            found.append([segment["segment_name"], row["people"], *shares, row["net_amount"]])
    return found


@panel("scenarios", "Messages that went out, month by month")
def messages_that_went_out(tables: Tables) -> Rows:
    decisions, known = tables("measurement.scenario_decisions"), scenarios(tables)
    out = decisions[decisions["outcome"] == "selected"]
    counts = out.groupby([out["as_of_date"].dt.to_period("M").dt.to_timestamp(), "scenario_id"]).size().unstack()
    counts = counts[[name for name in known.index if name in counts]].tail(12)
    return [
        [month(at), *(NOBODY if pd.isna(count) else few(count, count) for count in row)]
        for at, row in counts.iterrows()
    ]


@panel("scenarios", "Opens and clicks")
def opens_and_clicks(tables: Tables) -> Rows:
    found = []
    for title, group in messages_by_channel(tables, with_offer=False):
        [channel] = group["channel"].unique()
        if channel in ("email", "push", "sms"):
            sent, delivered, seen, opened, observed, clicked = (
                group[each].sum()
                for each in ("sent", "delivered", "open_observed", "opened", "click_observed", "clicked")
            )
            opened_share = NOBODY if channel == "sms" else share(opened, seen)
            shares = (share(delivered, sent), opened_share, share(clicked, observed))
            found.append([title, *told(group, sent, *shares)])
    return found


@panel("scenarios", "What people did afterwards, and what it cost")
def what_people_did(tables: Tables) -> Rows:
    recent, known = messages_of_a_year(tables), scenarios(tables)
    found = []
    for scenario in known.itertuples():
        group = recent[recent["scenario_id"] == scenario.Index]
        if len(group):
            sent = group["sent"].sum()
            again, twice, thrice = ((group["visits"] >= times).sum() for times in (1, 2, 3))
            channels, offers = (round(group[each].sum(), 2) for each in ("channel_costs", "offer_costs"))
            figures = (sent, again, share(again, sent), twice, thrice, channels, offers)
            found.append([scenario.scenario_name, *told(group, *figures, share(channels + offers, again))])
    return found


@panel("scenarios", "Carts recovered by us")
def carts_recovered(tables: Tables) -> Rows:
    found = results(tables)
    decisions = tables("measurement.scenario_decisions")
    carts = decisions.loc[decisions["reason_code"] == "left_a_cart", "scenario_id"].unique()
    found = found[(found["metric_id"] == "revisit_rate") & found["scenario_id"].isin(carts)]
    rows = []
    for _, row in titled(tables, found):
        lift = row["adjusted_lift"] if pd.notna(row["adjusted_lift"]) else row["lift"]
        interval = (row["always_valid_lower_lift"], row["always_valid_upper_lift"])
        counts = [NOBODY if pd.isna(each) else each * row["users"] for each in (lift, *interval)]
        rows.append([row["holdout_period"], row["verdict"], row["sentence"], row["users"], *counts])
    return rows


@panel("scenarios", "All scenarios together")
def all_scenarios(tables: Tables) -> Rows:
    """People times the difference, and its Welch interval times people."""
    value = tables("measurement.programme_value").sort_values("holdout_period", ascending=False)
    names = ("users", "held_out_users", "net_sales", "held_out_net_sales")
    rows = []
    for _, row in value.iterrows():
        lifts = [row["net_sales"] - row["held_out_net_sales"], row["lower_lift"], row["upper_lift"]]
        amounts = [round(lift * row["users"], 2) if pd.notna(lift) else NOBODY for lift in lifts]
        rows.append([row["holdout_period"], *figures_or_dashes(row, *names), *amounts])
    return rows


@panel("scenarios", "What did it earn?")
def what_did_it_earn(tables: Tables) -> Rows:
    """Of each scenario the difference per person times people; of all together as the mart has it."""
    found = results(tables)
    found = found[(found["metric_id"] == "net_return") & (found["variation_id"] == "treated")]
    programme = tables("measurement.programme_value").set_index("holdout_period")
    of_scenarios: dict[str, Rows] = {period: [] for period in sorted(programme.index, reverse=True)}
    for title, row in titled(tables, found):
        lifts = [row["adjusted_lift"] if pd.notna(row["adjusted_lift"]) else row["lift"]]
        lifts += [row["always_valid_lower_lift"], row["always_valid_upper_lift"]]
        is_known = row["verdict"] != "not trustworthy"
        amounts = [lift * row["users"] if is_known and pd.notna(lift) else NOBODY for lift in lifts]
        reason = row["no_return_because"] or (None if is_known else "groups cannot be compared")
        of_scenarios.setdefault(row["holdout_period"], []).append(
            [title, *amounts, *figures_or_dashes(row, "return_on_costs"), reason]
        )
    names = ["programme_net_return_amount", "lower_programme_net_return_amount", "upper_programme_net_return_amount"]
    rows: Rows = []
    for period in sorted(of_scenarios, reverse=True):
        rows += of_scenarios[period]
        for _, row in programme[programme.index == period].iterrows():
            figures = figures_or_dashes(row, *names, "return_on_costs")
            rows.append([f"All scenarios together, {period}", *figures, row["no_return_because"]])
    return rows


@panel("scenarios", "Everything that was measured")
def everything_measured(tables: Tables) -> Rows:
    found = results(tables)
    found = found[found["metric_id"] != "revisit_rate"]
    found = found.sort_values(["role", "metric_id"], ascending=[False, True])
    return [[title, row["verdict"], row["sentence"]] for title, row in titled(tables, found)]


@panel("reactivation", "In the newest month")
def newest_silence(tables: Tables) -> Rows:
    before, now = ([float(each) for each in row[1:]] for row in silence_over_a_year(tables)[-2:])
    inactive = [sum(each[1:]) / sum(each) for each in (before, now)]
    customers = everybody(tables)["inactive_share"].astype(float).tolist()
    shares = customers[-1], customers[-1] - customers[-2]
    assert abs(inactive[1] - customers[-1]) < 1e-9
    silent = newest(tables("segments.silence_published"))
    worth = silent[silent["is_worth_reactivating"].fillna(value=False).astype(bool)]
    returned = silent["has_returned"].sum()
    changes = [each for place in (1, 2, 3) for each in (now[place], now[place] - before[place])]
    expected = few(len(worth), worth["expected_return_amount"].astype(float).sum(min_count=1))
    title = month(silent["segment_month"].iloc[0])
    return [[title, *shares, *changes, few(returned, returned), few(len(worth), len(worth)), expected]]


@panel("reactivation", "Back because of us?")
def back_because_of_us(tables: Tables) -> Rows:
    returns = tables("measurement.cluster_returns")
    returns = returns[returns["cluster_at_entry"].isin(["inactive", "none"])]
    returns = returns[returns["variation_id"].isin(["treated", "held_out"])]
    returns = returns.sort_values(["cluster_at_entry", "variation_id"], ascending=[True, False])
    arms, befores = {"treated": "written to", "held_out": "held out"}, {"none": "Had never bought"}
    return [
        [
            *(title, befores.get(row["cluster_at_entry"], "Inactive customers"), arms[row["variation_id"]]),
            *figures_or_dashes(row, "people", "not_inactive_now"),
            share(row["not_inactive_now"], row["people"]) if pd.notna(row["people"]) else NOBODY,
        ]
        for title, row in titled(tables, returns)
    ]


@panel("reactivation", "What campaigns brought")
def what_campaigns_brought(tables: Tables) -> Rows:
    campaigns = tables("measurement.reactivation_summary")
    campaigns = campaigns[campaigns["engagement_tier"] == "all"].sort_values(["campaign_id", "route"])
    campaigns = campaigns.sort_values("start_date", ascending=False, na_position="last", kind="stable")
    people = ("inactive_people", "reached", "reactivated", "reactivated_opted_in", "new_contacts", "new_opted_in")
    return [
        [
            f"{row['campaign_name'] if pd.notna(row['campaign_name']) else row['campaign_id']}, {CALLED[row['route']]}",
            *figures_or_dashes(row, *people),
            row["cost_amount"] / row["contacts"] if pd.notna(row["cost_per_contact"]) else NOBODY,
            *(
                [row["cost_per_contact"] / row["baseline_cost_per_contact"] - 1]
                if pd.notna(row["cost_change"])
                else [NOBODY]
            ),
            row["no_reactivation_because"],
        ]
        for _, row in campaigns.iterrows()
    ]


@panel("reactivation", "Addresses and numbers recovered")
def addresses_recovered(tables: Tables) -> Rows:
    asked, known = tables("measurement.enrichment_summary"), scenarios(tables)
    if asked.empty:
        return []
    asked = year(asked, "asked_month")
    asked = asked.assign(priority=asked["scenario_id"].map(known["priority"]))
    rows = []
    for _, row in asked.sort_values(["asked_month", "priority", "scenario_id"]).iterrows():
        cells: list[Any] = [known.loc[row["scenario_id"], "scenario_name"], month(row["asked_month"])]
        for what in ("emails", "mobiles"):
            counts = figures_or_dashes(row, f"{what}_asked", f"{what}_recovered")
            cells += [*counts, share(counts[1], counts[0])]
        rows.append(cells)
    return rows


@panel("reactivation", "Not deleted, and why")
def not_deleted(tables: Tables) -> Rows:
    silent = newest(tables("segments.silence_published"))
    words = {"reads": "Reads our messages", "needs_last_question": "Has not been asked a last time"}
    reasons = (
        silent[silent["engagement_tier"] == "to_delete"]["purge_hold_reason"].map(words).fillna("Nothing holds it up")
    )
    counts = sorted(reasons.value_counts().items(), key=lambda each: (-each[1], each[0]))
    return [[reason, few(count, count)] for reason, count in counts]


@panel("reactivation", "Beside what others have published")
def beside_others(tables: Tables) -> Rows:
    kpis = tables("measurement.kpis").sort_values("kpi_id")
    kpis = pd.concat([kpis[kpis["unmeasured_because"].isna()], kpis[kpis["unmeasured_because"].notna()]])
    return [
        [
            *(row.kpi_name, row.lowest, NOBODY if row.highest == row.lowest else row.highest, row.own_figure),
            *(row.unmeasured_because if isinstance(row.unmeasured_because, str) else "", row.source),
        ]
        for row in kpis.itertuples()
    ]


@panel("trust", "Can the groups be compared?")
def can_be_compared(tables: Tables) -> Rows:
    health = tables("measurement.experiment_health")
    words = {
        "sample_ratio": "look at the sizes",
        "imbalance": "look at what they did before",
        "shares_changed": "shares were changed within",
    }
    names = ("people", "crossovers", "sample_ratio_p", "imbalance_p", "matured_share")
    rows = []
    for title, row in titled(tables, health[health["holdout_period"].notna()]):
        warning = row["untrusted_because"] if pd.notna(row["untrusted_because"]) else words.get(row["warning"], "none")
        rows.append([title, "yes" if row["is_trusted"] else "no", warning, *figures_or_dashes(row, *names)])
    return rows


@panel("trust", "What could be found at all")
def what_could_be_found(tables: Tables) -> Rows:
    found = results(tables)
    found = found[found["metric_id"] == "revisit_rate"]
    return [
        [title, *figures_or_dashes(row, "smallest_detectable_lift", "days_needed")]
        for title, row in titled(tables, found)
    ]


@panel("trust", "Who comes back, foretold and true")
def who_comes_back(tables: Tables) -> Rows:
    quality = tables("segments.silence_score_quality")
    quality = newest(quality[quality["score"] == "reactivation"]).sort_values("band")
    rows = []
    for row in quality.itertuples():
        true = share(row.returned_profiles, row.profiles)
        for what, figure in (("foretold", row.predicted_return_share), ("came true", true)):
            rows.append([f"Band {row.band}", what, few(row.profiles, row.profiles), few(row.profiles, figure)])
    return rows


@panel("trust", "Are recommendations any good?")
def recommendations(tables: Tables) -> Rows:
    quality = newest(tables("segments.recommendation_quality")).sort_values(["kind", "is_baseline", "method"])
    return [
        [
            *(f"{row.kind}: {row.method.replace('_', ' ')}", "yes" if row.is_published else "no"),
            *(few(row.profiles, row.profiles), few(row.profiles, row.precision_share)),
        ]
        for row in quality.itertuples()
    ]


@panel("in-short", "This month in sentences")
def in_sentences(tables: Tables) -> Rows:
    tiles = newest_moves(tables)[0]
    moves = newest(tables("segments.segment_moves"))
    ways = moves[moves["is_down"]].groupby(["from_segment", "to_segment"]).size()
    left, right = ways.idxmax()
    names = ladder(tables).set_index("segment")["segment_name"]
    base = everybody(tables).iloc[-1]
    more, at_stake = int(tiles[2]), float(tiles[-1])
    words = f"{more:,} more than" if more > 0 else f"{-more:,} fewer than" if more < 0 else "as many as"
    judged = titled(tables, results(tables).query("metric_id == 'revisit_rate'"))
    period = judged[0][1]["holdout_period"]
    # whose groups are too few, or cannot be compared, was not judged
    judged = [each for each in judged if each[1]["holdout_period"] == period and pd.notna(each[1]["lift"])]
    won = [title.removesuffix(f", {period}") for title, row in judged if row["verdict"] == "won"]
    verdict = f"shown to bring people back: {', '.join(won)}" if won else "none is shown yet to bring people back"
    at = f"{moves['segment_month'].iloc[0]:%B %Y}"
    down = f"{tiles[1]:,} of {len(moves):,} customers went down a segment in {at}, {words} in the month before"
    return [
        [f"{down}; at stake with them in 28 days: {at_stake:,.0f} USD."],
        [f"Most of them went from {names[left]} to {names[right]}: {ways.max():,}."],
        [f"Of {len(judged)} scenarios that were judged for {period}, {verdict}."],
        [f"{100 * base['inactive_share']:.1f} % of the {int(base['people']):,} people known are inactive."],
    ]
