"""Words met before: arguments found again by the words of results, and sets of words."""

import numpy as np

from hawk_xdsl.gate.certificate.field import Words
from hawk_xdsl.gate.certificate.symbols import Bools, Symbols


class WordSet:
    """A set of words; what is added is sorted in when it is first asked for."""

    def __init__(self) -> None:
        self._sorted: Words = np.zeros(0, np.uint64)
        self._added: list[Words] = []

    def add(self, words: Words) -> None:
        """Puts in all words of an array."""
        self._added.append(words.reshape(-1))

    def holds(self, words: Words) -> Bools:
        """Which words of an array are in the set; of the array's shape."""
        if self._added:
            self._sorted = np.unique(np.concatenate([self._sorted, *self._added]))
            self._added = []
        if not self._sorted.size:
            return np.zeros(words.shape, np.bool_)
        at = np.minimum(np.searchsorted(self._sorted, words), self._sorted.size - 1)
        return self._sorted[at] == words


class Remembered:
    """Arguments of one function by the words of its results.

    An i8 that went through f16 comes back as the same i8: converting remembers each integer under
    the word of its float, and converting back looks it up.
    """

    def __init__(self) -> None:
        self._kept: list[tuple[Words, Symbols]] = []

    def add(self, words: Words, args: Symbols) -> None:
        """Remembers the argument of each result."""
        flat = words.reshape(-1)
        order = np.argsort(flat)
        self._kept.append((flat[order], args.reshaped((-1,)).taken(order)))

    def found(self, words: Words) -> list[tuple[Bools, Symbols]]:
        """Where words are those of results, and the arguments, which mean nothing elsewhere."""
        matches: list[tuple[Bools, Symbols]] = []
        for kept, args in self._kept:
            if not kept.size:
                continue
            at = np.minimum(np.searchsorted(kept, words.reshape(-1)), kept.size - 1)
            same = (kept[at] == words.reshape(-1)).reshape(words.shape)
            if same.any():
                matches.append((same, args.taken(at).reshaped(words.shape)))
        return matches
