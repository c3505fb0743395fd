"""The statistics of macros/statistics, against published figures and against scipy, statsmodels and tea-tasting."""

import itertools
import math
import re
from collections.abc import Callable, Sequence

import duckdb
import numpy as np
import pandas as pd
import pytest
import tea_tasting as tt
from compiled import Row, compile_inline
from coverage_of_intervals import measured
from scipy import optimize, stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from rekindle.ground.paths import PROJECT

Z = stats.norm.ppf(0.975)
# name: macro and the columns it reads, in the order in which a test gives them
CALLS = {
    "normal_cdf": "normal_cdf('x')",
    "normal_quantile": "normal_quantile('x')",
    "student_cdf": "student_cdf('x', 'df')",
    "student_quantile": "student_quantile('x', 'df')",
    "chi_squared_tail": "chi_squared_tail('x', 'df')",
    "sample_variance": "sample_variance('s', 'ss', 'n')",
    "sample_covariance": "sample_covariance('s', 's2', 's12', 'n')",
    "wilson_lower": "wilson_bound('p', 'n', 'z', '-')",
    "wilson_upper": "wilson_bound('p', 'n', 'z', '+')",
    "newcombe_lower": "newcombe_bound('p', 'p0', 'l', 'u', 'l0', 'u0', '-')",
    "newcombe_upper": "newcombe_bound('p', 'p0', 'l', 'u', 'l0', 'u0', '+')",
    "welch_degrees": "welch_degrees('v', 'n', 'v0', 'n0')",
    "standard_error": "standard_error('v', 'n', 'v0', 'n0')",
    "relative_standard_error": "relative_standard_error('m', 'v', 'n', 'm0', 'v0', 'n0')",
    "ratio_variance": "ratio_variance('r', 'v', 'm', 'v0', 'c')",
    "cuped_slope": "cuped_slope('c', 'v')",
    "cuped_variance": "cuped_variance('v', 'slope', 'v0', 'c')",
    "always_valid_multiplier": "always_valid_multiplier('n', 'n0')",
    "always_valid_p": "always_valid_p('z', 'n', 'n0')",
    "people_needed": "people_needed('n', 'unit', 'n0')",
    "power": "power_of('m', 'se')",
    "smallest_detectable_lift": "smallest_detectable_lift('m', 'v', 'n')",
}
HOLM = "holm_p('p', 'place', 'tests', 'family')"

Call = Callable[..., float]


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The expression of each macro, as dbt compiles it."""
    calls = {**CALLS, "holm": HOLM}
    query = "select 1" + "".join(f"\n--@{name}\n{{{{ {call} }}}}" for name, call in calls.items())
    parts = compile_inline(tmp_path_factory.mktemp("statistics"), query).split("--@")[1:]
    return {name.strip(): text for name, text in (part.split("\n", 1) for part in parts)}


@pytest.fixture(scope="module")
def call(sql: dict[str, str]) -> Call:
    """Calls a macro with numbers: doubles, as the models hold them."""

    def called(name: str, *numbers: float) -> float:
        columns = re.findall(r"'(\w+)'", CALLS[name])
        given = ", ".join(
            f"cast({number!r} as double) as {column}"
            for column, number in zip(columns, map(float, numbers), strict=True)
        )
        found = duckdb.execute(f"select {sql[name]} from (select {given})").fetchone()
        assert found is not None
        return math.nan if found[0] is None else float(found[0])

    return called


def many(sql: dict[str, str], name: str, rows: Sequence[tuple[float, ...]]) -> list[Row]:
    columns = re.findall(r"'(\w+)'", CALLS[name])
    values = ", ".join("(" + ", ".join(f"cast({float(number)!r} as double)" for number in row) + ")" for row in rows)
    return duckdb.execute(
        f"select {', '.join(columns)}, {sql[name]} from (values {values}) as given ({', '.join(columns)})"
    ).fetchall()


def test_the_normal_distribution_is_scipys(sql: dict[str, str]) -> None:
    for z, found in many(sql, "normal_cdf", [(z,) for z in np.linspace(-12, 12, 2001)] + [(-40,), (40,)]):
        assert found == pytest.approx(stats.norm.cdf(z), rel=1e-11, abs=1e-14)
    shares = [*np.linspace(1e-6, 1 - 1e-6, 1999), 1e-12, 1e-100]
    for p, found in many(sql, "normal_quantile", [(p,) for p in shares]):
        assert found == pytest.approx(stats.norm.ppf(p), rel=1e-13, abs=1e-14)


def test_students_distribution_is_scipys(sql: dict[str, str]) -> None:
    for degrees, error in {5: 4e-7, 9: 2.2e-9, 15.5: 1e-10, 30: 3e-12, 461.3: 3e-12, 6700: 3e-12}.items():
        points = [*np.linspace(-9, 9, 401), 1e-7, -1e-7, 0]
        for t, _, found in many(sql, "student_cdf", [(t, degrees) for t in points]):
            assert found == pytest.approx(stats.t.cdf(t, degrees), abs=error), (t, degrees)
    for degrees, error in {9: 1e-7, 15: 1e-8, 30.5: 1e-9, 461.3: 1e-9, 100_000: 1e-7}.items():
        for p in (0.01, 0.025, 0.05, 0.2, 0.8, 0.95, 0.975, 0.995):
            ((_, _, found),) = many(sql, "student_quantile", [(stats.norm.ppf(p), degrees)])
            assert found == pytest.approx(stats.t.ppf(p, degrees), abs=error), (p, degrees)


def test_the_chi_squared_distribution_is_scipys(sql: dict[str, str], call: Call) -> None:
    rows = [(x, degrees) for x in (0, 0.01, 0.5, 1, 3.841, 10.828, 27, 60) for degrees in range(1, 10)]
    for x, degrees, found in many(sql, "chi_squared_tail", rows):
        assert found == pytest.approx(stats.chi2.sf(x, degrees), rel=1e-10, abs=1e-14)
    assert math.isnan(call("chi_squared_tail", 3, 10))


def test_intervals_of_rates_are_those_of_statsmodels(call: Call) -> None:
    for successes, n, base_successes, base_n in ((288, 448, 70, 154), (0, 12, 3, 10), (14, 28, 16, 30), (9, 9, 1, 700)):
        bounds = []
        for count, people in ((successes, n), (base_successes, base_n)):
            found = [call(f"wilson_{end}", count / people, people, Z) for end in ("lower", "upper")]
            assert found == pytest.approx(proportion_confint(count, people, method="wilson"), abs=1e-12)
            bounds += found
        found = [call(f"newcombe_{end}", successes / n, base_successes / base_n, *bounds) for end in ("lower", "upper")]
        expected = confint_proportions_2indep(successes, n, base_successes, base_n, method="newcomb", compare="diff")
        assert found == pytest.approx(expected, abs=1e-9)


def summed(call: Call, total: float, squares: float, n: float) -> tuple[float, float, float]:
    """Mean, variance and number of people of a group told by its sums."""
    return total / n, call("sample_variance", total, squares, n), n


# the vectors of growthbook/growthbook, packages/stats/tests/frequentist; sum and sum of squares, people
GROUP_A, GROUP_B = (1396.87, 52377.9767, 3407), (2422.7, 134698.29, 3461)


@pytest.mark.parametrize(
    ("base", "other", "is_relative", "lift", "interval", "p"),
    [
        (GROUP_A, GROUP_B, True, 0.70732, (-0.03526, 1.44989), 0.06191),
        (GROUP_A, GROUP_B, False, 0.29, (0.04538, 0.53462), 0.02016),
        ((14, 14, 28), (16, 16, 30), True, 0.06667, (-0.47767, 0.61101), 0.80707),
    ],
)
def test_welch_from_sums_gives_the_published_figures(
    call: Call, base: Row, other: Row, is_relative: bool, lift: float, interval: Row, p: float
) -> None:
    base_mean, base_variance, base_n = summed(call, *base)
    mean, variance, n = summed(call, *other)
    if (base, other) == ((14, 14, 28), (16, 16, 30)):
        # a rate's variance there is that of the drawn people: p (1 - p)
        base_variance, variance = base_mean * (1 - base_mean), mean * (1 - mean)
    degrees = call("welch_degrees", variance, n, base_variance, base_n)
    if is_relative:
        found = (mean - base_mean) / base_mean
        error = call("relative_standard_error", mean, variance, n, base_mean, base_variance, base_n)
    else:
        found = mean - base_mean
        error = call("standard_error", variance, n, base_variance, base_n)
    half = call("student_quantile", Z, degrees) * error
    assert (round(found, 5), round(found - half, 5), round(found + half, 5)) == (lift, *interval)
    assert round(2 * call("student_cdf", -abs(found / error), degrees), 5) == p


def test_the_sequential_interval_gives_the_published_figures(call: Call) -> None:
    base_mean, mean = 1396 / 3000, 2422 / 3461
    variances = [rate * (1 - rate) for rate in (base_mean, mean)]
    error = call("relative_standard_error", mean, variances[1], 3461, base_mean, variances[0], 3000)
    half = call("always_valid_multiplier", 6461, 5000) * error
    lift = mean / base_mean - 1
    assert [round(value, 5) for value in (lift, lift - half, lift + half)] == [0.50386, 0.40098, 0.60675]


def test_the_always_valid_interval_and_its_p_say_the_same(call: Call) -> None:
    groups = [summed(call, count, count, n) for count, n in ((288, 448), (70, 154))]
    lift = groups[0][0] - groups[1][0]
    error = call("standard_error", groups[0][1], 448, groups[1][1], 154)
    assert error == pytest.approx(0.0461964, abs=5e-8)
    multiplier = call("always_valid_multiplier", 602, 600)
    assert round(multiplier, 4) == 3.0352
    assert [round(lift - multiplier * error, 7), round(lift + multiplier * error, 7)] == [0.0480966, 0.3285268]
    assert call("always_valid_p", multiplier, 602, 600) == pytest.approx(0.05, abs=1e-12)
    assert call("always_valid_p", 0, 602, 600) == 1


def test_four_steps_find_how_many_people_the_always_valid_interval_needs(call: Call) -> None:
    """Against a root that scipy brackets, from few people and many, for lifts within reach and far out of it."""
    for expected in (50, 600, 100_000):
        rho = (-2 * math.log(0.05) + math.log(-2 * math.log(0.05) + 1)) / expected

        def reach(n: float, rho: float = rho) -> float:
            return float(np.sqrt((n * rho + 1) / (n * rho) * np.log((n * rho + 1) / 0.05**2)) + stats.norm.ppf(0.8))

        for people, share in itertools.product((60, 1000, 100_000), (0.2, 0.9, 1.1, 5, 100, 10_000)):
            unit = share * people / reach(people) ** 2
            needed = optimize.brentq(lambda n, unit=unit, reach=reach: n - unit * reach(n) ** 2, 1e-3, 1e13, xtol=1e-6)
            found = float(people)
            for _ in range(4):
                found = call("people_needed", found, unit, expected)
            assert found == pytest.approx(needed, rel=1e-8), (expected, people, share)


def test_power_and_the_smallest_detectable_lift_give_the_published_figures(call: Call) -> None:
    people = 400_000 / 3
    error = call("relative_standard_error", 10.5, 3910, people, 10, 3910, people)
    assert round(call("power", 0.05, error), 5) == 0.52144
    lift = call("smallest_detectable_lift", 10, 3910, people)
    assert round(lift, 5) == 0.07027
    error = call("relative_standard_error", 10 * (1 + lift), 3910, people, 10, 3910, people)
    assert call("power", lift, error) == pytest.approx(0.8, abs=1e-5)
    assert math.isnan(call("smallest_detectable_lift", 10, 3910, 300))


def test_means_ratios_and_covariates_are_those_of_tea_tasting(call: Call) -> None:
    draw = np.random.default_rng(17)
    people = 900
    treated = draw.random(people) < 0.7
    before = draw.gamma(2.0, 30.0, people)
    orders = draw.poisson(1.0 + before / 80 + 0.2 * treated)
    sales = orders * draw.gamma(3.0, 9.0, people) + 0.2 * before
    table = {"variant": treated.astype(int), "sales": sales, "orders": orders, "before": before}
    experiment = tt.Experiment(
        mean=tt.Mean("sales"), ratio=tt.RatioOfMeans("sales", "orders"), adjusted=tt.Mean("sales", "before")
    )
    expected = experiment.analyze(pd.DataFrame(table))

    def sums(chosen: np.ndarray) -> dict[str, float]:
        columns = {"y": sales[chosen], "o": orders[chosen], "x": before[chosen]}
        pairs = (("y", "y"), ("o", "o"), ("x", "x"), ("y", "o"), ("y", "x"))
        products = {a + b: float((columns[a] * columns[b]).sum()) for a, b in pairs}
        return {"n": float(chosen.sum()), **{key: float(each.sum()) for key, each in columns.items()}, **products}

    arms = [sums(~treated), sums(treated)]
    both = sums(np.ones(people, dtype=bool))

    def variance(of: dict[str, float], column: str) -> float:
        return call("sample_variance", of[column], of[column * 2], of["n"])

    def covariance(of: dict[str, float], column: str) -> float:
        return call("sample_covariance", of["y"], of[column], of["y" + column], of["n"])

    means = [(arm["y"] / arm["n"], variance(arm, "y"), arm["n"]) for arm in arms]
    ratios = []
    for arm in arms:
        ratio = arm["y"] / arm["o"]
        orders_per_person = arm["o"] / arm["n"]
        spread = call(
            "ratio_variance", ratio, variance(arm, "y"), orders_per_person, variance(arm, "o"), covariance(arm, "o")
        )
        ratios.append((ratio, spread, arm["n"]))
    slope = call("cuped_slope", covariance(both, "x"), variance(both, "x"))
    adjusted = [
        (
            arm["y"] / arm["n"] - slope * (arm["x"] / arm["n"] - both["x"] / both["n"]),
            call("cuped_variance", variance(arm, "y"), slope, variance(arm, "x"), covariance(arm, "x")),
            arm["n"],
        )
        for arm in arms
    ]
    for name, (base, other) in {"mean": means, "ratio": ratios, "adjusted": adjusted}.items():
        result = expected[name]
        degrees = call("welch_degrees", other[1], other[2], base[1], base[2])
        error = call("standard_error", other[1], other[2], base[1], base[2])
        half = call("student_quantile", Z, degrees) * error
        lift = other[0] - base[0]
        assert lift == pytest.approx(result.effect_size, abs=1e-9), name
        assert (lift - half, lift + half) == pytest.approx(
            (result.effect_size_ci_lower, result.effect_size_ci_upper), abs=1e-6
        )
        p = 2 * call("student_cdf", -abs(lift / error), degrees)
        assert p == pytest.approx(result.pvalue, abs=1e-9), name


def test_holms_adjustment_is_that_of_statsmodels(sql: dict[str, str]) -> None:
    draw = np.random.default_rng(3)
    for tests in (1, 2, 7, 40):
        values = np.sort(np.round(draw.random(tests) ** 3, 3))  # rounded: some are equal
        rows = ", ".join(
            f"(1, {place}, {tests}, cast({p!r} as double))" for place, p in enumerate(map(float, values), 1)
        )
        found = duckdb.execute(
            f"select {sql['holm']} from (values {rows}) as given (family, place, tests, p) order by place"
        ).fetchall()
        assert [row[0] for row in found] == pytest.approx(multipletests(values, method="holm")[1], abs=1e-12)


def test_intervals_hold_what_they_promise_over_many_draws() -> None:
    """A smaller `make coverage`: what is promised, and two standard errors of so many draws."""
    draws = 500
    found = measured(draws)

    def luck(share: float) -> float:
        return 2 * math.sqrt(share * (1 - share) / draws)

    for covered in (found.newcombe_covers, found.cuped_covers):
        assert 0.935 - luck(0.95) <= covered <= 0.97 + luck(0.95)
    assert 0.035 - luck(0.05) <= found.newcombe_false_alarms <= 0.065 + luck(0.05)
    assert found.false_alarms_of_five_plain_looks > 0.1, "looking often has its price"
    assert found.false_alarms_of_five_always_valid_looks <= 0.01 + luck(0.01)
    assert found.false_alarms_of_rare_outcomes > 0.03, "among few an interval alone is no verdict"
    assert found.false_verdicts_of_rare_outcomes <= 0.01 + luck(0.01)
    page = (PROJECT / "docs" / "measurement.md").read_text(encoding="utf-8")
    assert "\n".join(found.picture(20)) in page, "the picture of luck shows other draws"
