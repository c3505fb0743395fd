"""The likeliest parameters, within bounds and from two starts; what touches a bound is no result."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import minimize

from rekindle.fit.likelihood import (
    Customers,
    Numbers,
    Purchasing,
    Spending,
    purchasing_log_likelihood,
    spending_log_likelihood,
)
from rekindle.ground.errors import RekindleError

# Of logarithms. Without bounds Nelder-Mead finds parameters without meaning whose likelihood is a little better.
BOUND = 7.0
WEEK = 7
# relatively: likelihoods that are told apart by less are the same
SAME = 1e-6
LARGEST_CORRELATION = 0.2


def likeliest_purchasing(who: Customers) -> tuple[Purchasing, float]:
    """Parameters in days and their log-likelihood; refuses when the same customers, told in weeks, give others."""

    def best(of: Customers) -> tuple[list[float], float]:
        starts = ((0.0, 0.0, 0.0, 0.0), (0.0, 2.0, -2.0, 1.0))
        return _maximum(lambda at: purchasing_log_likelihood(Purchasing(*at), of), starts, "purchases")

    found, likelihood = best(who)
    _, in_weeks = best(who.in_units_of(WEEK))
    expected = likelihood + float(np.sum(who.weight * who.repeats)) * np.log(WEEK)
    if abs(in_weeks - expected) > SAME * abs(expected):
        raise RekindleError(
            f"the likelihood of the purchases in weeks is {in_weeks:,.1f} where it must be {expected:,.1f}: "
            "the search found no maximum."
        )
    return Purchasing(*found), likelihood


def likeliest_spending(repeats: Numbers, mean_amount: Numbers) -> tuple[Spending, float]:
    """Parameters and their log-likelihood; refuses where the mean is not finite or goes with how often they buy."""
    together = float(np.corrcoef(repeats, mean_amount)[0, 1])
    if not abs(together) <= LARGEST_CORRELATION:
        raise RekindleError(
            f"how often customers buy and how much goes together (correlation {together:.2f}, at most "
            f"{LARGEST_CORRELATION}): the two may not be multiplied."
        )
    # in units of the usual amount, so that the bounds mean the same in every currency
    usual = float(np.median(mean_amount))
    starts = ((0.0, 1.0, 0.0), (1.0, 1.0, 1.0))
    (p, q, v), likelihood = _maximum(
        lambda at: spending_log_likelihood(Spending(*at), repeats, mean_amount / usual), starts, "amounts"
    )
    if q <= 1:
        raise RekindleError(f"q of the amounts is {q:.3f}: at 1 and below their mean is infinite.")
    return Spending(p, q, v * usual), likelihood - len(repeats) * float(np.log(usual))


def _maximum(
    likelihood: Callable[[Sequence[float]], float], starts: Sequence[Sequence[float]], what: str
) -> tuple[list[float], float]:
    scale = abs(likelihood([float(np.exp(each)) for each in starts[0]]))
    results = [
        minimize(
            lambda logs: -likelihood([float(np.exp(each)) for each in logs]) / scale,
            start,
            method="L-BFGS-B",
            bounds=[(-BOUND, BOUND)] * len(start),
            options={"maxiter": 2_000, "ftol": 1e-15, "gtol": 1e-10},
        )
        for start in starts
    ]
    least = min(float(result.fun) for result in results)
    # where hardly anybody leaves, all of a ridge is as likely: what lies on it within the bounds says as much
    inside = [
        result
        for result in results
        if np.max(np.abs(result.x)) <= BOUND - 1e-3 and float(result.fun) - least <= SAME * abs(least)
    ]
    if not inside:
        raise RekindleError(f"a parameter of the {what} lies at the edge of what was searched: they do not say it.")
    best = min(inside, key=lambda result: float(result.fun))
    return [float(np.exp(each)) for each in best.x], -float(best.fun) * scale
