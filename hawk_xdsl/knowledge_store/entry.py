"""Knowledge entries as values: a trigger, a rationale and an artifact."""

from dataclasses import dataclass, field
from enum import StrEnum

from hawk_xdsl.knowledge_store.error_bound import ErrorBound

Range = tuple[float, float]


class EntryKind(StrEnum):
    """What the artifact of an entry is."""

    TEMPLATE = "template"  # kernel text with $holes
    REWRITE = "rewrite"  # pattern → pattern over expressions
    INSTRUCTION = "instruction"  # expression pattern → kernel text statements
    RULE = "rule"  # advice; an artifact is optional


@dataclass(frozen=True)
class Trigger:
    """When an entry applies; an absent field says nothing about its aspect."""

    structure: str | None = None  # structural class of the specification
    ops: tuple[str, ...] = ()  # operators of its expressions
    dtypes: tuple[str, ...] = ()
    traps: tuple[str, ...] = ()  # stable trap codes
    bottleneck: str | None = None  # a pipe
    intensity: Range | None = None  # operations per byte of global memory, lowest and highest
    pressure: Range | None = None  # bytes wanted / bytes of the scope, lowest and highest
    results: tuple[str, ...] = ()  # dtypes one of which each result of the specification has
    operands: tuple[str, ...] = ()  # dtypes one of which the first argument of what matches has
    lacking: tuple[str, ...] = ()  # rows of a target's instructions, one of which it does not have


@dataclass(frozen=True)
class Artifact:
    """The executable part: a strategy, kernel text, or a pattern and its replacement.

    A template names the ``strategy`` that makes its loop nest from a schedule, or has the ``text``
    of a kernel with holes; ``before`` is then the specification, without extents, that it is for.
    """

    text: str | None = None
    strategy: str | None = None
    before: str | None = None
    after: str | None = None
    domain: tuple[tuple[str, Range], ...] = ()  # closed range of a variable, by its name
    nan: tuple[str, ...] = ()  # variables of the domain that may be NaN besides
    outside: str | None = (
        None  # "nan": what it gives outside of its domain, so it may be used there
    )
    error: ErrorBound | None = None  # of a rewrite that approximates; without it is exact
    identity: bool = False  # of a rewrite with an error: it is one of rounding alone
    optional: bool = False  # kernels are written with and without the rewrite, and time decides


@dataclass(frozen=True)
class TileHole:
    """A tile-size hole of a template and the sizes to try, most wanted first, in elements."""

    name: str
    prefer: tuple[int, ...]


@dataclass(frozen=True)
class Entry:
    """One piece of knowledge; ``origin`` (``file:line``) does not take part in comparisons."""

    name: str
    kind: EntryKind
    rationale: str
    trigger: Trigger = Trigger()
    artifact: Artifact = Artifact()
    tiles: tuple[TileHole, ...] = ()
    origin: str = field(default="", compare=False)
