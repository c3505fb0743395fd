"""A step of the benchmark in a process of its own, so that its peak memory is its own; and the middle of rounds."""

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

import click

from rekindle.ground.errors import RekindleError

T = TypeVar("T")
ROUNDS = 3


@dataclass(frozen=True)
class Measured(Generic[T]):
    """What a step returned, how long it took (seconds, without starting Python) and its peak memory (bytes)."""

    value: T
    seconds: float
    peak_bytes: int


def measured(step: Callable[..., T], *arguments: Any) -> Measured[T]:
    """Calls `step` in a new process. Raises RekindleError with the step's own sentence, or when it is killed."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(sender, step, arguments))
    process.start()
    sender.close()
    try:
        outcome = receiver.recv()
    except EOFError:
        outcome = None
    process.join()
    if outcome is None:
        if process.exitcode is not None and process.exitcode < 0:
            raise RekindleError(
                f"The step {step.__name__} of the benchmark was killed (signal {-process.exitcode}), most likely "
                "for want of memory: give DuckDB less with --memory, or generate fewer --profiles."
            )
        raise RekindleError(f"The step {step.__name__} of the benchmark failed (see above).")
    if isinstance(outcome, str):
        raise RekindleError(outcome)
    assert isinstance(outcome, Measured)
    return outcome


def middle(step: Callable[[], T], by: Callable[[T], float]) -> T:
    """The middle of three rounds of a step, by what is measured: one round may have waited for disk or memory."""
    rounds = sorted((step() for _ in range(ROUNDS)), key=by)
    return rounds[ROUNDS // 2]


def _call(sender: Connection, step: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    started = time.perf_counter()
    try:
        value = step(*arguments)
    except click.ClickException as error:
        sender.send(error.message)
        return
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # kilobytes on Linux, bytes on macOS
    sender.send(Measured(value, seconds, peak if sys.platform == "darwin" else peak * 1024))
