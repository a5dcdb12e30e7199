"""Steps said in a text before the statements that compute them: examples, skeletons, judges."""

from collections.abc import Sequence

import pytest
from llguidance import LLTokenizer
from test_skeleton import COMPOSER, ENTRIES, TARGET, accepts, directory, vocabulary
from undecided import SOFTMAX, undecided

from hawk_xdsl.dialects.kernel_text import narrowed_grammar
from hawk_xdsl.gate.gate import signature_of
from hawk_xdsl.knowledge_store.kernel_examples import packaged_examples
from hawk_xdsl.language_model.remarks import (
    example_text,
    remark_judges,
    said_steps,
    with_remarks,
    without_remarks,
)
from hawk_xdsl.language_model.shorthand import Shorthand
from hawk_xdsl.language_model.skeleton import skeletons
from hawk_xdsl.semantics.specification import specify
from hawk_xdsl.semantics.steps import steps_of

__all__ = ["directory", "vocabulary"]  # fixtures

SUM_STEPS = """\
x0: f16[8, 64]
y0: f16[8, 1] out
for i0 < 8, i1 < 64
v0 = x0[i0, i1]
v1[i0] = sum(i1) v0
v2 = not v1
v3 = exp v2
y0[i0, 0] = v3"""

SUM = """\
across i0 step 1 {
b0 = load x0[i0, :] into ub
v0 = vcast b0 to f32 round rint
v1 = vreduce sum v0 axis 0
v3 = vexp v1
b1 = vcast v3 to f16 round rint
store b1 into y0[i0, :]
}
"""

SUM_SAID = """\
across i0 step 1 {
# v0 = x0[i0, i1]
v0 = load x0[i0, :] into ub
# v1[i0] = sum(i1) v0
b0 = vcast v0 to f32 round rint
v1 = vreduce sum b0 axis 0
# v2 = not v1
# v3 = exp v2
b1 = vexp v1
v3 = vcast b1 to f16 round rint
store v3 into y0[i0, :]
}
"""


def test_what_is_computed_in_between_stands_under_the_step_that_it_is_for() -> None:
    assert example_text(SUM, SUM_STEPS) == SUM_SAID


def accepting(lines: Sequence[str], *, ended: bool) -> str | None:
    return None


def test_each_packaged_example_says_its_steps_in_order_and_once() -> None:
    for example in packaged_examples():
        text = example_text(example.text, example.steps)
        said = [line for line in text.splitlines() if line.startswith("# ")]
        steps = said_steps(example.steps).values()
        assert len(said) == len(set(said))
        assert {line.removeprefix("# ") for line in said} <= set(steps), example.name
        lines = text.splitlines()
        judge = remark_judges(said_steps(example.steps), lambda: accepting, likely=True)()
        said_no = [judge(lines[:number], ended=False) for number in range(1, len(lines) + 1)]
        # The kernel of elu selects between what was computed for two steps before.
        assert not any(said_no) or example.name == "elu/small/f32/0"
        assert len(without_remarks(text).splitlines()) == len(example.text.splitlines())


def softmax_text() -> tuple[str, list[str]]:
    """A softmax with its steps said, as a model writes it in a skeleton, and its grammar."""
    specification = specify(undecided(SOFTMAX))
    steps = steps_of(specification)
    said = said_steps(steps.text)
    signature = signature_of(specification, "k", TARGET.name)
    shorthand = Shorthand.of(signature, specification.axes, {})
    found, *_ = skeletons(ENTRIES, specification, COMPOSER, TARGET, steps.names)
    open_place = found.shortened(shorthand).with_steps(said)
    grammar = shorthand.grammar(open_place.grammar(signature))
    statements = {
        "v1": "v1 = vreduce max v0 axis 1",
        "v2": "v2 = vsub v0, v1",
        "v3": "v3 = vexp v2",
        "v4": "v4 = vreduce sum v3 axis 1",
        "v5": "v5 = vdiv v3, v4",
    }
    lines = [line for name in statements for line in (f"# {said[name]}", statements[name])]
    before, after = open_place.before.splitlines(), open_place.after.splitlines()
    return grammar, [*before, *lines, *after]


def test_a_skeleton_says_each_step_and_leaves_its_statements_open(vocabulary: LLTokenizer) -> None:
    grammar, lines = softmax_text()

    def accepted(lines: Sequence[str]) -> bool:
        return accepts(vocabulary, grammar, "".join(f"{line}\n" for line in lines))

    assert accepted(lines)
    assert accepted([line for line in lines if not line.startswith("v2 =")])
    assert not accepted([line for line in lines if not line.startswith("# v2 =")])
    assert not accepted([line for line in lines if not line.startswith("# v5 =")])


def test_a_free_text_may_say_steps_anywhere_and_only_those_of_the_op(
    vocabulary: LLTokenizer,
) -> None:
    specification = specify(undecided(SOFTMAX))
    said = said_steps(steps_of(specification).text)
    signature = signature_of(specification, "k", TARGET.name)
    grammar = with_remarks(narrowed_grammar(signature), said)
    text = "".join(
        f"{line}\n"
        for line in (
            f"# {said['v0']}",
            "v0 = load x0[0:256, 0:64] into ub",
            "across i in 0..1 step 1 {",
            f"# {said['v3']}",
            "store v0 into y0[0:256, 0:64]",
            "}",
        )
    )
    assert accepts(vocabulary, grammar, text)
    assert not accepts(vocabulary, grammar, text.replace("exp", "log"))


def judged(lines: Sequence[str], *, likely: bool = False) -> str | None:
    """What the judge of remarks says where nobody else objects."""
    passed: list[list[str]] = []

    def inner(lines: Sequence[str], *, ended: bool) -> str | None:
        passed.append(list(lines))
        return None

    judge = remark_judges(said_steps(SUM_STEPS), lambda: inner, likely=likely)()
    reason = judge(lines, ended=False)
    assert all(not line.startswith("# ") for given in passed for line in given)
    return reason


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["# v3 = exp v2", "v3 = vexp v1"], None),
        (["b0 = vexp v1"], None),
        (["v3 = vexp v1"], "step `v3` was not said before its statement"),
        (["# v3 = exp v2", "v3 = vexp v1", "# v3 = exp v2"], "step `v3` was said before"),
        (["# v1[i0] = sum(i1) v0", "v1 = vcopy v0", "# v1[i0] = sum(i1) v0"], "`v1` was said"),
    ],
)
def test_a_step_is_said_once_and_before_its_statement(
    lines: Sequence[str], reason: str | None
) -> None:
    found = judged(lines)
    assert found is None if reason is None else reason in (found or "")


@pytest.mark.parametrize(
    ("between", "last", "reason"),
    [
        ("b0 = vmul v0, v0", "v3 = vadd b0, v1", "`b0` was computed for another step"),
        ("b0 = vmul v0, v0", "v3 = vadd v0, v1", None),
        ("b0 = vcast v0 to f32 round rint", "v3 = vadd b0, v1", None),
        ("b0 = fill 1.0 f32[1] in ub", "v3 = vdiv b0, v1", None),
    ],
)
def test_what_was_computed_for_another_step_is_not_read(
    between: str, last: str, reason: str | None
) -> None:
    lines = ["# v1[i0] = sum(i1) v0", between, "v1 = vmul b0, v0", "# v3 = exp v2", last]
    assert judged(lines, likely=True) == reason
    assert judged(lines) is None


def test_a_buffer_that_is_written_again_is_of_the_step_that_wrote_it_last() -> None:
    first = ["# v1[i0] = sum(i1) v0", "b0 = vmul v0, v0", "v1 = vmul b0, v0"]
    lines = [*first, "# v3 = exp v2", "b0 = vexp v1", "v3 = vadd b0, v1"]
    assert judged(lines, likely=True) is None


def test_a_statement_repeats_the_one_before_only_to_accumulate() -> None:
    said = ["# v3 = exp v2", "v3 = vexp v1"]
    assert "again" in (judged([*said, "v3 = vexp v1"], likely=True) or "")
    assert judged(["# v3 = exp v2", "v3 = vadd v3, v1", "v3 = vadd v3, v1"], likely=True) is None
