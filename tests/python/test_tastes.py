"""Recommendations and replenishment on the data set's own purchases, against numpy and pandas from the definitions of
docs/segments.md; what the page says they are worth is measured here.

Order lines come from the installed data package; nothing here reads the SQL under test.
"""

import csv
import datetime
import functools
import re
from collections.abc import Callable, Iterator

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from compiled import CompiledModels
from grocer import new_york_date, package_table

from rekindle.ground.paths import PROJECT
from rekindle.tell.tastes import tastes_of

MODELS = ["item_purchases", "popular_items", "item_similarities", "recommendation_quality", "recommendations"]
MODELS += ["replenishments", "replenishment_quality"]
WINDOW, DECAY, LENGTH, SIMILAR, SCORED = 182, 60, 5, 30, 50
# days that the demo says a product of the category lasts
SUPPLIES = {
    "COFFEE": 30, "LAUNDRY DETERGENTS": 45, "DOG FOODS": 28, "CAT FOOD": 14, "DIAPERS & DISPOSABLES": 14,
    "BATH TISSUES": 28, "PAPER TOWELS": 21, "VITAMINS": 60, "DISHWASH DETERGENTS": 45, "SHAVING CARE PRODUCTS": 60,
    "INFANT FORMULA": 7, "DENTAL CARE": 60,
}  # fmt: skip
# and of the seed, which has no row for anything else that the demo sells
SEEDED = {"CAT LITTER": 21}
DENIED = {"1", "2", "3"}


@functools.cache
def purchases() -> pd.DataFrame:
    """Household × product × New York date, with the type and the category of the product."""
    lines = package_table("transactions.parquet", ["household_id", "product_id", "quantity", "transaction_timestamp"])
    lines["order_date"] = new_york_date(lines["transaction_timestamp"])
    products = package_table("products.parquet", ["product_id", "product_type", "product_category"])
    lines = lines[lines["quantity"] > 0].merge(products, on="product_id")
    for column in ("household_id", "product_id"):
        lines[column] = lines[column].astype(str)
    names = {"household_id": "profile_id", "product_type": "item", "product_category": "category"}
    return lines.rename(columns=names).drop(columns="transaction_timestamp")


def built(as_of: str) -> duckdb.DuckDBPyConnection:
    """The models, as dbt compiles them for the demo, on these purchases as of a date."""
    variables = {"as_of_date": as_of, "rfm_sector": "grocery", "recommendation_item": "product_name"}
    models = CompiledModels(MODELS, variables)
    connection = duckdb.connect()
    connection.register("lines", purchases())
    connection.register("supplies", pd.DataFrame(list(SUPPLIES.items()), columns=["category", "days"]))
    connection.execute(
        "create table fct_order_lines as select profile_id, product_id, 'completed' as order_status, "
        "cast(quantity as integer) as quantity, cast(order_date as date) as order_date from lines"
    )
    connection.execute(
        "create table dim_products as select distinct product_id, item as product_name, lines.category, "
        "cast(null as varchar) as package_size, cast(days as integer) as days_of_supply "
        "from lines left join supplies using (category)"
    )
    connection.execute(
        "create table dim_months as select cast(month as date) as segment_month, last_day(month) as month_end_date "
        "from generate_series(date '2017-01-01', date '2017-12-01', interval 1 month) as months(month)"
    )
    connection.execute("create table profiling_denials as select unnest(?) as profile_id", [sorted(DENIED)])
    for seed in ("taste_rules", "replenishment_intervals"):
        connection.execute(f"create table {seed} as from read_csv('{PROJECT}/seeds/config/{seed}.csv')")
    models.build(connection, *MODELS)
    return connection


@pytest.fixture(scope="module")
def at() -> Iterator[dict[str, duckdb.DuckDBPyConnection]]:
    """As of the first of a month → the models then."""
    found = {as_of: built(as_of) for as_of in JUDGED}
    yield found
    for connection in found.values():
        connection.close()


class Tastes:
    """People × items at a month end: what was bought in the window, how often, and what follows from it."""

    def __init__(self, end: str) -> None:
        self.end = pd.Timestamp(end)
        lines = purchases()
        days = lines.dropna(subset=["item"]).drop_duplicates(["profile_id", "item", "order_date"])
        near = days[(days["order_date"] <= self.end) & (days["order_date"] > self.end - pd.Timedelta(days=WINDOW))]
        self.counts = near.groupby(["profile_id", "item"]).agg(n=("order_date", "size"), last=("order_date", "max"))
        self.counts = self.counts.reset_index()
        self.counts["decayed"] = self.counts["n"] * np.exp(-(self.end - self.counts["last"]).dt.days / DECAY)
        per_item = self.counts.groupby("item")["n"].agg(["sum", "size"])
        popular = per_item[per_item["sum"] >= 50].reset_index()
        popular = popular.sort_values(["size", "item"], ascending=[False, True])
        self.items = pd.Index(popular["item"])
        self.people = pd.Index(sorted(self.counts["profile_id"].unique()))
        known = self.counts[self.counts["item"].isin(self.items)]
        self.n = np.zeros((len(self.people), len(self.items)))
        self.n[self.people.get_indexer(known["profile_id"]), self.items.get_indexer(known["item"])] = known["n"]
        self.last = np.zeros_like(self.n)
        when = (known["last"] - pd.Timestamp("2017-01-01")).dt.days + 1
        self.last[self.people.get_indexer(known["profile_id"]), self.items.get_indexer(known["item"])] = when

    @functools.cached_property
    def similarity(self) -> npt.NDArray[np.float64]:
        """Cosine of the buyers of two items; per row the most similar only, of equal ones the more popular."""
        bought = (self.n > 0).astype(float)
        both = bought.T @ bought
        alone = np.diag(both)
        cosine = np.where(both >= 10, both / np.sqrt(np.outer(alone, alone)), 0.0)
        np.fill_diagonal(cosine, 0.0)
        order = np.argsort(-cosine, axis=1, kind="stable")[:, :SIMILAR]
        kept = np.zeros_like(cosine)
        np.put_along_axis(kept, order, np.take_along_axis(cosine, order, 1), 1)
        return kept

    def scores(self, method: str) -> npt.NDArray[np.float64]:
        """What each person may be shown that is new to her; what she has is below everything."""
        if method == "popular":
            scores = np.tile((self.n > 0).sum(axis=0).astype(float), (len(self.people), 1))
        else:
            weights = np.minimum(self.n, 5)
            if (self.n > 0).sum(axis=1).max() > SCORED:
                for row, names in enumerate(self.n > 0):
                    mine = np.flatnonzero(names)
                    order = sorted(mine, key=lambda i: (-self.n[row, i], -self.last[row, i], i))
                    weights[row, order[SCORED:]] = 0
            scores = weights @ np.round(self.similarity * 1e9)
        scores[self.n > 0] = -1
        return scores

    def new(self, method: str) -> dict[str, list[str]]:
        """Person → the best five; of equal ones the more popular."""
        scores = self.scores(method)
        best = np.argsort(-scores, axis=1, kind="stable")[:, :LENGTH]
        return {
            person: [self.items[i] for i in best[row] if scores[row, i] > 0]
            for row, person in enumerate(self.people)
            if person not in DENIED
        }

    def own(self, method: str) -> dict[str, list[str]]:
        habits = self.counts[(self.counts["n"] >= 3) & ~self.counts["profile_id"].isin(DENIED)]
        habits = habits.assign(decayed=habits["decayed"].round(9))
        habits = habits.sort_values(["profile_id", method, "item"], ascending=[True, False, True])
        return {str(person): list(items[:LENGTH]) for person, items in habits.groupby("profile_id")["item"]}


@functools.cache
def tastes(end: str) -> Tastes:
    return Tastes(end)


# kind, method → person → what would be recommended
LISTS: dict[tuple[str, str], Callable[[Tastes], dict[str, list[str]]]] = {
    ("own", "recent_purchases"): lambda told: told.own("decayed"),
    ("own", "purchases"): lambda told: told.own("n"),
    ("new", "similar_buyers"): lambda told: told.new("similar_buyers"),
    ("new", "popular"): lambda told: told.new("popular"),
}
# as of → the month end judged
JUDGED = {"2017-12-01": "2017-10-31", "2018-01-01": "2017-11-30"}


@pytest.mark.parametrize("as_of", JUDGED)
def test_hits_of_recommendations_equal_numpy_and_similar_buyers_beat_what_is_popular(
    as_of: str, at: dict[str, duckdb.DuckDBPyConnection]
) -> None:
    end = pd.Timestamp(JUDGED[as_of])
    lines = purchases()
    after = lines[(lines["order_date"] > end) & (lines["order_date"] < as_of)].dropna(subset=["item"])
    bought = after.groupby("profile_id")["item"].apply(set).to_dict()
    found = {
        (kind, method): (profiles, hits, published)
        for kind, method, profiles, hits, published in at[as_of]
        .execute("select kind, method, profiles, hits, is_published from recommendation_quality")
        .fetchall()
    }
    expected = {}
    for key, listing in LISTS.items():
        lists = listing(tastes(JUDGED[as_of]))
        people = [person for person in lists if person in bought and lists[person]]
        expected[key] = (len(people), sum(len(bought[person] & set(lists[person])) for person in people))
    assert {key: row[:2] for key, row in found.items()} == expected
    for kind, better, simple in (("own", "recent_purchases", "purchases"), ("new", "similar_buyers", "popular")):
        assert found[kind, better][1] > found[kind, simple][1]
        assert (found[kind, better][2], found[kind, simple][2]) == (True, False)


def test_recommendations_of_each_person_equal_numpy(at: dict[str, duckdb.DuckDBPyConnection]) -> None:
    built_lists: dict[tuple[str, str], dict[str, list[str]]] = {}
    for profile, kind, method, item in at["2018-01-01"].execute(
        "select profile_id, kind, method, item from recommendations order by profile_id, kind, recommendation_rank"
    ).fetchall():  # fmt: skip
        built_lists.setdefault((kind, method), {}).setdefault(profile, []).append(item)
    assert sorted(built_lists) == [("new", "similar_buyers"), ("own", "recent_purchases")]
    for key, lists in built_lists.items():
        right = {person: items for person, items in LISTS[key](tastes("2017-12-31")).items() if items}
        assert len(right) > 1500
        assert lists == right
        assert not DENIED & set(lists)


def test_similarities_equal_numpy(at: dict[str, duckdb.DuckDBPyConnection]) -> None:
    told = tastes("2017-12-31")
    rows = at["2018-01-01"].execute(
        "select item, similar_item, similarity from item_similarities where segment_month = '2017-12-01'"
    ).df()  # fmt: skip
    found = np.zeros_like(told.similarity)
    found[told.items.get_indexer(rows["item"]), told.items.get_indexer(rows["similar_item"])] = rows["similarity"]
    assert np.count_nonzero(told.similarity) == len(rows) > 30_000
    assert found == pytest.approx(told.similarity, abs=1e-12)


def foretold(end: pd.Timestamp, *, times_quantity: bool = False) -> pd.DataFrame:
    """Person × category: when what she bought last runs out, by the first source that exists."""
    lines = purchases()
    lasts = SUPPLIES | SEEDED
    lines = lines[lines["category"].isin(lasts) & (lines["order_date"] <= end)]
    days = lines.groupby(["profile_id", "category", "order_date"], as_index=False)["quantity"].sum()
    days["gap"] = days.groupby(["profile_id", "category"])["order_date"].diff().dt.days
    near = days[days["order_date"] > end - pd.Timedelta(days=365)]
    habits = near.groupby(["profile_id", "category"]).agg(
        gaps=("gap", "count"), own=("gap", "median"), last=("order_date", "max"), units=("quantity", "last")
    )
    habits = habits.reset_index()
    tellers = habits[habits["gaps"] >= 5].groupby("category")["own"].agg(["median", "size"])
    habits = habits.join(tellers, on="category")
    is_own, is_category = habits["gaps"] >= 10, (habits["gaps"] >= 5) | (habits["size"] >= 100)
    said = np.where(habits["category"].isin(SEEDED), "seed", "days_of_supply")
    habits["source"] = np.select([is_own, is_category], ["own", "category"], said)
    habits["days"] = np.select([is_own, is_category], [habits["own"], habits["median"]], habits["category"].map(lasts))
    if times_quantity:
        habits["days"] *= habits["units"].clip(upper=20)
    habits["days"] = np.floor(habits["days"] + 0.5).astype(int)
    habits["runs_out"] = habits["last"] + pd.to_timedelta(habits["days"], unit="D")
    return habits


def test_replenishments_equal_pandas_and_who_denied_profiling_has_the_reason_instead(
    at: dict[str, duckdb.DuckDBPyConnection],
) -> None:
    found = at["2018-01-01"].execute("from replenishments").df().set_index(["profile_id", "category"]).sort_index()
    right = foretold(pd.Timestamp("2018-01-01")).set_index(["profile_id", "category"]).sort_index()
    assert list(found.index) == list(right.index)
    assert (found["last_purchase_date"] == right["last"]).all()
    assert (found["own_gaps"] == right["gaps"]).all()
    denied = found.index.get_level_values("profile_id").isin(DENIED)
    assert denied.sum() > 0
    assert (found["no_interval_reason"].eq("profiling_denied") == denied).all()
    unsaid = ["interval_source", "interval_days", "observations", "runs_out_date"]
    assert found.loc[denied, unsaid].isna().all(axis=None)
    told, expected = found[~denied], right[~denied]
    assert (told["interval_source"] == expected["source"]).all()
    assert (told["interval_days"] == expected["days"]).all()
    assert (told["runs_out_date"] == expected["runs_out"]).all()


def hits(end: pd.Timestamp, *, times_quantity: bool = False) -> pd.DataFrame:
    """Source → what was to run out in the month after, and how much of it was bought within seven days of then."""
    told = foretold(end, times_quantity=times_quantity)
    told = told[~told["profile_id"].isin(DENIED)]
    told = told[(told["runs_out"] > end) & (told["runs_out"] <= end + pd.offsets.MonthEnd(1))]
    lines = purchases()
    following = lines[lines["order_date"] > end].groupby(["profile_id", "category"])["order_date"].min()
    following = told.join(following, on=["profile_id", "category"])["order_date"]
    told = told.assign(hit=(following - told["runs_out"]).dt.days.abs() <= 7)
    return told.groupby("source")["hit"].agg(["size", "sum"])


def test_hits_of_replenishment_equal_pandas(at: dict[str, duckdb.DuckDBPyConnection]) -> None:
    rows = at["2018-01-01"].execute(
        "select segment_month, interval_source, due_replenishments, hits from replenishment_quality order by all"
    ).fetchall()  # fmt: skip
    expected = [
        (pd.Timestamp(month).date(), str(source), int(row["size"]), int(row["sum"]))
        for month in ("2017-08-01", "2017-09-01", "2017-10-01")
        for source, row in hits(pd.Timestamp(month) + pd.offsets.MonthEnd(0)).iterrows()
    ]
    assert rows == expected


def test_hit_rates_are_those_of_the_page(at: dict[str, duckdb.DuckDBPyConnection]) -> None:
    page = (PROJECT / "docs" / "segments.md").read_text(encoding="utf-8")
    section = page[page.index("## What she may like") :].split("\n## ", 1)[0]
    told = dict(re.findall(r"^\| ((?:own|new), \w+ \d{4}) \| (.*) \|$", section, re.MULTILINE))
    measured = {}
    for as_of, end in JUDGED.items():
        for kind in ("own", "new"):
            shares = at[as_of].execute(
                "select precision_share from recommendation_quality where kind = ? order by is_baseline", [kind]
            ).fetchall()  # fmt: skip
            name = f"{kind}, {pd.Timestamp(end):%B %Y}"
            measured[name] = " | ".join(f"{share:.3f}".removeprefix("0") for (share,) in shares)
    assert told == measured
    pooled = at["2018-01-01"].execute(
        "select interval_source, sum(due_replenishments)::integer, sum(hits) / sum(due_replenishments) "
        "from replenishment_quality group by all order by all"
    ).fetchall()  # fmt: skip
    multiplied = pd.concat(
        hits(pd.Timestamp(end), times_quantity=True) for end in ("2017-08-31", "2017-09-30", "2017-10-31")
    )
    multiplied = multiplied.groupby(level=0).sum()
    shown = {
        source: f"{due:,} | {share:.0%} | {multiplied.loc[source, 'sum'] / multiplied.loc[source, 'size']:.0%}"
        for source, due, share in pooled
    }
    assert dict(re.findall(r"^\| `(\w+)` \| (\d.*) \|$", section, re.MULTILINE)) == {
        source: line.replace("%", " %") for source, line in shown.items()
    }


def test_what_she_likes_and_what_runs_out_is_told_with_how_we_know() -> None:
    with (PROJECT / "seeds/config/sentences.csv").open(encoding="utf-8") as file:
        sentences = {(row["subject"], row["code"]): row["sentence"] for row in csv.DictReader(file)}
    with duckdb.connect() as connection:
        connection.execute(
            "create schema core; create schema segments; "
            "create table core.profiling_denials as select 'ben' as profile_id; "
            "create table segments.recommendations as from (values "
            "('ann', 'own', 'tea', 'recent_purchases', null, 2, 3), "
            "('ann', 'own', 'kibble', 'recent_purchases', null, 1, 9), "
            "('ann', 'new', 'cups', 'similar_buyers', 'tea', 1, null)) "
            "as told (profile_id, kind, item, method, because_item, recommendation_rank, purchases); "
            "create table segments.recommendation_quality as from (values ('own', 'recent_purchases', 0.59)) "
            "as told (kind, method, precision_share); "
            "create table segments.replenishments as from (values "
            "('ann', 'kibble', 'own', null, 14, 12, date '2018-02-26', date '2018-03-12'), "
            "('ann', 'coffee', 'days_of_supply', null, 30, null, date '2018-02-01', date '2018-03-03'), "
            "('ann', 'soap', 'days_of_supply', null, 30, null, date '2018-01-05', date '2018-02-04'), "
            "('ben', 'kibble', null, 'profiling_denied', null, null, date '2018-02-26', null)) as told (profile_id, "
            "category, interval_source, no_interval_reason, interval_days, observations, last_purchase_date, "
            "runs_out_date)"
        )
        day = datetime.date(2018, 3, 5)
        told = {
            person: [
                sentences[subject, code].format_map(values)
                for subject, code, values in tastes_of(connection, person, day)
            ]
            for person in ("ann", "ben", "cleo")
        }
    assert told == {
        "ann": [
            "buys again and again: kibble (9 times), tea (3 times); 59 % of such items were bought in the month after",
            "may like: cups (she buys tea); how many of such items are bought is not known yet",
            "coffee of 2018-02-01 runs out about 2018-03-03: lasts 30 days, says the product",
            "kibble of 2018-02-26 runs out about 2018-03-12: own interval of 14 days from 12 gaps",
        ],
        "ben": ["nothing is recommended and nothing foretold: denied profiling"],
        "cleo": [],
    }
