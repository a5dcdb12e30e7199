"""Judges an entry by what recorded ops become with it and without it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from hawk_xdsl.knowledge_store import Entry, SpecRecord
from hawk_xdsl.learning.replay import Effect, Replay

SAME_CYCLES = 0.01
"""How far the cycles of two kernels may be apart, relative, to count as the same."""

CLEARLY_FASTER = 0.95
"""What part of the cycles kernels without an entry of the package take if it is to go."""

ENOUGH_OPS = 3
"""On how many ops at least."""


@dataclass(frozen=True)
class Judgement:
    """With an entry against without it, over the same ops; ``cycles`` without over with it."""

    cases: int
    right_with: int
    right_without: int
    cycles: float  # geometric mean over the ops that are right either way
    attempts_with: int
    attempts_without: int
    troubles_with: int
    troubles_without: int
    lost: int  # ops that are right only with it
    useful: int  # ops whose kernel comes from it
    instead: tuple[str, ...]  # entries of kernels without it that those with it do not have

    @property
    def harm(self) -> str:
        """Why it is better to do without the entry; empty if it is not."""
        if self.lost:
            return ""
        if self.right_without > self.right_with:
            return (
                f"without it {self.right_without} of {self.cases} ops are right, "
                f"with it {self.right_with}"
            )
        if self.troubles_without < self.troubles_with:
            return f"with it, entries cannot be used on {self.troubles_with} of {self.cases} ops"
        if not self.useful and self.attempts_without < self.attempts_with:
            return (
                f"no right kernel comes from it, and with it {self.cases} ops take "
                f"{self.attempts_with} attempts, without it {self.attempts_without}"
            )
        if self.cycles < 1 - SAME_CYCLES:
            return f"kernels without it take {1 - self.cycles:.0%} fewer cycles"
        if self.cycles < 1 + SAME_CYCLES and self.attempts_without < self.attempts_with:
            return (
                f"with it the same kernels take {self.attempts_with} attempts, "
                f"without it {self.attempts_without}"
            )
        return ""

    @property
    def clear(self) -> bool:
        """Whether the harm is more than a few cycles or attempts on a few ops."""
        if not self.harm:
            return False
        fails = self.right_without > self.right_with or self.troubles_without < self.troubles_with
        return fails or (self.cycles < CLEARLY_FASTER and self.cases >= ENOUGH_OPS)

    @property
    def idle(self) -> bool:
        """Whether everything is the same without the entry."""
        return (
            not self.harm
            and not self.lost
            and abs(self.cycles - 1) < SAME_CYCLES
            and self.attempts_without <= self.attempts_with
        )

    def facts(self) -> dict[str, object]:
        """The figures, for the log."""
        return asdict(self)


def judge(
    replay: Replay,
    name: str,
    knowledge: tuple[Sequence[Entry], Sequence[Entry]],
    specs: Sequence[SpecRecord],
    progress: Callable[[str], None] = lambda line: None,
) -> Judgement:
    """Decides each op with the knowledge that has the entry of that name, and with that without."""
    having, without = knowledge
    pairs: list[tuple[Effect, Effect]] = []
    for number, spec in enumerate(specs, start=1):
        progress(f"{name}: op {number} of {len(specs)}, with and without")
        pairs.append((replay.effect(spec, having), replay.effect(spec, without)))
    both = [(a.cycles, b.cycles) for a, b in pairs if a.right and b.right]
    ratios = [math.log(max(1, after) / max(1, before)) for before, after in both]
    instead = {n for a, b in pairs if name in a.entries for n in set(b.entries) - set(a.entries)}
    return Judgement(
        cases=len(pairs),
        right_with=sum(a.right for a, _ in pairs),
        right_without=sum(b.right for _, b in pairs),
        cycles=math.exp(sum(ratios) / len(ratios)) if ratios else 1.0,
        attempts_with=sum(a.attempts for a, _ in pairs),
        attempts_without=sum(b.attempts for _, b in pairs),
        troubles_with=sum(bool(a.troubles) for a, _ in pairs),
        troubles_without=sum(bool(b.troubles) for _, b in pairs),
        useful=sum(a.right and name in a.entries for a, _ in pairs),
        lost=sum(a.right and not b.right for a, b in pairs),
        instead=tuple(sorted(instead)),
    )
