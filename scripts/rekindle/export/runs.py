"""What was written below exports/, told by the manifests alone. Imports neither DuckDB nor dbt.

    exports/<feed>/.lock                             one writer
    exports/<feed>/acknowledged.json                 the base of the next delta, and every run that was acknowledged
    exports/<feed>/ledger/<run_id>.parquet           which identifiers the platform may hold after that run
    exports/<feed>/<as_of>/<run_id>/<data files>, SHA256SUMS, manifest.json (last), purged.json (after a purge)

A run without a manifest never happened. Order comes from `sequence` in the manifests, never from a clock.
"""

import contextlib
import hashlib
import json
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import filelock

from rekindle.ground import files, paths
from rekindle.ground.errors import ContractError, LockedError, RekindleError, of_another

FEED_NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,62}")
RUN_ID = re.compile(r"[0-9a-f]{16}")
AS_OF = re.compile(r"\d{4}-\d{2}-\d{2}")
FILE_NAME = re.compile(r"[a-z0-9_]+__\d{4}-\d{2}-\d{2}__[a-z_]+[0-9]*\.(csv|csv\.gz|parquet|jsonl)")
MANIFEST, SUMS, PURGED = "manifest.json", "SHA256SUMS", "purged.json"
# what every manifest says, and what one with a ledger says besides
MANIFEST_KEYS: dict[str, Any] = {
    **dict.fromkeys(("run_id", "feed", "as_of_date", "kind", "target", "input_checksum"), str),
    **dict.fromkeys(("previous_run_id", "base_run_id"), str | None),
    **dict.fromkeys(("seals", "has_ledger"), bool),
    "sequence": int,
    "config": dict,
    "counts": dict,
    "files": list,
}
LEDGER_KEYS: dict[str, Any] = {"channel": str, "purpose": str, "full_as_of_date": str, "published": dict}
FROM_BACKUP = "restore it from the backup"
ERASURE = "erasure"  # a reason for a tombstone
LOCK_PATIENCE_SECONDS = 5.0
# Ledgers newer than the base are kept, so that any of these runs can still be acknowledged.
KEPT_LEDGERS = 7


@dataclass(frozen=True)
class CommittedRun:
    """A run whose manifest is there."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def run_id(self) -> str:
        """Sixteen hex digits, from the content."""
        return str(self.manifest["run_id"])

    @property
    def sequence(self) -> int:
        """1 for a feed's first run."""
        return int(self.manifest["sequence"])

    @property
    def is_whole(self) -> bool:
        """False: a guard stopped the rest and only withdrawals went out."""
        return bool(self.manifest["kind"] == "whole")

    @property
    def is_purged(self) -> bool:
        """Whether the data files were removed on purpose, or are being."""
        return (self.folder / PURGED).exists()

    def data_files(self) -> list[Path]:
        """What lies beside the manifest; of a purged run what a kill in between has left."""
        return [file for file in self.folder.iterdir() if file.name not in (MANIFEST, PURGED)]

    def remove_data(self) -> None:
        """Removes these, or the rest of them."""
        for file in self.data_files():
            file.unlink()

    @property
    def is_erased(self) -> bool:
        """Whether that was because a person was erased: what it held of others has to be written again."""
        return self.is_purged and _why_purged(self.folder) == ERASURE


class FeedFolder:
    """One feed's folder: its committed runs in order, its ledgers, its lock."""

    def __init__(self, feed: str) -> None:
        if not FEED_NAME.fullmatch(feed):
            raise ContractError("A feed's name has lower case letters, digits and underscores only, at most 63.")
        self.feed = feed
        self.path = paths.exports() / feed
        refuse_symlinks(self.path)
        # read once: nobody else adds any while the folder is locked
        self._runs: list[CommittedRun] | None = None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other writers of this feed out; what a killed one left is removed first."""
        make_folder(self.path)
        lock = filelock.FileLock(str(self.path / ".lock"), timeout=LOCK_PATIENCE_SECONDS, mode=0o600)
        try:
            lock.acquire()
        except filelock.Timeout:
            raise LockedError(f"Feed {self.feed} is being written by another process: run this again later.") from None
        try:
            self._runs = None
            self._sweep()
            yield
        finally:
            self._runs = None
            lock.release()

    def manifests(self) -> list[Path]:
        """The manifests that are there, by date, whatever they say."""
        return [file for day in self._days() for file in self._manifests_of(day)]

    def newest_manifest(self) -> Path | None:
        """The last of these."""
        return next((file for day in reversed(self._days()) for file in reversed(self._manifests_of(day))), None)

    def _days(self) -> list[Path]:
        refuse_symlink(self.path)
        return sorted(day for day in self.path.glob("*") if AS_OF.fullmatch(day.name))

    def _manifests_of(self, day: Path) -> list[Path]:
        files = sorted(file for file in day.glob(f"*/{MANIFEST}") if RUN_ID.fullmatch(file.parent.name))
        if files:
            for part in (day, *(file.parent for file in files), *files):
                refuse_symlink(part)
        return files

    def runs(self) -> list[CommittedRun]:
        """Committed runs, oldest first, as they were when the folder was locked, or first asked."""
        if self._runs is None:
            self._runs = self._read_runs()
        return self._runs

    def _read_runs(self) -> list[CommittedRun]:
        found = [CommittedRun(file.parent, read_manifest(file)) for file in self.manifests()]
        found.sort(key=lambda run: run.sequence)
        for run, before in zip(found, [None, *found], strict=False):
            previous = run.manifest["previous_run_id"]
            if previous != (before.run_id if before else None):
                raise ContractError(
                    f"Feed {self.feed}: the manifest of run {previous}, which run {run.run_id} follows, is missing: "
                    f"{FROM_BACKUP}."
                )
        return found

    def base(self) -> CommittedRun | None:
        """The run that the platform is known to have taken."""
        run_id = self.acknowledged()["base_run_id"]
        if run_id is None:
            return None
        found = next((run for run in self.runs() if run.run_id == run_id), None)
        if found is None:
            raise ContractError(
                f"Feed {self.feed}: the manifest of run {run_id}, which was acknowledged, is missing: {FROM_BACKUP}."
            )
        self._must_have_ledger(found)
        return found

    def acknowledged(self) -> dict[str, Any]:
        """base_run_id, and the runs that were acknowledged."""
        file = self.path / "acknowledged.json"
        if not file.exists():
            return {"base_run_id": None, "acknowledged": []}
        content = _read_json(file)
        if not _says(content, {"base_run_id": str | None, "acknowledged": list}):
            raise ContractError(f"{file} does not say what was acknowledged: {FROM_BACKUP}.")
        return content

    def acknowledge(self, run: CommittedRun) -> None:
        """The platform has taken this run: deltas start from it. Withdrawals alone are noted and move nothing."""
        base, state = self.base(), self.acknowledged()
        if run.run_id in state["acknowledged"]:
            return
        if run.is_whole and run.manifest["has_ledger"]:
            if base is not None and run.sequence < base.sequence:
                raise ContractError(f"Run {run.run_id} is older than {base.run_id}, which was acknowledged already.")
            if not self.ledger(run).exists():
                raise ContractError(f"Run {run.run_id} is too old to be acknowledged: acknowledge a newer one.")
            state["base_run_id"] = run.run_id
        state["acknowledged"].append(run.run_id)
        write_file(self.path / "acknowledged.json", as_json(state))
        self._sweep()

    def ledger(self, run: CommittedRun) -> Path:
        """The identifiers the platform may hold after a run."""
        return self.path / "ledger" / f"{run.run_id}.parquet"

    def newest_ledger(self) -> CommittedRun | None:
        """The newest run that has a ledger. Without its file nobody knows whom to take off the platform."""
        found = next((run for run in reversed(self.runs()) if run.manifest["has_ledger"]), None)
        if found is None:
            self.base()  # says so when a run was acknowledged of which nothing is left
        else:
            self._must_have_ledger(found)
        return found

    def _must_have_ledger(self, run: CommittedRun) -> None:
        if not self.ledger(run).exists():
            raise ContractError(f"Feed {self.feed}: the ledger of run {run.run_id} is missing: {FROM_BACKUP}.")

    def _sweep(self) -> None:
        """Removes what no manifest speaks of, and ledgers that nothing starts from any more."""
        # first, because nothing is swept from a feed that has lost a manifest: it would look like a killed run
        runs, base = self.runs(), self.base()
        for folder in self.path.glob("*/*"):
            if RUN_ID.fullmatch(folder.name) and not folder.is_symlink() and not (folder / MANIFEST).exists():
                shutil.rmtree(folder)
        for run in runs:
            if run.is_purged:
                run.remove_data()
        with_ledger = [run for run in runs if run.manifest["has_ledger"]]
        newer = [run for run in with_ledger if base is None or run.sequence > base.sequence]
        kept = [run for run in newer if run.is_whole][-KEPT_LEDGERS:] + newer[-1:]
        names = {self.ledger(run).name for run in ([base] if base else []) + kept}
        for file in (self.path / "ledger").glob("*"):
            if file.name not in names:
                file.unlink()


def feed_folders() -> list[FeedFolder]:
    """Every feed that was ever written, also those no longer configured."""
    if not paths.exports().is_dir():
        return []
    folders = [path for path in paths.exports().iterdir() if path.is_dir() and not path.is_symlink()]
    return [FeedFolder(name) for name in sorted(path.name for path in folders) if FEED_NAME.fullmatch(name)]


def connectors() -> set[str]:
    """Whose the feeds are, by the newest manifest of each; one that is damaged or older than names says nothing."""
    found = set()
    for folder in feed_folders():
        with contextlib.suppress(ContractError):  # the feed itself tells why
            if newest := folder.newest_manifest():
                name = read_manifest(newest).get("connector")
                found |= set() if name is None else {str(name)}
    return found


def refuse_others() -> None:
    """Another connector's ledgers would take its people off the platforms, as if they had left ours."""
    for found in connectors():
        if found != paths.connector():
            raise ContractError(of_another(paths.exports(), found, paths.connector(), "REKINDLE_EXPORTS"))


def committed_dates() -> list[tuple[str, str, str]]:
    """(as_of_date, feed, run_id) of every committed run that carried decisions: those dates are sealed.

    So is the date of a run whose manifest is damaged: it may have carried some, and builds must go on.
    """
    found = []
    for folder in feed_folders():
        for file in folder.manifests():
            try:
                seals = bool(read_manifest(file)["seals"])
            except ContractError:
                seals = True
            if seals:
                found.append((file.parent.parent.name, folder.feed, file.parent.name))
    return found


def find_run(run_id: str) -> tuple[FeedFolder, CommittedRun]:
    """A committed run by its id."""
    refuse_others()
    for folder in feed_folders():
        if any(file.parent.name == run_id for file in folder.manifests()):
            return folder, next(run for run in folder.runs() if run.run_id == run_id)
    raise ContractError(f"No committed run below {paths.exports()} has the id '{run_id}'.")


def commit(folder: Path, manifest: dict[str, Any]) -> None:
    """Makes a run happen: the data files are on the disk, then SHA256SUMS, and last of all the manifest."""
    sums = "".join(f"{file['sha256']}  {file['name']}\n" for file in manifest["files"])
    write_file(folder / SUMS, sums)
    for parent in (folder, folder.parent, folder.parent.parent):
        files.sync(parent)
    write_file(folder / MANIFEST, as_json(manifest))


def verify(file: Path) -> str:
    """Checks a run against its manifest; returns what was found, raises ContractError when something is amiss."""
    refuse_symlinks(file)
    manifest = read_manifest(file)
    folder = file.parent
    theirs = manifest.get("connector", paths.connector())
    if theirs != paths.connector():
        raise ContractError(of_another(folder, theirs, paths.connector(), "REKINDLE_EXPORTS"))
    name = f"{manifest['feed']} {manifest['run_id']}"
    if (folder / PURGED).exists():
        return f"{name}: purged ({_why_purged(folder)})"
    sums = "".join(f"{entry['sha256']}  {entry['name']}\n" for entry in manifest["files"])
    if not (folder / SUMS).exists() or (folder / SUMS).read_text(encoding="utf-8") != sums:
        raise ContractError(f"{name}: {SUMS} is not what the manifest says: do not use this run, export again.")
    for entry in manifest["files"]:
        data = folder / entry["name"]
        if not FILE_NAME.fullmatch(entry["name"]) or data.is_symlink() or not data.is_file():
            raise ContractError(f"{name}: {entry['name']} is missing: do not use this run, export again.")
        if data.stat().st_size != entry["bytes"] or files.checksum(data) != entry["sha256"]:
            raise ContractError(f"{name}: {entry['name']} was changed after the commit: do not use this run.")
        if data.stat().st_mode & 0o077:
            raise ContractError(f"{name}: {entry['name']} is readable by others: chmod 600 it.")
    return f"{name}: {len(manifest['files'])} files are what the manifest says"


def purge(older_than_days: int | None) -> tuple[list[CommittedRun], list[RekindleError]]:
    """Removes the data files of old runs, by their own retention_days when no age is given. Manifests stay.

    Returns what was purged, and why a feed was not: it keeps no other feed's data lying around.
    """
    refuse_others()
    purged: list[CommittedRun] = []
    stopped: list[RekindleError] = []
    for folder in feed_folders():
        try:
            for run in folder.runs():
                days = older_than_days if older_than_days is not None else int(run.manifest["config"]["retention_days"])
                # how long a file has been lying around is the one question here that the wall clock answers; a clock
                # that went back makes it younger than nothing
                age = max(0.0, time.time() - (run.folder / MANIFEST).stat().st_mtime)
                if age >= days * 86_400 and (run.data_files() or not run.is_purged):
                    with folder.locked():
                        drop(run, "retention")
                    purged.append(run)
        except RekindleError as error:
            stopped.append(error)
        except OSError as error:
            stopped.append(RekindleError(f"Feed {folder.feed} was not purged to its end ({error.strerror})."))
    return purged, stopped


def drop(run: CommittedRun, reason: str) -> None:
    """Removes a run's data files and leaves a tombstone, first, so that a kill in between is not taken for damage."""
    if not run.is_purged:
        write_file(run.folder / PURGED, as_json({"reason": reason, "run_id": run.run_id}))
    run.remove_data()
    files.sync(run.folder)


def read_manifest(file: Path) -> dict[str, Any]:
    """A manifest; ContractError when it is none."""
    content = _read_json(file)
    if (
        _says(content, MANIFEST_KEYS)
        and content["run_id"] == file.parent.name
        and (not content["has_ledger"] or (_says(content, LEDGER_KEYS) and _says(content["counts"], {"members": int})))
        and _says(content["config"], {"retention_days": int})
        and all(_says(each, {"name": str, "sha256": str, "bytes": int, "rows": int}) for each in content["files"])
    ):
        return content
    raise ContractError(f"{file} is not a manifest of an export: {FROM_BACKUP}.")


def _says(content: Any, keys: Mapping[str, Any]) -> TypeGuard[dict[str, Any]]:
    """Whether it is an object with these keys, each with a value of its type."""
    return isinstance(content, dict) and all(
        key in content and isinstance(content[key], kind) for key, kind in keys.items()
    )


def _why_purged(folder: Path) -> str:
    content = _read_json(folder / PURGED)
    if not _says(content, {"reason": str}):
        raise ContractError(f"{folder / PURGED} does not say why the run was purged: {FROM_BACKUP}.")
    return str(content["reason"])


def _read_json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ContractError(f"There is no {file}.") from None
    except (OSError, ValueError):
        raise ContractError(f"{file} cannot be read as JSON: {FROM_BACKUP}.") from None


def as_json(content: Any) -> str:
    """The same content gives the same text."""
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def checksum_of(content: Any) -> str:
    """sha256 of anything that JSON holds."""
    return hashlib.sha256(as_json(content).encode()).hexdigest()


def make_folder(path: Path) -> None:
    """A folder only its owner reads, with the folders above it up to exports/."""
    refuse_symlinks(path)
    for part in reversed([path, *path.relative_to(paths.exports()).parents]):
        files.private_folder(paths.exports() / part)


def refuse_symlinks(path: Path) -> None:
    """A link below exports/ could lead personal data anywhere, or another file into ours."""
    root = paths.exports()
    inside = len(path.parts) - len(root.parts) if path.is_relative_to(root) else 0
    for part in (path, *path.parents)[:inside]:
        refuse_symlink(part)


def refuse_symlink(path: Path) -> None:
    """The same of one place below exports/, whose folders have been looked at."""
    if path.is_symlink():
        raise ContractError(f"{path} is a symbolic link: remove it; exports are written into real folders only.")


def write_file(path: Path, text: str) -> None:
    """Writes a file in one step: whoever looks sees the old one or the new one, whole."""
    with files.private_writing(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
