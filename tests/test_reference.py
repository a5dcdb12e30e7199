"""The reference evaluator against MLIR's JIT, PyTorch, and hand-made values."""

import ml_dtypes
import mlir_jit
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from xdsl.dialects import arith
from xdsl.dialects.builtin import ModuleOp, i32
from xdsl.parser import Parser

from hawk_xdsl.frontend.mlir_import import import_mlir_text
from hawk_xdsl.frontend.to_xdsl import new_context
from hawk_xdsl.linalg.view import TensorView
from hawk_xdsl.reference.evaluate import (
    Array,
    IndexRangeError,
    Precision,
    UnsupportedOpError,
    evaluate_region,
)
from hawk_xdsl.reference.scalar import compare_floats, evaluate_scalar
from hawk_xdsl.reference.structured import contract


def evaluate(text: str, *inputs: Array, precision: Precision = Precision.DECLARED) -> list[Array]:
    """@main of the text, after the front end."""
    program = import_mlir_text(text)
    arguments = program.arguments(inputs)
    return evaluate_region(program.function.body, arguments, precision)


def raw(text: str, *inputs: Array, precision: Precision = Precision.DECLARED) -> list[Array]:
    """The first function of the text as xDSL reads it, without the front end."""
    module = Parser(new_context(), text).parse_module()
    assert isinstance(module, ModuleOp)
    [function] = module.ops
    return evaluate_region(function.regions[0], inputs, precision)


def elementwise(body: str, element: str = "f32", shape: str = "4x6") -> str:
    return f"""
#id = affine_map<(a, b) -> (a, b)>
func.func @main(%x: tensor<{shape}x{element}>, %y: tensor<{shape}x{element}>)
    -> tensor<{shape}x{element}> {{
  %e = tensor.empty() : tensor<{shape}x{element}>
  %0 = linalg.generic {{indexing_maps = [#id, #id, #id],
                        iterator_types = ["parallel", "parallel"]}}
      ins(%x, %y : tensor<{shape}x{element}>, tensor<{shape}x{element}>)
      outs(%e : tensor<{shape}x{element}>) {{
  ^bb0(%a: {element}, %b: {element}, %o: {element}):
    {body}
    linalg.yield %r : {element}
  }} -> tensor<{shape}x{element}>
  return %0 : tensor<{shape}x{element}>
}}"""


def folding(body: str, start: str) -> str:
    """A reduction over the middle axis of 3x5x4."""
    return f"""
func.func @main(%x: tensor<3x5x4xf32>) -> tensor<3x4xf32> {{
  %c = arith.constant {start} : f32
  %e = tensor.empty() : tensor<3x4xf32>
  %f = linalg.fill ins(%c : f32) outs(%e : tensor<3x4xf32>) -> tensor<3x4xf32>
  %0 = linalg.generic {{indexing_maps = [affine_map<(a, b, c) -> (a, c, b)>,
                                         affine_map<(a, b, c) -> (a, b)>],
                        iterator_types = ["parallel", "parallel", "reduction"]}}
      ins(%x : tensor<3x5x4xf32>) outs(%f : tensor<3x4xf32>) {{
  ^bb0(%a: f32, %o: f32):
    {body}
    linalg.yield %r : f32
  }} -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}}"""


MATMUL_TRANSPOSED = """
func.func @main(%a: tensor<4x8xf32>, %b: tensor<5x8xf32>, %c: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %0 = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
                                      affine_map<(m, n, k) -> (n, k)>,
                                      affine_map<(m, n, k) -> (m, n)>]
      ins(%a, %b : tensor<4x8xf32>, tensor<5x8xf32>) outs(%c : tensor<4x5xf32>) -> tensor<4x5xf32>
  return %0 : tensor<4x5xf32>
}"""

BATCH_MATMUL = """
func.func @main(%a: tensor<3x4x8xf32>, %b: tensor<3x8x5xf32>, %c: tensor<3x4x5xf32>)
    -> tensor<3x4x5xf32> {
  %0 = linalg.batch_matmul ins(%a, %b : tensor<3x4x8xf32>, tensor<3x8x5xf32>)
                           outs(%c : tensor<3x4x5xf32>) -> tensor<3x4x5xf32>
  return %0 : tensor<3x4x5xf32>
}"""

CONVOLUTION = """
func.func @main(%x: tensor<2x3x9x9xf32>, %w: tensor<4x3x3x2xf32>, %c: tensor<2x4x4x8xf32>)
    -> tensor<2x4x4x8xf32> {
  %0 = linalg.conv_2d_nchw_fchw {dilations = dense<1> : tensor<2xi64>,
                                 strides = dense<[2, 1]> : tensor<2xi64>}
      ins(%x, %w : tensor<2x3x9x9xf32>, tensor<4x3x3x2xf32>)
      outs(%c : tensor<2x4x4x8xf32>) -> tensor<2x4x4x8xf32>
  return %0 : tensor<2x4x4x8xf32>
}"""

DEPTHWISE = """
func.func @main(%x: tensor<2x9x9x3xf32>, %w: tensor<3x3x3xf32>, %c: tensor<2x7x7x3xf32>)
    -> tensor<2x7x7x3xf32> {
  %0 = linalg.depthwise_conv_2d_nhwc_hwc {dilations = dense<1> : tensor<2xi64>,
                                          strides = dense<1> : tensor<2xi64>}
      ins(%x, %w : tensor<2x9x9x3xf32>, tensor<3x3x3xf32>)
      outs(%c : tensor<2x7x7x3xf32>) -> tensor<2x7x7x3xf32>
  return %0 : tensor<2x7x7x3xf32>
}"""

POOLING = """
func.func @main(%x: tensor<1x2x8x8xf32>, %w: tensor<2x2xf32>, %c: tensor<1x2x4x4xf32>)
    -> tensor<1x2x4x4xf32> {
  %0 = linalg.pooling_nchw_max {dilations = dense<1> : tensor<2xi64>,
                                strides = dense<2> : tensor<2xi64>}
      ins(%x, %w : tensor<1x2x8x8xf32>, tensor<2x2xf32>)
      outs(%c : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  return %0 : tensor<1x2x4x4xf32>
}"""

ARGMAX = """
func.func @main(%x: tensor<3x7xf32>, %v: tensor<3xf32>, %i: tensor<3xi32>) -> tensor<3xi32> {
  %0:2 = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a)>,
                                          affine_map<(a, b) -> (a)>],
                         iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<3x7xf32>) outs(%v, %i : tensor<3xf32>, tensor<3xi32>) {
  ^bb0(%a: f32, %best: f32, %place: i32):
    %n = linalg.index 1 : index
    %m = arith.index_cast %n : index to i32
    %max = arith.maximumf %a, %best : f32
    %more = arith.cmpf PREDICATE, %a, %best : f32
    %chosen = arith.select %more, %m, %place : i32
    linalg.yield %max, %chosen : f32, i32
  } -> (tensor<3xf32>, tensor<3xi32>)
  return %0#1 : tensor<3xi32>
}"""

DIVIDED_INDEX = """
func.func @main(%x: tensor<3x2xf32>) -> tensor<6xf32> {
  %e = tensor.empty() : tensor<6xf32>
  %0 = linalg.generic {indexing_maps = [affine_map<(d) -> (d floordiv 2, d mod 2)>,
                                        affine_map<(d) -> (d)>], iterator_types = ["parallel"]}
      ins(%x : tensor<3x2xf32>) outs(%e : tensor<6xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %a, %a : f32
    linalg.yield %r : f32
  } -> tensor<6xf32>
  return %0 : tensor<6xf32>
}"""

SLICES = """
func.func @main(%x: tensor<6x8xf32>, %y: tensor<3x4xf32>) -> tensor<8x8xf32> {
  %c = arith.constant 7.0 : f32
  %s = tensor.extract_slice %x[1, 2] [3, 1] [2, 1] : tensor<6x8xf32> to tensor<3xf32>
  %e = tensor.empty() : tensor<3x4xf32>
  %b = linalg.broadcast ins(%s : tensor<3xf32>) outs(%e : tensor<3x4xf32>) dimensions = [1]
  %i = tensor.insert_slice %b into %x[0, 4] [3, 4] [1, 1] : tensor<3x4xf32> into tensor<6x8xf32>
  %p = tensor.pad %i low[2, 0] high[0, 0] {
  ^bb0(%a: index, %d: index):
    tensor.yield %c : f32
  } : tensor<6x8xf32> to tensor<8x8xf32>
  return %p : tensor<8x8xf32>
}"""

REDUCE = """
func.func @main(%x: tensor<3x5x4xf32>, %c: tensor<4xf32>) -> tensor<4xf32> {
  %0 = linalg.reduce { arith.addf } ins(%x : tensor<3x5x4xf32>) outs(%c : tensor<4xf32>)
       dimensions = [0, 1]
  return %0 : tensor<4xf32>
}"""


def floats(random: np.random.Generator, *shape: int) -> Array:
    return random.standard_normal(shape).astype(np.float32)


CASES: dict[str, tuple[str, list[tuple[int, ...]], tuple[int, ...]]] = {
    "add": (elementwise("%r = arith.addf %a, %b : f32"), [(4, 6)] * 2, (4, 6)),
    "erf": (elementwise("%r = math.erf %a : f32"), [(4, 6)] * 2, (4, 6)),
    "exp": (elementwise("%r = math.exp %a : f32"), [(4, 6)] * 2, (4, 6)),
    "tanh": (elementwise("%r = math.tanh %a : f32"), [(4, 6)] * 2, (4, 6)),
    "select": (
        elementwise("%p = arith.cmpf olt, %a, %b : f32\n%r = arith.select %p, %a, %b : f32"),
        [(4, 6)] * 2,
        (4, 6),
    ),
    "mixed precision": (
        elementwise(
            "%w = arith.extf %a : f32 to f64\n%v = arith.extf %b : f32 to f64\n"
            "%m = arith.mulf %w, %v : f64\n%r = arith.truncf %m : f64 to f32"
        ),
        [(4, 6)] * 2,
        (4, 6),
    ),
    "sum": (folding("%r = arith.addf %a, %o : f32", "0.5"), [(3, 5, 4)], (3, 4)),
    "maximum": (folding("%r = arith.maximumf %o, %a : f32", "-1.0"), [(3, 5, 4)], (3, 4)),
    "product": (folding("%r = arith.mulf %o, %a : f32", "2.0"), [(3, 5, 4)], (3, 4)),
    "sum of squares": (
        folding("%s = arith.mulf %a, %a : f32\n%r = arith.addf %o, %s : f32", "0.0"),
        [(3, 5, 4)],
        (3, 4),
    ),
    "no plain fold": (
        folding("%s = arith.mulf %o, %a : f32\n%r = arith.addf %s, %a : f32", "1.0"),
        [(3, 5, 4)],
        (3, 4),
    ),
    "matmul, transposed": (MATMUL_TRANSPOSED, [(4, 8), (5, 8), (4, 5)], (4, 5)),
    "batch matmul": (BATCH_MATMUL, [(3, 4, 8), (3, 8, 5), (3, 4, 5)], (3, 4, 5)),
    "convolution": (CONVOLUTION, [(2, 3, 9, 9), (4, 3, 3, 2), (2, 4, 4, 8)], (2, 4, 4, 8)),
    "depthwise": (DEPTHWISE, [(2, 9, 9, 3), (3, 3, 3), (2, 7, 7, 3)], (2, 7, 7, 3)),
    "pooling": (POOLING, [(1, 2, 8, 8), (2, 2), (1, 2, 4, 4)], (1, 2, 4, 4)),
    "divided index": (DIVIDED_INDEX, [(3, 2)], (6,)),
    "slices and pads": (SLICES, [(6, 8), (3, 4)], (8, 8)),
    "linalg.reduce": (REDUCE, [(3, 5, 4), (4,)], (4,)),
}


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_the_jit(name: str) -> None:
    text, shapes, shape = CASES[name]
    random = np.random.default_rng(1)
    inputs = [floats(random, *s) for s in shapes]
    expected = np.zeros(shape, np.float32)
    mlir_jit.run(text, inputs, [expected])
    [result] = evaluate(text, *inputs)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)
    [exact] = evaluate(text, *inputs, precision=Precision.FLOAT64)
    assert exact.dtype == np.float64
    np.testing.assert_allclose(exact, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("predicate", ["ogt", "oge"])
@pytest.mark.parametrize("with_nan", [False, True])
def test_index_of_the_maximum_agrees_with_the_jit(predicate: str, with_nan: bool) -> None:
    text = ARGMAX.replace("PREDICATE", predicate)
    values = np.array([[1, 5, 5, 2, 0, 5, 1], [0] * 7, [3, 2, 1, 0, 9, 9, 8]], np.float32)
    if with_nan:
        values[0, 3] = np.nan
    start = (np.array([-1, 0, 20], np.float32), np.array([99, 99, 99], np.int32))
    expected = np.zeros(3, np.int32)
    mlir_jit.run(text, [values, *start], [expected])
    [result] = evaluate(text, values, *start)
    np.testing.assert_array_equal(result, expected)


INTEGER_OPS = (
    *("addi", "subi", "muli", "andi", "ori", "xori", "maxsi", "minsi", "maxui", "minui"),
    *("divsi", "remsi", "floordivsi", "ceildivsi", "divui", "remui"),
)


@pytest.mark.parametrize("op", INTEGER_OPS)
def test_integers_agree_with_the_jit(op: str) -> None:
    text = elementwise(f"%r = arith.{op} %a, %b : i32", "i32")
    random = np.random.default_rng(2)
    a = random.integers(-(2**31), 2**31, (4, 6)).astype(np.int32)
    b = random.integers(-40, 40, (4, 6)).astype(np.int32)
    b[b == 0] = 7
    expected = np.zeros((4, 6), np.int32)
    mlir_jit.run(text, [a, b], [expected])
    [result] = evaluate(text, a, b)
    np.testing.assert_array_equal(result, expected)


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
    text = folding("%r = arith.addf %a, %o : f32", "0.0").replace("f32", "f16")
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
    taken = source.reshape([piece.extent for piece in view.pieces])
    taken = taken[
        tuple(slice(p.offset, p.offset + (p.length - 1) * p.step + 1, p.step) for p in view.pieces)
    ]
    kept = sorted(view.order)
    taken = taken.reshape([view.pieces[p].length for p in kept])
    return taken.transpose([kept.index(p) for p in view.order]).reshape(view.shape)
