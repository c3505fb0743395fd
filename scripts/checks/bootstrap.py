"""Makes a virtual environment: `python3 scripts/checks/bootstrap.py demo` (or `dev`; `spark` has one of its own).

Needs nothing but Python 3.11 and pip.

pip installs uv from requirements/bootstrap.txt, uv installs the locked set (hashes checked, byte-compiled, which halves
dbt's start). A stamp with the content hash of the lock file makes the second call a matter of milliseconds.

An older Python 3 must be able to read this as far as the sentence that asks for a newer one.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
CACHE = PROJECT / ".cache"
NEEDED = (3, 11)


def fail(sentence: str) -> None:
    """Ends the program with one sentence."""
    sys.stderr.write(f"Error: {sentence}\n")
    raise SystemExit(1)


def lock_file(name: str) -> Path:
    """The locked requirements of a set."""
    return PROJECT / "requirements" / f"{name}.txt"


def fingerprint(name: str) -> str:
    """Changes with the lock files and with the Python."""
    content = sys.version.encode() + lock_file("bootstrap").read_bytes() + lock_file(name).read_bytes()
    return hashlib.sha256(content).hexdigest()


def venv_of(name: str) -> Path:
    """The virtual environment of a set; Spark's packages are large, and nobody else needs them."""
    return PROJECT / (".venv-spark" if name == "spark" else ".venv")


def venv_program(venv: Path, name: str) -> Path:
    """A program of a virtual environment."""
    return venv / "Scripts" / f"{name}.exe" if os.name == "nt" else venv / "bin" / name


def run(venv: Path, command: list, doing: str) -> None:  # type: ignore[type-arg]  # list[str] is not known to Python 3.8
    """Runs a command with every cache inside the project folder; its output is shown only when it fails."""
    places = {"PIP_CACHE_DIR": str(CACHE / "pip"), "UV_CACHE_DIR": str(CACHE / "uv"), "VIRTUAL_ENV": str(venv)}
    done = subprocess.run(
        [str(part) for part in command],
        env={**os.environ, **places, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        sys.stderr.write(done.stdout.decode("utf-8", "replace"))
        fail(
            f"{doing} failed, see the lines above; where PyPI cannot be reached, "
            "point PIP_INDEX_URL and UV_DEFAULT_INDEX to a mirror."
        )


def make_venv(folder: Path) -> None:
    """Makes the virtual environment anew."""
    try:
        import ensurepip  # noqa: F401  (Debian and Ubuntu take it out of Python)
        import venv
    except ImportError:
        fail(
            "this Python cannot make a virtual environment: install its venv module "
            "(Debian, Ubuntu: apt install python3-venv) or name another Python, as in `make demo PYTHON=python3.12`."
        )
    python = f"Python {sys.version_info[0]}.{sys.version_info[1]}"
    print(f"Making the virtual environment {folder.name} ({python})", flush=True)
    venv.EnvBuilder(clear=True, with_pip=True, symlinks=os.name != "nt").create(folder)


def is_usable(program: Path) -> bool:
    """False for a virtual environment whose Python was moved, removed or replaced by another version."""
    if not program.exists():
        return False
    question = [str(program), "-c", "import sys; print(sys.version)"]
    answer = subprocess.run(question, stdout=subprocess.PIPE, check=False)
    return answer.returncode == 0 and answer.stdout.decode().strip() == sys.version.strip()


def main(name: str) -> None:
    """Installs the set `name` unless its stamp says that it is there."""
    if sys.version_info < NEEDED:
        fail(
            f"Rekindle needs Python 3.11 or newer and {sys.executable} is {sys.version.split()[0]}: "
            "name a newer one, as in `make demo PYTHON=python3.12`."
        )
    venv = venv_of(name)
    stamp = venv / f"installed-{name}"
    python = venv_program(venv, "python")
    wanted = fingerprint(name)
    if stamp.exists() and stamp.read_text() == wanted and python.exists():
        return
    if not is_usable(python):
        make_venv(venv)
    print(f"Installing the locked packages of requirements/{name}.txt", flush=True)
    run(venv, [python, "-m", "pip", "install", "-q", "--require-hashes", "-r", lock_file("bootstrap")], "Installing uv")
    run(
        venv,
        [
            *(venv_program(venv, "uv"), "pip", "install", "-q", "--require-hashes", "--compile-bytecode"),
            *("-r", lock_file(name)),
        ],
        f"Installing requirements/{name}.txt",
    )
    stamp.write_text(wanted)


if __name__ == "__main__":
    main(sys.argv[1])
