"""What stops an export, each with the exit code that a scheduler acts on (docs/activation.md)."""

from rekindle.errors import RekindleError

DONE, PLAN_HAS_CHANGES, GUARD, CONTRACT, LOCKED = 0, 2, 3, 4, 5


class GuardError(RekindleError):
    """A number looks wrong: somebody has to look."""

    exit_code = GUARD


class ContractError(RekindleError):
    """What was published, configured or committed is not what was promised; consent is part of the promise."""

    exit_code = CONTRACT


class LockedError(RekindleError):
    """Somebody else writes this feed at the moment."""

    exit_code = LOCKED
