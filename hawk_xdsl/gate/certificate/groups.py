"""Maxima, minima, disjunctions and conjunctions over symbols, represented as sets.

``max`` and its like are associative, commutative and idempotent, so two such expressions are equal
exactly if the sets of their operands are. A set is a sorted row of words (the operands' hashes)
without duplicates, plus one literal. The pool keeps all sets; a symbol holds the number of its own.

Example: a kernel computes ``max(max(x0, -inf), max(x1, x0))`` in two tiles, the op ``max(x0, x1)``.
Both are the row {x0, x1}: nesting is flattened, the second x0 is dropped, and -inf, the neutral
element, is no member. ``max(x0, 3.0, 5.0)`` is {x0} with the literal 5.0.
"""

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hawk_xdsl.gate.certificate.field import Words, mixed
from hawk_xdsl.gate.certificate.symbols import Reals, UnprovableError

NOBODY = np.uint64(0xFFFFFFFFFFFFFFFF)
"""Fills up rows that have fewer members than others."""

MOST_MEMBERS = 1 << 26
"""Members of all rows of one operation: above, it takes too much memory."""


@dataclass
class Sets:
    """Sets, one per row.

    Attributes:
        members: words [sets, members], each row sorted and filled up with ``NOBODY`` at its end.
        literal: the literal of each set, already reduced to one; NaN where a set has none.
    """

    members: Words
    literal: Reals

    def words(self, kind: int) -> Words:
        """One word for each set, of its members and literal."""
        present = self.members != NOBODY
        scrambled = np.where(present, mixed(self.members, 0x5E7), np.uint64(0))
        # A sum of mixed words does not depend on how many NOBODY fill up the row.
        total = scrambled.sum(axis=1, dtype=np.uint64)
        bits = np.where(np.isnan(self.literal), np.inf, self.literal + 0.0).view(np.uint64)
        has = np.where(np.isnan(self.literal), np.uint64(0), mixed(bits, 0x117))
        return mixed(total + has, kind)


class Pool:
    """All sets that symbols name, by number from 1."""

    def __init__(self) -> None:
        self._bases: list[int] = []
        self._parts: list[tuple[int, Sets]] = []
        self._next = 1

    def add(self, kind: int, sets: Sets) -> npt.NDArray[np.int64]:
        """Numbers for sets of a kind."""
        count = sets.literal.size
        numbers = np.arange(self._next, self._next + count, dtype=np.int64)
        self._bases.append(self._next)
        self._parts.append((kind, sets))
        self._next += count
        return numbers

    def has_literal(self, number: int) -> bool:
        """Whether a number is in a set."""
        part = self._part(number)
        return not np.isnan(self._parts[part][1].literal[number - self._bases[part]])

    def members(self, kind: int, number: int) -> Words | None:
        """The members of a set, sorted; ``None`` if it is of another kind."""
        part = self._part(number)
        part_kind, sets = self._parts[part]
        return sets.members[number - self._bases[part]] if part_kind == kind else None

    def _part(self, number: int) -> int:
        return bisect_right(self._bases, number) - 1

    def rows(self, kind: int, numbers: npt.NDArray[np.int64], own: Words) -> tuple[Words, Reals]:
        """The members and the literal of each symbol, seen as a set of a kind.

        A symbol that already is a set of this kind contributes its members, which flattens
        ``max(max(a, b), c)``. Any other symbol is a set of one: ``min(a, b)`` inside of a ``max``
        is a single member.

        Args:
            kind: of the sets.
            numbers: the set that each symbol names; 0 for a symbol that is no set.
            own: the word of each symbol.
        """
        members, literal = own[:, None].copy(), np.full(own.size, np.nan)
        if not numbers.any():
            return members, literal
        place = np.searchsorted(np.array(self._bases), numbers, side="right") - 1
        for part in np.unique(place[numbers > 0]):
            part_kind, sets = self._parts[part]
            if part_kind != kind:
                continue
            at = np.flatnonzero((place == part) & (numbers > 0))
            width = sets.members.shape[1]
            if width > members.shape[1]:
                members = _widened(members, width)
            row = numbers[at] - self._bases[part]
            members[at] = NOBODY
            members[at, :width] = sets.members[row]
            literal[at] = sets.literal[row]
        return members, literal


def _widened(members: Words, width: int) -> Words:
    wide = np.full((members.shape[0], width), NOBODY)
    wide[:, : members.shape[1]] = members
    return wide


def sorted_sets(members: Words, literal: Reals) -> Sets:
    """Sets from rows of members with repetitions."""
    if members.size > MOST_MEMBERS:
        raise UnprovableError("a maximum, minimum or condition over too many elements")
    members = np.sort(members, axis=1)
    repeated = members[:, 1:] == members[:, :-1]
    if repeated.any():
        members[:, 1:][repeated] = NOBODY
        members = np.sort(members, axis=1)
        width = max(1, int((members != NOBODY).sum(axis=1).max()))
        members = members[:, :width]
    return Sets(members, literal)
