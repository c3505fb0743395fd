"""What each metric must say of everything there is, by pandas from the published tables, from docs/metrics.md."""

from collections.abc import Callable

import pandas as pd

Tables = Callable[[str], pd.DataFrame]
# of the figures that others publish, those that have no metric elsewhere
FIGURES = (
    *("opens_change", "emails_recovered", "mobiles_recovered", "inactive_conversion", "personalised_messages"),
    *("offers_that_miss", "inactives_reached", "inactives_reactivated", "reactivated_opted_in", "new_contacts"),
    *("new_opted_in", "acquisition_cost", "offers_used_by_sms", "offers_used_by_email"),
    "scenario_open_rate",
)
CHANNELS = ("email", "sms", "phone", "post", "push", "ads")


def newest(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of the newest month."""
    return frame[frame["segment_month"] == frame["segment_month"].max()]


def per(part: float, whole: float) -> float:
    """A share, nan of nothing."""
    return part / whole if whole else float("nan")


def figures(tables: Tables) -> dict[str, float]:
    """Every metric by its name."""
    return (
        _customers(tables)
        | _slipping_away(tables)
        | _scenarios(tables)
        | _results(tables)
        | _emails(tables)
        | _published(tables)
    )


def _customers(tables: Tables) -> dict[str, float]:
    base = tables("measurement.customer_base")
    everybody = base[base["slice_kind"] == "all"].astype({"net_amount": float})
    [now] = newest(everybody).to_dict("records")
    published = newest(tables("segments.rfm_published"))
    profiles = tables("hub.dim_profiles")
    said_yes = profiles["has_email_consent"].sum()
    return {
        "known_people": now["people"],
        "customers": published["profile_id"].nunique(),
        "customers_spent_amount": published["monetary_amount"].astype(float).sum(),
        "inactive_people": now["inactive_share"] * now["people"],
        "inactive_share": now["inactive_share"],
        **{f"contactable_by_{each}": now[f"contactable_by_{each}"] for each in CHANNELS},
        **{f"contactable_by_{each}_share": now[f"contactable_by_{each}"] / now["people"] for each in CHANNELS},
        "buyers": now["buyers"],
        "sales_amount": everybody["net_amount"].sum(),
        "orders": everybody["orders"].sum(),
        "basket_amount": everybody["net_amount"].sum() / everybody["orders"].sum(),
        "contacts": len(profiles),
        "contacts_opted_in": said_yes,
        "opt_in_share": said_yes / len(profiles),
    }


def _slipping_away(tables: Tables) -> dict[str, float]:
    moves = tables("segments.segment_moves")
    down = moves[moves["direction"] == "down"]
    silence = tables("segments.silence_published")
    silent = newest(silence)
    carts = tables("core.fct_carts")
    left = carts["order_id"].isna().sum()
    return {
        "customers_compared": len(moves),
        "went_down": len(down),
        "went_up": moves["direction"].isin(["up", "back"]).sum(),
        "went_down_share": len(down) / len(moves),
        "attrition_signals": moves["is_attrition_signal"].sum(),
        "at_stake_amount": down["expected_loss_amount"].astype(float).sum(),
        "silent_people": (~silent["has_returned"]).sum(),
        "silent_worth_amount": silent["expected_return_amount"].astype(float).sum(),
        "returned_people": silence["has_returned"].sum(),
        "carts": len(carts),
        "carts_left": left,
        "carts_left_share": left / len(carts),
    }


def _scenarios(tables: Tables) -> dict[str, float]:
    steps = tables("activation.decision_waterfall")
    going = steps.loc[steps["closed_gate"] == "selected", "step_count"].sum()
    told = tables("measurement.scenario_performance")
    counts = [each for each in told if told[each].dtype != object]
    assert {"sent", "opened", "redeemed"} <= set(counts)
    emails = told[told["channel"] == "email"].sum(numeric_only=True)
    clickable = told[told["channel"].isin(["email", "push", "sms"])].sum(numeric_only=True)
    offers = told[told["offer_type"] != "none"].sum(numeric_only=True)
    everything = told.sum(numeric_only=True)
    channels, given = (told[f"{each}_cost_amount"].astype(float).sum() for each in ("channel", "offer"))
    return {
        "steps_due": steps["step_count"].sum(),
        "steps_going_out": going,
        "going_out_share": going / steps["step_count"].sum(),
        "messages_sent": everything["sent"],
        "messages_delivered": everything["delivered"],
        "delivered_share": everything["delivered"] / everything["sent"],
        "emails_open_known": emails["open_observed"],
        "emails_opened": emails["opened"],
        "open_rate": emails["opened"] / emails["open_observed"],
        "messages_click_known": clickable["click_observed"],
        "messages_clicked": clickable["clicked"],
        "click_rate": clickable["clicked"] / clickable["click_observed"],
        "offers_sent": offers["sent"],
        "offers_used": offers["redeemed"],
        "offer_use_rate": offers["redeemed"] / offers["sent"],
        "bought_after_message": everything["revisited"],
        "second_visits": everything["visited_twice"],
        "third_visits": everything["visited_three_times"],
        "channel_cost_amount": channels,
        "offer_cost_amount": given,
        "scenario_cost_amount": channels + given,
        "cost_per_return_amount": per(channels + given, everything["revisited"]),
    }


def _results(tables: Tables) -> dict[str, float]:
    # by the groups themselves, not by what was made of them
    groups = tables("measurement.experiment_statistics")
    scenarios = tables("measurement.experiment_results")[["experiment_id", "holdout_period"]].drop_duplicates()
    groups = groups[(groups["metric_id"] == "revisit_rate") & (groups["slice_kind"] == "all")].merge(scenarios)
    groups = groups[groups["holdout_period"].notna() & groups["main_sum"].notna()]
    treated, held_out = (groups[groups["variation_id"] == each] for each in ("treated", "held_out"))
    results = tables("measurement.experiment_results")
    results = results[(results["metric_id"] == "revisit_rate") & (results["slice_kind"] == "all")]
    results = results[results["holdout_period"].notna() & (results["verdict"] != "not trustworthy")]
    lifts = (results["adjusted_lift"].fillna(results["lift"]) * results["users"]).dropna()
    compared = results.loc[lifts.index, "users"].sum()
    returns = tables("measurement.cluster_returns")
    returns = returns[returns["cluster_at_entry"].isin(["inactive", "none"])]
    programme = tables("measurement.programme_value")
    known = programme["programme_net_return_amount"].astype(float)
    net_return = known.sum() if known.notna().all() else float("nan")
    cost = programme["programme_cost_amount"].astype(float).sum()
    return {
        "treated_people": treated["users"].sum(),
        "treated_people_buying": treated["main_sum"].sum(),
        "revisit_rate": per(treated["main_sum"].sum(), treated["users"].sum()),
        "held_out_people": held_out["users"].sum(),
        "held_out_people_buying": held_out["main_sum"].sum(),
        "held_out_revisit_rate": per(held_out["main_sum"].sum(), held_out["users"].sum()),
        "people_compared": compared,
        "people_brought_back": lifts.sum(),
        "revisit_lift_points": per(lifts.sum(), compared),
        "inactive_written_to": returns["people"].sum(),
        "inactive_now_active": returns["not_inactive_now"].sum(),
        "inactive_to_active_share": per(returns["not_inactive_now"].sum(), returns["people"].sum()),
        "half_years": len(programme),
        "half_years_with_return": known.notna().sum(),
        "known_net_return_amount": known.sum(),
        "net_return": net_return,
        "programme_cost_amount": cost,
        "return_on_costs": per(net_return, cost),
    }


def _emails(tables: Tables) -> dict[str, float]:
    mailboxes = tables("measurement.deliverability")
    return {
        "emails_sent": mailboxes["sent"].sum(),
        "emails_delivered": mailboxes["delivered"].sum(),
        "complaints": mailboxes["complained"].sum(),
        "complaint_share": mailboxes["complained"].sum() / mailboxes["delivered"].sum(),
    }


def _published(tables: Tables) -> dict[str, float]:
    months = tables("measurement.kpi_months")
    found = {"figure_counted": 0.0, "figure_base": months["base"].sum()}
    for kpi, of in months.groupby("kpi_id"):
        known = of if of["is_sum"].all() else of[of["base"].notna()]
        found["figure_counted"] += known["counted"].sum()
        name = {"open_rate": "scenario_open_rate"}.get(str(kpi), str(kpi))
        if name in FIGURES:
            total = known["counted"].sum(min_count=1)
            found[name] = total if of["is_sum"].all() else per(total, known["base"].sum())
    return {name: float("nan") for name in FIGURES} | found
