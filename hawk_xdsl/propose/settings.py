"""How to decide: who is asked, within which budget, and whether ops may stay on the host."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from hawk_xdsl.errors import OptionError
from hawk_xdsl.knowledge_store import RetrievalMode
from hawk_xdsl.options import check_count, check_positive, check_seed

Progress = Callable[[str], None]
"""Gets a line about what is being done now."""


class Sources(StrEnum):
    """Who is asked; for ablation, and ``replay`` for tests that must load no model."""

    ALL = "all"  # composition, plug-ins and the model
    MODEL = "model"  # the model alone, without templates
    TEMPLATES = "templates"  # templates and instructions: no rewrites, no schedule search
    COMPOSITION = "composition"  # everything but the local model
    REPLAY = "replay"  # kernels of the store only

    @property
    def asks_model(self) -> bool:
        """Whether the local model may be asked."""
        return self in (Sources.ALL, Sources.MODEL)

    @property
    def asks_plug_ins(self) -> bool:
        """Whether proposers of other packages are asked."""
        return self in (Sources.ALL, Sources.COMPOSITION)

    @property
    def composes(self) -> bool:
        """Whether templates are filled."""
        return self in (Sources.ALL, Sources.COMPOSITION, Sources.TEMPLATES)

    @property
    def joins(self) -> bool:
        """Whether ops are put together for kernels that only strategies with a search write."""
        return self in (Sources.ALL, Sources.COMPOSITION, Sources.REPLAY)

    @property
    def tunes(self) -> bool:
        """Whether the first right kernel may be followed by faster ones."""
        return self is not Sources.TEMPLATES


@dataclass(frozen=True)
class Budget:
    """How much may be spent on one op.

    An attempt is a complete kernel body that enters the gate, whoever wrote it. ``attempts`` counts
    those until the first right one, ``tuning`` those after it, which only make the kernel faster.
    ``patience`` is the schedule search's.
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
class Settings:
    """How to decide. The same settings, store and model give the same kernels.

    ``merge_launches`` says whether kernels may be stages of one launch where that is faster,
    ``join_rows`` whether what one mixed kernel can compute is decided as one op, ``join_operands``
    whether contractions that differ in their weights alone are one, ``epilogues`` whether a
    contraction starts from a bias, and does with its sums what its store can do: without these four
    every contraction is a launch of its own.
    Raises ``OptionError`` for names and numbers that are none.
    """

    sources: Sources = Sources.ALL
    budget: Budget = field(default_factory=Budget)
    host_fallback: bool = False
    seed: int = 0
    retrieval: RetrievalMode = RetrievalMode.FUSED
    fresh: bool = False
    merge_launches: bool = True
    join_rows: bool = True
    epilogues: bool = True
    join_operands: bool = True

    def __post_init__(self) -> None:
        for name, known in (("sources", Sources), ("retrieval", RetrievalMode)):
            if not isinstance(getattr(self, name), known):
                message = f"expected one of {', '.join(known)}, got {getattr(self, name)!r}"
                raise OptionError(f"{name}: {message}")
        check_seed("seed", self.seed)
        if self.fresh and self.sources is Sources.REPLAY:
            raise OptionError("fresh: sources=replay asks nobody but the store; drop one of them")
