"""MBG/NBD and Gamma-Gamma: how likely what customers did is, and what to expect of them next.

MBG/NBD: Batislam, Denizel, Filiztekin (2007), Empirical validation and comparison of models for customer base
analysis; Gamma-Gamma: Fader, Hardie (2013), The Gamma-Gamma model of monetary value. A customer is x days with a
purchase after the first one, t_x from the first to the last, T from the first to the end, in days.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, gammaln, hyp2f1

from rekindle.ground import rules

Numbers = npt.NDArray[np.float64]

# What macro euler_series() sums.
SERIES_TERMS = int(rules.apply("euler_terms"))


@dataclass(frozen=True)
class Customers:
    """Cells of customers who did the same: x, t_x, T and how many they are."""

    repeats: Numbers
    until_last: Numbers
    observed: Numbers
    weight: Numbers

    def in_units_of(self, days: float) -> "Customers":
        """The same in another unit of time."""
        return Customers(self.repeats, self.until_last / days, self.observed / days, self.weight)


@dataclass(frozen=True)
class Purchasing:
    """The parameters of MBG/NBD: the rate of purchases ~ gamma(r, alpha), leaving after one ~ beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float


@dataclass(frozen=True)
class Spending:
    """The parameters of Gamma-Gamma."""

    p: float
    q: float
    v: float


def purchasing_log_likelihood(by: Purchasing, who: Customers) -> float:
    """Of all customers, as a sum of logarithms."""
    x = who.repeats
    stays = betaln(by.a, by.b + x + 1) - betaln(by.a, by.b) - (by.r + x) * np.log(by.alpha + who.observed)
    each = gammaln(by.r + x) - gammaln(by.r) + by.r * np.log(by.alpha) + stays
    return float(np.sum(who.weight * (each + np.logaddexp(0, _log_odds_of_having_left(by, who)))))


def spending_log_likelihood(by: Spending, repeats: Numbers, mean_amount: Numbers) -> float:
    """Of the mean amounts (above 0) of customers with repeats (above 0)."""
    shape = by.p * repeats
    each = gammaln(shape + by.q) - gammaln(shape) - gammaln(by.q) + by.q * np.log(by.v)
    each += (shape - 1) * np.log(mean_amount) + shape * np.log(repeats)
    return float(np.sum(each - (shape + by.q) * np.log(repeats * mean_amount + by.v)))


def expected_purchases(by: Purchasing, who: Customers, days: float) -> Numbers:
    """Purchase days in the days after, of one customer of each cell."""
    past = by.alpha + who.observed
    third = by.a + by.b + who.repeats
    curve = hyp2f1(by.r + who.repeats, by.b + who.repeats + 1, third, days / (past + days))
    grows = 1 - curve * (past / (past + days)) ** (by.r + who.repeats)
    expected: Numbers = third / (by.a - 1) * grows / (1 + np.exp(_log_odds_of_having_left(by, who)))
    return expected


def error_of_series(by: Purchasing, days: float) -> float:
    """How wrong, relatively, macro euler_series() makes what is expected of whoever bought today for the first time.

    Nobody's is wronger: of who bought earlier or again, less is left after as many terms.
    """
    one = np.array([1.0])
    newest = Customers(0 * one, 0 * one, 0 * one, one)
    share = days / (by.alpha + days)
    first, third = by.a + by.b - by.r, by.a + by.b
    ratios = [(first + k) * (by.a + k - 1) / ((third + k) * (k + 1)) * share for k in range(1, SERIES_TERMS + 1)]
    total = 1 / (1 - ratios[-1])
    for ratio in reversed(ratios[:-1]):
        total = 1 + ratio * total
    power = (by.a - 1) * np.log1p(-share)
    summed = -third * (np.expm1(power) / (by.a - 1) + np.exp(power) * first / third * share * total)
    exact = expected_purchases(by, newest, days)[0] * (1 + by.a / by.b)
    return float(abs(summed / exact - 1))


def _log_odds_of_having_left(by: Purchasing, who: Customers) -> Numbers:
    quiet = np.log(by.alpha + who.observed) - np.log(by.alpha + who.until_last)
    odds: Numbers = np.log(by.a) - np.log(by.b + who.repeats) + (by.r + who.repeats) * quiet
    return odds
