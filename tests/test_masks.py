"""Truth values that only comparisons write and selections read stay bits; others become bytes."""

import pytest

from hawk_xdsl.codegen.cost import estimate
from hawk_xdsl.codegen.cost.masks import bit_masks
from hawk_xdsl.dialects.kernel_text import GlobalOperand, Signature, build
from hawk_xdsl.dialects.kernel_text.parse import parse
from hawk_xdsl.dialects.npu import VcmpOp, VselOp
from hawk_xdsl.npu_target import load_target, time_kernel
from hawk_xdsl.npu_target.masks import stays_bits
from hawk_xdsl.transforms.pipeline import finish_kernel

TARGET = load_target("ascend910b1")
OPERANDS = (
    GlobalOperand("x", "f32", (1000, 256)),
    GlobalOperand("w", "i8", (1000, 256)),
    GlobalOperand("y", "f32", (1000, 256)),
    GlobalOperand("z", "i8", (1000, 256)),
)
PLAIN = """across i in 0..1000 step 16 {
a = load x[i:16, 0:256] into ub
m = vcmp gt a, 0.0
BETWEEN
b = vsel m, a, 0.0
store b into y[i:16, 0:256]
STORED
}
"""
CASES = {
    "compared and selected by": ("", "", True),
    "put together with another": ("n = vcmp lt a, 9.0\nm = vand m, n", "", True),
    "not so": ("m = vnot m", "", True),
    "stored": ("", "store m into z[i:16, 0:256]", False),
    "put together with a loaded one": (
        "n = load w[i:16, 0:256] into ub\nm = vand m, n", "", False
    ),
    "cast": ("n = vcast m to f16 round rint", "", False),
    "put together with what is stored": (
        "n = vcmp lt a, 9.0\nm = vand m, n", "store n into z[i:16, 0:256]", False
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_masks_stay_bits_where_nobody_needs_bytes(name: str) -> None:
    between, stored, bits = CASES[name]
    text = PLAIN.replace("BETWEEN\n", between and f"{between}\n")
    text = text.replace("STORED\n", stored and f"{stored}\n")
    tree = parse(text)
    signature = Signature("k", OPERANDS[:2], OPERANDS[2:], TARGET.name)
    [stage] = build(tree, signature, TARGET.cores.__getitem__).kernels
    finish_kernel(stage.op, TARGET)
    selections = [op for op in stage.op.walk() if isinstance(op, VselOp)]
    assert selections and all(stays_bits(op.condition) is bits for op in selections)
    assert ("m" in bit_masks(tree.stages[0].body)) is bits
    timed = time_kernel(stage.op, TARGET)
    assert timed is not None
    assert estimate(tree, OPERANDS, TARGET) == pytest.approx(timed.cycles, rel=0.05)
    if not stored:
        comparisons = [op for op in stage.op.walk() if isinstance(op, VcmpOp)]
        assert all(stays_bits(op.destination) is bits for op in comparisons[:1])
