"""What stops an export, each with the exit code that a scheduler acts on (docs/activation.md)."""

from collections.abc import Iterable

from rekindle.errors import RekindleError

DONE, PLAN_HAS_CHANGES, GUARD, CONTRACT, LOCKED = 0, 2, 3, 4, 5
# which end a scheduler hears of when several feeds end differently
WORST_FIRST = (CONTRACT, 1, LOCKED, GUARD, PLAN_HAS_CHANGES, DONE)


def worst(codes: Iterable[int]) -> int:
    """The exit code of a command of which these are the parts."""
    return min(codes, key=WORST_FIRST.index, default=DONE)


class GuardError(RekindleError):
    """A number looks wrong: somebody has to look."""

    exit_code = GUARD


class ContractError(RekindleError):
    """What was published, configured or committed is not what was promised; consent is part of the promise."""

    exit_code = CONTRACT


class LockedError(RekindleError):
    """Somebody else writes this feed at the moment."""

    exit_code = LOCKED
