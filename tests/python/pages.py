"""The commands of the pages, called as they are written, in a copy of the project as it is committed.

The shell does what a shell does (folders, copies, wildcards, loops); each call of `make`, `python` and `dbt` that it
comes to is then carried out in a process forked from one that has imported the copy's own code (forked.py). Starting
Python anew for each would take longer than the commands do.
"""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import forked
from workshop import Said

from rekindle.ground.paths import PROJECT

SHELL = ("sh", "bash", "")
# what the shell is told to note down instead of calling it, and the two characters it notes them with
CALLED = ("make", "python", "dbt")
PART, CALL = "\x1f", "\x1e"
# scripts that work for no connector, or for the demo's only
WITHOUT_CONNECTOR = (
    *("load_demo", "demo_world", "bench"),
    *("bootstrap", "check_builds", "check_conventions", "check_spark", "lint_sql"),
)


def blocks(page: str, *languages: str) -> list[str]:
    """The fenced blocks of a page, in its order."""
    text = (PROJECT / page).read_text(encoding="utf-8")
    return [body for language, body in re.findall(r"^```(\w*)\n(.*?)^```", text, re.M | re.S) if language in languages]


def commands(page: str) -> list[str]:
    """Each line of the page's blocks that calls something; what a program prints is none."""
    lines = [line.strip() for block in blocks(page, *SHELL) for line in block.splitlines()]
    first = (*CALLED, "mkdir", "cp", "mv", "for", ".venv/bin/")
    return [line for line in lines if line.startswith(first)]


@dataclass
class Clone:
    """A copy of the project; `make` and the scripts work for one connector unless they name another."""

    root: Path
    connector: str
    environment: dict[str, str] = field(default_factory=dict)
    _forked: Any = None

    @property
    def installation(self) -> Path:
        return self.root / "installations" / self.connector

    def variables(self) -> dict[str, str]:
        """The environment of a command: nothing of the tests' own but what makes them fast."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("REKINDLE_", "DBT_", "MAKE"))}
        return {
            **kept,
            forked.PARSED: os.environ[forked.PARSED],
            forked.ASK_KEYS: "1",
            "REKINDLE_KEEP_OPEN": "1",  # plain dbt would open the file anew for every node
            "PYTHONUTF8": "1",
            "CONNECTOR": self.connector,
            **self.environment,
        }

    def calls(self, line: str, **variables: str) -> list[list[str]]:
        """Lets a shell run the line; returns the calls of our programs that it would have made."""
        notes = "".join(
            f"{name}() {{ printf '%s{PART}' {name} \"$@\" >&3; printf '{CALL}' >&3; }}\n" for name in CALLED
        )
        noted = self.root / "called"
        done = subprocess.run(
            ["bash", "-eu", "-c", f"exec 3> '{noted}'\n{notes}{line.replace('.venv/bin/', '')}\n"],
            cwd=self.root,
            env=self.variables() | variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}: {done.stderr}"
        calls = noted.read_text(encoding="utf-8").split(CALL)[:-1]
        return [call.split(PART)[:-1] for call in calls]

    def run(self, line: str) -> list[Said]:
        """What every call of a line said, in its order; the environment is made already."""
        said = []
        for name, *arguments in self.calls(line):
            if name == "make":
                said += [self._call(call) for call in self.recipe(arguments)]
            else:
                said.append(self._call([name, *arguments]))
        return said

    def recipe(self, arguments: list[str]) -> list[list[str]]:
        """What a command of the Makefile calls, but for setting up the environment; there is such a command."""
        done = subprocess.run(
            ["make", "-n", *arguments],
            cwd=self.root,
            env=self.variables(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        given = dict(argument.split("=", 1) for argument in arguments if "=" in argument)
        lines = [line for line in done.stdout.splitlines() if line.startswith((".venv/bin/python ", ".venv/bin/dbt "))]
        return [call for line in lines for call in self.calls(line, **given)]

    def _call(self, call: list[str]) -> Said:
        name, *arguments = call
        if name == "dbt":
            chosen = [] if "--vars" in arguments else ["--vars", f"{{connector: {self.connector}}}"]
            command = ["-m", "dbt.cli.main", *arguments, *chosen]
        elif arguments[0].startswith("-"):
            done = subprocess.run(
                [sys.executable, *arguments], cwd=self.root, capture_output=True, text=True, check=False
            )
            return Said(done.returncode, done.stdout + done.stderr)
        else:
            named = "--connector" in arguments or Path(arguments[0]).stem in WITHOUT_CONNECTOR
            command = [*arguments, *([] if named else ["--connector", self.connector])]
        output = self.root / "output"
        output.unlink(missing_ok=True)
        code = self._server().call(command, self.variables(), self.root, output)
        return Said(code, f"$ {shlex.join(command)}\n{output.read_text(encoding='utf-8')}")

    def _server(self) -> Any:
        """forked.py of the copy, so that its own modules are what runs."""
        if self._forked is None:
            spec = importlib.util.spec_from_file_location("forked_of_a_clone", self.root / "tests/python/forked.py")
            assert spec is not None
            assert spec.loader is not None
            self._forked = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(self._forked)
        return self._forked


def clone(root: Path, connector: str) -> Clone:
    """The files that git knows, as they stand, with this environment's packages."""
    known = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, known.split("\0")):
        source, target = PROJECT / name, root / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    (root / ".venv").symlink_to((PROJECT / ".venv").resolve())
    return Clone(root, connector)
