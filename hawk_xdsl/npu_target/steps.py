"""How much work a simulation may be: kernels that would not end are refused, not waited for."""

from math import inf

from hawk_xdsl.errors import HawkError


class RunawayError(HawkError):
    """A kernel that takes more cycles or steps than it was given."""

    code = "runaway"


class TooLong(Exception):
    """A step was beyond the limit of steps, or an instruction would end after that of cycles."""


class StepCounter:
    """Counts the ops that blocks of all loops and branches run, whatever they are.

    An empty loop body counts too, so that no loop is free.

    Attributes:
        taken: steps so far.
        limit: how many there may be.
    """

    __slots__ = ("limit", "taken")

    def __init__(self, limit: float = inf) -> None:
        self.limit = limit
        self.taken = 0

    def take(self, count: int) -> None:
        """Count further steps. Raises ``TooLong`` beyond the limit."""
        self.taken += count
        if self.taken > self.limit:
            raise TooLong
