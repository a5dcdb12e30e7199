"""What a target says of flags between cores."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CrossSpec:
    """Flags between the cores that work on one block of a mixed kernel.

    Attributes:
        flags: ids that a kernel may use.
        counter: how often a flag may be set beyond what was waited for.
        hand_over: cycles from a set, after what it follows, until a wait sees it.
    """

    flags: int
    counter: int
    hand_over: float
