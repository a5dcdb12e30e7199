"""Approximate instructions: how far estimates are off, and results that are not defined."""

import numpy as np
import pytest
from npu_model_kernels import TARGET, alloc, gm, kernel, load, randoms, store, ub, unary

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target import Estimates, Trap, TrapCode, estimates_of, load_target, simulate
from hawk_xdsl.npu_target.target_file import parse_target

SHAPE = (8, 64)


def one(body: str, dtype: str = "f32") -> KernelOp:
    """Load a, compute into a, store."""
    outer, inner = gm(*SHAPE, dtype=dtype), ub(*SHAPE, dtype=dtype)
    text = alloc("a", inner) + load("x", "a", outer, inner) + body + store("a", "y", inner, outer)
    return kernel(text, {"x": outer}, {"y": outer})


def estimate(mnemonic: str, dtype: str = "f32") -> KernelOp:
    return one(unary(mnemonic, "a", "a", ub(*SHAPE, dtype=dtype)), dtype)


def positive(dtype: str) -> np.ndarray:
    return np.abs(randoms(*SHAPE, dtype=dtype)) + DType(dtype).numpy.type(0.01)


def off_by(mnemonic: str, dtype: str, way: Estimates) -> np.ndarray:
    """Relative errors of an estimate."""
    x = positive(dtype)
    found = simulate(
        estimate(mnemonic, dtype), [x], TARGET, mode="program-order", estimates=way
    ).outputs[0]
    power = -1.0 if mnemonic == "vrec" else -0.5
    return found / x.astype(np.float64) ** power - 1


@pytest.mark.parametrize("dtype", ["f16", "f32"])
@pytest.mark.parametrize("mnemonic", ["vrec", "vrsqrt"])
def test_estimates_have_eight_good_bits_and_no_more(mnemonic: str, dtype: str) -> None:
    up, down, signed = (off_by(mnemonic, dtype, way) for way in ("up", "down", "signed"))
    rounding = 2.0**-10 if dtype == "f16" else 2.0**-23
    assert (up > 2**-9 - rounding).all() and (up < 2**-8 + rounding).all()
    assert (down < -(2**-9) + rounding).all() and (down > -(2**-8) - rounding).all()
    assert 0.3 < (signed > 0).mean() < 0.7
    assert (np.abs(signed) > 2**-9 - rounding).all()


def test_an_estimate_is_a_fixed_function_of_its_input() -> None:
    x = np.full(SHAPE, 3.0, np.float32)
    found = simulate(estimate("vrec"), [x], TARGET, mode="program-order").outputs[0]
    assert (found == found[0, 0]).all()


def test_kernels_without_estimates_are_run_one_way() -> None:
    assert estimates_of([estimate("vsqrt"), estimate("vln")], TARGET) == ("signed",)
    assert estimates_of([estimate("vsqrt"), estimate("vrec")], TARGET) == ("signed", "up", "down")


@pytest.mark.parametrize("name", ["ascend910b1", "ascend950", "ascend310b"])
def test_every_target_says_how_accurate_its_estimates_are(name: str) -> None:
    rows = load_target(name).vector.accuracy
    for mnemonic, bits, domain in (
        ("vrec", 8, "x != 0"),
        ("vrsqrt", 8, "x > 0"),
        ("vln", None, "x > 0"),
    ):
        for dtype in ("f16", "f32"):
            found = rows[mnemonic][dtype]
            assert (found.bits, found.domain) == (bits, domain)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("vtan = { f32 = 8 }", "vector.accuracy.vtan: no such row"),
        ("vrec = { i8 = 8 }", "vector.accuracy.vrec.i8: vrec has no such dtype"),
        ('vrec = { domain = "x > 1" }', "vector.accuracy.vrec.domain: 'x > 1' is none of"),
    ],
)
def test_an_accuracy_that_makes_no_sense_is_refused(row: str, reason: str) -> None:
    text = f'base = "ascend910b1"\nname = "mine"\n[vector.accuracy]\n{row}\n'
    with pytest.raises(HawkError, match=reason):
        parse_target(text.encode(), "mine.toml")


@pytest.mark.parametrize(
    ("mnemonic", "bad"), [("vrec", 0.0), ("vrec", -0.0), ("vrsqrt", -1.0), ("vln", 0.0)]
)
def test_storing_an_undefined_result_traps(mnemonic: str, bad: float) -> None:
    x = positive("f32")
    x[3, 5] = bad
    with pytest.raises(
        Trap, match=r"%y\[3, 5\] depends on the result for -?\d, which is not"
    ) as raised:
        simulate(estimate(mnemonic), [x], TARGET, mode="program-order")
    assert raised.value.code is TrapCode.UNDEFINED
    assert raised.value.op_name == f"npu.{mnemonic}"


def test_an_undefined_result_that_is_not_selected_is_legal() -> None:
    tile, mask = ub(*SHAPE), ub(*SHAPE, dtype="i8")
    found = one(
        alloc("p", mask)
        + alloc("b", tile)
        + "%zero = arith.constant 0.0 : f32\n%two = arith.constant 2.0 : f32\n"
        + f"npu.vcmp <gt> ins(%a, %zero : {tile}, f32) outs(%p : {mask})\n"
        + unary("vln", "a", "b", tile)
        + f"npu.vsel ins(%p, %b, %two : {mask}, {tile}, f32) outs(%a : {tile})\n"
    )
    x = randoms(*SHAPE)
    got = simulate(found, [x], TARGET, mode="program-order").outputs[0]
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(got, np.where(x > 0, np.log(x), np.float32(2)))


def reduced(x: np.ndarray, kind: str, axis: int) -> np.ndarray:
    rows, columns = x.shape
    shape = (1, columns) if axis == 0 else (rows, 1)
    from_, to = gm(*x.shape, dtype="f16"), ub(*x.shape, dtype="f16")
    narrow, out = ub(*shape, dtype="f16"), gm(*shape, dtype="f16")
    text = (
        alloc("a", to)
        + alloc("s", narrow)
        + load("x", "a", from_, to)
        + f"npu.vreduce <{kind}> ins(%a : {to}) outs(%s : {narrow}) axes [{axis}]\n"
        + store("s", "y", narrow, out)
    )
    return simulate(
        kernel(text, {"x": from_}, {"y": out}), [x], TARGET, mode="program-order"
    ).outputs[0]


@pytest.mark.parametrize("axis", [0, 1])
def test_a_sum_of_f16_adds_pairs_in_half_precision(axis: int) -> None:
    row = np.array([2048, 1, 2048, 1, 0.5, 0.25, 3, 7, 1], np.float16)  # 2048 + 1 is 2048 in half
    pairs = ((2048 + 2048) + (0.75 + 10)) + 1
    x = np.tile(row, (16, 1)) if axis == 1 else np.tile(row[:, None], (1, 16))
    assert (reduced(x, "sum", axis) == np.float16(pairs)).all()


def test_a_sum_of_f16_saturates_and_keeps_infinities() -> None:
    x = np.zeros((16, 32), np.float16)
    x[:, :2], x[1, 0], x[2] = 60000, np.inf, -60000
    found = reduced(x, "sum", 1)[:, 0]
    assert list(found[:3]) == [65504, np.inf, -65504]
