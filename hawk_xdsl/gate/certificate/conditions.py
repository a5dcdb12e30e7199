"""Conditions: comparisons, logic and selection, decided by coins where nothing is known."""

from collections.abc import Callable

import numpy as np

from hawk_xdsl.dialects.dtype import TRUTH
from hawk_xdsl.gate.certificate.field import Words, mixed
from hawk_xdsl.gate.certificate.groups import NOBODY
from hawk_xdsl.gate.certificate.leaves import key_of, kind_of
from hawk_xdsl.gate.certificate.numbers import Numbers
from hawk_xdsl.gate.certificate.symbols import FITS_ANY, KNOWN, WIDTHS, Bools, Reals, Symbols

COMPARISONS = {
    "eq": ("eq", False, False),
    "ne": ("eq", False, True),
    "lt": ("lt", False, False),
    "gt": ("lt", True, False),
    "le": ("le", False, False),
    "ge": ("le", True, False),
}
"""A comparison as a relation, whether of exchanged arguments, and whether negated."""

RELATIONS: dict[str, Callable[[Reals, Reals], Bools]] = {
    "eq": np.equal,
    "lt": np.less,
    "le": np.less_equal,
}


class Conditions(Numbers):
    """A condition is a word; whether it holds is one bit of it, the same wherever it occurs.

    Negation flips the lowest bit of the word, and with it that bit.
    """

    def _not(self, arg: Symbols) -> Symbols:
        flip = np.uint64(1) if WIDTHS[arg.dtype] <= 8 else NOBODY
        found = Symbols(arg.dtype, arg.planes ^ flip, arg.flags.copy(), None)
        if arg.value is None:
            return found
        values = np.where(arg.known, arg.value, 0).astype(np.int64)
        flipped = values ^ 1 if WIDTHS[arg.dtype] <= 8 else ~values
        found.flags &= ~KNOWN
        return self.where(arg.known, self.integers(flipped, arg.dtype), found)

    def _coin(self, words: Words) -> Bools:
        """Each other draw throws the opposite of the one before: both branches are taken."""
        return (np.bitwise_count(words & self._mask) & 1).astype(np.bool_) ^ self.opposite

    def holds(self, condition: Symbols) -> Bools:
        """Which conditions hold: the known ones as they do, each other one by a coin of its own."""
        coin = self._coin(self.words(condition))
        known = condition.known
        self.coins += condition.size - int(np.count_nonzero(known))
        if condition.value is None:
            return coin
        return np.where(known, condition.value != 0, coin)

    def _both(self, op: str, left: Symbols, right: Symbols, wanted: Bools) -> Symbols:
        """A symmetric function of two conditions that holds as ``wanted`` says."""
        total = mixed(self.words(left), 0xB) + mixed(self.words(right), 0xB)
        words = mixed(total, key_of(op))
        coin = self._coin(words)
        return self.drawn(np.where(coin == wanted, words, words ^ np.uint64(1)), TRUTH)

    def _logic(self, op: str, left: Symbols, right: Symbols) -> Symbols:
        if WIDTHS[left.dtype] > 8:
            return self._bitwise(op, left, right)
        held, other = np.broadcast_arrays(self.holds(left), self.holds(right))
        wanted = {"and": held & other, "or": held | other, "xor": held ^ other}[op]
        found = self._both(op, left, right, wanted)
        same = np.broadcast_to(self.words(left) == self.words(right), found.shape)
        if op != "xor":
            found = self.where(same, left.broadcast(found.shape), found)
        for first, second in ((left, right), (right, left)):
            if first.value is None:
                continue
            first, second = first.broadcast(found.shape), second.broadcast(found.shape)
            assert first.value is not None
            true = first.known & (first.value != 0)
            false = first.known & (first.value == 0)
            neutral, absorbing = (true, false) if op == "and" else (false, true)
            found = self.where(neutral, second, found)
            if op == "xor":
                found = self.where(absorbing, self._not(second), found)
            else:
                found = self.where(absorbing, first, found)
        return found

    def _bitwise(self, op: str, left: Symbols, right: Symbols) -> Symbols:
        total = mixed(self.words(left), 0xB) + mixed(self.words(right), 0xB)
        return self.drawn(mixed(total, key_of(f"{op} {left.dtype}")), left.dtype)

    def _and(self, left: Symbols, right: Symbols) -> Symbols:
        return self._logic("and", left, right)

    def _or(self, left: Symbols, right: Symbols) -> Symbols:
        return self._logic("or", left, right)

    def _xor(self, left: Symbols, right: Symbols) -> Symbols:
        return self._logic("xor", left, right)

    def _compare(self, op: str, left: Symbols, right: Symbols) -> Symbols:
        relation, swapped, negated = COMPARISONS[op]
        if swapped:
            left, right = right, left
        first, second = self.words(left), self.words(right)
        kind = kind_of(left.dtype)
        if relation == "eq":
            total = self._pair(left, right)
        else:
            total = mixed(first, 0xA) + second * np.uint64(0x9E3779B97F4A7C15)
        words = mixed(total, key_of(f"{relation} {kind}"))
        found = self.drawn(words ^ np.uint64(negated), TRUTH)
        if not (left.has_known and right.has_known):
            return found
        mask = left.known & right.known
        values = RELATIONS[relation](left.numbers(), right.numbers()) ^ negated
        return self.where(mask, self.integers(values.astype(np.int64), TRUTH), found)

    def _pair(self, left: Symbols, right: Symbols) -> Words:
        """What an equality of two symbols is drawn from: their order is no matter."""
        return mixed(self.words(left), 0xE) + mixed(self.words(right), 0xE)

    def _select(self, condition: Symbols, on_true: Symbols, on_false: Symbols) -> Symbols:
        """One of two values; of two that are equal where it matters, ``a == b ? a : b``, one."""
        found = self.where(self.holds(condition), on_true, on_false)
        found = self._of_numbers(condition, on_true, on_false, found)
        pair = self._pair(on_true, on_false)
        equal = mixed(pair, key_of(f"eq {kind_of(on_true.dtype)}"))
        words = self.words(condition)
        found = self.where(words == equal, on_false, found)
        return self.where(words == (equal ^ np.uint64(1)), on_true, found)

    def _of_numbers(
        self, condition: Symbols, on_true: Symbols, on_false: Symbols, found: Symbols
    ) -> Symbols:
        """Makes a symbol of a choice between two known numbers under an unknown condition.

        Elsewhere an unknown condition is decided by a coin, and the chosen side is the result. With
        numbers on both sides that would hide mistakes: an argmax is the minimum over j of
        ``select(x[j] == m, j, last)``; if the coin for j = 1 falls on true, that minimum is at most
        1, and a kernel that forgets every j from 2 on would be proved.

        ``select(not c, a, b)`` and ``select(c, b, a)`` give the same symbol: the sides are put in
        the order of the condition that is not negated (the lowest bit of its word).
        """
        if not (on_true.has_known and on_false.has_known):
            return found
        numbers = on_true.known & on_false.known & ~condition.known
        if not numbers.any():
            return found
        word = self.words(condition)
        negated = (word & np.uint64(1)).astype(np.bool_)
        first, second = self.words(on_true), self.words(on_false)
        one, other = np.where(negated, second, first), np.where(negated, first, second)
        total = mixed(word & ~np.uint64(1), 0x5) + mixed(one, 0x51) + mixed(other, 0x50)
        symbol = self.drawn(mixed(total, key_of("select")), found.dtype)
        fits = on_true.flags & on_false.flags & FITS_ANY
        symbol.flags = symbol.flags | np.broadcast_to(fits, symbol.shape)
        return self.where(numbers, symbol, found)
