"""The fit of the expected value: to what it is fitted, and why it may be refused.

Two month ends are fitted: the newest, which scores, and the newest from which `clv_horizon_days` have passed, which
must have foretold them. What comes out, a refusal too, is a row of landing.clv_parameters; the scores are SQL.
"""

import datetime
from dataclasses import dataclass

import duckdb
import numpy as np

from rekindle.fit.likelihood import (
    Customers,
    Purchasing,
    Spending,
    error_of_series,
    expected_purchases,
)
from rekindle.fit.maximum import likeliest_purchasing, likeliest_spending
from rekindle.ground import rules
from rekindle.ground.calendar import newest_closed_month, next_month
from rekindle.ground.errors import RekindleError

BEFORE_ALL = datetime.date(1900, 1, 1)
FEWEST_CUSTOMERS = 100
FEWEST_DAYS = 91
LARGEST_MISS = 0.05
LARGEST_ERROR = 1e-6

# One row per customer at the end of a month: x, t_x, T and the mean net amount of the purchases after the first.
CUSTOMERS = f"""
    with
    profile_days as (select * from core.profile_days where order_date >= $complete_from),
    scored_months as (select $until as segment_month, $until as month_end_date),
    {rules.apply("purchase_histories")}
    select
        profile_id,
        cast(repeats as double) as repeats,
        cast(last_date - first_date as double) as until_last,
        cast(month_end_date - first_date as double) as observed,
        cast(repeat_amount as double) / nullif(repeats, 0) as mean_amount
    from purchase_histories
"""


@dataclass(frozen=True)
class Fit:
    """What was fitted to the end of a month."""

    month: datetime.date
    purchasing: Purchasing
    spending: Spending
    purchasing_likelihood: float
    spending_likelihood: float
    customers: int
    repeats: int
    spenders: int
    first_order_date: datetime.date


@dataclass(frozen=True)
class Report:
    """What a call did: a fit and what the one before it foretold, or a refusal."""

    month: datetime.date
    customers: int = 0
    foretold: float = 0.0
    happened: int = 0
    refusal: str | None = None

    def __str__(self) -> str:
        if self.refusal:
            return f"not fitted as of the end of {self.month:%Y-%m}: {self.refusal}"
        return (
            f"fitted as of the end of {self.month:%Y-%m} to {self.customers:,} customers; "
            f"an earlier fit foretold {self.foretold:,.0f} purchases, {self.happened:,} came."
        )


def fit_as_of(
    connection: duckdb.DuckDBPyConnection,
    month: datetime.date,
    horizon: int,
    complete_from: datetime.date = BEFORE_ALL,
) -> Report:
    """Fits the two month ends to the orders since `complete_from` and writes what came out."""
    try:
        matured = newest_closed_month(_end(month) - datetime.timedelta(days=horizon - 1))
        before = fit_month(connection, matured, complete_from)
        foretold, happened = look_back(connection, before, horizon, complete_from)
        if not abs(foretold - happened) <= LARGEST_MISS * happened:
            raise RekindleError(
                f"the fit as of the end of {matured:%Y-%m} foretold {foretold:,.0f} purchases of the {horizon} days "
                f"after, and {happened:,} came: more than {LARGEST_MISS:.0%} off."
            )
        now = fit_month(connection, month, complete_from)
        for each in (before, now):
            error = error_of_series(each.purchasing, horizon)
            if not error <= LARGEST_ERROR:
                raise RekindleError(
                    f"{horizon} days are too far ahead of customers who come this often (the series of the score would "
                    f"be {error:.1e} off): set clv_horizon_days lower."
                )
    except RekindleError as refusal:
        _write(connection, month, (), refusal.message)
        return Report(month, refusal=refusal.message)
    _write(connection, month, (before, now), None)
    return Report(month, now.customers, foretold, happened)


def fit_month(
    connection: duckdb.DuckDBPyConnection, month: datetime.date, complete_from: datetime.date = BEFORE_ALL
) -> Fit:
    """The likeliest parameters at the end of a month; RekindleError when the data do not say them."""
    until = {"until": _end(month), "complete_from": complete_from}
    first, customers, repeats, repeaters = connection.execute(
        "select (select min(order_date) from core.profile_days where orders > 0 and order_date >= $complete_from), "
        "count(*), "
        f"coalesce(sum(repeats), 0), count(*) filter (where repeats > 0) from ({CUSTOMERS})",
        until,
    ).fetchall()[0]
    if first is None or (_end(month) - first).days < FEWEST_DAYS or repeaters < FEWEST_CUSTOMERS:
        raise RekindleError(
            f"by the end of {month:%Y-%m} {repeaters:,} customers had bought again"
            + (f", {max((_end(month) - first).days, 0)} days after the first order of all" if first else "")
            + f": {FEWEST_CUSTOMERS} customers and {FEWEST_DAYS} days are needed."
        )
    purchasing, purchasing_likelihood = likeliest_purchasing(_cells(connection, month, complete_from))
    found = connection.execute(
        f"select repeats, mean_amount from ({CUSTOMERS}) where mean_amount > 0 order by all",
        until,
    ).fetchnumpy()
    repeated, amounts = np.asarray(found["repeats"]), np.asarray(found["mean_amount"])
    spending, spending_likelihood = likeliest_spending(repeated, amounts)
    return Fit(
        *(month, purchasing, spending, purchasing_likelihood, spending_likelihood),
        *(customers, int(repeats), len(repeated), first),
    )


def look_back(
    connection: duckdb.DuckDBPyConnection, fitted: Fit, horizon: int, complete_from: datetime.date = BEFORE_ALL
) -> tuple[float, int]:
    """Purchase days that a fit foretold of the days after it, and how many came, of the customers it knew."""
    who = _cells(connection, fitted.month, complete_from)
    foretold = float(np.sum(who.weight * expected_purchases(fitted.purchasing, who, horizon)))
    end = _end(fitted.month)
    happened = connection.execute(
        f"select count(*) from core.profile_days semi join ({CUSTOMERS}) as known using (profile_id) "
        "where orders > 0 and order_date > $until and order_date <= $last",
        {"until": end, "last": end + datetime.timedelta(days=horizon), "complete_from": complete_from},
    ).fetchall()[0][0]
    return foretold, int(happened)


def _cells(connection: duckdb.DuckDBPyConnection, month: datetime.date, complete_from: datetime.date) -> Customers:
    cells = connection.execute(
        f"select repeats, until_last, observed, cast(count(*) as double) as weight from ({CUSTOMERS}) "
        "group by all order by all",
        {"until": _end(month), "complete_from": complete_from},
    ).fetchnumpy()
    return Customers(*(np.asarray(cells[column]) for column in ("repeats", "until_last", "observed", "weight")))


def _end(month: datetime.date) -> datetime.date:
    return next_month(month) - datetime.timedelta(days=1)


def _write(
    connection: duckdb.DuckDBPyConnection, month: datetime.date, fits: tuple[Fit, ...], refusal: str | None
) -> None:
    """Replaces the month's row, and adds that of the month before it when there is none: what scored stays."""
    rows: list[tuple[object, ...]] = [
        (
            *("mbg_nbd", each.month, each.first_order_date, each.customers, each.repeats, each.spenders),
            *(each.purchasing.r, each.purchasing.alpha, each.purchasing.a, each.purchasing.b),
            *(each.purchasing_likelihood, each.spending.p, each.spending.q, each.spending.v, each.spending_likelihood),
            None,
        )
        for each in fits
    ]
    if refusal is not None:
        rows = [("mbg_nbd", month, *[None] * 13, refusal)]
    connection.execute("begin")
    connection.execute("delete from landing.clv_parameters where segment_month = ?", [month])
    known = connection.execute(
        "select segment_month from landing.clv_parameters where refused_because is null"
    ).fetchall()
    for row in rows:
        if (row[1],) not in known:
            connection.execute("delete from landing.clv_parameters where segment_month = ?", [row[1]])
            connection.execute(
                f"insert into landing.clv_parameters ({', '.join(COLUMNS)}) values ({', '.join('?' * len(COLUMNS))})",
                list(row),
            )
    connection.execute("commit")


COLUMNS = (
    *("clv_model", "segment_month", "first_order_date", "customers", "purchases", "spenders"),
    *("r", "alpha_days", "a", "b", "purchase_log_likelihood", "p", "q", "v", "amount_log_likelihood"),
    "refused_because",
)
