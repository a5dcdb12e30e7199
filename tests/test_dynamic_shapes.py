"""Kernels of dynamic shapes: one kernel is right at every length of its range, or is refused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from hawk_xdsl.dialects.kernel_text import (
    GlobalOperand,
    KernelTextError,
    Signature,
    build,
    print_kernels,
    print_program,
    signature_of,
)
from hawk_xdsl.dialects.npu import AffineSize, KernelOp, NamedExtent, Size, bound_kernel, size_at
from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target import load_target, simulate
from hawk_xdsl.transforms.pipeline import finish_kernel

TARGET = load_target("ascend910b1")
HIGH = 100
N0 = NamedExtent("n0", 1, HIGH)
N = AffineSize.of("n0")

Array = np.ndarray


@dataclass(frozen=True)
class Dynamic:
    """A kernel text over the extent n0 and what it computes.

    Attributes:
        text: the body.
        inputs: dtype and dimensions, by name.
        output: dimensions of ``y``, of f32.
        reference: from the inputs, in float64.
        tile: of the dynamic axis.
    """

    text: str
    inputs: dict[str, tuple[str, Sequence[Size]]]
    output: Sequence[Size]
    reference: Callable[..., Array]
    tile: int

    def signature(self) -> Signature:
        shapes = {**self.inputs, "y": ("f32", self.output)}
        most = {N0.name: HIGH}
        operands = [
            GlobalOperand(name, dtype, tuple(size_at(size, most) for size in sizes))
            for name, (dtype, sizes) in shapes.items()
        ]
        sizes = {name: tuple(sizes) for name, (_, sizes) in shapes.items()}
        return Signature(
            "k", tuple(operands[:-1]), (operands[-1],), TARGET.name, extents=(N0,), sizes=sizes
        )

    def kernel(self) -> KernelOp:
        (stage,) = build(self.text, self.signature(), lambda core: TARGET.cores[core]).kernels
        return stage.op


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


ROWS = """across i0 in 0..n0 step 8 {
a = load x[i0:8, 0:64] into ub
m = vreduce max a axis 1
a = vsub a, m
a = vexp a
s = vreduce sum a axis 1
a = vdiv a, s
store a into y[i0:8, 0:64]
}
"""

FLAT = """across i0 in 0..n0*48 step 256 {
a = load x[i0:256] into ub
b = load z[i0:256] into ub
a = vadd a, b
a = vrelu a
store a into y[i0:256]
}
"""

ALONG = """across i0 in 0..20 step 4 {
a = load x[i0:4, 0:100] into ub
m = vreduce max a axis 1
a = vsub a, m
a = vexp a
s = vreduce sum a axis 1
a = vdiv a, s
store a into y[i0:4, 0:100]
}
"""

MEAN = """across i0 in 0..16 step 8 {
s = fill 0.0 f32[8, 1] in ub
for i1 in 0..n0 step 16 {
a = load x[i0:8, i1:16] into ub pad 0.0
p = vreduce sum a axis 1
s = vadd s, p
}
s = vdiv s, n0
store s into y[i0:8, 0:1]
}
"""

PRODUCT = """on cube {
across i in 0..n0 step 32, j in 0..48 step 48 {
c = fill 0.0 f32[32, 48] in l0c
for k in 0..64 step 32 {
a = load x[i:32, k:32] into l1
b = load z[k:32, j:48] into l1
c = mmad a, b, c
}
store c into y[i:32, j:48]
}
}
"""

SCORES = """on cube {
across j in 0..64 step 32, i in 0..n0 step 32 {
c = fill 0.0 f32[32, 32] in l0c
for k in 0..n0 step 32 {
a = load x[i:32, k:32] into l1
b = load z[k:32, j:32] into l1
c = mmad a, b, c
}
store c into y[i:32, j:32]
}
}
"""

SHIFTED = """across i0 in 0..n0 step 8 {
a = load x[i0:8, 0:16] into ub pad 0.0
b = load x[i0+1:8, 0:16] into ub pad 0.0
a = vmul a, b
store a into y[i0:8, 0:16]
}
"""

BESIDE = """across i0 in 0..20 step 4 {
a = load x[i0:4, 0:100] into ub
b = load z[0:100] into ub
t = vcmp lt a, b
a = vadd b, a
c = vsel t, b, a
store c into y[i0:4, 0:100]
}
"""


KERNELS = {
    "rows": Dynamic(ROWS, {"x": ("f32", (N, 64))}, (N, 64), softmax, 8),
    "elementwise, two axes as one": Dynamic(
        FLAT,
        {"x": ("f32", (N, 48)), "z": ("f32", (N, 48))},
        (N, 48),
        lambda x, z: np.maximum(x + z, 0),
        16,
    ),
    "rows along the extent": Dynamic(ALONG, {"x": ("f32", (20, N))}, (20, N), softmax, 64),
    "mean along the extent": Dynamic(
        MEAN, {"x": ("f32", (16, N))}, (16, 1), lambda x: x.mean(1, keepdims=True), 16
    ),
    "matmul": Dynamic(
        PRODUCT,
        {"x": ("f16", (N, 64)), "z": ("f16", (64, 48))},
        (N, 48),
        lambda x, z: x @ z,
        32,
    ),
    "matmul over the extent": Dynamic(
        SCORES, {"x": ("f16", (N, N)), "z": ("f16", (N, 64))}, (N, 64), lambda x, z: x @ z, 32
    ),
    "one row more than the extent": Dynamic(
        SHIFTED,
        {"x": ("f32", (AffineSize.of("n0", 1, 1), 16))},
        (N, 16),
        lambda x: x[:-1] * x[1:],
        8,
    ),
    "beside a longer row": Dynamic(
        BESIDE,
        {"x": ("f32", (20, N)), "z": ("f32", (128,))},
        (20, N),
        lambda x, z: np.where(x < z[: x.shape[1]], z[: x.shape[1]], x + z[: x.shape[1]]),
        64,
    ),
}


@pytest.mark.parametrize("case", KERNELS.values(), ids=KERNELS)
def test_one_kernel_is_right_at_every_length(case: Dynamic) -> None:
    kernel = case.kernel()
    finish_kernel(kernel, TARGET)
    for length in (1, case.tile - 1, case.tile, case.tile + 1, 37, HIGH - 1, HIGH):
        values = {N0.name: length}
        random = np.random.default_rng(length)
        inputs = [
            random.standard_normal([size_at(size, values) for size in sizes]).astype(dtype)
            for dtype, sizes in (
                ({"f32": np.float32, "f16": np.float16}[d], s) for d, s in case.inputs.values()
            )
        ]
        (found,) = simulate(kernel, inputs, TARGET, extents=values).outputs
        expected = case.reference(*(each.astype(np.float64) for each in inputs))
        np.testing.assert_allclose(found, expected, rtol=2e-3, atol=2e-5, err_msg=str(length))


@pytest.mark.parametrize("case", KERNELS.values(), ids=KERNELS)
def test_text_and_kernel_are_a_fixed_point(case: Dynamic) -> None:
    program = build(case.text, case.signature(), lambda core: TARGET.cores[core])
    text = print_program(program)
    again = build(text, signature_of("k", program.kernels), lambda core: TARGET.cores[core])
    assert print_program(again) == text
    assert str(again.kernels[0].op) == str(program.kernels[0].op)
    assert text == case.text


def test_a_bound_kernel_is_the_kernel_of_that_length() -> None:
    bound = bound_kernel(KERNELS["rows"].kernel(), {"n0": 37})
    text = ROWS.replace("n0", "37")
    operands = [GlobalOperand(name, "f32", (37, 64)) for name in ("x", "y")]
    signature = Signature("k", (operands[0],), (operands[1],), TARGET.name)
    (static,) = build(text, signature, lambda core: 48).kernels
    assert print_kernels([bound]) == text
    assert [op.name for op in bound.walk()] == [op.name for op in static.op.walk()]
    assert bound.shapes == static.op.shapes
    bound.verify()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (
            "a = load x[i0+1:8, 0:64] into ub",
            "dimension 0 of `x` has n0 elements, but the slice can start at n0",
        ),
        (
            "a = load x[i0+9:8, 0:64] into ub",
            "dimension 0 of `x` has n0 elements, but the slice can start at n0 + 8",
        ),
        (
            "a = load x[i0:101, 0:64] into ub",
            "dimension 0 of `x` has n0 elements, at most 100, but the slice spans 101",
        ),
        ("a = load x[n0:8, 0:64] into ub", "the slice can start at n0"),
        ("a = load x[3:8, 0:64] into ub", "the slice can start at n0 + 2"),
        ("q = read x[i0+7, 0]", "dimension 0 of `x` has n0 elements, but the index goes from 7"),
    ],
)
def test_a_slice_that_could_leave_its_operand_is_refused(line: str, reason: str) -> None:
    case = KERNELS["rows"]
    first, _, *rest = ROWS.splitlines()
    with pytest.raises(KernelTextError) as error:
        text = "\n".join([first, line, *rest]) + "\n"
        build(text, case.signature(), lambda core: 48)
    assert reason in str(error.value)


def test_two_dynamic_loops_cannot_be_across() -> None:
    text = SCORES.replace("j in 0..64", "j in 0..n0").replace("z[k:32, j:32]", "z[k:32, 0:32]")
    with pytest.raises(
        KernelTextError, match="only one loop can end at an extent, not `j` and `i`"
    ):
        build(text, KERNELS["matmul over the extent"].signature(), lambda core: 20)


def test_a_length_out_of_range_is_refused() -> None:
    kernel = KERNELS["rows"].kernel()
    with pytest.raises(HawkError, match=r"@k: n0 is 101, but it is built for n0 in 1\.\.100"):
        bound_kernel(kernel, {"n0": 101})
    with pytest.raises(HawkError, match=r"@k needs a value for the extent n0"):
        simulate(kernel, [np.zeros((8, 64), np.float32)], TARGET)


def test_buffers_are_allocated_for_the_longest() -> None:
    """A row of 100000 elements of f32 does not fit, however short the rows at launch are."""
    long = NamedExtent("n0", 1, 100000)
    operands = [GlobalOperand(name, "f32", (20, 100000)) for name in ("x", "y")]
    sizes: dict[str, tuple[Size, ...]] = {"x": (20, N), "y": (20, N)}
    signature = Signature(
        "k", (operands[0],), (operands[1],), TARGET.name, extents=(long,), sizes=sizes
    )
    text = ALONG.replace("0:100]", "0:100000]")
    (stage,) = build(text, signature, lambda core: 48).kernels
    with pytest.raises(HawkError, match="ub needs"):
        finish_kernel(stage.op, TARGET)
