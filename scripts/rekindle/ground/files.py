"""Files that are there whole or not at all: made under another name, brought to the disk, put in place in one step.

And files that nobody but their owner reads, whatever the umask, also when they were open to others before.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal

from rekindle.ground import paths
from rekindle.ground.errors import RekindleError

# of what is written for others
Format = Literal["csv", "csv.gz", "parquet", "jsonl"]
# of a mode: what others than the owner may do; what those may do who are not of the group either, and writing
NOBODY_ELSE, ONLY_THE_GROUP_READS = 0o077, 0o027


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
def private_writing(file: Path, closed: int = NOBODY_ELSE) -> Iterator[Path]:
    """A file only its owner reads, written under the name that is given and put in place at the end.

    `closed`: of the folder; a file that others may read, too, is opened to them before the block ends.
    """
    private_folder(file.parent, closed)
    unfinished = file.with_name(f".{file.name}.tmp")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600, exist_ok=False)
    try:
        yield unfinished
        replace_file(unfinished, file)
    except BaseException:
        unfinished.unlink(missing_ok=True)  # on a full disk, say, it would hold what nobody looks for
        raise


@contextlib.contextmanager
def private_files() -> Iterator[None]:
    """Files and folders made meanwhile, by DuckDB too, are their owner's only, from their first byte."""
    before = os.umask(NOBODY_ELSE)
    try:
        yield
    finally:
        os.umask(before)


def private_folder(path: Path, closed: int = NOBODY_ELSE) -> None:
    """Makes a folder, with those above it that are missing, and closes it to others; one that was open is closed too.

    Not one that is for all: the system's for temporary files, a home, one that the project lies in.
    """
    try:
        for folder in reversed([path, *path.parents]):
            if not folder.exists():
                folder.mkdir(mode=0o700, exist_ok=True)
                folder.chmod(0o777 & ~closed)  # whatever the umask, which would close what is published to its readers
    except OSError as error:
        raise RekindleError(
            f"{path} cannot be made ({error.strerror}): check owner and mode of {folder.parent}."
        ) from None
    if not path.is_dir():
        raise RekindleError(f"{path} is a file, and a folder is needed there: name another one.")
    mode = path.stat().st_mode
    if not mode & stat.S_ISVTX and path != Path.home() and not paths.PROJECT.is_relative_to(path):
        with contextlib.suppress(PermissionError):  # somebody else's: what is written into it is private all the same
            _close(path, closed)


def private_file(path: Path) -> None:
    """Closes a file to others; nothing when there is none."""
    try:
        _close(path, NOBODY_ELSE)
    except FileNotFoundError:
        return
    except PermissionError:
        raise RekindleError(f"{path} holds personal data and others may read it: its owner has to close it.") from None


def _close(path: Path, closed: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & closed:
        path.chmod(mode & ~closed)


def checksum(file: Path) -> str:
    """sha256 of a file."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def checksum_once(file: Path) -> str:
    """sha256 of a file that a command asks about more than once, as of raw data; read again when it was touched since.

    When it last changed cannot be set back, as the time of its last writing can.
    """
    found = file.stat()
    return _checksum_of(file, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


@cache
def _checksum_of(file: Path, *_touched: int) -> str:
    return checksum(file)
