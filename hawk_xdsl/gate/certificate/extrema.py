"""Maxima and minima, of two values and of axes, as sets: see ``groups``."""

from itertools import islice

import numpy as np
import numpy.typing as npt

from hawk_xdsl.gate.certificate.arrays import as_rows, picked, stacked
from hawk_xdsl.gate.certificate.conditions import Conditions
from hawk_xdsl.gate.certificate.field import Words
from hawk_xdsl.gate.certificate.groups import NOBODY, Sets, sorted_sets
from hawk_xdsl.gate.certificate.leaves import key_of
from hawk_xdsl.gate.certificate.remembered import held_by
from hawk_xdsl.gate.certificate.symbols import (
    FITS_ANY,
    GROUP,
    NONPOSITIVE,
    WIDTHS,
    Bools,
    Reals,
    Symbols,
    UnprovableError,
    is_float,
)

EXTREMA = {"max": np.fmax, "min": np.fmin, "or": np.fmax, "and": np.fmin}
"""Reductions that are sets, and what their literals amount to."""

LOWEST = -float(np.finfo(np.float32).max)
"""The lowest finite f32."""

MOST_MAXIMA = 4096
"""Sets that one difference is compared with."""


def neutral_of(kind: str, dtype: str) -> float:
    """What changes no extremum of a dtype."""
    if kind in ("or", "and"):
        return 0.0 if kind == "or" else 1.0
    lowest = -np.inf if is_float(dtype) else -(2.0 ** (WIDTHS[dtype] - 1))
    return lowest if kind == "max" else -lowest - (0.0 if is_float(dtype) else 1.0)


def _numbers(symbols: Symbols) -> npt.NDArray[np.int64]:
    """The number of the set that each symbol is, 0 where it is none."""
    if symbols.groups is None:
        return np.zeros(symbols.shape, np.int64)
    return np.where((symbols.flags & GROUP) != 0, symbols.groups, 0)


class Extrema(Conditions):
    """What is alone in its set is itself; what changes nothing is left out of it."""

    def _sub(self, left: Symbols, right: Symbols) -> Symbols:
        if is_float(left.dtype) and right.groups is not None:
            left, right = self._from_maxima(left, right)
        found = super()._sub(left, right)
        if self.guards and is_float(left.dtype) and right.groups is not None:
            at_most = self._at_most(left.broadcast(found.shape), right.broadcast(found.shape))
            found.flags |= np.where(at_most, NONPOSITIVE, np.uint16(0))
        return found

    def _from_maxima(self, left: Symbols, right: Symbols) -> tuple[Symbols, Symbols]:
        """The sides of ``left - right``, maxima without the lowest f32 where that says nothing.

        A kernel that takes ``max(x, lowest)`` keeps -inf - -inf from becoming no number. Where
        ``left`` is a member of ``right``, or a maximum of some, that is another difference only if
        all members are -inf. Then the op's is no number, nor is what it divides by.
        """
        sides = [self._without_lowest(side) for side in (left, right)]
        if sides[1] is right:
            return left, right
        shape = np.broadcast_shapes(left.shape, right.shape)
        below, above = (side.broadcast(shape) for side in sides)
        known = self._at_most(below, above)
        return (
            self.where(known, below, left.broadcast(shape)),
            self.where(known, above, right.broadcast(shape)),
        )

    def _without_lowest(self, symbols: Symbols) -> Symbols:
        """Maxima of several members without a literal that no finite f32 is below."""
        if symbols.groups is None:
            return symbols
        key, flat = key_of("max"), symbols.reshaped((-1,))
        numbers = _numbers(flat)
        if not numbers.any():
            return symbols
        members, literal = self.pool.rows(key, numbers, self.words(flat))
        several = (members != NOBODY).sum(axis=1) > 1
        at = np.flatnonzero((numbers > 0) & several & (literal <= LOWEST))
        if not at.size:
            return symbols
        sets = Sets(members[at], np.full(at.size, np.nan))
        found = flat.copied()
        assert found.groups is not None
        found.planes[:, at] = self.drawn(sets.words(key), flat.dtype).planes
        found.groups[at] = self.pool.add(key, sets)
        return found.reshaped(symbols.shape)

    def _at_most(self, left: Symbols, right: Symbols) -> Bools:
        """Where ``left <= right`` follows from sets alone, so that ``exp(left - right)`` is finite.

        It does in two cases: ``right`` is a maximum with ``left`` among its members
        (``x[j] - max(x)``), or ``left`` is itself a maximum whose members are all members of
        ``right`` (the rescaling ``max(old) - max(old, new)`` of an online softmax).

        Sets with a literal are left out. ``exp(x - max(x, -1000))`` cannot overflow either, but
        where every x is below -1000 the sum of such exponentials may be 0, and the softmax NaN.
        """
        found = np.zeros(left.size, np.bool_)
        above, own = (_numbers(side).reshape(-1) for side in (right, left))
        words = self.words(left).reshape(-1)
        # The places of each maximum: rows of a tile have one, so that they are sorted already.
        order = np.argsort(above, kind="stable")
        bounds = np.flatnonzero(np.diff(above[order])) + 1
        several = (part for part in np.split(order, bounds) if part.size and above[part[0]])
        for places in islice(several, MOST_MAXIMA):
            number = int(above[places[0]])
            members = self.pool.members(key_of("max"), number)
            if members is None or self.pool.has_literal(number):
                continue
            found[places] = held_by(words[places], members)
            for place in places[own[places] > 0]:
                below = self.pool.members(key_of("max"), int(own[place]))
                if below is not None:
                    found[place] = held_by(below, members).all()
        return found.reshape(left.shape)

    def _max(self, left: Symbols, right: Symbols) -> Symbols:
        return self._extremum("max", left, right)

    def _min(self, left: Symbols, right: Symbols) -> Symbols:
        return self._extremum("min", left, right)

    def _relu(self, arg: Symbols) -> Symbols:
        return self._max(arg, self.literal(0.0, arg.dtype).of_rank(len(arg.shape)))

    def _extremum(self, kind: str, left: Symbols, right: Symbols) -> Symbols:
        for plain, number in ((left, right), (right, left)):
            if number.size != 1 or not number.known.all():
                continue
            if plain.settled().value is None:
                found = self._with_literal(kind, plain.settled(), number)
                if found is not None:
                    return found
        shape = np.broadcast_shapes(left.shape, right.shape)
        pair = [side.broadcast(shape) for side in (left, right)]
        found = self._extreme_of_rows(kind, stacked(pair).reshaped((-1, 2)))
        return found.reshaped(shape)

    def _with_literal(self, kind: str, arg: Symbols, number: Symbols) -> Symbols | None:
        """The extremum of symbols that are no sets and one number; ``None`` for others."""
        value = number.number()
        if arg.groups is not None or np.isnan(value):
            return None
        shape = np.broadcast_shapes(arg.shape, number.shape)
        if value == neutral_of(kind, arg.dtype):
            return arg.broadcast(shape)
        arg = arg.broadcast(shape)
        sets = Sets(self.words(arg).reshape(-1, 1), np.full(arg.size, value))
        found = self.drawn(sets.words(key_of(kind)).reshape(shape), arg.dtype)
        found.flags = (arg.flags & number.flags & FITS_ANY) | GROUP
        found.groups = self.pool.add(key_of(kind), sets).reshape(shape)
        return found

    def extreme(self, kind: str, arg: Symbols, axes: tuple[int, ...]) -> Symbols:
        """The reduction of axes by max, min, or, and; they are kept as 1."""
        rows, shape = as_rows(arg, axes)
        if rows.shape[1] == 1:
            return arg
        return self._extreme_of_rows(kind, rows).reshaped(shape)

    def _extreme_of_rows(self, kind: str, rows: Symbols) -> Symbols:
        count = rows.shape[0]
        members, literal, neutral = self._members(kind, rows)
        sets = sorted_sets(members.reshape(count, -1), literal)
        alone = (sets.members[:, 0] != NOBODY) & np.isnan(literal)
        if sets.members.shape[1] > 1:
            alone &= sets.members[:, 1] == NOBODY
        place = np.argmin(neutral, axis=1)  # the first that is a member
        group = self._group(kind, rows, sets, neutral)
        found = self.where(alone, picked(rows, place), group) if alone.any() else group
        nobody = sets.members[:, 0] == NOBODY
        if nobody.any():
            values = np.where(np.isnan(literal), neutral_of(kind, rows.dtype), literal)
            found = self.where(nobody, self.reals(np.where(nobody, values, 0.0), rows.dtype), found)
        return found

    def _members(self, kind: str, rows: Symbols) -> tuple[Words, Reals, Bools]:
        """Members [rows · length, most], the literal of each row, and which elements are none."""
        count, length = rows.shape
        flat = rows.reshaped((count * length,))
        numbers = np.zeros(flat.size, np.int64) if flat.groups is None else flat.groups
        numbers = np.where((flat.flags & GROUP) != 0, numbers, 0)
        members, literals = self.pool.rows(key_of(kind), numbers, self.words(flat))
        neutral = np.zeros(flat.size, np.bool_)
        if flat.value is not None:
            known = flat.known
            if np.isnan(flat.value[known]).any():
                raise UnprovableError(f"a {kind} of what is not a number")
            neutral = known
            members[known] = NOBODY
            is_nothing = known & (flat.value == neutral_of(kind, rows.dtype))
            literals[known & ~is_nothing] = flat.value[known & ~is_nothing]
        by_row = literals.reshape(count, length)
        with np.errstate(invalid="ignore"):
            literal = EXTREMA[kind].reduce(by_row, axis=1)
        return members, literal, neutral.reshape(count, length)

    def _group(self, kind: str, rows: Symbols, sets: Sets, neutral: Bools) -> Symbols:
        words = sets.words(key_of(kind))
        fits = np.where(neutral & (rows.flags & FITS_ANY == 0), FITS_ANY, rows.flags & FITS_ANY)
        found = self.drawn(words, rows.dtype)
        found.flags = np.bitwise_and.reduce(fits, axis=1) | GROUP
        found.groups = self.pool.add(key_of(kind), sets)
        return found
