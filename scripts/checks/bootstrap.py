"""Makes the virtual environment: `python3 scripts/checks/bootstrap.py demo` (or `dev`).

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
VENV = PROJECT / ".venv"
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


def venv_program(name: str) -> Path:
    """A program of the virtual environment."""
    return VENV / "Scripts" / f"{name}.exe" if os.name == "nt" else VENV / "bin" / name


def run(command: list, doing: str) -> None:  # type: ignore[type-arg]  # list[str] is not known to Python 3.8
    """Runs a command with every cache inside the project folder; its output is shown only when it fails."""
    places = {"PIP_CACHE_DIR": str(CACHE / "pip"), "UV_CACHE_DIR": str(CACHE / "uv"), "VIRTUAL_ENV": str(VENV)}
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


def make_venv() -> None:
    """Makes .venv anew."""
    try:
        import ensurepip  # noqa: F401  (Debian and Ubuntu take it out of Python)
        import venv
    except ImportError:
        fail(
            "this Python cannot make a virtual environment: install its venv module "
            "(Debian, Ubuntu: apt install python3-venv) or name another Python, as in `make demo PYTHON=python3.12`."
        )
    print(f"Making the virtual environment .venv (Python {sys.version_info[0]}.{sys.version_info[1]})", flush=True)
    venv.EnvBuilder(clear=True, with_pip=True, symlinks=os.name != "nt").create(VENV)


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
    stamp = VENV / f"installed-{name}"
    python = venv_program("python")
    wanted = fingerprint(name)
    if stamp.exists() and stamp.read_text() == wanted and python.exists():
        return
    if not is_usable(python):
        make_venv()
    print(f"Installing the locked packages of requirements/{name}.txt", flush=True)
    run([python, "-m", "pip", "install", "-q", "--require-hashes", "-r", lock_file("bootstrap")], "Installing uv")
    run(
        [
            *(venv_program("uv"), "pip", "install", "-q", "--require-hashes", "--compile-bytecode"),
            *("-r", lock_file(name)),
        ],
        f"Installing requirements/{name}.txt",
    )
    stamp.write_text(wanted)


if __name__ == "__main__":
    main(sys.argv[1])
