"""The project on the generated data: the same commands as scripts/run.py and scripts/replay.py, each model timed."""

import contextlib
import datetime
import io
import os
import time
from dataclasses import dataclass
from pathlib import Path

from rekindle.bench.engine import Engine
from rekindle.ground.errors import RekindleError
from rekindle.ground.quoting import text

CONNECTOR = "parquet"


@dataclass(frozen=True)
class Node:
    """A node of a build: its name, its kind (model, seed, snapshot, test), its folder, and its seconds."""

    name: str
    kind: str
    layer: str
    seconds: float


def warehouse(folder: Path) -> Path:
    """The file that the project builds."""
    return folder / "project.duckdb"


def land_phones(folder: Path, engine: Engine) -> None:
    """Puts the generated numbers where scripts/normalise_contacts.py would, as it would, without reading them."""
    connection = engine.connect(warehouse(folder))
    try:
        connection.execute("create schema landing")
        connection.execute(f"create table landing.phone_numbers as from {text(folder / 'phone_numbers.parquet')}")
    finally:
        connection.close()


@dataclass(frozen=True)
class Built:
    """What a build did: its nodes, and its seconds after the project was parsed."""

    nodes: list[Node]
    seconds: float
    parse_seconds: float


def build(folder: Path, engine: Engine, as_of: datetime.date, *arguments: str) -> Built:
    """`dbt build` as of a date, with its data tests; one node at a time, so that each has the engine to itself.

    Raises RekindleError when anything is not green. Changes this process's environment for good: call it in a process
    of its own.
    """
    os.environ.update(
        {
            "REKINDLE_WAREHOUSE": str(warehouse(folder)),
            "REKINDLE_CONTRACT_PATH": str(folder / "contract"),
            "REKINDLE_MEMORY_LIMIT": engine.memory_limit,
            "REKINDLE_THREADS": str(engine.threads),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
        }
    )
    started = time.perf_counter()
    # dbt reads its environment when it is imported
    from dbt.artifacts.schemas.run import RunExecutionResult

    from rekindle.ground.dbt import Dbt

    dbt = Dbt(CONNECTOR)
    assert dbt.manifest.nodes
    parsed = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):  # the marketer's summary of made-up customers
        result = dbt.run(
            "build",
            "--exclude-resource-type",
            "unit_test",
            "--threads",
            "1",
            *arguments,
            progress=f"Build as of {as_of}",
            variables={"as_of_date": as_of.isoformat()},
        )
    ended = time.perf_counter()
    if not result.success:
        raise RekindleError(f"The build of the benchmark as of {as_of} is not green (see above).")
    assert isinstance(result.result, RunExecutionResult)
    nodes = [
        Node(
            name=node.node.name,
            kind=str(node.node.resource_type),
            layer=node.node.fqn[1] if len(node.node.fqn) > 2 else "",
            seconds=node.execution_time,
        )
        for node in result.result.results
    ]
    return Built(nodes, ended - parsed, parsed - started)
