"""Runs a command and kills it (-9) at a moment that can be named.

`python killed.py <module>:<name> <n> <script> [arguments]`: in the n-th call of that function, the name as the module
that calls it knows it.

`python killed.py moment <n>[+<ms>] <script> [arguments]`: at the n-th of its moments, the calls that change something
on the disk or in a database and each step of dbt that ends; with +ms so long after that moment began. Moment 0 kills
nothing and writes them to the file that REKINDLE_TESTS_MOMENTS names, a letter each: d when it is about a file, else s.
"""

import atexit
import functools
import importlib
import itertools
import os
import runpy
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

COUNTED: tuple[tuple[str, str], ...] = (
    *(("os", name) for name in ("fsync", "replace", "rename", "unlink", "rmdir", "mkdir")),
    ("duckdb:DuckDBPyConnection", "execute"),
    ("rekindle.ground.progress:Progress", "advance"),
)
MOMENTS = "REKINDLE_TESTS_MOMENTS"


def kill() -> None:
    """The end, without a chance to tidy up."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_in(place: str, call: int) -> None:
    """Arranges it for a call of one function."""
    module, _, name = place.partition(":")
    holder: Any = importlib.import_module(module)
    *outer, attribute = name.split(".")
    for each in outer:
        holder = getattr(holder, each)
    calls = itertools.count(1)

    def count() -> None:
        if next(calls) == call:
            kill()

    before(holder, attribute, count)


def die_at(moment: str) -> None:
    """Arranges it for one moment of all."""
    number, _, milliseconds = moment.partition("+")
    passed: list[str] = []

    def pass_by(kind: str) -> None:
        passed.append(kind)
        if len(passed) == int(number):
            if milliseconds:
                threading.Timer(int(milliseconds) / 1000, kill).start()
            else:
                kill()

    for place, attribute in COUNTED:
        module, _, name = place.partition(":")
        holder: Any = importlib.import_module(module)
        kind = "d" if place == "os" else "s"
        before(getattr(holder, name) if name else holder, attribute, functools.partial(pass_by, kind))
    if int(number) == 0:
        atexit.register(lambda: Path(os.environ[MOMENTS]).write_text("".join(passed), encoding="utf-8"))


def before(holder: Any, attribute: str, act: Callable[[], None]) -> None:
    """Does something before each call of a function."""
    function = getattr(holder, attribute)

    @functools.wraps(function)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        act()
        return function(*arguments, **named)

    setattr(holder, attribute, wrapped)


def main() -> None:
    """See above."""
    place, call, script = sys.argv[1], sys.argv[2], sys.argv[3]
    sys.path.insert(0, str(Path(script).parent))
    if place == "moment":
        die_at(call)
    else:
        die_in(place, int(call))
    sys.argv = sys.argv[3:]
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
