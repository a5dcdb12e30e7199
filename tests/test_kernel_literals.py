"""A kernel without a certificate is tried on its own literals: there a planted constant shows."""

import pytest
from undecided import elementwise, undecided

from hawk_xdsl.gate.gate import Gate, Verdict, signature_of
from hawk_xdsl.gate.trial_literals import with_middles
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.semantics.specification import specify

TARGET = load_target("ascend910b1")
EXP, DOUBLE = "%1 = math.exp %in : f32", "%1 = arith.addi %in, %in : i32"


def verdict(scalar: str, body: str, dtype: str) -> Verdict:
    op = undecided(elementwise("64x64", scalar, dtype=dtype))
    specification = specify(op)
    signature = signature_of(specification, "k", TARGET.name)
    gate = Gate(op, specification, signature, TARGET, 0)
    load = "across i in 0..4096 step 64 {\na = load x0[i:64] into ub"
    return gate.check(f"{load}\n{body}\nstore r into y0[i:64]\n}}\n")


@pytest.mark.parametrize(
    ("scalar", "dtype", "body"),
    [
        (EXP, "f32", "p = vcmp eq a, 7.28125\nb = vexp a\nr = vsel p, a, b"),
        (DOUBLE, "i32", "p = vcmp eq a, 123457\nb = vadd a, a\nr = vsel p, a, b"),
    ],
)
def test_a_constant_that_only_the_kernel_knows_is_drawn_from_the_kernel(
    scalar: str, dtype: str, body: str
) -> None:
    found = verdict(scalar, body, dtype)
    assert found.trap_code == "wrong-result" and found.trust is Trust.TRIED
    assert found.trap_message is not None and "kernel's" in found.trap_message


def test_literals_of_a_kernel_that_change_nothing_do_not_speak_against_it() -> None:
    scaled = verdict(EXP, "b = vmul a, 0.5\nb = vexp b\nr = vmul b, b", "f32")
    assert scaled.accepted, scaled.trap_message
    untouched = verdict(DOUBLE, "b = vadd a, 77\nc = vsub b, 77\nr = vadd c, a", "i32")
    assert untouched.accepted, untouched.trap_message


ROW_MAX = """
npu.undecided "max" ins(%x : tensor<8x48xi32>) -> (tensor<8xi32>) {
^bb0(%a: tensor<8x48xi32>):
  %low = arith.constant -2147483648 : i32
  %e = tensor.empty() : tensor<8xi32>
  %s = linalg.fill ins(%low : i32) outs(%e : tensor<8xi32>) -> tensor<8xi32>
  %r = linalg.generic {indexing_maps = [#id2, #head2], iterator_types = ["parallel", "reduction"]}
    ins(%a : tensor<8x48xi32>) outs(%s : tensor<8xi32>) {
  ^bb1(%in: i32, %out: i32):
    %1 = arith.maxsi %in, %out : i32
    linalg.yield %1 : i32
  } -> tensor<8xi32>
  npu.yield %r : tensor<8xi32>
}
"""

BY_HALVES = """
a = load x0[0:8, 0:48] into ub
b = vmax a[0:8, 0:24], a[0:8, 24:24]
c = vtranspose b perm [1, 0]
d = vmax c[0:12, 0:8], c[12:12, 0:8]
e = vmax d[0:6, 0:8], d[6:6, 0:8]
f = vmax e[0:3, 0:8], e[3:3, 0:8]
g = vmax f[0:1, 0:8], f[1:1, 0:8]
h = vmax g, f[2:1, 0:8]
store h into y0[0:8]
"""


def test_a_constant_in_the_place_of_an_extreme_is_met_in_rows_full_of_it() -> None:
    op = undecided(ROW_MAX)
    specification = specify(op)
    signature = signature_of(specification, "k", TARGET.name)
    gate = Gate(op, specification, signature, TARGET, 0)
    found = gate.check(BY_HALVES)
    assert found.accepted, found.trap_message
    planted = "p = vcmp eq h, 4097\nk = vsel p, 4098, h\nstore k"
    wrong = gate.check(BY_HALVES.replace("store h", planted))
    assert wrong.trap_code == "wrong-result"
    assert wrong.trap_message is not None and "kernel's full" in wrong.trap_message


def test_between_two_literals_of_a_kernel_and_beyond_them_it_is_tried_too() -> None:
    assert with_middles([48.0, 40.0]) == [39.0, 40.0, 44.0, 48.0, 49.0]
    assert with_middles([]) == []
