"""Loops of kernel text that only give an index a name run once, and nothing is carried by them."""

import numpy as np
import pytest
from kernel_files import signature
from kernel_text_corpus import max_blocks
from xdsl.dialects import scf

from hawk_xdsl.dialects.kernel_text import build
from hawk_xdsl.dialects.npu import AllocOp, KernelOp
from hawk_xdsl.npu_target import load_target, simulate
from hawk_xdsl.transforms.pipeline import finish_kernel
from hawk_xdsl.transforms.trip_count import at_most_one_trip

TEXT = """across t in 0..16 step 1 {{
for i in {} step 8 {{
a = load x[i:8, 0:32] into ub
b = vexp a
store b into y[i:8, 0:32]
}}
}}
"""
XY = signature("k", {"x": "f32[128,32]"}, {"y": "f32[128,32]"})
TARGET = load_target("ascend910b1")


def kernel(bounds: str) -> KernelOp:
    return build(TEXT.format(bounds), XY, max_blocks).kernels[0].op


@pytest.mark.parametrize(
    ("bounds", "once"),
    [
        ("8*t..8*t+1", True),
        ("t//2*8..t//2*8+8", True),
        ("8+0*t..16", True),
        ("4*t..4*t+9", False),
        ("4*(t//2)..4*t+1", False),
        ("0..16", False),
    ],
)
def test_bounds_that_are_no_step_apart_are_one_trip(bounds: str, once: bool) -> None:
    loops = [op for op in kernel(bounds).walk() if isinstance(op, scf.ForOp)]
    assert [at_most_one_trip(loop) for loop in loops] == [False, once]


def test_buffers_in_such_a_loop_take_turns_by_the_loop_around_it() -> None:
    op = kernel("8*t..8*t+1")
    op.blocks = type(op.blocks)(4, op.blocks.type)
    finish_kernel(op, TARGET)
    buffers = [each.buffers for each in op.walk() if isinstance(each, AllocOp)]
    assert len(buffers) == 4 and all(each is not None for each in buffers)
    x = np.random.default_rng(0).normal(size=(128, 32)).astype(np.float32)
    [y] = simulate(op, [x], TARGET).outputs
    np.testing.assert_allclose(y, np.exp(x), rtol=1e-5)
