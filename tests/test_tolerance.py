"""Tolerances: what each element of a result may be, and what it may not."""

import numpy as np
import pytest
from undecided import SOFTMAX, elementwise, undecided

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.gate.tolerance import Expected
from hawk_xdsl.reference.evaluate import evaluate_region, evaluate_with_errors


def _expected(exact: float, declared: float) -> Expected:
    return Expected(np.array([exact, 1.0]), np.array([declared, 1.0], np.float16), np.zeros(2))


def expected(text: str, *inputs: Array) -> Expected:
    """What the only result of an op must be."""
    op = undecided(text)
    [judged] = evaluate_with_errors(op.body.block, inputs)
    [declared] = evaluate_region(op.body, inputs)
    [endless] = evaluate_with_errors(op.body.block, inputs, ends=False)
    return Expected(judged.value, declared, judged.error, lambda: endless.error)


@pytest.mark.parametrize("given", [100.0, np.inf])
def test_where_only_the_dtype_overflows_the_exact_value_is_right_too(given: float) -> None:
    expected = _expected(100.025, np.inf)
    assert expected.mistake(np.array([given, 1.0], np.float16)) is None


@pytest.mark.parametrize("given", [99.0, -np.inf, np.nan, 0.0])
def test_anything_else_is_wrong_there(given: float) -> None:
    expected = _expected(100.025, np.inf)
    assert expected.mistake(np.array([given, 1.0], np.float16)) is not None


@pytest.mark.parametrize("given, right", [
    *((np.inf, True), (65504.0, True), (65440.0, False), (-np.inf, False), (np.nan, False)),
])  # fmt: skip
def test_a_value_just_beyond_the_end_of_its_dtype_may_round_to_that_end(
    given: float, right: bool
) -> None:
    wanted = _expected(65521.2, np.inf)
    assert (wanted.mistake(np.array([given, 1.0], np.float16)) is None) == right


@pytest.mark.parametrize("given, right", [
    *((np.inf, True), (65504.0, True), (64000.0, True), (60000.0, False), (-np.inf, False)),
])  # fmt: skip
def test_beyond_the_end_of_a_dtype_a_value_may_be_off_by_what_cancelled_before_it(
    given: float, right: bool
) -> None:
    scalar = """%c = arith.constant 256.0 : f16
    %d = arith.constant 60000.0 : f16
    %0 = arith.addf %in, %c : f16
    %1 = arith.subf %0, %c : f16
    %2 = arith.mulf %1, %d : f16"""
    x = np.full((1, 4), 1.3, np.float16)
    wanted = expected(elementwise("1x4", scalar, "%2", "f16"), x)
    assert wanted.exact[0, 0] > 77000
    assert (wanted.mistake(np.full((1, 4), given, np.float16)) is None) == right


@pytest.mark.parametrize("x, given, right", [
    *((0.05, np.inf, True), (0.05, -np.inf, True), (0.05, np.nan, False)),
    *((1.3, np.inf, True), (1.3, -np.inf, False)),
])  # fmt: skip
def test_what_cancelled_before_a_large_factor_may_overflow_with_either_sign(
    x: float, given: float, right: bool
) -> None:
    scalar = """%c = arith.constant 256.0 : f16
    %d = arith.constant 60000.0 : f16
    %f = arith.constant 60.0 : f16
    %0 = arith.addf %in, %c : f16
    %1 = arith.subf %0, %c : f16
    %2 = arith.mulf %1, %d : f16
    %3 = arith.mulf %2, %f : f16"""
    wanted = expected(elementwise("1x4", scalar, "%3", "f16"), np.full((1, 4), x, np.float16))
    assert wanted.exact[0, 0] > 65504
    assert (wanted.mistake(np.full((1, 4), given, np.float16)) is None) == right


@pytest.mark.parametrize("special", [np.inf, np.nan])
def test_what_is_special_in_float64_must_be_so(special: float) -> None:
    expected = _expected(special, special)
    assert expected.mistake(np.array([special, 1.0], np.float16)) is None
    assert expected.mistake(np.array([7.0, 1.0], np.float16)) is not None


def test_a_small_element_is_judged_by_its_own_size_not_by_its_row() -> None:
    x = np.zeros((1, 4, 64, 64), np.float32)
    x[..., 0] = 12.0
    wanted = expected(SOFTMAX.replace("64x32", "64x64"), x)
    given = wanted.declared.copy()
    assert wanted.mistake(given) is None
    assert given[0, 0, 0, 1] < 1e-5
    given[0, 0, 0, 1] = 0.0
    assert wanted.mistake(given) is not None


def test_a_sum_with_cancellation_may_be_off_by_roundings_of_its_addends() -> None:
    scalar = """%c = arith.constant 1.0e6 : f32
    %0 = arith.addf %in, %c : f32
    %1 = arith.subf %0, %c : f32"""
    x = np.full((1, 4), 0.3, np.float32)
    wanted = expected(elementwise("1x4", scalar), x)
    assert wanted.mistake(np.full((1, 4), 0.3, np.float32)) is None
    assert wanted.mistake(np.full((1, 4), 0.3125, np.float32)) is None
    assert wanted.mistake(np.full((1, 4), 1.5, np.float32)) is not None


def test_what_is_only_moved_or_selected_is_equal() -> None:
    scalar = "%c = arith.constant 0.0 : f32\n%1 = arith.maximumf %in, %c : f32"
    x = np.array([[1.0, -1.0, 3.0, np.nan]], np.float32)
    wanted = expected(elementwise("1x4", scalar), x)
    assert wanted.mistake(np.maximum(x, 0)) is None
    assert wanted.mistake(np.nextafter(np.maximum(x, 0), np.float32(9))) is not None


def test_narrow_results_are_right_within_one_unit_of_their_own() -> None:
    scalar = "%1 = arith.mulf %in, %in : f16"
    x = np.array([[1.1, 1.7, 30.0, 0.3]], np.float16)
    wanted = expected(elementwise("1x4", scalar, dtype="f16"), x)
    assert wanted.mistake(x * x) is None
    assert wanted.mistake(np.nextafter(x * x, np.float16(6e4))) is None
    two = np.nextafter(np.nextafter(x * x, np.float16(6e4)), np.float16(6e4))
    assert wanted.mistake(two) is not None


def test_what_underflows_may_be_zero() -> None:
    scalar = "%1 = arith.mulf %in, %in : f32"
    x = np.array([[1e-20, 3e-20, 1e-19, 2e-19]], np.float32)
    wanted = expected(elementwise("1x4", scalar), x)
    flushed = np.array([[0.0, 0.0, 0.0, x[0, 3] ** 2]], np.float32)
    assert wanted.mistake(flushed) is None
    assert wanted.mistake(np.zeros((1, 4), np.float32)) is not None


FLOOR_OF_COS = "%0 = math.cos %in : f32\n%1 = math.floor %0 : f32"


def test_both_sides_of_a_step_are_right_where_roundings_decide() -> None:
    wanted = expected(elementwise("1x4", FLOOR_OF_COS), np.array([[-3e-4, 2e-4, 1, 2]], np.float32))
    assert wanted.mistake(np.array([[0, 1, 0, -1]], np.float32)) is None
    assert wanted.mistake(np.array([[1, 0, 0, -1]], np.float32)) is None
    assert wanted.mistake(np.array([[1, 0, 1, -1]], np.float32)) is not None


@pytest.mark.parametrize(
    ("scalar", "x", "right", "wrong"),
    [
        ("%1 = math.floor %in : f32", 3.0, 3.0, 2.0),
        (
            """%c = arith.constant 3.0 : f32
            %0 = arith.divf %in, %c : f32
            %1 = math.floor %0 : f32""",
            6.0,
            2.0,
            1.0,
        ),
    ],
)
def test_steps_of_inputs_and_of_what_ieee_arithmetic_gives_exactly_are_exact(
    scalar: str, x: float, right: float, wrong: float
) -> None:
    wanted = expected(elementwise("1x1", scalar), np.array([[x]], np.float32))
    assert wanted.mistake(np.array([[right]], np.float32)) is None
    assert wanted.mistake(np.array([[wrong]], np.float32)) is not None


COMPARED = """
npu.undecided "elementwise" ins(%x : tensor<1x4xf32>) -> (tensor<1x4xi1>) {
^bb0(%a: tensor<1x4xf32>):
  %e = tensor.empty() : tensor<1x4xi1>
  %d = linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<1x4xf32>) outs(%e : tensor<1x4xi1>) {
  ^bb1(%in: f32, %out: i1):
    %c = arith.constant 1000.0 : f32
    VALUE
    %1 = arith.cmpf ogt, %v, %c : f32
    linalg.yield %1 : i1
  } -> tensor<1x4xi1>
  npu.yield %d : tensor<1x4xi1>
}
"""  # noqa: E501


def test_a_comparison_of_inputs_is_exact_and_one_of_products_within_their_rounding() -> None:
    up = np.nextafter(np.float32(1000), np.float32(2000))
    raw = COMPARED.replace("VALUE", "").replace("%v", "%in")
    wanted = expected(raw, np.array([[up, 1000, 999, np.nan]], np.float32))
    assert wanted.mistake(np.array([[1, 0, 0, 0]], np.int8)) is None
    assert wanted.mistake(np.array([[0, 0, 0, 0]], np.int8)) is not None
    product = COMPARED.replace("VALUE", "%v = arith.mulf %in, %in : f32")
    wanted = expected(product, np.full((1, 4), np.sqrt(1000), np.float32))
    for given in (0, 1):
        assert wanted.mistake(np.full((1, 4), given, np.int8)) is None
    wanted = expected(product, np.full((1, 4), 31.7, np.float32))
    assert wanted.mistake(np.zeros((1, 4), np.int8)) is not None


EQUAL = COMPARED.replace("ogt", "oeq")


def test_products_within_their_rounding_may_be_equal_and_none_else() -> None:
    product = EQUAL.replace("VALUE", "%v = arith.mulf %in, %in : f32")
    root = np.float32(np.sqrt(1000))
    assert abs(float(root) ** 2 - 1000) > 0  # no end of the product's error is 1000 itself
    wanted = expected(product, np.array([[root, 31.7, np.nan, 0]], np.float32))
    for given in (0, 1):
        assert wanted.mistake(np.array([[given, 0, 0, 0]], np.int8)) is None
    for place in (1, 2, 3):
        wrong = np.zeros((1, 4), np.int8)
        wrong[0, place] = 1
        assert wanted.mistake(wrong) is not None
