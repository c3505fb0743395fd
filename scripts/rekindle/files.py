"""Files that are there whole or not at all: made under another name, brought to the disk, put in place in one step."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path


def sync(path: Path) -> None:
    """Makes sure a file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(new: Path, old: Path) -> None:
    """Puts a complete file in the place of another, or of none: whoever opens `old` sees one or the other, whole."""
    sync(new)
    new.replace(old)
    sync(old.parent)


@contextlib.contextmanager
def private_writing(file: Path) -> Iterator[Path]:
    """A file only its owner reads, written under the name that is given and put in place at the end."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = file.with_name(f".{file.name}.tmp")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600, exist_ok=False)
    yield unfinished
    replace_file(unfinished, file)


@contextlib.contextmanager
def private_files() -> Iterator[None]:
    """Files made by DuckDB meanwhile are readable by their owner only, from their first byte."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def checksum(file: Path) -> str:
    """sha256 of a file."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
