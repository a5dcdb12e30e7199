"""A lesson: what an op computes, every attempt at a kernel of it, and the fastest right one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hawk_xdsl.files.typed import typed
from hawk_xdsl.language_model.shorthand_tree import ShorthandTree, assigned, mnemonic, rules


@dataclass(frozen=True)
class Try:
    """A kernel text that went through the gate. ``trap`` is ``None`` if it passed.

    ``short`` is the same in the model's shorthand: that is what is learned.
    """

    text: str
    trap: str | None
    message: str
    cycles: int
    source: str
    short: str

    @property
    def right(self) -> bool:
        """Whether the gate accepted it."""
        return self.trap is None


@dataclass(frozen=True)
class Lesson:
    """One op on one target: number ``number`` of the random ops of ``seed``.

    ``spec`` and ``steps`` are the specification's two texts, ``key`` is its erased key, ``bound``
    the roofline bound in cycles, ``op`` the op's module where the lesson is held out, so that it
    can be decided again.
    """

    seed: int
    number: int
    target: str
    key: str
    digest: str
    spec: str
    steps: str
    structure: str
    bound: float
    tries: tuple[Try, ...]
    op: str = ""

    @property
    def best(self) -> Try | None:
        """The fastest right kernel, the first of equally fast ones."""
        return min((t for t in self.tries if t.right), key=lambda t: t.cycles, default=None)

    @property
    def statements(self) -> int:
        """Statements of the best kernel that compute, in shorthand; 0 without one."""
        return 0 if self.best is None else statements_of(self.best.short)

    def as_json(self) -> dict[str, Any]:
        """Its fields, for a line of a shard."""
        return asdict(self)

    @staticmethod
    def from_json(row: Mapping[str, Any]) -> "Lesson":
        """Inverse of :meth:`as_json`. Raises ``WrongValueError`` for another form."""
        return typed(Lesson, row)


def statements_of(text: str) -> int:
    """The statements of a text in shorthand that compute: neither loads nor what only allocates.

    Raises ``KernelTextError`` for a text that is none.
    """
    values = (assigned(statement)[1] for statement in rules(ShorthandTree.of(text).root, "assign"))
    return sum(mnemonic(value) not in ("load", "fill", "view") for value in values)
