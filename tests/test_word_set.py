"""The set of words that a certificate keeps: what is added is found, whenever it was added."""

import numpy as np

from hawk_xdsl.gate.certificate.remembered import WordSet


def test_a_set_holds_just_what_was_added() -> None:
    words, seen = WordSet(), set[int]()
    asked = np.arange(500, dtype=np.uint64).reshape(50, 10)
    drawn = np.random.default_rng(0)
    for count in (0, 5, 3, 40, 1, 1, 1, 100):
        added = drawn.integers(0, 500, count).astype(np.uint64)
        words.add(added)
        seen.update(added.tolist())
        assert set(asked[words.holds(asked)].tolist()) == seen
