"""Results of scenarios by the package tea-tasting, from nothing but the published sums.

    python examples/tea_tasting/compare.py installations/completejourney/published/rekindle.duckdb

Each row of measurement.experiment_statistics becomes what tea-tasting calls aggregates; the figures are those of
measurement.experiment_results for who looks once.
"""

import sys
from typing import Any

import duckdb
import tea_tasting as tt
from tea_tasting.aggr import Aggregates

STATISTICS = """
    select * from measurement.experiment_statistics
    where slice_kind = 'all' and withheld_because is null
    order by experiment_id, metric_id, variation_id
"""


def aggregates(row: dict[str, Any]) -> Aggregates:
    """Means and covariances of a group, from its sums."""
    n = row["users"]
    sums = {name: row[f"{name}_sum"] for name in ("main", "denominator", "covariate") if row[f"{name}_sum"] is not None}

    def spread(product: float, one: str, other: str) -> float:
        return float((product - sums[one] * sums[other] / n) / (n - 1))

    pairs = [("main", other) for other in sums if other != "main"]
    return Aggregates(
        count_=n,
        mean_={name: total / n for name, total in sums.items()},
        var_={name: spread(row[f"{name}_sum_squares"], name, name) for name in sums},
        cov_={tuple(sorted(pair)): spread(row["_".join([*pair, "sum_product"])], *pair) for pair in pairs},
    )


def results(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], Any]:
    """What tea-tasting says of each experiment and metric: the difference as it is, and without what was so before."""
    told = connection.execute(STATISTICS)
    columns = [column[0] for column in told.description]
    groups: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for values in told.fetchall():
        row = dict(zip(columns, values, strict=True))
        groups.setdefault((row["experiment_id"], row["metric_id"]), {})[row["variation_id"]] = row
    found = {}
    for comparison, arms in groups.items():
        if set(arms) != {"treated", "held_out"}:
            continue
        data: dict[object, Aggregates] = {arm: aggregates(row) for arm, row in arms.items()}
        if not any(group.var("main") for group in data.values()):
            continue  # nothing varies: there is nothing to tell apart
        kind = arms["treated"]["kind"]
        metrics: dict[str, Any] = {"plain": tt.Mean("main")}
        if kind == "ratio":
            metrics = {"plain": tt.RatioOfMeans("main", "denominator")}
        if arms["treated"]["covariate_sum"] is not None:
            metrics["adjusted"] = tt.Mean("main", "covariate")
        found[comparison] = tt.Experiment(metrics).analyze(data, control="held_out")
    return found


def main() -> None:
    """Prints a line per comparison."""
    with duckdb.connect(sys.argv[1], read_only=True) as connection:
        for (experiment_id, metric_id), analysed in results(connection).items():
            for name, metric in analysed.items():
                interval = f"[{metric.effect_size_ci_lower:.6f}, {metric.effect_size_ci_upper:.6f}]"
                print(f"{experiment_id} {metric_id} {name}: {metric.effect_size:.9f} {interval} p {metric.pvalue:.9f}")


if __name__ == "__main__":
    main()
