"""Statements of a kernel model are held to the specification's steps."""

import pytest
from undecided import SOFTMAX, undecided

from hawk_xdsl.language_model.step_judge import step_objection
from hawk_xdsl.semantics.specification import specify
from hawk_xdsl.semantics.steps import Step, steps_of

# Of v4 = select(v5: v0 > 0, v3: exp(v1: 1.3 * v0) - 1, v0), with v2 for the exponential.
STEPS = {
    "v0": Step(is_leaf=True),
    "v1": Step(("v0",), (1.3,)),
    "v2": Step(("v1",)),
    "v3": Step(("v2",), (1.0,)),
    "v5": Step(("v0",), (0.0,)),
    "v4": Step(("v5", "v3", "v0")),
    "v6": Step(is_leaf=True, operand="x1"),
    "v7": Step(("v0",), is_cast=True),
}
BEGUN = ["across i0 parts 4 {", "v0 = load x0[i0:] into ub", "v1 = vmul v0, 1.3"]


@pytest.mark.parametrize(
    ("lines", "objection"),
    [
        (["v2 = vexp v1"], None),
        (["v2 = vexp v0"], "v2 reads v1, and not `v0`"),
        (["v3 = expm1 v1"], None),  # one instruction for two steps
        (["v2 = vexp v1", "v3 = expm1 v1"], "v3 reads v2, and not `v1`"),
        (["v3 = expm1 v1", "v5 = vcmp gt v0, 0.0", "v4 = vsel v5, v3, v3"], "v4 reads v0 too"),
        (["v3 = expm1 v1", "v5 = vcmp gt v0, 0.0", "v4 = vsel v5, v3, v0"], None),
        (["v5 = vcmp gt v0, 1.3"], "v5 has no number `1.3`"),
        (["b0 = vneg v1", "v2 = vexp b0"], None),  # what is in between may do anything
        (["b0 = load t0[:] into ub", "v2 = vexp b0"], None),
        (["v2 = fill 0.0 f32[i0] in ub", "b1 = vexp v1", "v2 = vadd v2, b1"], None),
        (["b0 = vneg b1", "b1 = vneg b0", "v2 = vexp b1"], "v2 reads v1 too"),
        (["v9 = vexp v0"], "there is no step `v9`"),
        (["v2 = load x0[i0:] into ub"], "v2 is computed, and no `load`"),
        (["v6 = load x0[i0:] into ub"], "v6 is not of `x0`"),
        (["v6 = vexp v0"], "v6 reads no step, as `vexp` does here"),
        (["v2 = vmul v2, v1"], "v2 reads v1, and not `v2`"),
        (["v2 = vmul v1, -1.0"], None),
        (["v4 = vsel v0, v0, v0"], "v4 reads v1 too"),  # for v3, which is not written
        (["v7 = vmul v0, v0"], "v7 is a cast, and no `vmul`"),
        (["v7 = vcast v0 to f16 round rint"], None),
        (["v2 = vmul v1, 1.3"], "v2 has no number, as `vmul` has here"),
    ],
)
def test_a_statement_reads_what_its_step_reads(lines: list[str], objection: str | None) -> None:
    assert step_objection([*BEGUN, *lines], STEPS) == objection


@pytest.mark.parametrize(
    ("statement", "is_right"),
    [
        ("v1 = vmul v0, 1.3", True),
        ("v1 = vmul v0, 1/1.3", True),
        ("v1 = vadd v0, -1.3", True),
        ("v1 = vmul v0, 0.7692307692307692", True),
        ("v1 = vmul v0, 1.3379", False),
        ("v1 = vcast v0 to f32 round rint", True),
    ],
)
def test_numbers_are_the_steps(statement: str, is_right: bool) -> None:
    assert (step_objection([*BEGUN[:2], statement], STEPS) is None) == is_right


def test_steps_say_what_they_read() -> None:
    steps = steps_of(specify(undecided(SOFTMAX))).steps
    assert steps["v0"] == Step(is_leaf=True, operand="x0")
    assert steps["v1"] == Step(("v0",)) and steps["v2"] == Step(("v0", "v1"))
