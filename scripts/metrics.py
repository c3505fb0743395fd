"""Figures by name: `python scripts/metrics.py revisit_rate --by scenario`; without a metric, which there are."""

from pathlib import Path
from tempfile import TemporaryDirectory

import click
from dbt.contracts.graph.semantic_manifest import SemanticManifest

from rekindle.boards.wording import shown
from rekindle.ground import paths
from rekindle.ground.dbt import Dbt
from rekindle.ground.errors import RekindleError
from rekindle.ground.screen import say
from rekindle.run import installation
from rekindle.tell.metrics import Metrics


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("metrics", nargs=-1, metavar="[METRIC]…")
@click.option("--by", multiple=True, metavar="FIELD", help="Group by it, as in scenario or metric_time__month.")
@click.option("--where", multiple=True, metavar="FIELD=VALUE", help="Only these, as in performance__channel=email.")
@click.option("--groups", is_flag=True, help="Say what the metric may be grouped by.")
@click.option("--sql", is_flag=True, help="Print the query instead of its answer.")
@installation.CONNECTOR
def main(
    metrics: tuple[str, ...],
    by: tuple[str, ...],
    where: tuple[str, ...],
    groups: bool,
    sql: bool,
    connector: str | None,
) -> None:
    """Answer from published/rekindle.duckdb, which is only read."""
    chosen = installation.enter(connector)
    installation.refuse_others()
    if not paths.public_file().exists():
        raise RekindleError(f"Nothing is published yet: there is no {paths.shown(paths.public_file())}.")
    with TemporaryDirectory() as folder:
        file = Path(folder) / "semantic_manifest.json"
        SemanticManifest(Dbt(chosen).manifest).write_json_to_file(str(file))
        asked = Metrics(file.read_text(encoding="utf-8"), paths.public_file())
    if not metrics:
        for each, description in asked.declared.items():
            say(f"{each:<28}  {description}")
    elif groups:
        say("\n".join(asked.groups(metrics[0])))
    elif sql:
        say(asked.query(metrics, by, where))
    else:
        columns, rows = asked.ask(metrics, by, where)
        told = [[shown(*cell) for cell in zip(columns, row, strict=True)] for row in rows]
        say("\n".join(_table(columns, told)))


def _table(columns: list[str], rows: list[list[str]]) -> list[str]:
    """Columns as wide as what stands in them, figures to the right."""
    lines = [columns, *rows]
    wide = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    return ["  ".join(f"{cell:>{width}}" for cell, width in zip(line, wide, strict=True)) for line in lines]


if __name__ == "__main__":
    main()
