"""What the corpus computes on the NPU simulator in program order, against numpy in float64."""

from collections.abc import Callable

import ml_dtypes
import numpy as np
import pytest
from kernel_files import Kernel, signature
from kernel_text_corpus import (
    ATTENTION_VALUES,
    BATCHED_MATMUL,
    COLUMN_SUM,
    ELEMENTWISE,
    EMBEDDING,
    FLATTENED,
    GATHER,
    LAYER_NORM,
    LINEAR_RELU,
    RAGGED_MATMUL,
    SCAN,
    STRIDED,
    TRANSPOSE,
    max_blocks,
)

from hawk_xdsl.dialects.kernel_text import GlobalOperand, KernelProgram, build
from hawk_xdsl.npu_target import load_target, simulate

Arrays = dict[str, np.ndarray]
DTYPES = {"f16": np.float16, "bf16": ml_dtypes.bfloat16, "f32": np.float32, "i32": np.int32}


def inputs(operands: tuple[GlobalOperand, ...]) -> Arrays:
    random = np.random.default_rng(7)
    arrays: Arrays = {}
    for name, dtype, shape in operands:
        if dtype == "i32":
            arrays[name] = random.integers(0, 256, shape).astype(np.int32)
        else:
            arrays[name] = random.standard_normal(shape).astype(DTYPES[dtype])
    return arrays


def run(program: KernelProgram, arrays: Arrays) -> Arrays:
    target = load_target("ascend910b1")
    known = dict(arrays)
    for kernel in program.kernels:
        given = [known[name] for name in kernel.reads]
        result = simulate(kernel.op, given, target, mode="program-order")
        known.update(zip(kernel.writes, result.outputs, strict=True))
    return known


def layer_norm(a: Arrays) -> np.ndarray:
    x = a["x"] + a["r"]
    d = x - x.mean(1, keepdims=True)
    return d / np.sqrt((d * d).mean(1, keepdims=True) + 1e-5) * a["g"] + a["b"]


def values(a: Arrays) -> np.ndarray:
    product = a["p"] @ a["v"]
    return product.reshape(2, 4, 50, 32).transpose(0, 2, 1, 3)


CASES: list[tuple[Kernel, Callable[[Arrays], np.ndarray], float]] = [
    (LAYER_NORM, layer_norm, 1e-5),
    (RAGGED_MATMUL, lambda a: np.maximum(a["A"] @ a["B"].T, 0), 2e-3),
    (LINEAR_RELU, lambda a: np.maximum(a["x"] @ a["w"] + a["b"], 0), 1e-5),
    (BATCHED_MATMUL, lambda a: (a["q"] @ a["k"].swapaxes(2, 3)).reshape(8, 64, 64), 1e-5),
    (ATTENTION_VALUES, values, 1e-5),
    (FLATTENED, lambda a: np.tensordot(a["w"], a["x"], 1), 1e-5),
    (TRANSPOSE, lambda a: a["x"].T, 0),
    (EMBEDDING, lambda a: a["table"][a["ids"].astype(int)], 0),
    (GATHER, lambda a: a["x"][a["i"].astype(int)], 0),
    (SCAN, lambda a: np.cumsum(a["x"], axis=1), 1e-5),
    (COLUMN_SUM, lambda a: a["x"].sum(0), 1e-5),
    (ELEMENTWISE, lambda a: a["x"] * 2.5 + a["y"], 1e-6),
    (STRIDED, lambda a: np.maximum(a["x"][:, 0::2], a["x"][:, 1::2]), 0),
    (STRIDED, lambda a: np.maximum(a["x"][:3], a["x"][3:]), 0),
]


@pytest.mark.parametrize(
    ("kernel", "reference", "tolerance"), CASES, ids=[case[0].signature.name for case in CASES]
)
def test_the_corpus_computes_what_it_says(
    kernel: Kernel, reference: Callable[[Arrays], np.ndarray], tolerance: float
) -> None:
    arrays = inputs(kernel.signature.inputs)
    known = run(build(kernel.text, kernel.signature, max_blocks), arrays)
    expected = reference({name: array.astype(np.float64) for name, array in arrays.items()})
    names = [o.name for o in kernel.signature.outputs if o.shape == expected.shape]
    found = known[names[0]]
    assert found.shape == expected.shape
    error = np.abs(found.astype(np.float64) - expected).max()
    assert error <= tolerance * np.abs(expected).max()


def test_one_element_is_stored_where_every_dimension_has_an_index() -> None:
    header = signature("k", {"x": "f32[4,8]"}, {"y": "f32[4,8]"})
    text = """\
for r in 0..4 step 1 {
for c in 0..8 step 1 {
a = load x[r, c:1] into ub
store a into y[r, c]
}
}
"""
    arrays = inputs(header.inputs)
    assert (run(build(text, header, max_blocks), arrays)["y"] == arrays["x"]).all()


def test_a_second_fill_starts_over() -> None:
    header = signature(
        "k", {"a": "f16[16,16]", "b": "f16[16,16]"}, {"y": "f32[2,3,16,16]", "z": "f32[16,16]"}
    )
    text = """\
on cube {
d = load a[0:16, 0:16] into l1
e = load b[0:16, 0:16] into l1
c = fill 0.0 f32[16, 16] in l0c
c = mmad d, d, c
store c into z[0:16, 0:16]
for i in 0..2 step 1 {
c = fill 0.0 f32[16, 16] in l0c
for j in 0..3 step 1 {
c = mmad d, e, c
store c into y[i, j, 0:16, 0:16]
}
}
}
"""
    arrays = inputs(header.inputs)
    found = run(build(text, header, max_blocks), arrays)["y"]
    product = arrays["a"].astype(np.float64) @ arrays["b"].astype(np.float64)
    expected = np.array([[product * (j + 1) for j in range(3)] for _ in range(2)])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
