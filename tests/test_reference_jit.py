"""The reference evaluator against MLIR's JIT."""

import mlir_jit
import numpy as np
import pytest
from evaluated import elementwise, evaluate, reducing

from hawk_xdsl.reference.evaluate import (
    Array,
    Precision,
)

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
    "sum": (reducing("%r = arith.addf %a, %o : f32", "0.5"), [(3, 5, 4)], (3, 4)),
    "maximum": (reducing("%r = arith.maximumf %o, %a : f32", "-1.0"), [(3, 5, 4)], (3, 4)),
    "product": (reducing("%r = arith.mulf %o, %a : f32", "2.0"), [(3, 5, 4)], (3, 4)),
    "sum of squares": (
        reducing("%s = arith.mulf %a, %a : f32\n%r = arith.addf %o, %s : f32", "0.0"),
        [(3, 5, 4)],
        (3, 4),
    ),
    "no plain reduction": (
        reducing("%s = arith.mulf %o, %a : f32\n%r = arith.addf %s, %a : f32", "1.0"),
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
