"""What an element of a vector instruction's result is, in the arith and math dialects."""

from collections.abc import Mapping

from xdsl.builder import Builder
from xdsl.dialects import arith, math
from xdsl.dialects.builtin import AnyFloat, FloatAttr, IntegerAttr, IntegerType, f32, i1
from xdsl.ir import Attribute, Operation, SSAValue

Kind = type[Operation]

BINARY: Mapping[str, tuple[Kind | None, Kind | None]] = {
    "vadd": (arith.AddfOp, arith.AddiOp),
    "vsub": (arith.SubfOp, arith.SubiOp),
    "vmul": (arith.MulfOp, arith.MuliOp),
    "vdiv": (arith.DivfOp, arith.DivSIOp),
    "vmax": (arith.MaximumfOp, arith.MaxSIOp),
    "vmin": (arith.MinimumfOp, arith.MinSIOp),
    "vand": (None, arith.AndIOp),
    "vor": (None, arith.OrIOp),
    "vxor": (None, arith.XOrIOp),
    "vshl": (None, arith.ShLIOp),
    "vshr": (None, arith.ShRSIOp),
}
"""The op of floats and of integers, by mnemonic."""

REDUCTIONS: Mapping[str, str] = {"sum": "vadd", "prod": "vmul", "max": "vmax", "min": "vmin"}
"""The instruction that a reduction repeats."""

ROUNDINGS: Mapping[str, Kind] = {
    "rint": math.RoundEvenOp,
    "round": math.RoundOp,
    "floor": math.FloorOp,
    "ceil": math.CeilOp,
    "trunc": math.TruncOp,
}
"""How a float becomes a whole one."""


def binary(mnemonic: str, at: Builder, lhs: SSAValue, rhs: SSAValue) -> SSAValue:
    """An instruction of two operands. Raises ``KeyError`` for one that is none."""
    of_floats, of_integers = BINARY[mnemonic]
    kind = of_floats if isinstance(lhs.type, AnyFloat) else of_integers
    if kind is None:
        raise KeyError(mnemonic)
    return at.insert(
        kind.create(operands=[lhs, rhs], result_types=[lhs.type], properties=_flags(kind))
    ).results[0]


def _flags(kind: Kind) -> dict[str, Attribute]:
    if issubclass(kind, arith.FloatingPointLikeBinaryOperation):
        return {"fastmath": arith.FastMathFlagsAttr("none")}
    return {}


def compared(relation: str, at: Builder, lhs: SSAValue, rhs: SSAValue) -> SSAValue:
    """A comparison; with NaN only ``ne`` holds."""
    if isinstance(lhs.type, AnyFloat):
        name = "une" if relation == "ne" else f"o{relation}"
        return at.insert(arith.CmpfOp(lhs, rhs, name)).result
    name = relation if relation in ("eq", "ne") else f"s{relation}"
    return at.insert(arith.CmpiOp(lhs, rhs, name)).result


def selected(at: Builder, condition: SSAValue, first: SSAValue, second: SSAValue) -> SSAValue:
    """One of two."""
    return at.insert(arith.SelectOp(condition, first, second)).result


def complemented(at: Builder, value: SSAValue) -> SSAValue:
    """All bits turned."""
    assert isinstance(value.type, IntegerType)
    ones = at.insert(arith.ConstantOp(IntegerAttr(-1, value.type)))
    return at.insert(arith.XOrIOp(value, ones.result)).result


def cast(rounding: str, at: Builder, value: SSAValue, to: Attribute) -> SSAValue:
    """A conversion; a float to an integer is rounded first and saturates."""
    source = value.type
    if isinstance(source, AnyFloat) and isinstance(to, AnyFloat):
        if source.bitwidth == to.bitwidth:
            return _rounded(rounding, at, value)
        kind = arith.ExtFOp if source.bitwidth < to.bitwidth else arith.TruncFOp
        return at.insert(kind(value, to)).result
    if isinstance(source, AnyFloat):
        assert isinstance(to, IntegerType)
        return _saturated(at, _rounded(rounding, at, value), to)
    assert isinstance(source, IntegerType)
    if isinstance(to, AnyFloat):
        kind = arith.UIToFPOp if source == i1 else arith.SIToFPOp
        return at.insert(kind(value, to)).result
    assert isinstance(to, IntegerType)
    kind = arith.ExtSIOp if source.bitwidth < to.bitwidth else arith.TruncIOp
    return at.insert(kind(value, to)).result


def _rounded(rounding: str, at: Builder, value: SSAValue) -> SSAValue:
    kind = ROUNDINGS[rounding]
    flags: dict[str, Attribute] = {"fastmath": arith.FastMathFlagsAttr("none")}
    op = kind.create(operands=[value], result_types=[value.type], properties=flags)
    return at.insert(op).results[0]


def _saturated(at: Builder, value: SSAValue, to: IntegerType) -> SSAValue:
    """By way of i64 where the dtype is narrower; NaN becomes 0."""
    number = value.type
    assert isinstance(number, AnyFloat)
    lowest, highest = -(1 << (to.bitwidth - 1)), (1 << (to.bitwidth - 1)) - 1
    wide = IntegerType(64)
    is_number = at.insert(arith.CmpfOp(value, value, "oeq")).result
    zero = at.insert(arith.ConstantOp(FloatAttr(0.0, number))).result
    value = selected(at, is_number, value, zero)
    if number.bitwidth < 32:
        value = at.insert(arith.ExtFOp(value, f32)).result
        number = f32
    low = at.insert(arith.ConstantOp(FloatAttr(float(lowest), number))).result
    high = at.insert(arith.ConstantOp(FloatAttr(2.0 * (1 << (to.bitwidth - 1)), number))).result
    value = binary("vmin", at, binary("vmax", at, value, low), high)
    whole = at.insert(arith.FPToSIOp(value, wide)).result
    most = at.insert(arith.ConstantOp(IntegerAttr(highest, wide))).result
    return at.insert(arith.TruncIOp(binary("vmin", at, whole, most), to)).result


def identity(reduction: str, element: Attribute) -> FloatAttr | IntegerAttr:
    """What a reduction starts from."""
    if isinstance(element, AnyFloat):
        starts = {"sum": 0.0, "prod": 1.0, "max": float("-inf"), "min": float("inf")}
        return FloatAttr(starts[reduction], element)
    assert isinstance(element, IntegerType)
    lowest, highest = -(1 << (element.bitwidth - 1)), (1 << (element.bitwidth - 1)) - 1
    whole = {"sum": 0, "prod": 1, "max": lowest, "min": highest}
    return IntegerAttr(whole[reduction], element)
