"""What a specification is: operands, results and axes, one text for prompt, retrieval and reuse.

Two regions that compute the same thing in another rank, order of operations or layout of unit
dimensions get the same text, hence the same hash and the same kernel.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from hawk_xdsl.semantics.spelling import spell
from hawk_xdsl.semantics.terms import Affine, Term, walk


@dataclass(frozen=True)
class Operand:
    """A kernel argument that is read: ``source`` is the number of the undecided op's input.

    ``range`` is given for tensors of i64 that a kernel takes as i32: the values, both ends
    included, for which all that is computed of them fits 32 bits; a launch checks them.
    ``border`` is what a read gives beyond the tensor's ends, where reads may go there.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    source: int
    range: tuple[int, int] | None = None
    border: float | int | None = None


@dataclass(frozen=True)
class ResultRegion:
    """A kernel argument that is written, or a region of one: its element at ``index`` is ``term``.

    Several results of one name are the disjoint regions of one argument, which together cover it.
    ``position`` is the number of the undecided op's result.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    index: tuple[Affine, ...]
    term: Term
    position: int = 0


@dataclass(frozen=True)
class Specification:
    """What an undecided op computes, in canonical form.

    ``shape`` of an operand or result is that of the kernel's argument: the same elements in the
    same order as the tensor's, in another rank.
    """

    operands: tuple[Operand, ...]
    results: tuple[ResultRegion, ...]
    axes: Mapping[str, int]

    @cached_property
    def text(self) -> str:
        """The specification as text, a statement a line."""
        return "\n".join([*self.header(), *self._spelled])

    @cached_property
    def _spelled(self) -> list[str]:
        return spell([(r.name, r.index, r.term) for r in self.results])

    @property
    def shares(self) -> bool:
        """Whether its text names terms: those that are used twice, and reductions in others."""
        return len(self._spelled) > len(self.results)

    def header(self) -> list[str]:
        """The first lines of the text: operands, results and axes."""
        lines = [f"{o.name}: {o.dtype}{list(o.shape)}{_within(o)}" for o in self.operands]
        lines += [f"{r.name}: {r.dtype}{list(r.shape)} out" for r in self.outputs]
        lines.append("for " + ", ".join(f"{name} < {size}" for name, size in self.axes.items()))
        return lines

    @cached_property
    def digest(self) -> str:
        """A hash of the text: equal for equal work."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    @property
    def has_borders(self) -> bool:
        """Whether some reads go beyond the ends of a tensor."""
        return any(operand.border is not None for operand in self.operands)

    @property
    def input_ranges(self) -> Mapping[int, tuple[int, int]]:
        """By the number of the undecided op's input, the range that its integers must lie in."""
        return {o.source: o.range for o in self.operands if o.range is not None}

    @property
    def outputs(self) -> tuple[ResultRegion, ...]:
        """One result a kernel argument: the first region of each."""
        return tuple({result.name: result for result in reversed(self.results)}.values())[::-1]

    @property
    def in_regions(self) -> bool:
        """Whether some argument is written in regions."""
        return len(self.outputs) < len(self.results)

    @property
    def roots(self) -> tuple[Term, ...]:
        """The results' terms."""
        return tuple(result.term for result in self.results)

    def functions(self) -> tuple[str, ...]:
        """The names of all functions and reductions in it, sorted."""
        leaves = {"const", "read", "index"}
        return tuple(sorted({term.op for term in walk(self.roots)} - leaves))


FULL_I32 = (-(2**31), 2**31 - 1)


def _within(operand: Operand) -> str:
    """How the header tells a range that is narrower than the dtype's."""
    if operand.border is not None:
        return f" else {operand.border}"
    if operand.range is None or operand.range == FULL_I32:
        return ""
    return f" in {operand.range[0]}..{operand.range[1]}"
