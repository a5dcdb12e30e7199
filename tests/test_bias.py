"""A row that is added to every row of a product is what its accumulator starts from."""

from dataclasses import replace

import numpy as np
import pytest
from contractions import TARGET, TEMPLATES, check, request
from kernel_files import read_module
from xdsl.context import Context

from hawk_xdsl.codegen.strategies import candidates
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.frontend.mlir_import import import_mlir_text
from hawk_xdsl.gate.gate import Gate, signature_of
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.passes.npu_outline import NpuOutlinePass
from hawk_xdsl.semantics.specification import specify
from hawk_xdsl.semantics.structure import contraction_of

LINEAR = read_module("programs/linear_relu")


def linear(m: int = 48, n: int = 80) -> UndecidedOp:
    module = import_mlir_text(LINEAR.replace("48x", f"{m}x").replace("80x", f"{n}x")).module
    NpuOutlinePass().apply(Context(), module)
    [op] = [op for op in module.walk() if isinstance(op, UndecidedOp)]
    return op


def gate_of(op: UndecidedOp) -> Gate:
    specification = specify(op)
    return Gate(op, specification, signature_of(specification, "k", TARGET.name), TARGET, 0)


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name != "cube-split-k"])
@pytest.mark.parametrize("n", [80, 24, 300])
def test_bias_narrowing_and_maximum_are_one_kernel_of_the_cube(name: str, n: int) -> None:
    if (name, n) == ("cube-stationary-operand", 300):
        assert not [c for c in candidates(request(linear(n=n), name)) if ":300]" in c.text]
        return
    best, verdict = check(linear(n=n), name)
    assert verdict.accepted, verdict.trap_message
    assert verdict.trust is Trust.PROVED
    assert best.schedule.epilogue == ("bias", "relu", "cast")
    assert "on vector" not in best.text and ", acc, r" in best.text


@pytest.mark.parametrize("n", [80, 24, 10, 300])
def test_of_a_sum_in_parts_the_vector_stage_adds_it(n: int) -> None:
    best, verdict = check(linear(n=n), "cube-split-k")
    assert verdict.accepted, verdict.trap_message
    assert verdict.trust is Trust.PROVED
    cube, vector = best.text.split("on vector")
    assert "x2" not in cube and vector.count("load x2") == 1
    wrong = best.text.replace("p = vadd p, w\n", "")
    assert wrong != best.text and not gate_of(linear(n=n)).check(wrong).accepted


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (", acc, r", ", acc", "wrong-result"),
        ("r = load x2[0:", "r = load x2[1:", "syntax"),
        ("acc = mmad a, b, acc, r", "acc = mmad a, b, acc, b", "syntax"),
    ],
)
def test_a_wrong_start_is_refused(old: str, new: str, code: str) -> None:
    gate = gate_of(linear())
    text = (
        "on cube {\nr = load x2[0:80] into l1\nacc = fill 0.0 f32[48, 80] in l0c\n"
        "for k in 0..96 step 32 {\na = load x0[0:48, k:32] into l1\n"
        "b = load x1[k:32, 0:80] into l1\nacc = mmad a, b, acc, r\n}\n"
        "store relu acc into y0[0:48, 0:80]\n}\n"
    )
    assert old in text
    good = gate.check(text)
    assert good.accepted, good.trap_message
    refused = gate.check(text.replace(old, new))
    assert not refused.accepted and refused.trap_code == code, refused.trap_message


def test_a_row_as_wide_as_the_table_and_no_wider() -> None:
    spec = TARGET.cube.bias
    assert spec is not None and spec.holds(256, "f32") and not spec.holds(257, "f32")
    text = (
        "on cube {\nr = load x2[0:300] into l1\nacc = fill 0.0 f32[16, 300] in l0c\n"
        "a = load x0[0:16, 0:96] into l1\nb = load x1[0:96, 0:300] into l1\n"
        "acc = mmad a, b, acc, r\nstore relu acc into y0[0:16, 0:300]\n}\n"
    )
    assert gate_of(linear(16, 300)).check(text).trap_code == "field-range"


def test_a_target_without_the_table_starts_from_zero() -> None:
    none = replace(TARGET, cube=replace(TARGET.cube, bias=None))
    assert none.cube.biases("f32") == ()
    assert candidates(replace(request(linear()), target=none)) == []


def test_only_a_row_that_is_added_before_rounding_is_one() -> None:
    contraction = contraction_of(specify(linear()))
    assert contraction is not None and contraction.bias is not None
    assert contraction.bias.operand == "x2" and contraction.relu
    assert np.prod([len(contraction.m), len(contraction.n)]) == 1
