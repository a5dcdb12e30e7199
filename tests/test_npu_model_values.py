"""The NPU simulator computes what each instruction says: against numpy, for every dtype it has."""

from collections.abc import Callable

import ml_dtypes
import numpy as np
import pytest
from npu_model_kernels import (
    alloc,
    gm,
    kernel,
    load,
    memref_type,
    randoms,
    run,
    store,
    ub,
    view,
)  # fmt: skip

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.npu_target import Trap, simulate
from hawk_xdsl.npu_target.target_file import parse_target

Inputs = dict[str, np.ndarray]

EVERY = parse_target(
    b"""
base = "ascend910b1"
name = "with every instruction"
[vector]
relations = false
[vector.ops]
vneg = { f16 = [3, 0, 1], f32 = [3, 0, 1] }
vcumulate_max = { f32 = [3, 0, 2] }
vcumulate_min = { f32 = [3, 0, 2] }
""",
    "every.toml",
)
"""The tests' target, with what no Ascend chip has but the dialect describes."""


def dtype_name(array: np.ndarray) -> str:
    return next(dtype for dtype in DType if dtype.numpy == array.dtype and not dtype.is_condition)


def apply(instruction: str, inputs: Inputs, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Load the inputs, run an instruction with ``{a}`` for buffer a and its type ``{A}``, store."""
    ins, body, names = {}, "", {}
    for name, array in inputs.items():
        from_, to = (
            gm(*array.shape, dtype=dtype_name(array)),
            ub(*array.shape, dtype=dtype_name(array)),
        )
        ins[f"g{name}"] = from_
        body += alloc(name, to) + load(f"g{name}", name, from_, to)
        names |= {name: f"%{name}", name.upper(): to}
    out, to = ub(*shape, dtype=dtype), gm(*shape, dtype=dtype)
    names |= {"o": "%o", "O": out}
    body += alloc("o", out) + instruction.format(**names) + "\n" + store("o", "y", out, to)
    found = kernel(body, ins, {"y": to})
    return simulate(found, tuple(inputs.values()), EVERY, mode="program-order").outputs[0]


UNARY: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "vexp": np.exp,
    "vln": lambda x: np.log(x),
    "vabs": np.abs,
    "vsqrt": np.sqrt,
    "vrelu": lambda x: np.maximum(x, 0),
    "vneg": lambda x: -x,
}


@pytest.mark.parametrize("dtype", ["f16", "f32"])
@pytest.mark.parametrize("mnemonic", UNARY)
def test_unary(mnemonic: str, dtype: str) -> None:
    x = randoms(5, 33, dtype=dtype)
    if mnemonic in ("vln", "vsqrt"):
        x = np.abs(x)
    found = apply(
        f"npu.{mnemonic} ins({{a}} : {{A}}) outs({{o}} : {{O}})", {"a": x}, (5, 33), dtype
    )
    np.testing.assert_array_equal(found, UNARY[mnemonic](x))


def test_complement_of_a_mask_exchanges_0_and_1_and_of_i16_all_bits() -> None:
    mask = np.array([[0, 1, 1, 0]] * 3, np.int8)
    bits = randoms(3, 16, dtype="i16")
    text = "npu.vnot ins({a} : {A}) outs({o} : {O})"
    np.testing.assert_array_equal(apply(text, {"a": mask}, (3, 4), "i8"), 1 - mask)
    np.testing.assert_array_equal(apply(text, {"a": bits}, (3, 16), "i16"), ~bits)


BINARY: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "vadd": np.add,
    "vsub": np.subtract,
    "vmul": np.multiply,
    "vmax": np.maximum,
    "vmin": np.minimum,
}


@pytest.mark.parametrize("dtype", ["f16", "f32", "i16", "i32"])
@pytest.mark.parametrize("mnemonic", BINARY)
@pytest.mark.parametrize("shape", [(6, 40), (6, 1), (40,), (1, 40)], ids=str)
def test_binary_with_a_tile_that_broadcasts(
    mnemonic: str, dtype: str, shape: tuple[int, ...]
) -> None:
    a, b = randoms(6, 40, dtype=dtype), randoms(*shape, dtype=dtype, seed=1)
    text = f"npu.{mnemonic} ins({{a}}, {{b}} : {{A}}, {{B}}) outs({{o}} : {{O}})"
    found = apply(text, {"a": a, "b": b}, (6, 40), dtype)
    np.testing.assert_array_equal(found, BINARY[mnemonic](a, b))
    assert found.dtype == a.dtype


@pytest.mark.parametrize("dtype", ["f16", "f32"])
def test_binary_with_a_scalar(dtype: str) -> None:
    a = randoms(4, 24, dtype=dtype)
    text = (
        f"%s = arith.constant 0.3 : {dtype}\n"
        f"npu.vdiv ins({{a}}, %s : {{A}}, {dtype}) outs({{o}} : {{O}})"
    )
    np.testing.assert_array_equal(
        apply(text, {"a": a}, (4, 24), dtype), a / DType(dtype).numpy.type(0.3)
    )


def test_f16_rounds_after_every_instruction() -> None:
    a = np.full((1, 16), 2048, np.float16)
    one = np.ones((1, 16), np.float16)
    text = (
        "npu.vadd ins({a}, {b} : {A}, {B}) outs({o} : {O})\n"
        "npu.vadd ins({o}, {b} : {O}, {B}) outs({o} : {O})"
    )
    found = apply(text, {"a": a, "b": one}, (1, 16), "f16")
    np.testing.assert_array_equal(found, a)  # in float32 it would be 2050


def test_masks() -> None:
    a = np.array([[0, 0, 1, 1]], np.int8)
    b = np.array([[0, 1, 0, 1]], np.int8)
    for mnemonic, expected in (("vand", [[0, 0, 0, 1]]), ("vor", [[0, 1, 1, 1]])):
        text = f"npu.{mnemonic} ins({{a}}, {{b}} : {{A}}, {{B}}) outs({{o}} : {{O}})"
        np.testing.assert_array_equal(apply(text, {"a": a, "b": b}, (1, 4), "i8"), expected)


EDGES = {
    "i16": [0, 1, -1, 7, -7, 255, 256, 32767, -32768],
    "i32": [0, 1, -1, 7, -7, 65536, 2**24 + 1, 2**31 - 1, -(2**31)],
}


@pytest.mark.parametrize("amount", [0, 1, 5, 15])
@pytest.mark.parametrize("dtype", ["i16", "i32"])
def test_shifts_move_bits_and_only_the_unsigned_one_forgets_the_sign(
    dtype: str, amount: int
) -> None:
    bits = int(dtype[1:])
    a = np.array([EDGES[dtype]], DType(dtype).numpy)
    wanted = {
        "vshl": [(int(n) << amount) % 2**bits for n in a[0]],
        "vshr": [(int(n) >> amount) % 2**bits for n in a[0]],
        "vshru": [(int(n) % 2**bits) >> amount for n in a[0]],
    }
    for mnemonic, values in wanted.items():
        number = f"%n = arith.constant {amount} : {dtype}\n"
        text = f"npu.{mnemonic} ins({{a}}, %n : {{A}}, {dtype}) outs({{o}} : {{O}})"
        found = apply(number + text, {"a": a}, (1, 9), dtype)
        assert [int(n) % 2**bits for n in found[0]] == values, mnemonic


def test_a_shift_by_more_than_the_bits_is_undefined() -> None:
    a = np.array([[1]], np.int32)
    text = "%n = arith.constant 32 : i32\nnpu.vshl ins({a}, %n : {A}, i32) outs({o} : {O})"
    with pytest.raises(Trap, match=r"shifts by 32, not in 0\.\.31"):
        apply(text, {"a": a}, (1, 1), "i32")


def test_arithmetic_and_casts_between_integers_wrap() -> None:
    a = np.array([EDGES["i32"]], np.int32)
    for mnemonic, function in (("vadd", np.add), ("vsub", np.subtract), ("vmul", np.multiply)):
        text = f"npu.{mnemonic} ins({{a}}, {{b}} : {{A}}, {{B}}) outs({{o}} : {{O}})"
        b = np.ascontiguousarray(a[:, ::-1])
        found = apply(text, {"a": a, "b": b}, (1, 9), "i32")
        np.testing.assert_array_equal(found, function(a.astype(np.int64), b).astype(np.int32))
    narrow = apply("npu.vcast <trunc> ins({a} : {A}) outs({o} : {O})", {"a": a}, (1, 9), "i16")
    np.testing.assert_array_equal(narrow, a.astype(np.int16))


@pytest.mark.parametrize("predicate", ["eq", "ne", "lt", "le", "gt", "ge"])
@pytest.mark.parametrize("dtype", ["f16", "f32", "i32"])
def test_compare_and_select(predicate: str, dtype: str) -> None:
    a, b = randoms(3, 20, dtype=dtype), randoms(3, 20, dtype=dtype, seed=1)
    b[0] = a[0]
    mask = apply(
        f"npu.vcmp <{predicate}> ins({{a}}, {{b}} : {{A}}, {{B}}) outs({{o}} : {{O}})",
        {"a": a, "b": b}, (3, 20), "i8",
    )  # fmt: skip
    expected = getattr(np, {"eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal",
                            "gt": "greater", "ge": "greater_equal"}[predicate])(a, b)  # fmt: skip
    np.testing.assert_array_equal(mask, expected.astype(np.int8))
    if dtype != "i32":
        zero = f"%z = arith.constant 0.0 : {dtype}\n"
        text = f"npu.vsel ins({{m}}, {{a}}, %z : {{M}}, {{A}}, {dtype}) outs({{o}} : {{O}})"
        chosen = apply(zero + text, {"m": mask, "a": a}, (3, 20), dtype)
        np.testing.assert_array_equal(chosen, np.where(expected, a, 0))


def test_a_comparison_with_nan_is_false_except_ne() -> None:
    a = np.full((1, 8), np.nan, np.float32)
    for predicate, expected in (("eq", 0), ("lt", 0), ("ge", 0), ("ne", 1)):
        text = f"npu.vcmp <{predicate}> ins({{a}}, {{a}} : {{A}}, {{A}}) outs({{o}} : {{O}})"
        assert (apply(text, {"a": a}, (1, 8), "i8") == expected).all()


ROUNDED = {
    "rint": [-3, -2, -2, 0, 0, 2, 2, 3],
    "floor": [-3, -3, -2, -1, 0, 1, 2, 2],
    "ceil": [-2, -2, -1, 0, 1, 2, 3, 3],
    "round": [-3, -3, -2, -1, 1, 2, 3, 3],
    "trunc": [-2, -2, -1, 0, 0, 1, 2, 2],
}


@pytest.mark.parametrize("rounding", ROUNDED)
def test_cast_to_integers_rounds_as_asked(rounding: str) -> None:
    x = np.array([[-2.6, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.6]], np.float32)
    text = f"npu.vcast <{rounding}> ins({{a}} : {{A}}) outs({{o}} : {{O}})"
    found = apply(text, {"a": x}, (1, 8), "i32")
    np.testing.assert_array_equal(found, [ROUNDED[rounding]])


def test_cast_to_integers_saturates_and_takes_nan_for_0() -> None:
    x = np.array([[6e4, -6e4, np.inf, np.nan, 7.0, 0, 0, 0]], np.float16)
    found = apply("npu.vcast <rint> ins({a} : {A}) outs({o} : {O})", {"a": x}, (1, 8), "i8")
    np.testing.assert_array_equal(found[0, :5], [127, -128, 127, 0, 7])


@pytest.mark.parametrize("rounding, expected", [
    ("rint", [1, -1]), ("floor", [1, -1 - 2**-10]), ("ceil", [1 + 2**-10, -1]), ("trunc", [1, -1]),
    ("round", [1 + 2**-10, -1 - 2**-10]),
])  # fmt: skip
def test_cast_to_a_narrower_float_rounds_as_asked(rounding: str, expected: list[float]) -> None:
    x = np.array([[1 + 2**-11, -1 - 2**-11]], np.float32)
    text = f"npu.vcast <{rounding}> ins({{a}} : {{A}}) outs({{o}} : {{O}})"
    np.testing.assert_array_equal(apply(text, {"a": x}, (1, 2), "f16"), [expected])


def test_bf16_is_cast_and_broadcast() -> None:
    x = randoms(3, 16)
    text = "npu.vcast <rint> ins({a} : {A}) outs({o} : {O})"
    narrow = apply(text, {"a": x}, (3, 16), "bf16")
    np.testing.assert_array_equal(narrow, x.astype(ml_dtypes.bfloat16))
    np.testing.assert_array_equal(apply(text, {"a": narrow}, (3, 16), "f32"), narrow)


def test_fill_and_broadcast() -> None:
    column = randoms(4, 1)
    text = "npu.vbrc ins({a} : {A}) outs({o} : {O})"
    np.testing.assert_array_equal(
        apply(text, {"a": column}, (4, 12), "f32"), np.repeat(column, 12, 1)
    )
    text = "%s = arith.constant 7 : i32\nnpu.vbrc ins(%s : i32) outs({o} : {O})"
    assert (apply(text, {}, (4, 12), "i32") == 7).all()


@pytest.mark.parametrize("kind", ["sum", "prod", "max", "min", "argmax", "argmin"])
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("dtype", ["f16", "f32"])
def test_reduce(kind: str, axis: int, dtype: str) -> None:
    x = randoms(7, 30, dtype=dtype)
    shape = (1, 30) if axis == 0 else (7, 1)
    out = "i32" if kind.startswith("arg") else dtype
    text = f"npu.vreduce <{kind}> ins({{a}} : {{A}}) outs({{o}} : {{O}}) axes [{axis}]"
    found = apply(text, {"a": x}, shape, out)
    expected = getattr(np, kind)(x.astype(np.float64), axis=axis, keepdims=True)
    # One rounding of the result and n of the dtype: the documented bound of a reduction.
    eps = np.finfo(DType(dtype).numpy).eps
    size = (
        np.abs(expected)
        if kind == "prod"
        else np.abs(x.astype(np.float64)).sum(axis, keepdims=True)
    )
    bound = eps * (np.abs(expected) + x.shape[axis] * size / 2) + 2**-24
    assert (np.abs(found.astype(np.float64) - expected) <= bound).all()


def test_reduce_over_all_axes() -> None:
    x = randoms(6, 20)
    text = "npu.vreduce <max> ins({a} : {A}) outs({o} : {O}) axes [0, 1]"
    assert apply(text, {"a": x}, (1, 1), "f32") == x.max()


@pytest.mark.parametrize("kind, function", [
    ("sum", np.add), ("prod", np.multiply), ("max", np.maximum), ("min", np.minimum),
])  # fmt: skip
@pytest.mark.parametrize("axis", [0, 1])
def test_cumulate(kind: str, function: np.ufunc, axis: int) -> None:
    x = randoms(5, 18)
    text = f"npu.vcumulate <{kind}> ins({{a}} : {{A}}) outs({{o}} : {{O}}) axis {axis}"
    np.testing.assert_array_equal(
        apply(text, {"a": x}, (5, 18), "f32"), function.accumulate(x, axis)
    )


def test_transpose_arange_and_gather() -> None:
    x = randoms(2, 3, 8)
    text = "npu.vtranspose ins({a} : {A}) outs({o} : {O}) permutation [2, 0, 1]"
    np.testing.assert_array_equal(apply(text, {"a": x}, (8, 2, 3), "f32"), x.transpose(2, 0, 1))
    text = "npu.varange outs({o} : {O}) axis 1"
    np.testing.assert_array_equal(
        apply(text, {}, (3, 16), "f32"), np.tile(np.arange(16, dtype=np.float32), (3, 1))
    )
    table, indices = randoms(50), np.array([[3, 49, 0, 3, 7, 7, 1, 2]], np.int32)
    text = "npu.vgather ins({a}, {i} : {A}, {I}) outs({o} : {O})"
    np.testing.assert_array_equal(
        apply(text, {"a": table, "i": indices}, (1, 8), "f32"), table[indices]
    )


def test_a_padded_load_fills_the_rest() -> None:
    small, large = gm(3, 5), ub(4, 8)
    body = (
        "%p = arith.constant -1.5 : f32\n"
        + alloc("a", large)
        + f"npu.load %x into %a pad %p : f32 in : {small} into {large}\n"
        + store("a", "y", large, gm(4, 8))
    )
    x = randoms(3, 5)
    found = run(kernel(body, {"x": small}, {"y": gm(4, 8)}), x, mode="program-order").outputs[0]
    expected = np.full((4, 8), -1.5, np.float32)
    expected[:3, :5] = x
    np.testing.assert_array_equal(found, expected)


def test_moves_drop_unit_dimensions_and_follow_strides() -> None:
    x = randoms(6, 4, 1)
    column = "memref<6x1xf32, strided<[4, 1], offset: 2>, #npu.scope<global>>"
    body = (
        view("x", "s", gm(6, 4, 1), "0, 2, 0", "6, 1, 1", column)
        + alloc("a", ub(6, 1))
        + load("s", "a", column, ub(6, 1))
        + store("a", "y", ub(6, 1), gm(6))
    )
    found = run(kernel(body, {"x": gm(6, 4, 1)}, {"y": gm(6)}), x, mode="program-order")
    np.testing.assert_array_equal(found.outputs[0], x[:, 2, 0])


def test_scalars_loops_and_branches() -> None:
    """y[i] = x[2 + index[0]] for even i, else the sum of 0.5 that the loop carries."""
    point = memref_type((1, 8), "f32", "global", "strided<[8, 1], offset: ?>")
    body = f"""
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %four = arith.constant 4 : index
  %half = arith.constant 0.5 : f32
  %i = npu.read %index[%zero] : {gm(1, dtype="i32")} -> i32
  %j = arith.index_cast %i : i32 to index
  %k = arith.addi %j, %two : index
  %v = npu.read %x[%k] : {gm(9)} -> f32
  %last = scf.for %t = %zero to %four step %one iter_args(%s = %half) -> (f32) {{
    %a = npu.alloc : {ub(1, 8)}
    %r = arith.remsi %t, %two : index
    %even = arith.cmpi eq, %r, %zero : index
    %c = scf.if %even -> (f32) {{
      scf.yield %v : f32
    }} else {{
      scf.yield %s : f32
    }}
    npu.vbrc ins(%c : f32) outs(%a : {ub(1, 8)})
    {view("y", "d", gm(4, 8), "%t, 0", "1, 8", point)}
    {store("a", "d", ub(1, 8), point)}
    %next = arith.addf %s, %half : f32
    scf.yield %next : f32
  }}
"""
    found = kernel(body, {"x": gm(9), "index": gm(1, dtype="i32")}, {"y": gm(4, 8)})
    x = randoms(9)
    y = run(found, x, np.array([5], np.int32), mode="program-order").outputs[0]
    np.testing.assert_array_equal(y[:, 0], np.array([x[7], 1.0, x[7], 2.0], np.float32))
