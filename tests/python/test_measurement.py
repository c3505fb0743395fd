"""Results of scenarios on the demo, against pandas, tea-tasting, statsmodels and scipy; and luck, over many draws.

Outcomes are counted from orders, by the prose of docs/measurement.md. Verdicts are found again from nothing but the
published sums, as anybody with another statistics engine can.
"""

import csv
import math
import re
import runpy
from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import tea_tasting as tt
from compiled import CompiledModels
from decision_oracle import bucket
from scipy import optimize, stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep
from workshop import Workshop

from rekindle.ground.paths import PROJECT

AS_OF = pd.Timestamp("2018-01-01")
OUTCOME_DAYS, COVARIATE_DAYS, EXPECTED_ENTRIES, MIN_GROUP_SIZE = 30, 182, 600, 10
KEY = ["experiment_id", "slice_kind", "slice", "metric_id", "variation_id"]
SUMS = {
    "main_sum": ("main", None),
    "main_sum_squares": ("main", "main"),
    "denominator_sum": ("denominator", None),
    "denominator_sum_squares": ("denominator", "denominator"),
    "main_denominator_sum_product": ("main", "denominator"),
    "covariate_sum": ("covariate", None),
    "covariate_sum_squares": ("covariate", "covariate"),
    "main_covariate_sum_product": ("main", "covariate"),
}


def seed(name: str) -> list[dict[str, str]]:
    """Rows of a seed."""
    with (PROJECT / "seeds" / "config" / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


# a row per person, under a pseudonym
OF_PEOPLE = {"experiment_assignments", "scenario_decisions"}
# of each other table whom its figures count, and the figures that go with them: all that are not of the others
COUNTED: dict[str, dict[str, list[str]]] = {
    **{name: {"people": []} for name in ("cluster_returns", "customer_base", "deliverability", "experiment_health")},
    **{name: {"people": []} for name in ("scenario_performance", "scenario_totals", "segment_transitions")},
    "enrichment_summary": {
        f"{kind}_asked": [f"{kind}_recovered", f"{kind}_recovered_share"] for kind in ("emails", "mobiles")
    },
    "experiment_results": {
        "users": ["mean", "lift", "p_value"],
        "baseline_users": ["baseline_mean", "lift", "p_value"],
    },
    "experiment_statistics": {"users": ["counted_users", *SUMS], "drawn_users": list(SUMS)},
    "programme_value": {"users": [], "held_out_users": []},
    "reactivation_summary": {
        "inactive_people": ["targeted", "reactivated"],
        "new_contacts": ["new_opted_in"],
        "contacts": ["cost_per_contact", "cost_change"],
    },
    "scenario_potential": {"contactable_people": []},
    "verdicts_published": {"users": ["lift", "holm_p"], "baseline_users": ["lift", "holm_p"]},
    "kpi_months": {"own_figure": []},
    "kpis": {"own_figure": []},
}
# where the reason stands
REASONS = {
    "scenario_potential": "no_potential_because", "kpis": "unmeasured_because", "verdicts_published": "sentence",
    "reactivation_summary": "coalesce(withheld_because, no_reactivation_because)",
}  # fmt: skip
# numbers that are about nobody, or of a provider that counts and names nobody
OF_NOBODY = re.compile(r"(from|to)_rung|lowest|highest|\w+_in_total|scenario_lifts_\w+|counted|base")

METRICS = {row["metric_id"]: row for row in seed("outcome_metrics")}
SCENARIOS = {row["scenario_id"]: row for row in seed("scenarios")}


@pytest.fixture(scope="module")
def decided(decided_workshop: Workshop) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse of the demo with decisions and answers."""
    with duckdb.connect(str(decided_workshop.warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def people(decided: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Whoever is analysed, with what they did before and after."""
    return outcomes(decided)


def outcomes(decided: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """The first entry of each person per scenario and half-year, when its window is over."""
    entries = decided.sql("""
        select scenario_id || ':' || holdout_period as experiment_id, scenario_id, heirs.profile_id, entry_key, arm,
            heirs.remembered_id, reason_code, offer_type, entered_date
        from activation.scenario_entries as entries
        inner join activation.profile_heirs as heirs on entries.profile_id = heirs.remembered_id
    """).df()
    entries = entries.sort_values(["entered_date", "remembered_id", "entry_key"])
    entries = entries.drop_duplicates(["experiment_id", "profile_id"])
    compares = entries["scenario_id"].map(lambda name: SCENARIOS[name]["kind"] != "hygiene")
    entries = entries[compares & (entries["arm"] != "held_out_globally")].reset_index(drop=True)
    days = entries["scenario_id"].map(lambda name: int(SCENARIOS[name]["outcome_days"] or OUTCOME_DAYS))
    entries["end"] = entries["entered_date"] + pd.to_timedelta(days, unit="D")
    entries = entries[entries["end"] < AS_OF].reset_index(drop=True)
    orders = decided.sql("""
        select profile_id, order_date, order_status = 'completed' as is_purchase, net_amount::double as net_amount
        from core.fct_orders where order_status in ('completed', 'returned')
    """).df()
    rows = []
    by_person = dict(list(orders.groupby("profile_id")))
    earned_rows = earned(decided, sorted(set(entries["profile_id"])))
    money = dict(list(earned_rows.groupby("profile_id")))
    nothing_earned = earned_rows.iloc[:0]
    nothing = orders.iloc[:0]
    for entry in entries.itertuples():
        own = by_person.get(entry.profile_id, nothing)
        after = own[(own["order_date"] > entry.entered_date) & (own["order_date"] <= entry.end)]
        first = entry.entered_date - pd.Timedelta(days=COVARIATE_DAYS)
        before = own[(own["order_date"] > first) & (own["order_date"] <= entry.entered_date)]
        rows.append(
            {
                "revisited": float(after["is_purchase"].any()),
                "purchase_days": float(after.loc[after["is_purchase"], "order_date"].nunique()),
                "orders": float(after["is_purchase"].sum()),
                "net_sales": round(float(after["net_amount"].sum()), 2),
                **window(money.get(entry.profile_id, nothing_earned), entry.entered_date, entry.end),
                "log_purchase_days_before": round(
                    math.log1p(before.loc[before["is_purchase"], "order_date"].nunique()), 6
                ),
                "net_sales_before": round(float(before["net_amount"].sum()), 2),
            }
        )
    return pd.concat([entries, pd.DataFrame(rows)], axis=1)


def earned(decided: duckdb.DuckDBPyConnection, whose: list[str]) -> pd.DataFrame:
    """Dated margins and costs of people: lines priced from the seed, offers used, messages sent."""
    rates = {row["category"]: float(row["margin_share"]) for row in seed("margin_rates")}
    lines = decided.sql("""
        select profile_id, order_id, order_date as date, net_amount::double as net,
            offer_discount_amount::double as offers, products.category, products.department
        from core.fct_order_lines as lines
        inner join core.dim_products as products using (product_id)
        where order_status <> 'cancelled'
    """).df()
    lines = lines[lines["profile_id"].isin(whose)].copy()
    share = lines["category"].map(rates).fillna(lines["department"].map(rates)).fillna(rates["*"])
    # to the cent, half a cent away from nothing
    taken = (lines["net"] + lines["offers"]) * share - lines["offers"]
    lines["margin"] = np.sign(taken) * np.floor(np.abs(taken) * 100 + 0.5 + 1e-7) / 100
    coupons = decided.sql("""
        select coupons.profile_id, coupons.first_redemption_order_id as "order",
            timezone('America/New_York', timezone('UTC', first_redeemed_at))::date as date,
            coalesce(decisions.offer_amount, offers.face_value_amount, 0)::double as face,
            orders.offer_discount_amount::double as discount, coalesce(offers.funded_by, '') as payer
        from core.fct_coupons as coupons
        left join activation.decisions as decisions on coupons.decision_id = decisions.decision_id
        left join core.dim_offers as offers on coupons.offer_id = offers.offer_id
        left join core.fct_orders as orders on coupons.first_redemption_order_id = orders.order_id
        where first_redeemed_at is not null
    """).df()
    # what a coupon took off is among its costs; what any other offer did stays taken off
    is_charged = lines["order_id"].isin(coupons["order"].dropna())
    lines["cost"], lines["before"] = 0.0, lines["margin"] + lines["offers"].where(is_charged, 0.0)
    part = coupons["discount"] / coupons.groupby("order", dropna=False)["order"].transform("size")
    part = part.round(6)
    coupons["cost"] = part.where(part > 0, coupons["face"]).where(coupons["payer"] != "manufacturer", 0.0)
    messages = decided.sql("""
        select heirs.profile_id, decisions.send_date as date, channel_cost_amount::double as cost
        from activation.decisions as decisions
        inner join activation.profile_heirs as heirs on decisions.profile_id = heirs.remembered_id
        left join (
            select decision_id, bool_and(first_not_sent_at is not null) as is_lost
            from core.fct_messages group by all
        ) as reports on decisions.decision_id = reports.decision_id
        where outcome = 'selected' and not coalesce(is_lost, false)
    """).df()
    costs = pd.concat([coupons[["profile_id", "date", "cost"]], messages]).assign(margin=0.0, before=0.0)
    columns = ["profile_id", "date", "margin", "before", "cost"]
    costs = costs[costs["profile_id"].isin(whose)]
    return pd.concat([lines[columns], costs[columns]], ignore_index=True)


def window(own: pd.DataFrame, after: pd.Timestamp, until: pd.Timestamp) -> dict[str, float]:
    """What one person brought and cost in the days after `after`."""
    inside = own[(own["date"] > after) & (own["date"] <= until)]
    margin, before, cost = (float(inside[name].sum()) for name in ("margin", "before", "cost"))
    return {"margin": round(margin, 2), "cost": cost, "net_return": before - cost}


# the always-valid interval of docs/measurement.md is narrowest after so many entries
RHO = (-2 * math.log(0.05) + math.log(-2 * math.log(0.05) + 1)) / EXPECTED_ENTRIES


def always_valid_multiplier(people: float) -> float:
    """How many standard errors wide half the interval is that holds however often one looks."""
    spread = people * RHO
    return math.sqrt((spread + 1) / spread * math.log((spread + 1) / 0.05**2))


def test_the_published_sums_are_those_of_people_counted_from_their_orders(
    decided: duckdb.DuckDBPyConnection, people: pd.DataFrame
) -> None:
    found = decided.sql("select * from measurement.experiment_statistics").df().set_index(KEY)
    told = 0
    for metric_id in ("revisit_rate", "purchase_days", "net_sales", "basket_value", "net_return", "margin"):
        metric = METRICS[metric_id]
        columns = {
            "main": people[metric["measure"]],
            "denominator": people[metric["denominator"]] if metric["denominator"] else None,
            "covariate": people[metric["covariate"]] if metric["covariate"] else None,
        }
        for kind in ("all", "reason_code", "offer_type"):
            slices = pd.Series("all", people.index) if kind == "all" else people[kind].fillna("none")
            for (experiment, arm, part), chosen in people.groupby(["experiment_id", "arm", slices]).groups.items():
                row = found.loc[(experiment, kind, part, metric_id, arm)]
                asked = columns["denominator"] if metric["kind"] == "ratio" else columns["main"]
                counted = int(asked[chosen].ne(0).sum())
                if len(chosen) < MIN_GROUP_SIZE or (metric["kind"] == "ratio" and counted < MIN_GROUP_SIZE):
                    assert row["withheld_because"] == "fewer than 10 people"
                    assert row[["users", "counted_users", *SUMS]].isna().all()
                    continue
                assert (row["users"], row["counted_users"]) == (len(chosen), counted)
                for name, (one, other) in SUMS.items():
                    values = columns[one]
                    times = columns[other] if other else 1.0
                    if values is None or times is None:
                        assert pd.isna(row[name])
                        continue
                    assert row[name] == pytest.approx(float((values * times)[chosen].sum()), rel=1e-12, abs=1e-9), name
                told += 1
    assert told > 30


def test_results_are_those_of_tea_tasting_and_statsmodels(
    decided: duckdb.DuckDBPyConnection, people: pd.DataFrame
) -> None:
    results = decided.sql("select * from measurement.experiment_results where slice_kind = 'all'").df()
    results = results.set_index(["experiment_id", "metric_id"])
    compared = 0
    for experiment, table in people.groupby("experiment_id"):
        sizes = table["arm"].value_counts()
        if len(sizes) < 2 or sizes.min() < 30 or table.loc[table["orders"] > 0, "arm"].value_counts().min() < 10:
            continue
        plain = tt.Experiment(
            revisit_rate=tt.Mean("revisited"),
            purchase_days=tt.Mean("purchase_days"),
            net_sales=tt.Mean("net_sales"),
            basket_value=tt.RatioOfMeans("net_sales", "orders"),
        )
        adjusted = tt.Experiment(
            revisit_rate=tt.Mean("revisited", "log_purchase_days_before"),
            purchase_days=tt.Mean("purchase_days", "log_purchase_days_before"),
            net_sales=tt.Mean("net_sales", "net_sales_before"),
        )
        table = table.assign(variant=(table["arm"] == "treated").astype(int))
        for metric_id, expected in plain.analyze(table).items():
            row = results.loc[(experiment, metric_id)]
            interval = (expected.effect_size_ci_lower, expected.effect_size_ci_upper)
            if metric_id == "revisit_rate":
                back = table.groupby("arm")["revisited"].sum()
                interval = confint_proportions_2indep(
                    back["treated"], sizes["treated"], back["held_out"], sizes["held_out"], method="newcomb"
                )
            assert row["lift"] == pytest.approx(expected.effect_size, abs=1e-9)
            assert (row["lower_lift"], row["upper_lift"]) == pytest.approx(interval, abs=1e-6)
            assert row["p_value"] == pytest.approx(expected.pvalue, abs=1e-9)
            assert row["relative_lift"] == pytest.approx(expected.rel_effect_size, abs=1e-9)
            compared += 1
        for metric_id, expected in adjusted.analyze(table).items():
            row = results.loc[(experiment, metric_id)]
            assert row["adjusted_lift"] == pytest.approx(expected.effect_size, abs=1e-9)
            # the interval shown is wider, for it may be looked at often, by so many of the same standard errors
            shown = (row["always_valid_upper_lift"] - row["always_valid_lower_lift"]) / 2
            error = expected.effect_size / expected.statistic
            assert shown / always_valid_multiplier(len(table)) == pytest.approx(error, rel=1e-9)
            # of groups without a difference the package tells no error: Welch's, by hand
            outcome = table.groupby("variant")["revisited" if metric_id == "revisit_rate" else metric_id]
            plain_variance = (outcome.var() / outcome.size()).sum()
            assert row["variance_ratio"] == pytest.approx(error**2 / plain_variance, rel=1e-9)
    assert compared >= 4


def test_the_example_for_tea_tasting_comes_to_the_same_digits(decided: duckdb.DuckDBPyConnection) -> None:
    example = runpy.run_path(str(PROJECT / "examples" / "tea_tasting" / "compare.py"))
    rows = decided.sql("select * from measurement.experiment_results where slice_kind = 'all'").df()
    rows = rows.set_index(["experiment_id", "metric_id"])
    compared = 0
    for comparison, analysed in example["results"](decided).items():
        row = rows.loc[comparison]
        if row["verdict"] == "not trustworthy":
            continue
        plain = analysed["plain"]
        assert row["lift"] == pytest.approx(plain.effect_size, abs=1e-9, nan_ok=True)
        assert row["p_value"] == pytest.approx(plain.pvalue, abs=1e-9, nan_ok=True)
        if METRICS[comparison[1]]["kind"] != "rate":
            bounds = (plain.effect_size_ci_lower, plain.effect_size_ci_upper)
            assert (row["lower_lift"], row["upper_lift"]) == pytest.approx(bounds, rel=1e-5, abs=1e-6, nan_ok=True)
        if "adjusted" in analysed:
            assert row["adjusted_lift"] == pytest.approx(analysed["adjusted"].effect_size, abs=1e-9, nan_ok=True)
        compared += 1
    assert compared >= 6


def test_the_sizes_of_groups_are_judged_as_scipy_does(decided: duckdb.DuckDBPyConnection) -> None:
    health = decided.sql("select * from measurement.experiment_health").df().set_index("experiment_id")
    entries = decided.sql("""
        select scenario_id, scenario_id || ':' || holdout_period as experiment_id, arm,
            count(distinct profile_id) as people
        from activation.scenario_entries where arm <> 'held_out_globally' group by all
    """).df()
    drawn = decided.sql("""
        select distinct experiment_id, variation_id, drawn_users from measurement.experiment_statistics
        where holdout_period is not null and drawn_users is not null
    """).df()
    sizes = entries.set_index(["experiment_id", "arm"])["people"]
    assert (
        (drawn.set_index(["experiment_id", "variation_id"])["drawn_users"] - sizes).dropna().eq(0).sum()
        == len(drawn)
        > 10
    )
    compared = 0
    for experiment, arms in entries.groupby("experiment_id"):
        share = float(SCENARIOS[arms["scenario_id"].iloc[0]]["holdout_share"])
        if share == 0:  # nobody is held out: there are no two groups
            continue
        compared += 1
        counted = dict(zip(arms["arm"], arms["people"], strict=True))
        observed = [counted.get("held_out", 0), counted.get("treated", 0)]
        if sum(observed) < MIN_GROUP_SIZE:
            assert health.loc[experiment, ["people", "sample_ratio_chi_squared", "warning"]].isna().all()
            continue
        expected = stats.chisquare(observed, [share * sum(observed), (1 - share) * sum(observed)])
        assert health.loc[experiment, "sample_ratio_chi_squared"] == pytest.approx(expected.statistic, abs=1e-9)
        assert health.loc[experiment, "sample_ratio_p"] == pytest.approx(expected.pvalue, abs=1e-9)
        assert health.loc[experiment, "is_trusted"] == (expected.pvalue >= 0.001)
    assert compared >= 15


def trusted(groups: pd.DataFrame) -> bool | None:
    """Whether the groups of an experiment have the sizes that they were drawn with; None when one is not told."""
    if groups["drawn_users"].isna().any():
        return None
    observed, shares = groups["drawn_users"].astype(float), groups["expected_share"].astype(float)
    expected = shares * observed.sum()
    # a group that nobody is in has no row
    missing = max(0.0, observed.sum() - expected.sum())
    chi_squared = float(((observed - expected) ** 2 / expected).sum() + missing)
    degrees = len(groups) - (0 if missing > 0.001 else 1)
    return bool(degrees == 0 or stats.chi2.sf(chi_squared, degrees) >= 0.001)


def told_group(row: Any, kind: str) -> dict[str, float]:
    """Mean and variance per person of a group, from its sums."""
    n = float(row["users"])

    def covariance(one: str, other: str, product: str) -> float:
        return float((row[product] - row[one] * row[other] / n) / (n - 1))

    mean, variance = row["main_sum"] / n, covariance("main_sum", "main_sum", "main_sum_squares")
    if kind == "ratio":
        mean = row["main_sum"] / row["denominator_sum"] if row["denominator_sum"] else math.nan
        orders = row["denominator_sum"] / n
        spread = variance - 2 * mean * covariance("main_sum", "denominator_sum", "main_denominator_sum_product")
        spread += mean**2 * covariance("denominator_sum", "denominator_sum", "denominator_sum_squares")
        variance = spread / orders**2 if orders else math.nan
    return {
        "n": n,
        "mean": mean,
        "variance": variance,
        "covariance": covariance("main_sum", "covariate_sum", "main_covariate_sum_product"),
        "covariate_variance": covariance("covariate_sum", "covariate_sum", "covariate_sum_squares"),
    }


def found_again(base: Any, other: Any, metric: dict[str, str]) -> dict[str, Any]:
    """What the sums of two groups say to somebody who has scipy and statsmodels."""
    one, two = told_group(base, metric["kind"]), told_group(other, metric["kind"])
    lift, errors = two["mean"] - one["mean"], [one["variance"] / one["n"], two["variance"] / two["n"]]
    squares = errors[0] ** 2 / (one["n"] - 1) + errors[1] ** 2 / (two["n"] - 1)
    degrees = sum(errors) ** 2 / squares if squares else math.nan
    if metric["covariate"]:
        both = base[["users", *SUMS]].astype(float) + other[["users", *SUMS]].astype(float)
        pooled = told_group(both, metric["kind"])
        slope = pooled["covariance"] / pooled["covariate_variance"] if pooled["covariate_variance"] else 0.0
        lift -= slope * (other["covariate_sum"] / two["n"] - base["covariate_sum"] / one["n"])
        errors = [
            (arm["variance"] + slope**2 * arm["covariate_variance"] - 2 * slope * arm["covariance"]) / arm["n"]
            for arm in (one, two)
        ]
    error, n = math.sqrt(sum(errors)), one["n"] + two["n"]
    p = math.nan
    if error > 0:
        p = min(1.0, math.sqrt(n * RHO + 1) * math.exp(-((lift / error) ** 2) * n * RHO / (2 * (n * RHO + 1))))
    half = error * always_valid_multiplier(n)
    harm: tuple[float, float] = (math.nan, math.nan)
    if metric["role"] == "guardrail":
        if metric["kind"] == "rate":
            counts = (other["main_sum"], other["users"], base["main_sum"], base["users"])
            harm = confint_proportions_2indep(*counts, method="newcomb", alpha=0.1)
        else:
            plain = two["mean"] - one["mean"]
            reach = stats.t.ppf(0.95, degrees) * math.sqrt(one["variance"] / one["n"] + two["variance"] / two["n"])
            harm = (-plain - reach, -plain + reach)
    did = [float(arm["counted_users"]) for arm in (base, other)]
    did_not = [arm["n"] - each for arm, each in zip((one, two), did, strict=True)] if metric["kind"] == "rate" else []
    fewest, fewer = min(*did, *did_not), min(one["n"], two["n"])
    found = {"lift": lift, "degrees": degrees, "p": p, "lower": lift - half, "upper": lift + half, "harm": harm}
    return {**found, "fewest": fewest, "fewer": fewer}


def test_the_sums_alone_lead_to_the_same_verdicts(decided: duckdb.DuckDBPyConnection) -> None:
    sums = decided.sql("select * from measurement.experiment_statistics").df().set_index(KEY)
    groups = sums.reset_index().drop_duplicates(["experiment_id", "variation_id"]).groupby("experiment_id")
    can_be_trusted = {experiment: trusted(rows) for experiment, rows in groups}
    assert any(can_be_trusted.values())
    results = decided.sql("select * from measurement.experiment_results").df()
    found = []
    for row in results.itertuples():
        # what is asked of the metric stands beside its sums
        of_metric = sums.xs((row.experiment_id, row.metric_id), level=("experiment_id", "metric_id"))
        metric = {**of_metric.iloc[0], "covariate": of_metric["covariate_sum"].notna().any()}
        place = (row.experiment_id, row.slice_kind, row.slice, row.metric_id)
        base, other = (
            sums.loc[(*place, arm)] if (*place, arm) in sums.index else None for arm in ("held_out", "treated")
        )
        told = None
        if base is not None and other is not None and not pd.isna(base["main_sum"]) and not pd.isna(other["main_sum"]):
            told = found_again(base, other, metric)
        found.append({"place": place, "metric": metric, "told": told, "row": row})
    families: dict[Any, list[Any]] = {}
    for each in found:
        told, row = each["told"], each["row"]
        if told and not math.isnan(told["p"]) and each["metric"]["role"] == "objective":
            asked = sums.loc[(*each["place"], "treated"), ["objective", "holdout_period"]]
            families.setdefault((*asked, row.metric_id, row.slice_kind), []).append(each)
    for family in families.values():
        for each, p in zip(
            family, multipletests([each["told"]["p"] for each in family], method="holm")[1], strict=True
        ):
            each["holm"] = p
    verdicts = set()
    for each in found:
        told, metric, row = each["told"], each["metric"], each["row"]
        relevant = float(metric["smallest_relevant_lift"])
        verdict = "not yet"
        if can_be_trusted[row.experiment_id] is None:
            assert row.verdict in ("not yet", "not trustworthy")
            continue
        enough = told is not None and told["degrees"] >= 30 and told["fewest"] >= 10 and told["fewer"] >= 30
        if can_be_trusted[row.experiment_id]:
            assert pd.notna(row.days_needed) == (enough and metric["role"] == "objective"), each["place"]
        if not can_be_trusted[row.experiment_id]:
            verdict = "not trustworthy"
        elif told is None:
            pass
        elif metric["role"] == "guardrail":
            margin = float(metric["non_inferiority_margin"])
            if enough or (metric["kind"] == "rate" and min(row.users, row.baseline_users) >= 30):
                verdict = "no harm" if told["harm"][1] < margin else "harm" if told["harm"][0] > margin else "not yet"
        elif not enough:
            pass
        elif each.get("holm", 1) < 0.05:
            verdict = "won" if told["lift"] * int(metric["direction"]) > 0 else "lost"
        elif told["lower"] > -relevant and told["upper"] < relevant:
            verdict = "no difference"
        assert row.verdict == verdict, each["place"]
        if told and verdict != "not trustworthy" and not math.isnan(told["p"]):
            assert row.always_valid_p == pytest.approx(told["p"], rel=1e-7, abs=1e-12), each["place"]
            shown = (row.always_valid_lower_lift, row.always_valid_upper_lift)
            assert shown == pytest.approx((told["lower"], told["upper"]), abs=1e-8)
            if metric["role"] == "objective":
                assert row.holm_p == pytest.approx(each["holm"], rel=1e-7, abs=1e-12)
        verdicts.add(verdict)
    assert {"won", "not yet"} <= verdicts


def test_days_are_needed_until_the_interval_shown_would_find_the_smallest_relevant_lift(
    decided: duckdb.DuckDBPyConnection,
) -> None:
    """With so many people four in five intervals of such a lift lie above nothing; people enter as they did so far."""
    entries = decided.sql("""
        select scenario_id || ':' || holdout_period as experiment_id, scenario_id, holdout_period, heirs.profile_id,
            min(entered_date) as entered_date
        from activation.scenario_entries as entries
        inner join activation.profile_heirs as heirs on entries.profile_id = heirs.remembered_id
        where arm <> 'held_out_globally' group by all
    """).df()
    window = entries["scenario_id"].map(lambda name: int(SCENARIOS[name]["outcome_days"] or OUTCOME_DAYS))
    entries["is_over"] = entries["entered_date"] + pd.to_timedelta(window, unit="D") < AS_OF
    results = decided.sql("""
        select *, (always_valid_upper_lift - always_valid_lower_lift) / 2 as half from measurement.experiment_results
        where role = 'objective' and holdout_period is not null and days_needed is not null
    """).df()
    waits = 0
    for row in results.itertuples():
        people = row.users + row.baseline_users
        error = row.half / always_valid_multiplier(people)
        relevant = float(METRICS[row.metric_id]["smallest_relevant_lift"])
        found_with = (always_valid_multiplier(people) + stats.norm.ppf(0.8)) * error
        assert row.smallest_detectable_lift == pytest.approx(found_with, rel=1e-9)

        def missing(n: float, error: float = error, people: float = people, relevant: float = relevant) -> float:
            # how much of the relevant lift is left when an interval of so many people has been found above nothing
            return float((always_valid_multiplier(n) + stats.norm.ppf(0.8)) * error * math.sqrt(people / n) - relevant)

        needed = optimize.brentq(missing, 1e-2, 1e12, rtol=1e-12)
        own = entries[entries["experiment_id"] == row.experiment_id]
        year, half_year = row.holdout_period[:4], row.holdout_period[-1]
        last = min(AS_OF, pd.Timestamp(f"{year}-06-30" if half_year == "1" else f"{year}-12-31"))
        days = (last - own["entered_date"].min()).days + 1
        per_day = len(own) / days
        # of the groups compared and of all who entered the same share is counted
        wanted = max(0.0, (needed * own["is_over"].sum() / people - len(own)) / per_day)
        assert row.days_needed == pytest.approx(wanted, abs=1 + 1e-6 * wanted), row.experiment_id
        assert row.days_needed >= wanted - 1e-6 * (1 + wanted)
        waits += row.days_needed > 0
    assert waits >= 5


def test_the_programme_is_compared_with_whom_a_hash_draws(decided: duckdb.DuckDBPyConnection) -> None:
    rows = decided.sql("""
        select profile_id from core.profiles where created_date < date '2017-07-01'
    """).fetchall()
    sales = dict(
        decided.sql("""
            select profile_id, sum(net_amount)::double from core.fct_orders
            where order_status in ('completed', 'returned')
                and order_date between date '2017-07-01' and date '2017-12-31'
            group by 1
        """).fetchall()
    )
    groups: tuple[list[float], list[float]] = ([], [])
    for (profile,) in rows:
        groups[bucket("everybody_1", "2017H2", profile) < 200].append(sales.get(profile, 0.0))
    expected = stats.ttest_ind(*groups, equal_var=False)
    ((period, users, held_out, lift, lower, upper, p),) = decided.sql("""
        select holdout_period, users, held_out_users, lift, lower_lift, upper_lift, p_value
        from measurement.programme_value
    """).fetchall()
    assert (period, users, held_out) == ("2017H2", len(groups[0]), len(groups[1]))
    assert lift == pytest.approx(np.mean(groups[0]) - np.mean(groups[1]), abs=1e-9)
    assert p == pytest.approx(expected.pvalue, abs=1e-9)
    assert (lower, upper) == pytest.approx(tuple(expected.confidence_interval()), abs=1e-5)


def test_what_scenarios_brought_by_their_own_results_is_added_up_as_they_are_told(
    decided: duckdb.DuckDBPyConnection,
) -> None:
    results = decided.sql("""
        select users, coalesce(adjusted_lift, lift) as lift from measurement.experiment_results
        where metric_id = 'net_sales' and slice_kind = 'all' and holdout_period = '2017H2'
    """).df()
    ((told, counted, left_out),) = decided.sql("""
        select scenario_lifts_net_amount::double, scenario_lifts_counted, scenario_lifts_left_out
        from measurement.programme_value
    """).fetchall()
    assert told == pytest.approx(float((results["users"] * results["lift"]).sum()), abs=0.01)
    assert (counted, left_out) == (results["lift"].notna().sum(), results["lift"].isna().sum())
    assert counted > 10


def test_the_programme_earns_what_margins_are_above_costs_in_its_half_year(decided: duckdb.DuckDBPyConnection) -> None:
    known = [
        name
        for (name,) in decided.sql("select profile_id from core.profiles where created_date < '2017-07-01'").fetchall()
    ]
    money = earned(decided, known)
    money = money[(money["date"] >= "2017-07-01") & (money["date"] < "2018-01-01")]
    sums = money.groupby("profile_id")[["before", "cost"]].sum().reindex(known, fill_value=0.0)
    sums["net"] = sums["before"] - sums["cost"]
    held_out = np.array([bucket("everybody_1", "2017H2", name) < 200 for name in known])
    written, others = sums[~held_out], sums[held_out]
    lift = written["net"].mean() - others["net"].mean()
    interval = stats.ttest_ind(written["net"], others["net"], equal_var=False).confidence_interval()
    cost = written["cost"].mean() - others["cost"].mean()
    ((told, lower, upper, told_cost, on_costs),) = decided.sql("""
        select programme_net_return_amount::double, lower_programme_net_return_amount::double,
            upper_programme_net_return_amount::double, programme_cost_amount::double, return_on_costs
        from measurement.programme_value
    """).fetchall()
    expected = [each * len(written) for each in (lift, *interval, cost)]
    assert (told, lower, upper, told_cost) == pytest.approx(expected, abs=0.02)
    assert on_costs == pytest.approx(lift / cost, rel=1e-6)


def published_tables() -> set[str]:
    """The tables of measurement that are published."""
    exposures = (PROJECT / "models" / "_exposures.yml").read_text(encoding="utf-8").split("name: boards")[0]
    models = {path.stem for path in (PROJECT / "models" / "measurement").glob("*.sql")}
    return models & set(re.findall(r"ref\('(\w+)'\)", exposures))


def test_every_published_table_is_known_to_be_about_people_or_groups() -> None:
    assert published_tables() == OF_PEOPLE | set(COUNTED)


@pytest.mark.parametrize("table", sorted(COUNTED))
def test_few_people_have_no_figures_and_a_reason(decided: duckdb.DuckDBPyConnection, table: str) -> None:
    reason = REASONS.get(table, "withheld_because")
    rows = decided.sql(f"select *, {reason} as reason from measurement.{table}").df()
    assert len(rows)
    for people, figures in COUNTED[table].items():
        told = rows[rows[people].notna()]
        if people != "own_figure":
            assert told[people].min() >= MIN_GROUP_SIZE
        left_out = rows[rows[people].isna()]
        # what a provider counts in total is about messages; whoever is new was in no tier
        if table == "scenario_performance":
            left_out = left_out[left_out["step"] != "all"]
        if people in ("new_contacts", "contacts"):
            left_out = left_out[left_out["engagement_tier"] == "all"]
        assert left_out["reason"].str.len().gt(0).all(), left_out[left_out["reason"].isna()]
        numbers = [name for name in rows.select_dtypes("number") if not OF_NOBODY.fullmatch(name)]
        assert left_out[figures or numbers].isna().all().all()


# of groups that cannot be compared there are the sizes, which say so, and what is asked of the metric
OF_THE_INCOMPARABLE = {
    "cluster_returns": set[str](),
    "experiment_results": {"users", "baseline_users"},
    "experiment_statistics": {
        *("users", "drawn_users", "expected_share", "direction", "smallest_relevant_lift", "non_inferiority_margin")
    },
    "verdicts_published": {"users", "baseline_users"},
}
# what other tables make of lifts
MADE_OF_LIFTS = {
    "programme_value": "scenario_lifts_net_amount",
    "reactivation_summary": r"(\w+_)?net_sales_lift\w*",
    "scenario_performance": r"(\w+_)?net_return_amount",
    "scenario_potential": r"margin_per_person|(\w+_)?potential_amount",
}
NO_FIGURE = {"kpi_months", "kpis"}  # they read of these tables what is not about a difference


def test_no_published_table_tells_what_the_lift_of_groups_that_cannot_be_compared_is_made_of(
    decided: duckdb.DuckDBPyConnection,
) -> None:
    models = CompiledModels(["experiment_health+"], {"connector": "completejourney", "as_of_date": "2018-01-01"})
    reason = "the groups are not as large as they were drawn"
    with decided.cursor() as connection:
        relations = connection.execute(
            "select table_schema, table_name from information_schema.tables where table_catalog = current_database()"
        ).fetchall()
        for schema, name in relations:
            connection.execute(f'create or replace temp view "{name}" as from {schema}."{name}"')
        again = [name for name in models.order if name != "experiment_health"]
        for name in ("experiment_health", *again):
            connection.execute(f'drop view if exists temp."{name}"')
        connection.execute(
            f"create temp table experiment_health as select * replace ('{reason}' as untrusted_because, "
            "false as is_trusted) from measurement.experiment_health"
        )
        for name in again:
            connection.execute(f'create temp table "{name}" as {models.sql[name]}')
        assert set(again) & published_tables() == {*OF_THE_INCOMPARABLE, *MADE_OF_LIFTS, *NO_FIGURE}
        for name, shown in OF_THE_INCOMPARABLE.items():
            rows = connection.sql(f"from temp.{name}").df()
            assert len(rows), name
            figures = [each for each in rows.select_dtypes("number") if each not in shown]
            assert rows[figures].isna().all().all(), (name, rows[figures].notna().any())
            told = rows["sentence" if "sentence" in rows else "withheld_because"]
            assert told.str.contains(reason).any()
            assert told.notna().all()
        for name, pattern in MADE_OF_LIFTS.items():
            rows = connection.sql(f"from temp.{name}").df()
            figures = [each for each in rows if re.fullmatch(pattern, each)]
            assert figures, name
            assert rows[figures].isna().all().all(), name
            shown = connection.sql(f"from measurement.{name}").df()[figures].notna().any().any()
            assert shown or name == "reactivation_summary", f"{name} has no figure that could be hidden"


def test_the_questions_of_the_page_have_answers(decided: duckdb.DuckDBPyConnection) -> None:
    page = (PROJECT / "docs" / "measurement.md").read_text(encoding="utf-8")
    questions = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    assert len(questions) >= 3
    exposures = (PROJECT / "models" / "_exposures.yml").read_text(encoding="utf-8")
    published = set(re.findall(r"ref\('(\w+)'\)", exposures.split("name: boards")[0]))
    for question in questions:
        asked = set(re.findall(r"(?:from|join) (?:core|segments|hub|activation|measurement)\.(\w+)", question))
        assert asked, question
        assert asked <= published, f"not answered by the published file alone: {question}"
        assert decided.execute(question).fetchall(), question


def test_openers_mislead_and_the_interval_holds_the_truth_as_the_page_says(decided: duckdb.DuckDBPyConnection) -> None:
    page = (PROJECT / "docs" / "measurement.md").read_text(encoding="utf-8")
    queries = {part.split("\n")[0]: re.findall(r"```sql\n(.*?)```", part, re.DOTALL) for part in page.split("\n## ")}
    # those who opened are others, and look as if the message had harmed them
    openers = decided.sql(queries["Why not count who opened?"][0]).df().set_index("who")
    assert openers.loc["written to, opened", "came_back_share"] < openers.loc["held out", "came_back_share"] - 0.1
    assert openers.loc["written to, opened", "purchase_days_before"] < openers.loc["held out", "purchase_days_before"]

    truth = decided.sql(queries["What the truth was"][0]).df().set_index("variation_id")
    caused = truth.loc["treated", "bought_again"] - truth.loc["treated", "would_have_anyway"]
    ((lower, upper),) = decided.sql("""
        select always_valid_lower_lift, always_valid_upper_lift from measurement.experiment_results
        where experiment_id = 'anti_attrition:2017H2' and slice_kind = 'all' and metric_id = 'revisit_rate'
    """).fetchall()
    assert 0 < lower <= caused <= upper
