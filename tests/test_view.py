"""A view is another shape of the same bytes: planned, ordered and run as such."""

import numpy as np
import pytest

from hawk_xdsl.dialects.kernel_text import GlobalOperand, Signature, build
from hawk_xdsl.npu_target import Trap, load_target, simulate
from hawk_xdsl.transforms.npu_insert_sync import sync_kernel
from hawk_xdsl.transforms.npu_plan_memory import plan_kernel

TARGET = load_target("ascend910b1")

OUTER = """
a = load x[0:8, 0:32] into ub
b = load w[0:4, 0:32] into ub
v = view a as [8, 1, 32]
p = vmul v, b
s = vreduce sum p axis 2
store s into y[0:8, 0:4]
"""


def run(text: str, *, synced: bool = True) -> tuple[np.ndarray, np.ndarray]:
    signature = Signature(
        "k",
        (GlobalOperand("x", "f32", (8, 32)), GlobalOperand("w", "f32", (4, 32))),
        (GlobalOperand("y", "f32", (8, 4)),),
        TARGET.name,
    )
    [stage] = build(text, signature, lambda core: TARGET.cores[core]).kernels
    plan_kernel(stage.op, TARGET)
    if synced:
        sync_kernel(stage.op, TARGET)
    random = np.random.default_rng(0)
    x, w = (random.standard_normal(s).astype(np.float32) for s in ((8, 32), (4, 32)))
    [y] = simulate(stage.op, [x, w], TARGET).outputs
    return y, x @ w.T


def test_a_view_reads_the_bytes_of_its_buffer() -> None:
    given, wanted = run(OUTER)
    np.testing.assert_allclose(given, wanted, rtol=1e-5, atol=1e-5)


def test_an_access_through_a_view_needs_its_order() -> None:
    with pytest.raises(Trap, match="race"):
        run(OUTER, synced=False)
