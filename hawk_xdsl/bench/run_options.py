"""What a benchmark run is asked to measure, and how."""

from dataclasses import dataclass, field
from pathlib import Path

from hawk_xdsl.executors import Workplace
from hawk_xdsl.knowledge_store import StorePlace
from hawk_xdsl.options import check_count, check_positive, check_seed
from hawk_xdsl.propose.settings import Budget

CASES = 300
"""Cases that end within the hour on two cores, with the packaged model."""

MODEL_CASES = 20
"""Cases of each condition that asks nobody but the model."""

MINUTES = 60.0
"""A sample starts no case after them."""


@dataclass(frozen=True)
class Options:
    """What to measure and how.

    ``cases`` is the number of cases of each condition, ``None`` for all; ``model_cases`` that of
    conditions that ask only the model. ``minutes``: no task is started after them. ``only``
    restricts the cases to those whose ``/family/split/operator/shape/dtype/`` contains all words
    of one of these. ``workplace`` is where the cases run; ``store`` keeps what comes of them, and
    knows what came of them elsewhere. ``other_shapes`` adds each operator at
    shapes that are in no suite.
    """

    operators: Path
    out: Path
    conditions: tuple[str, ...]
    target: str = "ascend910b1"
    model: str | None = None
    cases: int | None = CASES
    model_cases: int | None = MODEL_CASES
    seeds: tuple[int, ...] = (0,)
    attempts: int = Budget.attempts
    tuning: int = Budget.tuning
    model_seconds: float = Budget.seconds
    case_seconds: float = 300.0
    minutes: float | None = None
    workplace: Workplace = field(default_factory=Workplace)
    store: StorePlace | None = None
    only: tuple[str, ...] = ()
    other_shapes: bool = False

    def __post_init__(self) -> None:
        """Raises ``OptionError`` for numbers that are none."""
        for name, least in (("attempts", 1), ("tuning", 0)):
            check_count(name, getattr(self, name), least)
        for name in ("cases", "model_cases"):
            if getattr(self, name) is not None:
                check_count(name, getattr(self, name), 0)
        for name in ("model_seconds", "case_seconds"):
            check_positive(name, getattr(self, name))
        if self.minutes is not None:
            check_positive("minutes", self.minutes)
        for seed in self.seeds:
            check_seed("seeds", seed)
