"""Runs a command and kills it (-9) in the n-th call of one of its functions.

`python killed.py <module>:<name> <n> <script> [arguments]`, the name as the module that calls it knows it.
"""

import functools
import importlib
import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """See above."""
    place, call, script = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    sys.path.insert(0, str(Path(script).parent))
    module, _, name = place.partition(":")
    holder: Any = importlib.import_module(module)
    *outer, attribute = name.split(".")
    for each in outer:
        holder = getattr(holder, each)
    function = getattr(holder, attribute)
    calls = 0

    @functools.wraps(function)
    def killed(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)

    setattr(holder, attribute, killed)
    sys.argv = sys.argv[3:]
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
