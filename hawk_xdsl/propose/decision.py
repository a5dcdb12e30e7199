"""What was decided for an undecided op, by whom, and how good it is."""

from dataclasses import dataclass
from enum import StrEnum

from hawk_xdsl.gate.gate import Verdict
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.npu_target import Bound
from hawk_xdsl.options import check_count, check_positive
from hawk_xdsl.semantics.specification import Specification


class Source(StrEnum):
    """Who decided."""

    REUSED = "reused"
    TEMPLATE = "template"
    MODEL = "model"
    HOST = "host"


class Sources(StrEnum):
    """Who is asked; for ablation, and ``replay`` for tests that must load no model."""

    ALL = "all"  # composition and the model
    MODEL = "model"  # the model alone, without templates
    TEMPLATES = "templates"  # templates and instructions: no rewrites, no tile search
    COMPOSITION = "composition"  # everything that needs no model
    REPLAY = "replay"  # kernels of the store only

    @property
    def asks_model(self) -> bool:
        """Whether the local model may be asked."""
        return self in (Sources.ALL, Sources.MODEL)

    @property
    def composes(self) -> bool:
        """Whether templates are filled."""
        return self in (Sources.ALL, Sources.COMPOSITION, Sources.TEMPLATES)

    @property
    def tunes(self) -> bool:
        """Whether the first right kernel may be followed by faster ones."""
        return self is not Sources.TEMPLATES


@dataclass(frozen=True)
class Budget:
    """How much may be spent on one op.

    An attempt is a complete kernel body that enters the gate, whoever wrote it. ``attempts`` counts
    those until the first right one, ``tuning`` those after it, which only make the kernel faster.
    ``patience`` is the tile search's.
    ``seconds`` bounds the model's time and is only a safety stop: a run that it ended is marked,
    since it may not be reproducible.

    Raises ``OptionError`` for numbers that are none.
    """

    attempts: int = 8
    tuning: int = 4
    seconds: float = 60.0
    patience: int = 4

    def __post_init__(self) -> None:
        for name, least in (("attempts", 1), ("tuning", 0), ("patience", 0)):
            check_count(name, getattr(self, name), least)
        check_positive("seconds", self.seconds)


@dataclass(frozen=True)
class Effort:
    """What deciding an op took.

    ``attempts`` were made until the first right kernel (``first_right`` is its number, from 1), or
    in vain; ``tuning`` after it. ``timings`` counts the bodies that the
    tile search has timed without running their values, ``gate_runs`` all that the gate looked at,
    those kept in the store too. ``tokens`` are the model's, and ``rejected_lines`` the lines of it
    that were taken back while they were written.
    """

    attempts: int = 0
    first_right: int | None = None
    first_cycles: int | None = None
    tuning: int = 0
    timings: int = 0
    gate_runs: int = 0
    tokens: int = 0
    rejected_lines: int = 0


@dataclass(frozen=True)
class Decision:
    """The outcome for one op. ``verdict`` is ``None`` where the region stays on the host."""

    label: str
    source: Source
    specification: Specification | None
    verdict: Verdict | None
    bound: Bound | None
    seconds: float
    effort: Effort = Effort()
    entries: tuple[str, ...] = ()
    origin: str = ""
    reason: str = ""
    timed_out: bool = False
    remembered: bool = False  # nobody was asked: those who would be have failed before

    @property
    def attempts(self) -> int:
        """Attempts until the first right kernel, or in vain."""
        return self.effort.attempts

    @property
    def first_right(self) -> int | None:
        """The number of the first right attempt, from 1; ``None`` where there was none."""
        return self.effort.first_right

    @property
    def cycles(self) -> int | None:
        """Simulated cycles, or ``None`` on the host."""
        return None if self.verdict is None else self.verdict.cycles

    @property
    def trust(self) -> Trust | None:
        """Why the kernel is believed: its verdict's of now, whoever wrote it and when."""
        return None if self.verdict is None else self.verdict.trust

    @property
    def bound_share(self) -> float | None:
        """The roofline bound over the cycles: 1 is as fast as the hardware allows."""
        if self.verdict is None or self.bound is None or not self.verdict.cycles:
            return None
        return self.bound.cycles / self.verdict.cycles
