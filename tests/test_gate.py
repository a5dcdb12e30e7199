"""The gate: what is right passes, and each way of being wrong is named."""

import time

import pytest
from undecided import NORM, NORM_KERNEL, SOFTMAX, SOFTMAX_KERNEL, elementwise, undecided

from hawk_xdsl.dialects.npu import KernelOp, UndecidedOp
from hawk_xdsl.gate.gate import Gate, signature_of
from hawk_xdsl.npu_target import load_target
from hawk_xdsl.semantics.specification import specify
from hawk_xdsl.transforms.pipeline import finish_kernel

TARGET = load_target("ascend910b1")


def finish(kernel: KernelOp) -> None:
    finish_kernel(kernel, TARGET)


def gate(op: UndecidedOp) -> Gate:
    specification = specify(op)
    return Gate(op, specification, signature_of(specification, "k", TARGET.name), TARGET, 0)


EXP = """
across i in 0..128 step 64 {
a = load x0[i:64] into ub
b = vexp a
store b into y0[i:64]
}
"""


def test_a_right_kernel_is_accepted_with_its_cycles() -> None:
    verdict = gate(undecided(SOFTMAX)).check(SOFTMAX_KERNEL)
    assert verdict.accepted, verdict.trap_message
    assert verdict.cycles > 0 and verdict.bottleneck is not None
    assert verdict.program is not None and len(verdict.program.kernels) == 1


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("vreduce max", "vreduce min", "wrong-result"),
        ("d = vsub a, m", "d = vadd a, m", "wrong-result"),
        ("o = vdiv e, s", "o = vmul e, s", "wrong-result"),
        ("store o into", "store e into", "wrong-result"),
        ("store o into", "store a into", "wrong-result"),
        ("step 8", "step 16", "unwritten-output"),
        ("0..256", "0..248", "unwritten-output"),
        ("y0[r:8", "y0[0:8", "core-race"),
        ("x0[r:8, 0:32]", "x0[r:8, 0:33]", "syntax"),
        ("vreduce max a axis 1", "vreduce max a axis 2", "syntax"),
        ("m = vreduce max a axis 1", "m = vreduce max a axis 0", "wrong-result"),
        ("e = vexp d", "e = vexp q", "syntax"),
        ("o = vdiv e, s", "o = fill 0.0 f32[8, 32] in ub", "wrong-result"),
        ("o = vdiv e, s", "o = fill 0.03125 f32[8, 32] in ub", "wrong-result"),
    ],
)
def test_a_wrong_kernel_is_refused(old: str, new: str, code: str) -> None:
    assert old in SOFTMAX_KERNEL
    verdict = gate(undecided(SOFTMAX)).check(SOFTMAX_KERNEL.replace(old, new))
    assert (verdict.accepted, verdict.trap_code) == (False, code), verdict.trap_message


def test_a_tile_that_does_not_fit_is_refused() -> None:
    op = undecided(elementwise("1024x128", "%1 = math.exp %in : f32"))
    text = EXP.replace("0..128 step 64", "0..131072 step 65536").replace("i:64", "i:65536")
    assert gate(op).check(text).trap_code == "capacity"


def test_an_approximation_out_of_tolerance_is_refused() -> None:
    op = undecided(elementwise("8x16", "%1 = math.exp %in : f32"))
    assert gate(op).check(EXP).accepted
    off = EXP.replace("b = vexp a", "b = vexp a\nb = vmul b, 1.00002")
    assert gate(op).check(off).trap_code == "wrong-result"


SCALED = """%0 = arith.extf %in : bf16 to f32
    %c = arith.constant 0.3 : f32
    %1 = arith.mulf %0, %c : f32"""


def test_narrow_inputs_of_a_wide_result_excuse_no_coarse_error() -> None:
    text = elementwise("8x16", SCALED)
    text = text.replace("tensor<8x16xf32>", "tensor<8x16xbf16>").replace("%in: f32", "%in: bf16")
    text = text.replace("-> (tensor<8x16xbf16>)", "-> (tensor<8x16xf32>)")
    text = text.replace("tensor.empty() : tensor<8x16xbf16>", "tensor.empty() : tensor<8x16xf32>")
    text = text.replace("outs(%e : tensor<8x16xbf16>)", "outs(%e : tensor<8x16xf32>)")
    text = text.replace("} -> tensor<8x16xbf16>", "} -> tensor<8x16xf32>")
    op = undecided(text.replace("yield %d : tensor<8x16xbf16>", "yield %d : tensor<8x16xf32>"))
    right = EXP.replace("b = vexp a", "b = vcast a to f32 round rint\nb = vmul b, 0.3")
    assert gate(op).check(right).accepted
    off = right.replace("0.3", "0.303")
    assert gate(op).check(off).trap_code == "wrong-result"


def test_a_kernel_that_no_input_can_judge_is_refused() -> None:
    scalar = """%c = arith.constant 1.0 : f32
    %0 = math.absf %in : f32
    %2 = arith.negf %0 : f32
    %3 = arith.subf %2, %c : f32
    %1 = math.sqrt %3 : f32"""
    body = "b = vabs a\nb = vmul b, -1.0\nb = vsub b, 1.0\nb = vsqrt b"
    verdict = gate(undecided(elementwise("8x16", scalar))).check(EXP.replace("b = vexp a", body))
    assert verdict.trap_code == "unproven", verdict.trap_message


def test_probabilities_judge_a_logarithm_of_two_sides() -> None:
    scalar = """%c = arith.constant 1.0 : f32
    %0 = arith.subf %c, %in : f32
    %2 = math.log %0 : f32
    %3 = math.log %in : f32
    %1 = arith.addf %2, %3 : f32"""
    log = "p = vcmp gt {0}, 0.0\nl = vln {0}\nz = vsqrt {0}\nz = vadd z, -inf\n{1} = vsel p, l, z\n"
    first, second = log.format("m", "c"), log.format("a", "b")
    right = f"m = vmul a, -1.0\nm = vadd m, 1.0\n{first}{second}b = vadd b, c"
    op = undecided(elementwise("8x16", scalar))
    assert gate(op).check(EXP.replace("b = vexp a", right)).accepted
    wrong = right.replace("b, c", "b, a")
    assert gate(op).check(EXP.replace("b = vexp a", wrong)).trap_code == "wrong-result"


def test_the_gate_is_the_same_for_the_same_seed() -> None:
    op = undecided(elementwise("8x16", "%1 = math.exp %in : f32"))
    wrong = EXP.replace("vexp", "vabs")
    assert gate(op).check(wrong) == gate(op).check(wrong)


def test_a_stage_reads_only_what_an_earlier_one_wrote() -> None:
    op = undecided(elementwise("8x16", "%1 = math.exp %in : f32"))
    text = "temp t f32[128]\non vector {\n" + EXP.strip().replace("x0[", "t[") + "\n}\n"
    assert gate(op).check(text).trap_code == "uninitialised-read"


def test_a_softmax_that_subtracts_a_constant_is_refused() -> None:
    """It is the same function, until exp runs over."""
    constant = SOFTMAX_KERNEL.replace("d = vsub a, m", "d = vsub a, 2.0")
    assert gate(undecided(SOFTMAX)).check(constant).trap_code == "wrong-result"


def test_an_infinity_that_the_region_names_is_tried() -> None:
    scalar = """%lowest = arith.constant 0xFF800000 : f32
    %none = arith.constant 0.0 : f32
    %hidden = arith.cmpf oeq, %in, %lowest : f32
    %1 = arith.select %hidden, %none, %in : f32"""
    checked = gate(undecided(elementwise("8x16", scalar)))
    selected = EXP.replace("b = vexp a", "c = vcmp eq a, -inf\nb = vsel c, 0.0, a")
    assert checked.check(selected).accepted
    assert checked.check(EXP.replace("vexp", "copy")).trap_code == "wrong-result"


@pytest.mark.parametrize(("epsilon", "accepted"), [("1e-05", True), ("2e-05", False)])
def test_a_small_number_under_a_root_shows(epsilon: str, accepted: bool) -> None:
    scalar = """%e5 = arith.constant 0.00001 : f32
    %1 = arith.addf %in, %e5 : f32
    %2 = math.sqrt %1 : f32"""
    op = undecided(elementwise("8x16", scalar, "%2"))
    text = EXP.replace("b = vexp a", f"b = vadd a, {epsilon}\nb = vsqrt b")
    assert gate(op).check(text).accepted == accepted


@pytest.mark.parametrize("seed", range(6))
def test_a_right_layer_norm_of_constant_rows_is_not_refused(seed: int) -> None:
    op = undecided(NORM)
    specification = specify(op)
    signature = signature_of(specification, "k", TARGET.name)
    verdict = Gate(op, specification, signature, TARGET, seed).check(NORM_KERNEL)
    assert verdict.accepted, verdict.trap_message
    refused = Gate(op, specification, signature, TARGET, seed).check(
        NORM_KERNEL.replace("1e-05", "2e-05")
    )
    assert refused.trap_code == "wrong-result"


@pytest.mark.parametrize("stop", ["999999999999", "4000000"])
def test_a_kernel_that_would_run_for_ages_is_refused_at_once(stop: str) -> None:
    op = undecided(elementwise("8x16", "%1 = math.exp %in : f32"))
    text = EXP.replace("b = vexp a", f"b = vexp a\nfor n in 0..{stop} step 1 {{\nb = vexp a\n}}")
    started = time.monotonic()
    verdict = gate(op).check(text)
    assert verdict.trap_code == "runaway", verdict.trap_message
    assert time.monotonic() - started < 20.0
