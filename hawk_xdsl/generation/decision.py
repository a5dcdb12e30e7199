"""What was decided for an undecided op, by whom, and how good it is."""

from dataclasses import dataclass
from enum import StrEnum

from hawk_xdsl.generation.gate import Verdict
from hawk_xdsl.npu_target import Bound
from hawk_xdsl.semantics.specification import Specification


class Source(StrEnum):
    """Who decided."""

    REUSED = "reused"
    TEMPLATE = "template"
    MODEL = "model"
    HOST = "host"


class Sources(StrEnum):
    """Who is asked; for ablation, and ``replay`` for tests that must load no model."""

    ALL = "all"
    TEMPLATES = "templates"
    MODEL = "model"
    REPLAY = "replay"


@dataclass(frozen=True)
class Budget:
    """How much may be spent on one op.

    ``attempts`` counts complete kernel texts from the model that enter the gate; ``tilings`` those
    from templates. ``seconds`` bounds the model's time and is only a safety stop: a run that it
    ended is marked, since it may not be reproducible.
    """

    attempts: int = 8
    tilings: int = 4
    seconds: float = 60.0


@dataclass(frozen=True)
class Decision:
    """The outcome for one op. ``verdict`` is ``None`` where the region stays on the host."""

    label: str
    source: Source
    specification: Specification | None
    verdict: Verdict | None
    bound: Bound | None
    attempts: int
    seconds: float
    entries: tuple[str, ...] = ()
    origin: str = ""
    reason: str = ""
    timed_out: bool = False

    @property
    def cycles(self) -> int | None:
        """Simulated cycles, or ``None`` on the host."""
        return None if self.verdict is None else self.verdict.cycles

    @property
    def bound_share(self) -> float | None:
        """The roofline bound over the cycles: 1 is as fast as the hardware allows."""
        if self.verdict is None or self.bound is None or not self.verdict.cycles:
            return None
        return self.bound.cycles / self.verdict.cycles
