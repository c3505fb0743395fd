"""What was written for people who asked what is held about them. Imports neither DuckDB nor dbt.

    access/<answer>/<answer>.json     everything, for a program
    access/<answer>/<answer>.html     the same, for the person

The name is drawn: it says nothing about anybody. Whose an answer is stands inside. Folders 0700, files 0600; a folder
appears whole, under its name, or not at all. No backup takes them: an answer can be made again.
"""

import contextlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from rekindle.ground import paths
from rekindle.ground.errors import RekindleError
from rekindle.ground.files import private_folder, replace_file, sync

NAME_BYTES = 16


def put(content: dict[str, Any], page: str) -> Path:
    """Writes an answer; returns its folder. What killed calls left is removed first."""
    answer = secrets.token_hex(NAME_BYTES)
    folder, unfinished = paths.access() / answer, paths.access() / f".unfinished-{answer}"
    try:
        private_folder(paths.access())
        sweep()
        private_folder(unfinished)
        _write(unfinished / f"{answer}.json", json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        _write(unfinished / f"{answer}.html", page)
        replace_file(unfinished, folder)
    except OSError as error:
        sweep()
        raise RekindleError(
            f"The answer cannot be written ({error.strerror}): see to the folder {paths.access()} and its disk, "
            "then run the same command again; nothing half-written is left."
        ) from None
    return folder


def sweep() -> None:
    """Removes what was never finished."""
    for unfinished in paths.access().glob(".unfinished-*"):
        shutil.rmtree(unfinished, ignore_errors=True)


def about(contacts: Collection[tuple[str, str]], values: Collection[str]) -> Iterator[Path]:
    """The folders of answers about people with these contact records, or that hold one of the values.

    One that cannot be read may be about them, so it is among them.
    """
    needles = [value.encode() for value in values]
    for folder in _folders():
        try:
            whose = _content(folder)["whose"]
            theirs = {(system, contact) for system, contact in whose["contacts"]} & set(contacts)
            files = [file.read_bytes() for file in folder.iterdir()]
        except (OSError, ValueError, KeyError, TypeError):
            yield folder
            continue
        if theirs or any(needle in content for needle in needles for content in files):
            yield folder


def purge(older_than_days: int | None = None) -> int:
    """Removes answers that are older than each says it is kept; how many. One that cannot be read goes at once."""
    sweep()
    removed = 0
    for folder in _folders():
        days: float = 0
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            days = older_than_days if older_than_days is not None else _content(folder)["about"]["kept_days"]
        # how long a file has been lying around is the one question here that the wall clock answers
        if time.time() - folder.stat().st_mtime >= days * 86_400:
            shutil.rmtree(folder)
            removed += 1
    return removed


def _folders() -> list[Path]:
    return sorted(path for path in paths.access().glob("[!.]*") if path.is_dir() and not path.is_symlink())


def _content(folder: Path) -> Any:
    return json.loads((folder / f"{folder.name}.json").read_text(encoding="utf-8"))


def _write(file: Path, content: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(content)
    sync(file)
