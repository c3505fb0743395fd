"""Kills commands (-9) at moments drawn from a seed, and looks whether all is whole and ends as if nothing had happened.

`make kills N=200 SEED=7`. A row of `ROWS` is a command and the state it starts from; killed.py says what a moment is.
In one life a command is killed up to five times, each time on what the kill before left; after each kill everything is
whole, and then the command, called once more, must give what it gives undisturbed.

The states come from tests/fixtures/upgrade: an installation of version 0.1.0, and the same after its upgrade.
"""

import argparse
import collections
import csv
import functools
import hashlib
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

if __name__ == "__main__":
    for folder in ("scripts", "tests/fixtures/upgrade"):
        sys.path.insert(0, str(Path(__file__).resolve().parents[2] / folder))

import duckdb
import forked
from installation import KEY
from killed import MOMENTS
from workshop import LAST_AS_OF, Said, Workshop, differences, digest, must

from rekindle.export import runs
from rekindle.ground import paths
from rekindle.ground.warehouse import warehouse_runs, write_ahead_log

INSTALLATION = paths.PROJECT / "tests" / "fixtures" / "upgrade" / "installation.zip"
SCRIPTS = paths.PROJECT / "scripts"
PLACES = ("warehouse", "published", "exports", "erasures", "backups")
KILLS_PER_LIFE = 5
INVOCATION = re.compile(rb'"invocation_id": "[^"]*"')
LONGEST_DELAY = 40  # milliseconds after a moment began
# where an old file is used in place, tables of models that this version does not have stay in it
OLD_SCENARIOS = ("anti_attrition", "abandoned_cart", "welcome", "media_reactivation", "survey_thanks")
LEFT_OVER = {
    *("identity.contact_consents", "config.downgrade_offers"),
    *(f"{place}_{scenario}" for place in ("scenarios.scn", "audiences.aud") for scenario in OLD_SCENARIOS),
}


@dataclass(frozen=True)
class Row:
    """A command, and what it starts from: the old installation or the upgraded one, with places taken from the other.

    `share` of 20 kills are its own. `done_when`: a file that says that there is nothing left to do.
    """

    name: str
    share: int
    command: tuple[str, ...]
    starts_upgraded: bool = True
    from_the_other: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    done_when: str = ""


UPGRADE = Row("upgrade", 1, ("run", "--as-of", LAST_AS_OF), starts_upgraded=False)
ROWS = tuple(
    row
    for row in (
        Row("publish", 4, ("publish",), from_the_other=("published",)),
        Row("export", 4, ("export_audiences", "export"), from_the_other=("exports",)),
        Row("erase", 4, ("erase", "--requests", "--now", "--yes")),
        Row("access", 2, ("access", "--contact", "pos:lea_born_on_29_february")),
        Row("backup", 2, ("backup",)),
        Row(
            "restore",
            2,
            ("backup", "--restore", "backups/2024-07-01_1"),
            without=("warehouse",),
            done_when="warehouse/build.duckdb",
        ),
        Row("day", 1, ("run", "--as-of", "2024-07-02", "--daily")),
        UPGRADE,
    )
    if (SCRIPTS / f"{row.command[0]}.py").exists()
)


def move_in(workshop: Workshop) -> None:
    """Makes the workshop the old installation, readable by its owner only, as it was."""
    workshop.clear()
    with zipfile.ZipFile(INSTALLATION) as archive:
        archive.extractall(workshop.root)
    for place in PLACES:
        for path in (workshop.root / place, *(workshop.root / place).rglob("*")):
            path.chmod(0o700 if path.is_dir() else 0o600)
    workshop.environment["REKINDLE_ERASURE_KEY"] = KEY


@dataclass
class Night:
    """Lives of commands in one workshop. `states`: a folder of its own for what they start from and end with."""

    workshop: Workshop
    states: Path
    seed: int
    exact: bool = False  # only before a moment, never a little later
    kills: collections.Counter[str] = field(default_factory=collections.Counter)
    moments: dict[str, str] = field(default_factory=dict)  # by row, a letter each (killed.py)

    def __post_init__(self) -> None:
        self.draws = random.Random(self.seed)
        self.told: list[str] = []

    def go_through(self, wanted: int) -> None:
        """That many kills, each row its share."""
        deck = [row for row in ROWS for _ in range(row.share)]
        shares = collections.Counter(deck[number % len(deck)] for number in range(wanted))
        for row in ROWS:
            while self.kills[row.name] < shares[row]:
                self.live(row, min(KILLS_PER_LIFE, shares[row] - self.kills[row.name]))

    def live(self, row: Row, kills: int) -> None:
        """One life of a command, with at most so many kills."""
        expected = self.undisturbed(row)
        self.begin(row)
        self.told = [f"seed {self.seed}, {row.name} of {len(self.moments[row.name])} moments, killed at"]
        for _ in range(kills):
            moment = self.moment_of(row)
            if not self.exact and self.draws.random() < 0.5:
                moment += f"+{self.draws.randint(0, LONGEST_DELAY)}"
            self.told.append(moment)
            if (self.workshop.root / row.done_when).is_file() or not self.killed(row, moment):
                break
            self.kills[row.name] += 1
            self.must_be_whole(row, expected)
        if not (self.workshop.root / row.done_when).is_file():
            must(self.call(row))
        self.must_equal(row, expected)

    def moment_of(self, row: Row) -> str:
        """Every other kill is about a file: questions to a database are many, and less is at stake."""
        moments = list(enumerate(self.moments[row.name], start=1))
        about_files = [number for number, kind in moments if kind == "d"]
        return str(self.draws.choice(about_files if self.draws.random() < 0.5 else [number for number, _ in moments]))

    def undisturbed(self, row: Row) -> Path:
        """What the row ends with when nobody kills it, and how many moments it has."""
        folder = self.states / row.name
        if not folder.exists():
            self.begin(row)
            self.told = [f"{row.name}, undisturbed"]
            must(self.call(row, "0"))
            self.save(folder)
        self.moments[row.name] = (folder / "moments").read_text(encoding="utf-8")
        return folder

    def begin(self, row: Row) -> None:
        """Puts in place what a row starts from."""
        upgraded = self.undisturbed(UPGRADE) if row.starts_upgraded else None
        move_in(self.workshop)
        for place in PLACES:
            if upgraded is not None and place not in row.from_the_other:
                shutil.rmtree(self.workshop.root / place)
                shutil.copytree(upgraded / place, self.workshop.root / place)
            if place in row.without:
                shutil.rmtree(self.workshop.root / place)

    def save(self, folder: Path) -> None:
        """Keeps what the workshop holds."""
        for place in PLACES:
            if (self.workshop.root / place).exists():
                shutil.copytree(self.workshop.root / place, folder / place)
        shutil.copy(self.workshop.root / "moments", folder)

    def killed(self, row: Row, moment: str) -> bool:
        """Whether the command was killed; else it has ended well before that moment."""
        said = self.call(row, moment)
        assert said.code in (0, -signal.SIGKILL), self.why(said.text)
        return said.code != 0

    def call(self, row: Row, moment: str = "") -> Said:
        """The command, killed at a moment if one is named."""
        script, *arguments = (
            str(self.workshop.root / each) if each.startswith("backups/") else each for each in row.command
        )
        self.workshop.environment[MOMENTS] = str(self.workshop.root / "moments")
        if moment:
            return self.workshop.kill_at(moment, script, *arguments)
        return self.workshop.run(script, *arguments)

    def why(self, found: object) -> str:
        """What went before, to be found again, and what was found."""
        return f"{' '.join(self.told)}: {found}"

    # --- The laws -----------------------------------------------------------------------------------------------------

    def must_be_whole(self, row: Row, expected: Path) -> None:
        """Nothing is half-written: whatever another program may read now is what it was, or what it becomes."""
        root = self.workshop.root
        if self.workshop.warehouse.exists():
            warehouse_runs(self.workshop.warehouse)
        start = self.states / UPGRADE.name if row.starts_upgraded else None
        for edition in paths.PUBLICATIONS:
            file = root / "published" / edition
            assert not write_ahead_log(file).exists(), self.why(f"{edition} has a log")
            editions = [expected / "published" / edition, *([start / "published" / edition] if start else [])]
            is_known = edition_of(file) in [kept_edition(each) for each in (*editions, self.at_first(edition))]
            assert is_known, self.why(f"{edition} is neither the old nor the new edition")
        with (
            mock.patch.dict(os.environ, self.workshop.variables()),
            mock.patch.object(paths._Chosen, "connector", self.workshop.connector),
        ):
            for folder in runs.feed_folders():
                folder.base()
                folder.newest_ledger()
                for run in folder.runs():
                    runs.verify(run.folder / "manifest.json")
        boards = root / "boards" / "index.html"
        assert not boards.exists() or boards.read_text(encoding="utf-8").endswith("</html>\n"), self.why("boards")
        for file in (root / "erasures").glob("*.csv"):
            list(csv.reader(file.read_text(encoding="utf-8").splitlines(), strict=True))
        for manifest in (root / "backups").glob("*/manifest.json"):
            if not manifest.parent.name.startswith("."):
                content = json.loads(manifest.read_text(encoding="utf-8"))
                for table in content["tables"]:
                    assert digest(manifest.parent / table["file"]) == table["sha256"], self.why(manifest.parent.name)

    def at_first(self, edition: str) -> Path:
        """The edition of the old installation."""
        folder = self.states / "old"
        if not folder.exists():
            with zipfile.ZipFile(INSTALLATION) as archive:
                archive.extractall(folder)
        return folder / "published" / edition

    def must_equal(self, row: Row, expected: Path) -> None:
        """The end is what an undisturbed command ends with, and nobody who was killed left anything behind."""
        root = self.workshop.root
        different = set(differences(self.workshop.warehouse, expected / "warehouse" / "build.duckdb"))
        assert different == set(), self.why(different)
        for edition in paths.PUBLICATIONS:
            file = root / "published" / edition
            if file.exists() or (expected / "published" / edition).exists():
                assert edition_of(file) == kept_edition(expected / "published" / edition), self.why(edition)
        for place in ("exports", "erasures"):
            assert contents(root / place) == contents(expected / place), self.why(place)
        assert memories(root / "backups") == memories(expected / "backups"), self.why("backups")
        leftovers = [
            str(path.relative_to(root))
            for place in (*PLACES, "access", "boards")
            for path in (root / place).rglob("*")
            if path.name.startswith(".") and path.name != ".lock"
        ]
        assert leftovers == [], self.why(leftovers)


def contents(folder: Path) -> dict[str, str]:
    """The files below a folder; a manifest without the id of the build, which is another one in each run."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(INVOCATION.sub(b"", path.read_bytes())).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def edition_of(file: Path) -> dict[str, int]:
    """What a publication says, by table; of the run that made it only what does not change from run to run."""
    with duckdb.connect(str(file), read_only=True) as connection:
        names = connection.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
        said = {
            name: connection.execute(
                f"select count(*), coalesce(sum(hash({'as_of_date' if name == 'main._published' else 'each'})), 0) "
                f"from {name} as each"
            ).fetchall()[0]
            for (name,) in names
        }
    return {name: hash(each) for name, each in said.items()}


@functools.cache
def kept_edition(file: Path) -> dict[str, int]:
    """The same of a file that a state keeps, which nobody changes; it is asked for after each kill."""
    return edition_of(file)


def memories(folder: Path) -> set[str]:
    """The backups, by what they hold of the business; a call that was killed may have made one more of the same."""
    return {
        json.dumps(sorted((path.name, digest(path)) for path in backup.glob("*.parquet") if path.stem[:4] != "run."))
        for backup in folder.iterdir()
        if not backup.name.startswith(".")
    }


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description="Kill commands and look whether all is whole.")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, required=True)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rekindle-kills-") as name:
        folder = Path(name)
        os.environ[forked.PARSED] = str(folder / "parsed")
        (folder / "parsed").mkdir()
        night = Night(Workshop(folder / "workshop", "fixture"), folder / "states", wanted.seed)
        night.go_through(wanted.kills)
    told = ", ".join(f"{name} {count}" for name, count in night.kills.items())
    print(f"{night.kills.total()} kills, all whole and equal to undisturbed commands: {told}")


if __name__ == "__main__":
    main()
