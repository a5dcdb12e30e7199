"""Every named linalg op of the bindings: computed rightly by kernels, or refused in one line."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import mlir_jit
import numpy as np
import pytest
import torch
from named_ops import function_of, named_ops

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.mlir_import import import_mlir_text
from hawk_xdsl.pipeline import compile_program
from hawk_xdsl.propose.settings import Settings, Sources

REFUSED: Mapping[str, str] = {
    **{
        f"winograd_{which}_transform": "cannot be written as linalg.generic"
        for which in ("filter", "input", "output")
    },
}
"""What is not computed, with a part of the line that says why."""

MIXED = (("f16", "f16", "f32"), ("bf16", "bf16", "f32"), ("i8", "i8", "i32"))
"""Dtypes of operands and accumulators."""


def dtypes_of(name: str) -> dict[str, str]:
    """Those that the op is for, where it is not f32."""
    if name.endswith("_q") or name.startswith("quantized"):
        return {"T1": "i8", "T2": "i8", "U": "i32"}
    if name.endswith("unsigned"):
        return {"T1": "i8", "T2": "i8", "U": "i8"}
    return {"U": "i1"} if name == "select" else {}


def inputs_like(arrays: Sequence[Array]) -> list[Array]:
    """Random values: positive floats, numbers that divide."""
    random = np.random.default_rng(0)
    found: list[Array] = []
    for array in arrays:
        if array.dtype == np.bool_:
            found.append(random.integers(0, 2, array.shape).astype(np.bool_))
        elif array.dtype.kind in "iu":
            found.append(random.integers(1, 7, array.shape).astype(array.dtype))
        else:
            found.append(random.uniform(0.1, 2.0, array.shape).astype(array.dtype))
    return found


def wanted(name: str, text: str, inputs: Sequence[Array], like: Array) -> Array:
    """What MLIR's JIT computes, or numpy where the JIT cannot."""
    x = inputs[0]
    match name:
        case "softmax":
            return torch.softmax(torch.from_numpy(x), 1).numpy()
        case "pack":
            return x.reshape(2, 2, 2, 3).transpose(0, 2, 1, 3)
        case "unpack":
            return x.transpose(0, 2, 1, 3).reshape(4, 6)
        case "rsqrt":
            return 1 / np.sqrt(x)
        case _:
            result = np.zeros_like(like)
            mlir_jit.run(text, inputs, [result])
            return result


def check(name: str, dtypes: Mapping[str, str], store: Path) -> None:
    """Compiles and runs the op. Raises ``HawkError`` if it is refused."""
    text = function_of(name, dtypes)
    program = import_mlir_text(text, name=name)
    settings = Settings(sources=Sources.COMPOSITION)
    compiled = compile_program(program, settings=settings, store=store)
    inputs = inputs_like(program.example_inputs)
    (found,) = compiled(*inputs)
    narrow = {"f16", "bf16"} & set(dtypes.values())
    expected = wanted(name, text, inputs, found).astype(np.float64)
    np.testing.assert_allclose(found.astype(np.float64), expected, rtol=1e-2 if narrow else 1e-4)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory: Path = tmp_path_factory.mktemp("store")
    return directory / "store.sqlite"


@pytest.mark.corpus
@pytest.mark.parametrize("name", named_ops())
def test_a_named_op_is_right_or_refused_in_one_line(name: str, store: Path) -> None:
    if name not in REFUSED:
        check(name, dtypes_of(name), store)
        return
    with pytest.raises(HawkError, match=REFUSED[name]) as refusal:
        check(name, dtypes_of(name), store)
    assert "\n" not in str(refusal.value)


@pytest.mark.corpus
@pytest.mark.parametrize("dtypes", MIXED, ids="-".join)
@pytest.mark.parametrize(
    "name",
    [
        *("matmul", "batch_matmul", "batch_reduce_matmul", "contract", "matvec", "vecmat", "dot"),
        *("batch_matvec", "batch_vecmat", "mmt4d", "conv_2d_nhwc_hwcf", "conv_1d"),
        *("depthwise_conv_2d_nhwc_hwc", "pooling_nhwc_sum"),
    ],
)
def test_operands_may_be_narrower_than_their_sums(
    name: str, dtypes: tuple[str, str, str], store: Path
) -> None:
    lhs, rhs, accumulator = dtypes
    variables = {"T1": lhs, "T2": rhs, "U": accumulator}
    check(name, {**variables, "LhsType": lhs, "RhsType": rhs, "AccumType": accumulator}, store)


@pytest.mark.parametrize("name", ["conv_2d_nchw_fchw", "pooling_nchw_max", "contract"])
def test_strides_may_be_left_out(name: str, store: Path) -> None:
    """xDSL's ops need them; those of upstream have defaults."""
    check(name, {}, store)
