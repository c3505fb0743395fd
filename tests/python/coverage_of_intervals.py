"""How often intervals hold what they promise, over many draws of the arms: one draw of a holdout is one draw.

A population of people is made up once; what each does untreated and treated is known, and so is the truth. The arms are
drawn as the engine draws them, by a hash of salt and person, with salts that are counted from 1 and were not chosen.
Every figure comes from the macros.
"""

import os
import sys
import tempfile
from dataclasses import dataclass, fields
from pathlib import Path

import click
import duckdb
import numpy as np

# as a program it finds the project's modules itself
if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import forked
from compiled import compile_inline

PEOPLE, HELD_OUT, SEED = 1500, 0.30, 8
LOOKS = 5
# what few people do, and few are held out of
RARE, FEW_HELD_OUT = 0.04, 0.05
# a verdict asks for so many in each group who did, and who did not
LEAST = 10
RATES = "'rate', 'base_rate', 'lower_rate', 'upper_rate', 'base_lower_rate', 'base_upper_rate'"
# what each interval is told by, of the sums of both arms
STAGES = (
    {
        "variance": "{{ sample_variance('y', 'yy', 'n') }}",
        "base_variance": "{{ sample_variance('y0', 'yy0', 'n0') }}",
        "slope": (
            "{{ cuped_slope('(' ~ sample_covariance('(y + y0)', '(x + x0)', '(xy + xy0)', '(n + n0)') ~ ')', "
            "'(' ~ sample_variance('(x + x0)', '(xx + xx0)', '(n + n0)') ~ ')') }}"
        ),
        "x_variance": "{{ sample_variance('x', 'xx', 'n') }}",
        "base_x_variance": "{{ sample_variance('x0', 'xx0', 'n0') }}",
        "xy_covariance": "{{ sample_covariance('y', 'x', 'xy', 'n') }}",
        "base_xy_covariance": "{{ sample_covariance('y0', 'x0', 'xy0', 'n0') }}",
        "rate": "y / n",
        "base_rate": "y0 / n0",
    },
    {
        "lower_rate": "{{ wilson_bound('rate', 'n', '1.959963984540054e0', '-') }}",
        "upper_rate": "{{ wilson_bound('rate', 'n', '1.959963984540054e0', '+') }}",
        "base_lower_rate": "{{ wilson_bound('base_rate', 'n0', '1.959963984540054e0', '-') }}",
        "base_upper_rate": "{{ wilson_bound('base_rate', 'n0', '1.959963984540054e0', '+') }}",
        "adjusted_lift": "rate - base_rate - slope * (x / n - x0 / n0)",
        "adjusted_error": (
            "{{ standard_error('(' ~ cuped_variance('variance', 'slope', 'x_variance', 'xy_covariance') ~ ')', 'n', "
            "'(' ~ cuped_variance('base_variance', 'slope', 'base_x_variance', 'base_xy_covariance') ~ ')', 'n0') }}"
        ),
        "multiplier": "{{ always_valid_multiplier('(n + n0)', '1000') }}",
    },
    {
        "newcombe_lower": "{{ newcombe_bound(" + RATES + ", '-') }}",
        "newcombe_upper": "{{ newcombe_bound(" + RATES + ", '+') }}",
    },
)  # fmt: skip


@dataclass(frozen=True)
class Coverage:
    """Shares of draws, the truth, and Newcombe's interval of each draw."""

    newcombe_covers: float
    cuped_covers: float
    newcombe_false_alarms: float
    false_alarms_of_five_plain_looks: float
    false_alarms_of_five_always_valid_looks: float
    false_alarms_of_rare_outcomes: float
    false_verdicts_of_rare_outcomes: float
    truth: float
    intervals: list[tuple[float, float]]

    def shares(self) -> dict[str, float]:
        """What is counted over all draws, by its name."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name not in ("truth", "intervals")}

    def picture(self, draws: int, last: float = 0.3, columns: int = 60) -> list[str]:
        """The first draws, a line each: the interval from 0 to `last`, with the truth in it or beside it."""

        def place(lift: float) -> int:
            return round(min(max(lift, 0.0), last) / last * columns)

        lines = []
        for number, (lower, upper) in enumerate(self.intervals[:draws], 1):
            cells = ["-" if place(lower) <= column <= place(upper) else " " for column in range(columns + 1)]
            cells[place(self.truth)] = "|"
            missed = "" if lower <= self.truth <= upper else " misses"
            lines.append(f"salt_{number:<3}{''.join(cells).rstrip()}{missed}")
        return lines


def measured(draws: int) -> Coverage:
    """The shares over so many salts."""
    draw = np.random.default_rng(SEED)
    before = draw.gamma(1.5, 2.0, PEOPLE)
    untreated = draw.random(PEOPLE) < 0.15 + 0.6 * before / (before + 3.0)
    treated = untreated | (draw.random(PEOPLE) < 0.18)
    truth = float(treated.mean() - untreated.mean())
    rarely = draw.random(PEOPLE) < RARE
    stages = " ".join(
        f"cross join lateral (select {', '.join(f'{text} as {name}' for name, text in stage.items())}) as stage_{place}"
        for place, stage in enumerate(STAGES)
    )
    bucket = """{{ hash_bucket("salt || '|' || person") }}"""
    query = f"select *, {bucket} as bucket from people cross join salts --@ {stages}"
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault(forked.PARSED, folder)
        drawn, told = compile_inline(Path(folder), query).split("--@")
    rows = zip(range(PEOPLE), np.log1p(before), untreated, treated, rarely, strict=True)
    with duckdb.connect() as connection:
        connection.execute(
            "create table people (person varchar, covariate double, alone double, written double, rarely double)"
        )
        connection.executemany(
            "insert into people values (?, ?, ?, ?, ?)", [(str(n), *map(float, values)) for n, *values in rows]
        )
        connection.execute(
            f"create table salts as select 'salt_' || number as salt from range(1, {draws + 1}) as t(number)"
        )
        connection.execute(f"create table drawn as from ({drawn}) as d")

        def shares(outcome: str, last: int = PEOPLE, held_out: float = HELD_OUT) -> list[tuple[float, ...]]:
            sums = ", ".join(
                f"sum(case when {condition} is_held_out then {value} else 0 end) as {name}{suffix}"
                for condition, suffix in (("not", ""), ("", "0"))
                for name, value in {
                    "n": "1e0", "y": outcome, "yy": f"({outcome}) * ({outcome})", "x": "covariate",
                    "xx": "covariate * covariate", "xy": f"covariate * ({outcome})",
                }.items()
            )  # fmt: skip
            return connection.execute(
                f"select newcombe_lower, newcombe_upper, adjusted_lift, adjusted_error, multiplier, "
                f"least(y, n - y, y0, n0 - y0) as fewest from (select salt, {sums} from (select *, bucket < "
                f"{held_out} * 10000 as is_held_out from drawn where cast(person as integer) < {last}) as arms "
                f"group by salt) as sums "
                f"{told} order by cast(substring(salt, 6) as integer)"
            ).fetchall()

        effect = shares("case when is_held_out then alone else written end")
        looks = [shares("alone", PEOPLE * look // LOOKS) for look in range(1, LOOKS + 1)]
        rare = shares("rarely", held_out=FEW_HELD_OUT)
    plain, valid = np.zeros(draws, dtype=bool), np.zeros(draws, dtype=bool)
    for look in looks:
        _, _, lift, error, multiplier, _ = np.array(look).T
        plain |= np.abs(lift) > 1.959963984540054 * error
        valid |= np.abs(lift) > multiplier * error
    _, _, lift, error, multiplier, fewest = np.array(rare).T
    alarms = np.abs(lift) > multiplier * error
    verdicts = alarms & (fewest >= LEAST)
    lower, upper, lift, error, *_ = np.array(effect).T
    last_lower, last_upper, *_ = np.array(looks[-1]).T
    return Coverage(
        newcombe_covers=float(((lower <= truth) & (truth <= upper)).mean()),
        cuped_covers=float((np.abs(lift - truth) <= 1.959963984540054 * error).mean()),
        newcombe_false_alarms=float(((last_lower > 0) | (last_upper < 0)).mean()),
        false_alarms_of_five_plain_looks=float(plain.mean()),
        false_alarms_of_five_always_valid_looks=float(valid.mean()),
        false_alarms_of_rare_outcomes=float(alarms.mean()),
        false_verdicts_of_rare_outcomes=float(verdicts.mean()),
        truth=truth,
        intervals=[*zip(lower.tolist(), upper.tolist(), strict=True)],
    )


@click.command()
@click.option("--draws", default=2000, show_default=True, help="Salts: salt_1, salt_2 and so on.")
def main(draws: int) -> None:
    """Print how often intervals hold what they promise, and the first twenty of them."""
    found = measured(draws)
    for name, share in found.shares().items():
        click.echo(f"{name:40} {100 * share:5.1f} %")
    click.echo("\n".join(["", *found.picture(20)]))


if __name__ == "__main__":
    main()
