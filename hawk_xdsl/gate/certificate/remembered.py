"""Words met before: arguments found again by the words of results, and sets of words."""

import numpy as np

from hawk_xdsl.gate.certificate.field import Words
from hawk_xdsl.gate.certificate.symbols import Bools, Symbols


def distinct(words: Words) -> Words:
    """The words of an array, sorted, each once.

    By sorting: ``np.unique`` puts them into a hash table first, which takes 25 times as long for
    three million words.
    """
    found = np.sort(words, axis=None)
    if not found.size:
        return found
    first = np.ones(found.size, np.bool_)
    np.not_equal(found[1:], found[:-1], out=first[1:])
    return found[first]


def held_by(words: Words, known: Words) -> Bools:
    """Which words are among known ones, which are sorted; of the words' shape."""
    if not known.size:
        return np.zeros(words.shape, np.bool_)
    return known[np.minimum(np.searchsorted(known, words), known.size - 1)] == words


class WordSet:
    """A set of words: sorted parts, each more than twice as long as the next.

    So a word is merged a few times only, however often something is added: parts of 40 and 10
    words and 6 new ones become one of 40 and one of 16.
    """

    def __init__(self) -> None:
        self._parts: list[Words] = []

    def add(self, words: Words) -> None:
        """Puts in all words of an array."""
        part = distinct(words)
        while self._parts and self._parts[-1].size <= 2 * part.size:
            part = distinct(np.concatenate([self._parts.pop(), part]))
        self._parts.append(part)

    def holds(self, words: Words) -> Bools:
        """Which words of an array are in the set; of the array's shape."""
        found = np.zeros(words.shape, np.bool_)
        for part in self._parts:
            found |= held_by(words, part)
        return found


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
