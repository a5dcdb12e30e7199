"""What functions that can be undone were applied to, found again by the words of their results."""

import numpy as np

from hawk_xdsl.gate.certificate.field import Words
from hawk_xdsl.gate.certificate.leaves import Bools
from hawk_xdsl.gate.certificate.symbols import Symbols


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
