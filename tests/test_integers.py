"""Integers are exact for every value: composed kernels against numpy, over the full width."""

from collections.abc import Callable

import numpy as np
import pytest
from integer_programs import (
    NUMPY,
    Array,
    check,
    drawn,
    elementwise,
    pairs,
    reduction_of,
    truncated,
)

pytestmark = pytest.mark.corpus


@pytest.mark.parametrize("dtype", ["i8", "i16", "i32"])
@pytest.mark.parametrize(
    ("op", "function"),
    [
        ("arith.addi", np.add),
        ("arith.subi", np.subtract),
        ("arith.muli", np.multiply),
        ("arith.maxsi", np.maximum),
        ("arith.andi", np.bitwise_and),
        ("arith.xori", np.bitwise_xor),
    ],
)
def test_arithmetic_wraps(op: str, function: Callable[..., Array], dtype: str) -> None:
    text = elementwise(f"%r = {op} %a, %b : {dtype}", f"{dtype} {dtype}", dtype)
    check(text, function, *pairs(dtype, 7, 40))


def test_a_chain_of_narrow_arithmetic_is_cut_once_at_its_end_or_before_a_comparison() -> None:
    body = """%m = arith.muli %a, %b : i8
    %s = arith.addi %m, %a : i8
    %n = arith.subi %s, %b : i8
    %r = arith.maxsi %n, %s : i8"""

    def wanted(a: Array, b: Array) -> Array:
        total = (a * b + a).astype(np.int8)
        return np.maximum((total - b).astype(np.int8), total)

    check(elementwise(body, "i8 i8", "i8"), wanted, *pairs("i8", 7, 40))


@pytest.mark.parametrize("source", ["i32", "i16"])
@pytest.mark.parametrize("target", ["i8", "i16"])
def test_a_cast_to_fewer_bits_keeps_the_low_ones(source: str, target: str) -> None:
    if source == target:
        pytest.skip("no cast")
    text = elementwise(f"%r = arith.trunci %a : {source} to {target}", source, target)
    inputs = [(drawn(source, 7, 40, seed=s),) for s in range(3)]
    check(text, lambda a: a.astype(NUMPY[target]), *inputs)


def _floor(a: Array, b: Array) -> Array:
    return (a.astype(np.int64) // b).astype(a.dtype)


DIVISIONS: list[tuple[str, Callable[[Array, Array], Array]]] = [
    ("arith.divsi", truncated),
    ("arith.floordivsi", _floor),
    ("arith.ceildivsi", lambda a, b: (-(-a.astype(np.int64) // b)).astype(a.dtype)),
    ("arith.remsi", lambda a, b: (a - truncated(a, b).astype(np.int64) * b).astype(a.dtype)),
]


@pytest.mark.parametrize(
    ("op", "function", "dtype"),
    [(*division, "i32") for division in DIVISIONS] + [(*DIVISIONS[3], "i8")],
)
def test_quotients_and_rests_of_tiles_are_exact(
    op: str, function: Callable[..., Array], dtype: str
) -> None:
    text = elementwise(f"%r = {op} %a, %b : {dtype}", f"{dtype} {dtype}", dtype)
    sets = [(a, np.where(b == 0, 3, b).astype(b.dtype)) for a, b in pairs(dtype, 7, 40)]
    check(text, function, *sets)


@pytest.mark.parametrize("divisor", [41, 2**31 - 1, -3, -(2**31)])
def test_quotients_by_literals_are_exact(divisor: int) -> None:
    body = f"%c = arith.constant {divisor} : i32\n    %r = arith.divsi %a, %c : i32"
    multiples = (np.arange(280, dtype=np.int64).reshape(7, 40) - 140) * divisor
    near = np.clip(multiples + np.resize([-1, 0, 1], (7, 40)), -(2**31) + 1, 2**31 - 1)
    check(
        elementwise(body, "i32", "i32"),
        lambda a: truncated(a, np.full(a.shape, divisor, np.int32)),
        (drawn("i32", 7, 40),),
        (near.astype(np.int32),),
    )


@pytest.mark.parametrize(
    ("op", "function"),
    [
        ("arith.shli", np.left_shift),
        ("arith.shrsi", np.right_shift),
        ("arith.shrui", lambda a, n: (a.view(np.uint32) >> n.view(np.uint32)).view(np.int32)),
    ],
)
def test_shifts_by_a_number_and_by_a_tile(op: str, function: Callable[..., Array]) -> None:
    a = drawn("i32", 7, 40)
    for amount in (1, 31):
        body = f"%c = arith.constant {amount} : i32\n    %r = {op} %a, %c : i32"
        check(
            elementwise(body, "i32", "i32"),
            lambda x, n=amount: function(x, np.full(x.shape, n, np.int32)),
            (a,),
        )
    if op != "arith.shrui":
        amounts = np.random.default_rng(1).integers(-3, 36, (7, 40)).astype(np.int32)
        check(elementwise(f"%r = {op} %a, %b : i32", "i32 i32", "i32"), function, (a, amounts))


@pytest.mark.parametrize("predicate", ["eq", "ne", "slt", "sge"])
@pytest.mark.parametrize("dtype", ["i8", "i16", "i32"])
def test_comparisons_tell_neighbours_apart(predicate: str, dtype: str) -> None:
    a = drawn(dtype, 7, 40)
    with np.errstate(over="ignore"):
        b = (a + np.resize(np.array([-1, 0, 1], a.dtype), (7, 40))).astype(a.dtype)
    function = {"eq": np.equal, "ne": np.not_equal, "slt": np.less, "sge": np.greater_equal}
    text = elementwise(f"%r = arith.cmpi {predicate}, %a, %b : {dtype}", f"{dtype} {dtype}", "i1")
    check(text, function[predicate], (a, b))


REDUCTIONS = [
    ("arith.addi", 0, np.add),
    ("arith.muli", 1, np.multiply),
    ("arith.maxsi", -(2**31), np.maximum),
    ("arith.minsi", 2**31 - 1, np.minimum),
]


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("shape", ["3x1030", "130x25"])
@pytest.mark.parametrize(("op", "start", "function"), REDUCTIONS)
def test_reductions_wrap_and_forget_nothing(
    op: str, start: int, function: np.ufunc, shape: str, axis: int
) -> None:
    extents = tuple(map(int, shape.split("x")))
    inputs = [(drawn("i32", *extents, seed=s),) for s in range(2)]
    if op == "arith.muli":  # without zeros, which would end every product
        inputs = [(np.where(a % 2 == 0, a + 1, a).astype(np.int32),) for (a,) in inputs]
    check(
        reduction_of(op, start, "i32", shape, axis),
        lambda a: function.reduce(a, axis=axis, dtype=np.int32),
        *inputs,
    )


def test_conditions_are_compared_multiplied_and_added_as_conditions() -> None:
    body = """%z = arith.constant 0.0 : f32
    %p = arith.cmpf olt, %a, %z : f32
    %q = arith.cmpf olt, %b, %z : f32
    %d = {} %p, %q : i1
    %r = arith.select %d, %a, %b : f32"""
    random = np.random.default_rng(3)
    a, b = (random.standard_normal((7, 40)).astype(np.float32) for _ in range(2))
    for op, function in (
        ("arith.cmpi ne,", np.not_equal),
        ("arith.cmpi eq,", np.equal),
        ("arith.muli", np.logical_and),
        ("arith.addi", np.logical_xor),
    ):
        check(
            elementwise(body.format(op), "f32 f32", "f32"),
            lambda a, b, f=function: np.where(f(a < 0, b < 0), a, b),
            (a, b),
        )


def _u(a: Array) -> Array:
    return a.view(f"u{a.dtype.name}").astype(np.int64)


@pytest.mark.parametrize("dtype", ["i8", "i32"])
@pytest.mark.parametrize(
    ("op", "function"), [("arith.maxui", np.maximum), ("arith.minui", np.minimum)]
)
def test_the_order_of_unsigned_integers_is_their_own(
    op: str, function: Callable[..., Array], dtype: str
) -> None:
    text = elementwise(f"%r = {op} %a, %b : {dtype}", f"{dtype} {dtype}", dtype)
    check(text, lambda a, b: function(_u(a), _u(b)).astype(a.dtype), *pairs(dtype, 7, 40)[:2])


def test_bytes_are_divided_shifted_compared_and_widened_without_a_sign() -> None:
    bytes_ = np.arange(-128, 128, dtype=np.int8).reshape(2, 128)
    divisors = np.roll(bytes_, 5, axis=1)
    divisors = np.where(divisors == 0, 1, divisors).astype(np.int8)
    body = """%q = arith.divui %a, %b : i8
    %n = arith.remui %a, %b : i8
    %s = arith.addi %q, %n : i8
    %c = arith.constant 2 : i8
    %h = arith.shrui %s, %c : i8
    %p = arith.cmpi ult, %h, %b : i8
    %f = arith.uitofp %h : i8 to f32
    %g = arith.uitofp %b : i8 to f32
    %r = arith.select %p, %f, %g : f32"""

    def wanted(a: Array, b: Array) -> Array:
        shifted = ((_u(a) // _u(b) + _u(a) % _u(b)) % 256) >> 2
        return np.where(shifted < _u(b), shifted, _u(b)).astype(np.float32)

    check(elementwise(body, "i8 i8", "f32", "2x128"), wanted, (bytes_, divisors))


def test_the_largest_byte_is_the_largest_without_a_sign() -> None:
    text = reduction_of("arith.maxui", 0, "i8", "4x40", 1)
    check(text, lambda a: _u(a).max(axis=1).astype(np.int8), (drawn("i8", 4, 40),))


def test_one_bit_widens_with_or_without_a_sign() -> None:
    body = """%p = arith.cmpi slt, %a, %b : i32
    %s = arith.extsi %p : i1 to i32
    %u = arith.extui %p : i1 to i32
    %t = arith.trunci %a : i32 to i1
    %w = arith.extui %t : i1 to i32
    %m = arith.shli %s, %u : i32
    %r = arith.addi %m, %w : i32"""

    def wanted(a: Array, b: Array) -> Array:
        return (np.where(a < b, -2, 0) + (a & 1)).astype(np.int32)

    check(elementwise(body, "i32 i32", "i32"), wanted, *pairs("i32", 7, 40)[:2])


def test_products_that_wrap_before_they_are_summed_are_no_matrix_product() -> None:
    text = """func.func @main(%x: tensor<16x32xi8>, %y: tensor<16x32xi8>) -> tensor<16x16xi32> {
  %c = arith.constant 0 : i32
  %e = tensor.empty() : tensor<16x16xi32>
  %f = linalg.fill ins(%c : i32) outs(%e : tensor<16x16xi32>) -> tensor<16x16xi32>
  %r = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
      affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %y : tensor<16x32xi8>, tensor<16x32xi8>) outs(%f : tensor<16x16xi32>) {
  ^bb0(%a: i8, %b: i8, %o: i32):
    %p = arith.muli %a, %b : i8
    %w = arith.extsi %p : i8 to i32
    %s = arith.addi %w, %o : i32
    linalg.yield %s : i32
  } -> tensor<16x16xi32>
  return %r : tensor<16x16xi32>
}"""

    def wanted(x: Array, y: Array) -> Array:
        return (x[:, None, :] * y[None, :, :]).astype(np.int32).sum(axis=-1, dtype=np.int32)

    check(text, wanted, (drawn("i8", 16, 32), drawn("i8", 16, 32, seed=1)))


@pytest.mark.parametrize("dtype", ["i8", "i32"])
def test_matrix_products_wrap(dtype: str) -> None:
    wide = "%w = arith.extsi %a : i8 to i32\n    %v = arith.extsi %b : i8 to i32"
    names = "%w, %v" if dtype == "i8" else "%a, %b"
    header = f"%x: tensor<6x40x{dtype}>, %y: tensor<5x40x{dtype}>"
    text = f"""func.func @main({header}) -> tensor<6x5xi32> {{
  %c = arith.constant 0 : i32
  %e = tensor.empty() : tensor<6x5xi32>
  %f = linalg.fill ins(%c : i32) outs(%e : tensor<6x5xi32>) -> tensor<6x5xi32>
  %r = linalg.generic {{indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
      affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"]}}
      ins(%x, %y : tensor<6x40x{dtype}>, tensor<5x40x{dtype}>) outs(%f : tensor<6x5xi32>) {{
  ^bb0(%a: {dtype}, %b: {dtype}, %o: i32):
    {wide if dtype == "i8" else ""}
    %p = arith.muli {names} : i32
    %s = arith.addi %p, %o : i32
    linalg.yield %s : i32
  }} -> tensor<6x5xi32>
  return %r : tensor<6x5xi32>
}}"""

    def wanted(x: Array, y: Array) -> Array:
        return x.astype(np.int32) @ y.astype(np.int32).T

    check(text, wanted, (drawn(dtype, 6, 40), drawn(dtype, 5, 40, seed=1)))
