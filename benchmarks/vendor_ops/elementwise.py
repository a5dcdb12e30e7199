"""The hardware's element-wise instructions, in numpy.

Arithmetic of 16 bits is numpy's: in f32, rounded once. So exp, ln and their like are those of the
NPU simulator, and say nothing about the chip; the order of operations is the library's.
"""

import re
from collections.abc import Callable

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from vendor_ops.machine import (
    DTYPES,
    KEEPS_LOW_BITS,
    Arguments,
    Handler,
    HardwareError,
    Lanes,
    Machine,
    as_dtype,
    binary_strides,
    ceiling,
    lanes_of,
    repeats_of,
    unary_strides,
)

Function = Callable[..., NDArray]


def _reciprocal(x: NDArray) -> NDArray:
    return x.dtype.type(1) / x


UNARY: dict[str, Function] = {
    "VEXP": np.exp,
    "VLN": np.log,
    "VABS": np.abs,
    "VSQRT": np.sqrt,
    "VREC": _reciprocal,
    "VRSQRT": lambda x: _reciprocal(np.sqrt(x)),
    "VRELU": lambda x: np.maximum(x, x.dtype.type(0)),
    "VNOT": np.invert,
}
BINARY: dict[str, Function] = {
    "VADD": np.add,
    "VSUB": np.subtract,
    "VMUL": np.multiply,
    "VDIV": np.divide,
    "VMAX": np.maximum,
    "VMIN": np.minimum,
    "VAND": np.bitwise_and,
    "VOR": np.bitwise_or,
}
SCALAR: dict[str, Function] = {
    "VADDS": np.add,
    "VMULS": np.multiply,
    "VMAXS": np.maximum,
    "VMINS": np.minimum,
    "VSHL": lambda x, n: x << (n & 8 * x.itemsize - 1),
    "VSHR": lambda x, n: x >> (n & 8 * x.itemsize - 1),
}
COMPARE: dict[str, Function] = {
    "EQ": np.equal,
    "NE": np.not_equal,
    "LT": np.less,
    "LE": np.less_equal,
    "GT": np.greater,
    "GE": np.greater_equal,
}


def _each(
    machine: Machine, function: Function, sources: tuple[Lanes, ...], out: Lanes, repeats: int
) -> int:
    """Apply a function repeat by repeat: a later one reads what an earlier one wrote."""
    active = machine.active(lanes_of(out.dtype, *(s.dtype for s in sources)), repeats)
    for repeat, lanes in enumerate(active):
        values = [machine.read(s.at(repeat, lanes), s.dtype) for s in sources]
        machine.write(out.at(repeat, lanes), np.asarray(function(*values), out.dtype))
    return len(active)


def _unary(mnemonic: str) -> Handler:
    def handle(machine: Machine, rest: str, arguments: Arguments) -> int:
        out, source, configuration = (int(n) for n in arguments)
        dtype = DTYPES[rest]
        strides = unary_strides(configuration)
        return _each(
            machine,
            UNARY[mnemonic],
            (Lanes(source, dtype, strides[1], strides[3]),),
            Lanes(out, dtype, strides[0], strides[2]),
            repeats_of(configuration),
        )

    return handle


def _copy_rows(machine: Machine, rest: str, arguments: Arguments) -> int:
    """``VCOPY``: a row of any length in each repeat."""
    out, source, configuration = (int(n) for n in arguments)
    dtype, strides = DTYPES[rest], unary_strides(configuration)
    lanes = lanes_of(dtype)
    active = machine.active_of_rows(lanes, repeats_of(configuration))
    for repeat, chosen in enumerate(active):
        values = machine.read(
            Lanes(source, dtype, strides[1], strides[3]).at(repeat, chosen), dtype
        )
        machine.write(Lanes(out, dtype, strides[0], strides[2]).at(repeat, chosen), values)
    return sum(ceiling(len(chosen), lanes) for chosen in active)


def _binary(mnemonic: str) -> Handler:
    def handle(machine: Machine, rest: str, arguments: Arguments) -> int:
        *pointers, configuration = (int(n) for n in arguments)
        blocks, repeats = binary_strides(configuration)
        out, left, right = (
            Lanes(pointer, DTYPES[rest], block, repeat)
            for pointer, block, repeat in zip(pointers, blocks, repeats, strict=True)
        )
        return _each(machine, BINARY[mnemonic], (left, right), out, repeats_of(configuration))

    return handle


def _scalar(mnemonic: str) -> Handler:
    def handle(machine: Machine, rest: str, arguments: Arguments) -> int:
        out, source, number, configuration = arguments[:4]
        dtype = DTYPES[rest]
        strides = unary_strides(int(configuration))
        value = as_dtype(number, dtype)
        return _each(
            machine,
            lambda x: SCALAR[mnemonic](x, value),
            (Lanes(int(source), dtype, strides[1], strides[3]),),
            Lanes(int(out), dtype, strides[0], strides[2]),
            repeats_of(int(configuration)),
        )

    return handle


def _compare(machine: Machine, rest: str, arguments: Arguments) -> int:
    """``VCMPV.LT.f32``: tiles."""
    relation, _, kind = rest.partition(".")
    out, left, right, configuration = (int(n) for n in arguments)
    blocks, repeats = binary_strides(configuration)
    sources = (
        Lanes(left, DTYPES[kind], blocks[1], repeats[1]),
        Lanes(right, DTYPES[kind], blocks[2], repeats[2]),
    )
    return _write_bits(machine, COMPARE[relation], sources, out, repeats_of(configuration))


def _compare_number(machine: Machine, rest: str, arguments: Arguments) -> int:
    """``VCMPVS.LT.f32``: a tile and a number."""
    relation, _, kind = rest.partition(".")
    out, left, right, configuration = arguments
    strides, number = unary_strides(int(configuration)), as_dtype(right, DTYPES[kind])
    source = Lanes(int(left), DTYPES[kind], strides[1], strides[3])

    def function(x: NDArray) -> NDArray:
        return COMPARE[relation](x, number)

    return _write_bits(machine, function, (source,), int(out), repeats_of(int(configuration)))


def _write_bits(
    machine: Machine, function: Function, sources: tuple[Lanes, ...], out: int, repeats: int
) -> int:
    """A bit for each element, those of a repeat after those of the one before."""
    lanes = lanes_of(sources[0].dtype)
    active = machine.active_of_comparison(lanes, repeats)
    for repeat, chosen in enumerate(active):
        bits = np.zeros(lanes, np.bool_)
        bits[chosen] = function(*(machine.read(s.at(repeat, chosen), s.dtype) for s in sources))
        packed = np.packbits(bits, bitorder="little")
        machine.write(out + repeat * len(packed) + np.arange(len(packed)), packed)
    return len(active)


def _select(machine: Machine, rest: str, arguments: Arguments) -> int:
    """``VSEL``: its mode says where the bits are, and what stands where a bit is 0.

    Mode 0: the bits are the compare mask, again for each repeat. Mode 1: they are at the third
    pointer, and the compare mask is a number. Mode 2: the compare mask is their address.
    """
    out, left, right, configuration = (int(n) for n in arguments)
    dtype = DTYPES[rest.removesuffix(".1")]
    blocks, strides = binary_strides(configuration)
    mode, lanes = configuration >> 48 & 3, lanes_of(dtype)
    if mode == 0:
        raise HardwareError("VSEL of mode 0")
    masks = right if mode == 1 else machine.registers.compare_mask
    number = as_dtype(machine.registers.compare_mask, dtype)
    active = machine.active(lanes, repeats_of(configuration))
    for repeat, chosen in enumerate(active):
        packed = machine.read(masks + np.arange(lanes // 8) + repeat * lanes // 8, DTYPES["u8"])
        bits = np.unpackbits(packed, bitorder="little")[chosen] != 0
        first = machine.read(Lanes(left, dtype, blocks[1], strides[1]).at(repeat, chosen), dtype)
        second = number
        if mode == 2:
            place = Lanes(right, dtype, blocks[2], strides[2]).at(repeat, chosen)
            second = machine.read(place, dtype)
        place = Lanes(out, dtype, blocks[0], strides[0]).at(repeat, chosen)
        machine.write(place, np.where(bits, first, second).astype(dtype))
    return len(active)


_CONVERSION = re.compile(r"(f32|f16|bf16|[su]\d+)2(f32|f16|bf16|[su]\d+)([racfzo]?)(\.1)?\.v220")

TO_INTEGER: dict[str, Function] = {
    "": np.rint,
    "r": np.rint,
    "f": np.floor,
    "c": np.ceil,
    "z": np.trunc,
    "a": lambda x: np.copysign(np.floor(np.abs(x) + 0.5), x),
}


def _convert(machine: Machine, rest: str, arguments: Arguments) -> int:
    """``VCONV.f322s32r.v220``: between types, by a mode of rounding."""
    found = _CONVERSION.fullmatch(rest)
    if found is None:
        raise HardwareError(f"no VCONV.{rest} here")
    source, dest, mode = DTYPES[found[1]], DTYPES[found[2]], found[3]
    keeps = bool(machine.registers.control >> KEEPS_LOW_BITS & 1)
    out, address, configuration = (int(n) for n in arguments)
    strides = unary_strides(configuration)
    return _each(
        machine,
        lambda x: converted(x, dest, mode, keeps_low_bits=keeps),
        (Lanes(address, source, strides[1], strides[3]),),
        Lanes(out, dest, strides[0], strides[2]),
        repeats_of(configuration),
    )


def converted(x: NDArray, dest: np.dtype, mode: str, *, keeps_low_bits: bool) -> NDArray:
    """Elements in another type; out of range they saturate, as AscendC says, unless told not to."""
    if dest.kind in "iu":
        limits = np.iinfo(dest)
        if x.dtype.kind in "iu":
            return (x if keeps_low_bits else np.clip(x, limits.min, limits.max)).astype(dest)
        whole = TO_INTEGER[mode](x.astype(np.float64))
        inside = np.clip(
            np.nan_to_num(whole, posinf=np.inf, neginf=-np.inf), limits.min, limits.max
        )
        return inside.astype(dest)
    if dest == x.dtype:
        return TO_INTEGER[mode](x)
    if mode in ("", "r"):
        return x.astype(dest)
    return _directed(x.astype(np.float64), dest, mode)


def _directed(exact: NDArray, dest: np.dtype, mode: str) -> NDArray:
    """A float in a narrower type, rounded as a mode says: by comparing with its neighbours."""
    near = exact.astype(dest)
    below = _step(near, -np.inf)
    above = _step(near, np.inf)
    back = near.astype(np.float64)
    low, high = np.where(back > exact, below, near), np.where(back < exact, above, near)
    match mode:
        case "f":
            return low
        case "c":
            return high
        case "z":
            return np.where(exact > 0, low, high)
        case "a":
            outward = np.where(exact > 0, above, below).astype(np.float64)
            tie = (back != exact) & (np.abs(outward - exact) == np.abs(back - exact))
            return np.where(tie, outward.astype(dest), near)
        case _:
            raise HardwareError(f"no conversion by {mode}")


def _step(values: NDArray, towards: float) -> NDArray:
    if values.dtype == ml_dtypes.bfloat16:
        return np.nextafter(values, ml_dtypes.bfloat16(towards))
    return np.nextafter(values, values.dtype.type(towards))


HANDLERS: dict[str, Handler] = {
    **{name: _unary(name) for name in UNARY},
    **{name: _binary(name) for name in BINARY},
    **{name: _scalar(name) for name in SCALAR},
    "VCOPY": _copy_rows,
    "VCMPV": _compare,
    "VCMPVS": _compare_number,
    "VSEL": _select,
    "VCONV": _convert,
}
"""The element-wise instructions by their mnemonics."""
