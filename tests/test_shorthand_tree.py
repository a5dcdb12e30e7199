"""Passes over the parse tree of a text in shorthand; the numbers that the knowledge writes."""

import random
from dataclasses import replace

import pytest

from hawk_xdsl.dialects.kernel_text import KernelTextError
from hawk_xdsl.knowledge_store import Artifact, Entry, EntryKind, Trigger
from hawk_xdsl.language_model.literals import known_floats
from hawk_xdsl.language_model.shorthand_tree import ShorthandLiteral, ShorthandTree, places, tokens
from hawk_xdsl.training.damage import damaged
from hawk_xdsl.training.lesson import statements_of

SHORT = """\
temp t0 f32[48]
on vector {
across i0 parts 48 {
v0 = load x0[i0:, :] into ub
b0 = fill 0.0 f32[i0, 1] in ub
v1 = vmul v0, -1/140.0
v2 = erf v1
v3 = vreduce sum v2 axis 1
store v3 into t0[i0//step:1]
}
}
"""


def test_words_are_replaced_where_their_tokens_stand() -> None:
    tree = ShorthandTree.of(SHORT)
    changes = [(token, str(2 * int(token))) for token in tokens(tree.root, "INT", "LENGTH")]
    assert tree.with_words(changes) == (
        SHORT.replace("48", "96").replace("i0, 1]", "i0, 2]").replace("axis 1", "axis 2")
    ).replace("step:1", "step:2")
    assert tree.with_words([]) == SHORT


@pytest.mark.parametrize(
    ("line", "word", "found"),
    [
        ("v1 = vmul v0, -1/140.0", "140.0", ["140.0"]),
        ("v1 = vmul v0, v0", "v0", ["v0", "v0"]),
        ("c = mmad a, b1.T, c", "b1", ["b1"]),
        ("v10 = vadd v1, 1.5", "v1", ["v1"]),
        ("v1 = vmul v0, -1.5", "1.5", ["1.5"]),
        ("store v1 into y0[2*i0:, :]", "store", ["store"]),
        ("v1 = v2 = v3", "v3", []),
        ("}", "v0", []),
    ],
)
def test_the_places_of_a_word_in_a_line(line: str, word: str, found: list[str]) -> None:
    at = places(line, word)
    assert [line[start:end] for start, end in at] == found
    assert len(set(at)) == len(at)


def test_a_literal_has_digits_a_sign_and_may_be_inverted() -> None:
    assert ShorthandLiteral.of("-1/140.0") == ShorthandLiteral(
        "140.0", negative=True, inverted=True
    )
    assert ShorthandLiteral.of("1.5") == ShorthandLiteral("1.5")


def test_statements_that_compute_are_counted() -> None:
    assert statements_of(SHORT) == 3


def test_a_damaged_text_is_another_one_of_the_language() -> None:
    made = {damaged(SHORT, random.Random(number)) for number in range(300)}
    assert any("erf b0" in text or "erf v3" in text for text in made), "another buffer"
    assert any("vmul" not in text and text.count("\n") == 11 for text in made), "instruction"
    assert any(text.count("\n") == 10 for text in made), "a statement less"
    assert any("parts 96" in text for text in made) and any("f32[49]" in text for text in made)
    for text in made:
        ShorthandTree.of(text)
    with pytest.raises(KernelTextError):
        damaged("b0 = = b1\n", random.Random(0))


def entry(kind: EntryKind, artifact: Artifact) -> Entry:
    """An entry with an artifact."""
    return Entry("an-entry", kind, "why", Trigger(), artifact)


def test_numbers_of_the_knowledge_are_those_that_its_texts_compute_with() -> None:
    kernel = (
        "across i0 in 0..${n0} step ${t_i0} {\nb0 = load x0[i0:${t_i0}] into ub\n"
        "b0 = vmul b0, ${float(1 / n0)}\nb0 = vadd b0, -0.125\nstore b0 into y0[i0:${t_i0}]\n}\n"
    )
    known = [
        entry(EntryKind.REWRITE, Artifact(before="f(x)", after="x * 3.5 + g(-0.25, x)")),
        entry(EntryKind.INSTRUCTION, Artifact(before="f(a)", after="vmuls $a, 7.5")),
        entry(EntryKind.INSTRUCTION, Artifact(before="f(a)", after="vadd $a, 6.5")),
        entry(EntryKind.TEMPLATE, Artifact(text=kernel)),
        entry(EntryKind.RULE, Artifact(before="}", after="b1 = vmul b0[0:8], 1.25\n}")),
    ]
    own = ("3.5", "0.25", "6.5", "0.125", "1.25")
    assert known_floats(known) == ("0.0", "0.5", "1.0", "2.0", *own)
    broken = replace(known[3], artifact=Artifact(text=kernel.replace("load", "laod")))
    assert known_floats([broken]) == ("0.0", "0.5", "1.0", "2.0")
