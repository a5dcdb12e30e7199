"""The hardware's instructions that move elements between lanes: reductions, copies, turns.

How a reduction of a repeat rounds is not published in full: sums are taken of neighbours, level by
level, each rounded, as AscendC describes ``WholeReduceSum``.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from vendor_ops.machine import (
    BLOCK,
    DTYPES,
    Arguments,
    Handler,
    Lanes,
    Machine,
    as_dtype,
    lanes_of,
    repeats_of,
    unary_strides,
)

ONLY_VALUE, ONLY_INDEX = 2, 3
"""Of the orders that ``VCMAX`` writes in; 0 is the value, then the index. An index alone is u32."""


def pairwise(values: NDArray) -> NDArray:
    """The sum of the last axis, a power of two, by neighbours, each sum rounded."""
    while values.shape[-1] > 1:
        values = values[..., ::2] + values[..., 1::2]
    return values[..., 0]


def _reduction_operands(arguments: Arguments, kind: str) -> tuple[int, Lanes, int, int]:
    """Destination, source, the destination's stride and the number of repeats."""
    out, source, configuration = (int(n) for n in arguments[:3])
    c = configuration & 2**64 - 1
    dtype = DTYPES[kind]
    lanes = Lanes(source, dtype, c >> 16 & 0xFFFF, c >> 32 & 0xFFFF)
    return out, lanes, c & 0xFFFF, repeats_of(configuration)


def _filled(machine: Machine, source: Lanes, repeat: int, chosen: NDArray, fill: float) -> NDArray:
    """All lanes of a repeat, those that are not active being neutral."""
    values = np.full(lanes_of(source.dtype), fill, source.dtype)
    values[chosen] = machine.read(source.at(repeat, chosen), source.dtype)
    return values


def _sum(machine: Machine, rest: str, arguments: Arguments) -> int:
    """``VCADD.f32.order``: a repeat to an element."""
    out, source, stride, repeats = _reduction_operands(arguments, rest.split(".")[0])
    active = machine.active(lanes_of(source.dtype), repeats)
    size = source.dtype.itemsize
    for repeat, chosen in enumerate(active):
        total = pairwise(_filled(machine, source, repeat, chosen, 0))
        machine.write(np.array([out + repeat * stride * size]), total.reshape(1))
    return len(active)


def _extreme(sign: int) -> Handler:
    def handle(machine: Machine, rest: str, arguments: Arguments) -> int:
        """``VCMAX.f32.order.v220``: the extreme of a repeat, and where it is."""
        out, source, stride, repeats = _reduction_operands(arguments, rest.split(".")[0])
        order, dtype = int(arguments[3]), source.dtype
        index_dtype = DTYPES[f"u{8 * dtype.itemsize}"]
        lanes = lanes_of(dtype)
        active = machine.active(lanes, repeats)
        best: tuple[NDArray, int] | None = None
        for repeat, chosen in enumerate(active):
            values = machine.read(source.at(repeat, chosen), dtype)
            at = int(np.argmax(values) if sign > 0 else np.argmin(values))
            value, lane = values[at : at + 1], int(chosen[at])
            if order == ONLY_INDEX:
                place = out + repeat * stride * 4
                machine.write(np.array([place]), np.array([lane], np.uint32))
            else:
                width = 1 if order == ONLY_VALUE else 2
                place = out + repeat * stride * width * dtype.itemsize
                machine.write(np.array([place]), value)
                if order != ONLY_VALUE:
                    machine.write(np.array([place + dtype.itemsize]), np.array([lane], index_dtype))
            if best is None or (value[0] > best[0][0] if sign > 0 else value[0] < best[0][0]):
                best = value.copy(), repeat * lanes + lane
        if best is not None:
            bits = int(best[0].view(index_dtype)[0])
            machine.registers.extreme = bits | best[1] << 32
        return len(active)

    return handle


def _by_blocks(function: Callable[[NDArray], NDArray], neutral: float) -> Handler:
    def handle(machine: Machine, rest: str, arguments: Arguments) -> int:
        return _blocks(machine, rest, arguments, function, neutral)

    return handle


def _blocks(
    machine: Machine,
    rest: str,
    arguments: Arguments,
    function: Callable[[NDArray], NDArray],
    neutral: float,
) -> int:
    """``VCGADD``: each block of a repeat to an element; eight of them side by side."""
    out, source, stride, repeats = _reduction_operands(arguments, rest)
    active = machine.active(lanes_of(source.dtype), repeats)
    size, per_block = source.dtype.itemsize, BLOCK // source.dtype.itemsize
    for repeat, chosen in enumerate(active):
        values = _filled(machine, source, repeat, chosen, neutral).reshape(-1, per_block)
        count = -(-len(chosen) // per_block) if machine.counts else len(values)
        places = out + (repeat * stride * 8 + np.arange(count)) * size
        machine.write(places, function(values)[:count])
    return len(active)


def _by_pairs(machine: Machine, rest: str, arguments: Arguments) -> int:
    """``VCPADD``: each two neighbours to an element."""
    out, source, stride, repeats = _reduction_operands(arguments, rest)
    lanes = lanes_of(source.dtype)
    active = machine.active(lanes, repeats)
    for repeat, chosen in enumerate(active):
        values = _filled(machine, source, repeat, chosen, 0)
        count = -(-len(chosen) // 2) if machine.counts else lanes // 2
        places = out + (repeat * stride * (lanes // 2) + np.arange(count)) * source.dtype.itemsize
        machine.write(places, (values[::2] + values[1::2])[:count])
    return len(active)


def _fill(machine: Machine, rest: str, arguments: Arguments) -> int:
    """``MOVEV``: a number everywhere."""
    out, number, configuration = arguments
    dtype, c = DTYPES[rest], int(configuration)
    block, _, repeat_stride, _ = unary_strides(c)
    active = machine.active(lanes_of(dtype), repeats_of(c))
    for repeat, chosen in enumerate(active):
        values = np.full(len(chosen), as_dtype(number, dtype), dtype)
        machine.write(Lanes(int(out), dtype, block, repeat_stride).at(repeat, chosen), values)
    return len(active)


def _spread(machine: Machine, rest: str, arguments: Arguments) -> int:
    """``VBRCB``: each of eight elements over a block."""
    out, source, configuration = (int(n) for n in arguments)
    dtype = DTYPES[rest]
    block, _, stride, _ = unary_strides(configuration)
    count = BLOCK // dtype.itemsize
    for repeat in range(repeats_of(configuration)):
        values = machine.read(source + (repeat * 8 + np.arange(8)) * dtype.itemsize, dtype)
        starts = out + (repeat * stride + np.arange(8) * block) * BLOCK
        places = starts[:, None] + np.arange(count) * dtype.itemsize
        machine.write(places, np.repeat(values[:, None], count, axis=1))
    return repeats_of(configuration)


def _gather(machine: Machine, rest: str, arguments: Arguments) -> int:
    """``VGATHER``: what addresses of 32 bits name."""
    out, addresses, configuration = (int(n) for n in arguments)
    dtype, base = DTYPES[rest], configuration & 2**32 - 1
    lanes = lanes_of(dtype)
    active = machine.active(lanes, repeats_of(configuration))
    for repeat, chosen in enumerate(active):
        place = addresses + (repeat * lanes + chosen) * 4
        named = machine.read(place, DTYPES["u32"]).astype(np.intp) + base
        machine.write(out + (repeat * lanes + chosen) * dtype.itemsize, machine.read(named, dtype))
    return len(active)


def _compact(machine: Machine, rest: str, arguments: Arguments) -> int:
    """``VREDUCEv2``: the elements of each repeat that a pattern chooses, one after the other."""
    out, source, _, configuration = (int(n) for n in arguments)
    dtype, c = DTYPES[rest], configuration & 2**64 - 1
    repeats, block, pattern, stride = (
        c & 255 | (c >> 56 & 255) << 8,
        c >> 8 & 255,
        c >> 16 & 255,
        c >> 24 & 0xFFFF,
    )
    count = machine.registers.mask[0]
    chosen = np.arange(count)[_PATTERNS[pattern](np.arange(count))]
    operand, written = Lanes(source, dtype, block, stride), 0
    for repeat in range(repeats):
        values = machine.read(operand.at(repeat, chosen), dtype)
        machine.write(out + (written + np.arange(len(values))) * dtype.itemsize, values)
        written += len(values)
    return repeats * -(-count // lanes_of(dtype))


_PATTERNS = {
    1: lambda n: n % 2 == 0,
    2: lambda n: n % 2 == 1,
    3: lambda n: n % 4 == 0,
    4: lambda n: n % 4 == 1,
    5: lambda n: n % 4 == 2,
    6: lambda n: n % 4 == 3,
    7: lambda n: n >= 0,
}


def _copy(machine: Machine, rest: str, arguments: Arguments) -> int:
    """``MOV.UB.TO.UB.v220``: bursts of blocks; gives bytes, since it has no repeats."""
    out, source, configuration = (int(n) for n in arguments)
    c = configuration & 2**64 - 1
    bursts, blocks, gap, out_gap = c >> 4 & 4095, c >> 16 & 0xFFFF, c >> 32 & 0xFFFF, c >> 48
    size = blocks * BLOCK
    for burst in range(bursts):
        place = source + burst * (size + gap * BLOCK) + np.arange(size)
        values = machine.read(place, DTYPES["u8"])
        machine.write(out + burst * (size + out_gap * BLOCK) + np.arange(size), values)
    return bursts * size


def _turn(machine: Machine, rest: str, arguments: Arguments) -> int:
    """``S.VNCHWCONV``: 16 blocks to 16 blocks, element i of block j to element j of block i.

    Of 8 bits a block has 32 elements and only half of them are taken, and half of the
    destination's are written; of 32 bits it has 8, so two blocks are a row of the result.
    """
    dtype = DTYPES[rest]
    out_register, in_register, configuration = (int(n) for n in arguments[:3])
    halves = [int(n) for n in arguments[3:]] or [0, 0]
    c = configuration & 2**64 - 1
    out_stride, in_stride = c & 0xFFFF, c >> 16 & 0xFFFF
    registers = machine.registers.addresses
    sources = np.array(registers[in_register] + registers[in_register + 1], np.intp)
    outs = np.array(registers[out_register] + registers[out_register + 1], np.intp)
    size, per_block = dtype.itemsize, min(BLOCK // dtype.itemsize, 16)
    within = np.arange(per_block) * size
    for repeat in range(repeats_of(configuration)):
        start = sources[:, None] + repeat * in_stride * BLOCK
        values = machine.read(start + within + halves[1] * 16 * size, dtype)
        turned = values.T.reshape(16, -1)
        place = outs[:, None] + repeat * out_stride * BLOCK + np.arange(turned.shape[1]) * size
        machine.write(place + halves[0] * 16 * size, turned)
    return repeats_of(configuration)


HANDLERS: dict[str, Handler] = {
    "VCADD": _sum,
    "VCMAX": _extreme(1),
    "VCMIN": _extreme(-1),
    "VCGADD": _by_blocks(pairwise, 0),
    "VCGMAX": _by_blocks(lambda values: values.max(axis=-1), -np.inf),
    "VCGMIN": _by_blocks(lambda values: values.min(axis=-1), np.inf),
    "VCPADD": _by_pairs,
    "MOVEV": _fill,
    "VBRCB": _spread,
    "VGATHER": _gather,
    "VREDUCEv2": _compact,
    "MOV.UB.TO.UB.v220": _copy,
    "S.VNCHWCONV.b8": lambda m, _, a: _turn(m, "b8", a),
    "S.VNCHWCONV.b16": lambda m, _, a: _turn(m, "b16", a),
    "S.VNCHWCONV.b32": lambda m, _, a: _turn(m, "b32", a),
}
"""The instructions across lanes by their mnemonics."""
