"""Twenty kills at the same moments on every run; `make kills` draws more."""

from collections.abc import Callable
from pathlib import Path

from kills import ROWS, UPGRADE, Night
from workshop import Workshop

KILLS, SEED = 20, 20240701


def test_killed_anywhere_nothing_is_half_written_and_the_next_call_ends_as_if_nothing_had_happened(
    make_workshop: Callable[..., Workshop], upgraded: Path, tmp_path: Path
) -> None:
    (tmp_path / UPGRADE.name).symlink_to(upgraded / UPGRADE.name)
    night = Night(make_workshop("fixture", "killed"), tmp_path, SEED, exact=True)
    night.go_through(KILLS)
    print(f"kills: KILLS={KILLS} SEED={SEED}, {dict(night.kills)}")
    assert night.kills.total() == KILLS
    assert set(night.kills) == {row.name for row in ROWS}
