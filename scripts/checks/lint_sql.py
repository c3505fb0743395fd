"""Lints the SQL with sqlfluff, folder by folder in as many processes as there are processors; says what is wrong.

Not `sqlfluff --processes`: that sends every parsed file from one process to another, and Python's collector of garbage,
which looks through all of it again and again, takes a third of the time. Here it looks far less often.
"""

import contextlib
import gc
import importlib
import io
import multiprocessing
import os
import sys
import warnings
from pathlib import Path

from sqlfluff.cli.commands import cli

# the programs of the project are one folder up
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rekindle.ground.paths import PROJECT

# the largest first, so that no process ends long before the others
FIRST = ("tests/dbt", "models/activation", "models/segments", "models/identity", "models/hub", "models/input")


def folders() -> list[str]:
    """Every folder with SQL, `FIRST` first."""
    found = {path.parent for path in (PROJECT / "models").glob("*/**/*.sql")}
    models = {f"models/{path.relative_to(PROJECT / 'models').parts[0]}" for path in found}
    return [*FIRST, *sorted(models - set(FIRST))]


def lint(folder: str) -> int:
    """sqlfluff's exit code."""
    gc.set_threshold(200_000, 50, 50)
    warnings.simplefilter("ignore")
    said, code = io.StringIO(), 0
    try:
        with contextlib.redirect_stdout(said):
            cli(["lint", "--disable-progress-bar", "--nocolor", folder], standalone_mode=False)
    except SystemExit as end:
        code = int(end.code or 0)
    if code:
        print(said.getvalue(), flush=True)
    return code


def main() -> None:
    """Lints all folders; ends with 1 when any has a finding."""
    os.chdir(PROJECT)
    # sqlfluff compiles the project's macros in each process; those that are forked find them compiled
    sys.path.append(str(PROJECT / "tests" / "lint"))
    importlib.import_module("dbt_context")
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        codes = pool.map(lint, folders(), chunksize=1)
    sys.exit(int(any(codes)))


if __name__ == "__main__":
    main()
