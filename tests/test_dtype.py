"""The table of dtypes: what its properties say is what numpy does."""

import json

import numpy as np
import pytest

from hawk_xdsl.dialects.dtype import BUFFER_DTYPES, NARROW_FLOATS, DType, is_float
from hawk_xdsl.dialects.kernel_text import grammar
from hawk_xdsl.gate.certificate.symbols import BIT, FITS_BY_DTYPE

FLOATS = [dtype for dtype in BUFFER_DTYPES if dtype.is_float]


def test_a_dtype_is_its_name_in_texts_and_files() -> None:
    assert f"{DType.BF16}" == "bf16" and json.dumps([DType.I8]) == '["i8"]'
    by_name: dict[str, int] = {DType.F16: 1}
    assert DType("f16") is DType.F16 and by_name["f16"] == 1
    assert all(DType.of(dtype.mlir) is dtype and str(dtype.mlir) == dtype for dtype in DType)


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_ends_of_a_float_are_those_that_numpy_rounds_to(dtype: DType) -> None:
    def held(value: float) -> float:
        with np.errstate(over="ignore"):
            return float(np.asarray(value, np.float64).astype(dtype.numpy))

    assert held(dtype.largest_finite) == dtype.largest_finite
    assert held(dtype.overflow) == np.inf
    assert held(dtype.overflow * (1 - dtype.epsilon / 64)) == dtype.largest_finite
    assert held(dtype.smallest_positive) == dtype.smallest_positive
    assert held(dtype.smallest_positive / 2) == 0
    assert held(1 + dtype.epsilon) == 1 + dtype.epsilon != held(1 + dtype.epsilon / 2)
    assert held(2.0**dtype.mantissa_bits - 1) == 2.0**dtype.mantissa_bits - 1
    assert held(2.0**dtype.mantissa_bits + 1) != 2.0**dtype.mantissa_bits + 1


@pytest.mark.parametrize("dtype", [d for d in DType if d.is_integer and not d.is_condition])
def test_the_ends_of_an_integer_are_numpys(dtype: DType) -> None:
    limits = np.iinfo(dtype.numpy)
    assert (dtype.lowest, dtype.highest, dtype.bits) == (limits.min, limits.max, limits.bits)


@pytest.mark.parametrize("dtype", BUFFER_DTYPES)
@pytest.mark.parametrize("other", BUFFER_DTYPES)
def test_a_dtype_holds_another_if_all_its_values_come_back(dtype: DType, other: DType) -> None:
    if other.bits <= 16:
        unsigned = np.arange(1 << other.bits, dtype=np.uint32).astype(f"u{other.bytes}")
        values = unsigned.view(other.numpy)
    else:
        ends = [other.lowest, other.highest, 2**31 - 1, 65537, 16777217, 1 / 3]
        values = np.array(ends if other.is_float else [int(n) for n in ends]).astype(other.numpy)
    with np.errstate(all="ignore"):
        back = values.astype(dtype.numpy).astype(other.numpy)
    same = np.array_equal(
        back.astype(np.float64), values.astype(np.float64), equal_nan=is_float(other.numpy)
    )
    if dtype.is_integer and other.is_float:
        same = False  # numbers beyond the range come back by chance
    if dtype is not other:
        assert dtype.holds(other) == same


def test_what_memory_has_for_a_dtype_is_of_its_kind() -> None:
    assert {str(dtype): str(dtype.stored) for dtype in DType if not dtype.in_buffers} == {
        "i1": "i8",
        "i64": "i32",
        "f64": "f32",
    }
    assert [str(dtype) for dtype in NARROW_FLOATS] == ["f16", "bf16"]


def test_the_grammar_and_the_certificates_have_every_dtype_of_buffers() -> None:
    words = grammar().split("!dtype: ")[1].partition("\n")[0]
    assert words == " | ".join(f'"{dtype}"' for dtype in BUFFER_DTYPES)
    assert set(FITS_BY_DTYPE) == {*BUFFER_DTYPES, DType.I1}
    assert set(BIT) == set(FITS_BY_DTYPE) - {DType.F32}
