"""Why drafts are refused: how far each came, and what the refusal speaks against."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from hawk_xdsl.npu_target import TrapCode


class DraftStage(IntEnum):
    """How far a draft came; of several attempts the one that came furthest says the most."""

    IDEA = 0  # nothing says how to compute it, or a proposer delivered no text
    TEXT = 1  # it does not parse, build or keep the target's static rules
    PLAN = 2  # it does not fit, or takes far too long
    RUN = 3  # a rule is broken while it runs
    RESULT = 4  # it runs, and what it computes is wrong or not shown to be right


class AccountablePart(StrEnum):
    """Which part of what a draft was made from a refusal speaks against."""

    LOOPS = "loops"  # the template or its tile sizes
    STATEMENTS = "statements"  # the template and the instructions
    RESULTS = "results"  # everything, and so the rewrites


_IDEA = frozenset({"no-instruction", "rewrites", "unfilled", "model", "timeout", "prompt-too-long"})
_TEXT = frozenset({"unfinished", "grammar", "syntax", "verifier"})
_STATIC = frozenset(
    {
        *(TrapCode.ILLEGAL_PATH, TrapCode.WRONG_CORE, TrapCode.DTYPE, TrapCode.UNSUPPORTED),
        *(TrapCode.FIELD_RANGE, TrapCode.INPUT_WRITTEN),
    }
)
_PLAN = frozenset({TrapCode.CAPACITY, TrapCode.UNPLANNED, "runaway"})
_RUN = frozenset(
    {
        *(TrapCode.MISALIGNED, TrapCode.OUT_OF_BOUNDS, TrapCode.UNINITIALISED_READ),
        *(TrapCode.OVERLAP, TrapCode.RACE, TrapCode.CORE_RACE, TrapCode.DEADLOCK),
        *(TrapCode.EVENT_MISUSE, TrapCode.SHAPE, TrapCode.UNWRITTEN_OUTPUT, TrapCode.ARITHMETIC),
    }
)

_STATEMENTS = _TEXT | (_STATIC - {TrapCode.FIELD_RANGE}) | {TrapCode.SHAPE}
_LOOPS = _PLAN | (_RUN - {TrapCode.SHAPE}) | {TrapCode.FIELD_RANGE, "unfilled"}

TRANSIENT = frozenset({"timeout", "model"})
"""Codes of what may go another way the next time: the model's time, or its memory, was used up."""


@dataclass(frozen=True)
class Refusal:
    """One refused draft: a stable code and one line."""

    code: str
    reason: str


def stage_of(code: str) -> DraftStage:
    """How far a draft came that was refused with a code; an unknown one is about the result."""
    for stage, codes in (
        (DraftStage.IDEA, _IDEA),
        (DraftStage.PLAN, _PLAN),
        (DraftStage.RUN, _RUN),
    ):
        if code in codes:
            return stage
    return DraftStage.TEXT if code in _TEXT | _STATIC else DraftStage.RESULT


def furthest(refusals: Iterable[Refusal]) -> Refusal | None:
    """The first of those that came furthest; ``None`` of none."""
    return max(refusals, key=lambda refusal: stage_of(refusal.code), default=None)


def accountable_part(code: str | None) -> AccountablePart:
    """What a refusal speaks against.

    A race, a deadlock or a buffer that does not fit says nothing about which functions were
    computed: ``core-race`` comes of how tiles are distributed over cores. Only a wrong or unproven
    result may be the fault of a rewrite.
    """
    if code in _LOOPS:
        return AccountablePart.LOOPS
    return AccountablePart.STATEMENTS if code in _STATEMENTS else AccountablePart.RESULTS


def accountable_entries(
    entries: Sequence[str], code: str | None, rewrites: frozenset[str]
) -> tuple[str, ...]:
    """The entries of a draft that a refusal speaks against; a template is the first of them."""
    match accountable_part(code):
        case AccountablePart.LOOPS:
            return tuple(entries[:1])
        case AccountablePart.STATEMENTS:
            return tuple(name for name in entries if name not in rewrites)
        case AccountablePart.RESULTS:
            return tuple(entries)
