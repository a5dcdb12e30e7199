"""What a tile costs, by the tables of the target: it ranks tilings before any of them is run."""

from collections.abc import Sequence
from math import ceil, log2, prod

from hawk_xdsl.codegen.vector.buffers import Block, Loop, Statement, Value
from hawk_xdsl.codegen.vector.tile_body import Body
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.npu import Core, Pipe, Scope
from hawk_xdsl.npu_target.cost import move_cycles
from hawk_xdsl.npu_target.dtypes import NUMPY_DTYPES
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.schedule.tiling import Tiling

ISSUE_CYCLES = 6.0
"""Scalar work of a statement: index arithmetic, issue, flags."""


def estimate(body: Body, tiling: Tiling, target: Target) -> float:
    """Cycles of a launch: all tiles of the busiest core, pipes overlapping if buffers fit twice."""
    cores = target.cores[Core.VECTOR]
    tiles = tiling.iterations()
    active = min(cores, tiles)
    waves = ceil(tiles / cores)
    busy = _busy(body.tile, target, active)
    once = sum(_busy(body.invariant, target, active).values())
    for item in body.tile.items:
        if isinstance(item, Loop) and item.once:
            once += sum(_busy(item.body, target, active).values())
    total = sum(busy.values())
    longest = max(busy.values(), default=0.0)
    memory = busy.get(Pipe.MTE2, 0.0) + busy.get(Pipe.MTE3, 0.0)
    shared = _moved(body.tile) * active / target.global_bandwidth
    steps = waves * _steps(body.tile)
    if steps > 1 and body.bytes(2) <= target.scopes[Scope.UB].bytes:
        # A buffer that is loaded, worked on in place and stored is busy all along; there are two.
        return (
            once + max(longest, shared, total / 2) * waves + (total - longest) / _steps(body.tile)
        )
    return once + max(total, total - memory + shared) * waves


def _steps(block: Block) -> int:
    """How many times the innermost loops of a tile run."""
    loops = [item for item in block.items if isinstance(item, Loop) and not item.once]
    return max(1, sum(loop.trips * _steps(loop.body) for loop in loops))


def _busy(block: Block, target: Target, active: int) -> dict[Pipe, float]:
    """Cycles by pipe of one run of a block."""
    total: dict[Pipe, float] = {}
    for item in block.items:
        if isinstance(item, Loop) and item.once:
            continue
        if isinstance(item, Loop):
            inner = _busy(item.body, target, active)
            trips = item.trips
        else:
            inner = {item.pipe: _cycles(item, target, active), Pipe.SCALAR: ISSUE_CYCLES}
            trips = 1
        for pipe, cycles in inner.items():
            total[pipe] = total.get(pipe, 0.0) + trips * cycles
    return total


def _moved(block: Block) -> float:
    """Bytes to and from global memory of one run of a block."""
    total = 0.0
    for item in block.items:
        if isinstance(item, Loop):
            total += item.trips * _moved(item.body)
        elif item.run:
            value = item.out or item.operands[0]
            total += prod(value.shape) * NUMPY_DTYPES[value.dtype].itemsize
    return total


def _cycles(item: Statement, target: Target, active: int) -> float:
    """Cycles of one statement on its pipe."""
    value = item.out or item.operands[0]
    if item.run:
        ways = ((Scope.UB, Scope.GLOBAL), (Scope.GLOBAL, Scope.UB))
        size = prod(value.shape) * NUMPY_DTYPES[value.dtype].itemsize
        path = target.paths[ways[item.out is not None]]
        alone = move_cycles(path, ceil(size / item.run), item.run)
        return max(alone, path.cost.latency + size * active / target.global_bandwidth)
    if item.mnemonic == "read":
        return float(target.scalar.read[Scope.UB])
    if item.mnemonic == "view":
        return 0.0
    return _vector_cycles(item, value, target) + target.sync.tail[Pipe.VECTOR] + target.sync.barrier


def _vector_cycles(item: Statement, out: Value, target: Target) -> float:
    source = next((v for v in item.operands if v.shape != out.shape), None)
    largest = max((out, *item.operands), key=lambda v: prod(v.shape))
    if item.mnemonic == "vgather":
        largest = item.operands[1]
    row, dtype = item.mnemonic, (item.operands[0] if item.operands else out).dtype
    repeats = _repeats(largest.shape, NUMPY_DTYPES[largest.dtype].itemsize, target)
    match row:
        case "vreduce" | "vcumulate":
            assert isinstance(item.syntax, ast.Reduce | ast.Cumulate)
            row = f"{row}_{item.syntax.kind}"
            if isinstance(item.syntax, ast.Cumulate):
                repeats *= max(1, ceil(log2(max(2, max(out.shape)))))
        case "vcast":
            dtype = f"{dtype}-{out.dtype}"
        case "fill":
            row, dtype = "vbrc", out.dtype
        case "vsel" | "vgather":
            dtype = out.dtype
        case _:
            if (
                len(item.operands) == 1
                and f"{row}_scalar" in target.vector.ops
                and _has_two_operands(item.syntax)
            ):
                row = f"{row}_scalar"
    cost = target.vector.ops.get(row, {}).get(dtype)
    cycles = 2.0 * repeats if cost is None else cost.cycles(repeats)
    if row.startswith("vcmp"):
        cycles += target.vector.mask_write.cycles(repeats)
    if row == "vsel":
        cycles += target.vector.mask_read.cycles(repeats)
    if source is not None and source.shape and source.shape[-1] == 1 and out.shape[-1] > 1:
        cycles += ceil(prod(source.shape) * target.vector.block_bytes / target.vector.repeat_bytes)
    return cycles


def _has_two_operands(syntax: ast.Value | ast.Store) -> bool:
    if isinstance(syntax, ast.Elementwise):
        return len(syntax.operands) > 1
    return isinstance(syntax, ast.Compare)


def _repeats(shape: Sequence[int], width: int, target: Target) -> int:
    """Repeats that cover a tile, whose rows are whole blocks."""
    spec = target.vector
    row = shape[-1] * width
    rows = prod(shape[:-1])
    if rows == 1 or row % spec.block_bytes == 0:
        return ceil(rows * row / spec.repeat_bytes)
    if row <= spec.block_bytes:
        return ceil(rows * spec.block_bytes / spec.repeat_bytes)
    return rows * ceil(row / spec.repeat_bytes)
