"""The reference evaluator against MLIR's JIT, PyTorch, and hand-made values."""

import math

import ml_dtypes
import numpy as np
import pytest
from evaluated import elementwise, evaluate, raw, reducing
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from xdsl.dialects import arith
from xdsl.dialects.builtin import i32

from hawk_xdsl.linalg.view import TensorView
from hawk_xdsl.reference.erf import erf
from hawk_xdsl.reference.evaluate import (
    Array,
    IndexRangeError,
    Precision,
    UnsupportedOpError,
)
from hawk_xdsl.reference.scalar import compare_floats, evaluate_scalar
from hawk_xdsl.reference.structured import contract


def test_every_op_rounds_to_its_type_unless_the_oracle_is_asked() -> None:
    text = elementwise("%s = arith.addf %a, %b : f16\n%r = arith.subf %s, %a : f16", "f16")
    a, b = np.full((4, 6), 2048, np.float16), np.ones((4, 6), np.float16)
    [rounded] = evaluate(text, a, b)
    [exact] = evaluate(text, a, b, precision=Precision.FLOAT64)
    assert np.all(rounded == 0) and rounded.dtype == np.float16
    assert np.all(exact == 1) and exact.dtype == np.float64


def test_bfloat16_is_computed_as_such() -> None:
    text = elementwise("%r = arith.mulf %a, %b : bf16", "bf16")
    random = np.random.default_rng(3)
    a, b = (random.standard_normal((4, 6)).astype(ml_dtypes.bfloat16) for _ in range(2))
    [result] = evaluate(text, a, b)
    expected = (a.astype(np.float32) * b.astype(np.float32)).astype(ml_dtypes.bfloat16)
    np.testing.assert_array_equal(result, expected)


def test_a_sum_of_halves_keeps_more_than_a_half() -> None:
    text = reducing("%r = arith.addf %a, %o : f32", "0.0").replace("f32", "f16")
    text = text.replace("3x5x4", "1x4096x1").replace("3x4", "1x1")
    [total] = evaluate(text, np.ones((1, 4096, 1), np.float16))
    assert total[0, 0] == 4096  # a half that counts by ones stops at 2048


@pytest.mark.parametrize("predicate", range(16))
def test_float_comparisons(predicate: int) -> None:
    a, b = (m.reshape(-1) for m in np.meshgrid([0.0, 1.0, np.nan], [0.0, 1.0, np.nan]))
    unordered = np.isnan(a) | np.isnan(b)
    ordered = [a != a, a == b, a > b, a >= b, a < b, a <= b, a != b, ~unordered]
    ordered = [value & ~unordered for value in ordered]
    expected = ordered + [value | unordered for value in ordered[1:7]]
    expected += [unordered, np.ones(9, bool)]
    np.testing.assert_array_equal(compare_floats(predicate, a, b), expected[predicate])


def test_true_is_minus_one_as_a_signed_number() -> None:
    wide = evaluate_scalar(
        arith.ExtSIOp(arith.ConstantOp.from_int_and_width(1, 1).result, i32),
        [np.array([True, False])],
        np.dtype(np.int32),
    )
    np.testing.assert_array_equal(wide, [-1, 0])


GATHER = """
func.func @main(%t: tensor<5x3xf32>, %i: tensor<4xi64>) -> tensor<4x3xf32> {
  %e = tensor.empty() : tensor<4x3xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a)>, affine_map<(a, b) -> (a, b)>],
                       iterator_types = ["parallel", "parallel"]}
      ins(%i : tensor<4xi64>) outs(%e : tensor<4x3xf32>) {
  ^bb0(%a: i64, %o: f32):
    %r = arith.index_cast %a : i64 to index
    %c = linalg.index 1 : index
    %v = tensor.extract %t[%r, %c] : tensor<5x3xf32>
    linalg.yield %v : f32
  } -> tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}"""


def test_gather() -> None:
    table = np.arange(15, dtype=np.float32).reshape(5, 3)
    [rows] = evaluate(GATHER, table, np.array([4, 0, 0, 2]))
    np.testing.assert_array_equal(rows, table[[4, 0, 0, 2]])


@pytest.mark.parametrize("index", [5, -1])
def test_an_index_out_of_range_is_an_error_with_the_numbers(index: int) -> None:
    with pytest.raises(IndexRangeError, match=f"index {index} .* extent 5") as caught:
        evaluate(GATHER, np.zeros((5, 3), np.float32), np.array([0, 1, index, 2]))
    assert (caught.value.index, caught.value.extent) == (index, 5)


def test_uninitialised_values_show_as_nan() -> None:
    text = """
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %e = tensor.empty() : tensor<2xf32>
  return %e : tensor<2xf32>
}"""
    [result] = raw(text, np.zeros(2, np.float32))
    assert np.all(np.isnan(result))


def test_an_op_without_meaning_is_named() -> None:
    text = """
func.func @main(%x: i32) -> i32 {
  %0 = "math.ctpop"(%x) : (i32) -> i32
  return %0 : i32
}"""
    with pytest.raises(UnsupportedOpError, match=r"math\.ctpop") as caught:
        raw(text, np.array(1, np.int32))
    assert caught.value.op_name == "math.ctpop"


def test_a_wrong_shape_is_an_error() -> None:
    with pytest.raises(ValueError, match="shape"):
        raw(
            "func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> { return %x : tensor<2xf32> }",
            np.zeros(3, np.float32),
        )


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_contract_is_the_sum_of_products(data: st.DataObject) -> None:
    """Whatever loops the factors use and whichever are reduced."""
    sizes = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    reduced = [d for d in range(len(sizes)) if data.draw(st.booleans())]
    elements = st.integers(-4, 4).map(float)
    factors = [
        data.draw(
            hnp.arrays(
                np.float64,
                tuple(s if data.draw(st.booleans()) else 1 for s in sizes),
                elements=elements,
            )
        )
        for _ in range(2)
    ]
    full = np.broadcast_to(factors[0] * factors[1], sizes).sum(axis=tuple(reduced), keepdims=True)
    left, right = factors
    result = contract(left, right, sizes, reduced)
    np.testing.assert_array_equal(np.broadcast_to(result, full.shape), full)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_view_is_reshape_slice_transpose_reshape(data: st.DataObject) -> None:
    """A chain of layout steps on numbers equals the view's normal form on the same numbers."""
    shape = data.draw(st.lists(st.sampled_from([1, 2, 3, 4, 6]), min_size=1, max_size=3))
    source = np.arange(np.prod(shape)).reshape(shape)
    array, view = source, TensorView.identity(shape)
    for _ in range(data.draw(st.integers(1, 4))):
        step = data.draw(st.sampled_from(["transpose", "flatten", "split", "slice"]))
        if step == "transpose":
            order = data.draw(st.permutations(range(array.ndim)))
            array, following = array.transpose(order), view.transposed(order)
        elif step == "slice":
            starts = [data.draw(st.integers(0, n - 1)) for n in array.shape]
            sizes = [
                data.draw(st.integers(1, n - o)) for o, n in zip(starts, array.shape, strict=True)
            ]
            array = array[tuple(slice(o, o + n) for o, n in zip(starts, sizes, strict=True))]
            following = view.sliced(starts, sizes, [1] * array.ndim)
        else:
            new = [array.size] if step == "flatten" else _halved(array.shape)
            array, following = array.reshape(new), view.reshaped(new)
        if following is None:
            return
        view = following
    np.testing.assert_array_equal(_through(view.coarsened(), source), array)


def _halved(shape: tuple[int, ...]) -> list[int]:
    return [part for n in shape for part in ((2, n // 2) if n % 2 == 0 else (n,))]


def _through(view: TensorView, source: Array) -> Array:
    taken = source.reshape([factor.extent for factor in view.factors])
    taken = taken[
        tuple(slice(p.offset, p.offset + (p.length - 1) * p.step + 1, p.step) for p in view.factors)
    ]
    kept = sorted(view.order)
    taken = taken.reshape([view.factors[p].length for p in kept])
    return taken.transpose([kept.index(p) for p in view.order]).reshape(view.shape)


def test_the_error_function_is_the_c_librarys() -> None:
    near = [np.nextafter(edge, side) for edge in (0.84375, 1.25, 1 / 0.35, 6.0) for side in (0, 9)]
    ends = [0.0, 5e-324, 1e-300, 1e-9, 0.84375, 1.25, 1 / 0.35, 6.0, 30.0, 1e300, np.inf]
    dense = np.random.default_rng(0).uniform(0, 7, 20000)
    sizes = np.concatenate([near, ends, dense, 10.0 ** np.linspace(-300, 2, 1000)])
    x = np.concatenate([sizes, -sizes]).reshape(2, -1)
    expected = np.array([math.erf(value) for value in x.reshape(-1)]).reshape(x.shape)
    np.testing.assert_array_max_ulp(erf(x), expected, maxulp=1)
    assert np.signbit(erf(-0.0)) and np.isnan(erf(np.nan)) and erf(np.float32(1)).shape == ()
