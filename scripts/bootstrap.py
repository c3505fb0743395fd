#!/usr/bin/env python3
"""Makes the virtual environment: `python3 scripts/bootstrap.py demo` (or `dev`). Needs nothing but Python 3.11 and pip.

pip installs uv from requirements/bootstrap.txt, uv installs the locked set (hashes checked, byte-compiled, which halves
dbt's start). A stamp with the content hash of the lock file makes the second call a matter of milliseconds.

Written so that an old Python can read it as far as the sentence that asks for a newer one: no annotations, no f-strings.
"""

import hashlib
import os
import subprocess
import sys

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(PROJECT, ".venv")
CACHE = os.path.join(PROJECT, ".cache")
NEEDED = (3, 11)


def fail(sentence):
    sys.stderr.write("Error: " + sentence + "\n")
    raise SystemExit(1)


def lock_file(name):
    return os.path.join(PROJECT, "requirements", name + ".txt")


def fingerprint(name):
    digest = hashlib.sha256(sys.version.encode("utf-8"))
    for path in (lock_file("bootstrap"), lock_file(name)):
        with open(path, "rb") as handle:
            digest.update(handle.read())
    return digest.hexdigest()


def venv_program(name):
    folder, suffix = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
    return os.path.join(VENV, folder, name + suffix)


def run(command, doing):
    """Runs a command with every cache inside the project folder; its output is shown only when it fails."""
    environment = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_CACHE_DIR=os.path.join(CACHE, "pip"))
    environment.update(UV_CACHE_DIR=os.path.join(CACHE, "uv"), VIRTUAL_ENV=VENV, UV_NO_CONFIG="1")
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        sys.stderr.write(done.stdout.decode("utf-8", "replace"))
        fail(doing + " failed: see the lines above; without a network, point UV_INDEX_URL and PIP_INDEX_URL to a mirror.")


def make_venv():
    try:
        import ensurepip  # noqa: F401  (Debian and Ubuntu take it out of Python)
        import venv
    except ImportError:
        fail(
            "this Python cannot make a virtual environment: install its venv module "
            "(Debian, Ubuntu: apt install python3-venv) or name another Python, as in `make demo PYTHON=python3.12`."
        )
    print("Making the virtual environment .venv (Python %d.%d)" % sys.version_info[:2])
    venv.EnvBuilder(clear=True, with_pip=True, symlinks=os.name != "nt").create(VENV)


def is_usable(program):
    """False for a virtual environment whose Python was moved, removed or replaced by another version."""
    if not os.path.exists(program):
        return False
    answer = subprocess.run([program, "-c", "import sys; print(sys.version)"], stdout=subprocess.PIPE)
    return answer.returncode == 0 and answer.stdout.decode("utf-8").strip() == sys.version.strip()


def main():
    if sys.version_info < NEEDED:
        fail(
            "Rekindle needs Python 3.11 or newer and %s is %s: name a newer one, as in `make demo PYTHON=python3.12`."
            % (sys.executable, sys.version.split()[0])
        )
    name = sys.argv[1]
    stamp = os.path.join(VENV, "installed-" + name)
    wanted = fingerprint(name)
    if os.path.exists(stamp):
        with open(stamp) as handle:
            if handle.read() == wanted and os.path.exists(venv_program("python")):
                return
    if not is_usable(venv_program("python")):
        make_venv()
    print("Installing the locked packages of requirements/%s.txt" % name)
    run(
        [venv_program("python"), "-m", "pip", "install", "-q", "--require-hashes", "-r", lock_file("bootstrap")],
        "Installing uv",
    )
    run(
        [venv_program("uv"), "pip", "install", "-q", "--require-hashes", "--compile-bytecode", "-r", lock_file(name)],
        "Installing requirements/%s.txt" % name,
    )
    with open(stamp, "w") as handle:
        handle.write(wanted)


if __name__ == "__main__":
    main()
