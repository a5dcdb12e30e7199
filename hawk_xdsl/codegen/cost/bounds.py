"""Cycles that a kernel cannot go below, however it is tiled: what need not be walked.

These are no second estimate: they rank nothing, and only what the walk would give more for than
something already known is left out by them.
"""

from collections.abc import Iterable
from math import ceil

from hawk_xdsl.codegen.cost.program import CostedInstruction, Node
from hawk_xdsl.npu_target.cost import TileShape, VectorWork, product_cycles, vector_cost
from hawk_xdsl.npu_target.target import Target

INDEX_BYTES = 4
"""Of a position that ``vgather`` takes an element at."""


def gather_bound(elements: int, dtype: str, width: int, target: Target) -> float:
    """Cycles of the vector unit to gather so many elements of ``width`` bytes on all cores.

    A cost has a head for each instruction, so one instruction for the share of a core takes the
    least. Raises ``KeyError`` if the target cannot gather the dtype.
    """
    share = (ceil(elements / target.cores[target.vector_core]),)
    index = TileShape(share, (INDEX_BYTES,), INDEX_BYTES)
    out = TileShape(share, (width,), width)
    return vector_cost(VectorWork("vgather", dtype), [index, out], target)[0]


def product_bound(
    count: int, m: int, n: int, k: int, dtype: str, width: int, target: Target
) -> float:
    """Cycles of the matrix unit for ``count`` products of m × k by k × n on all cores.

    Each is at least one instruction, of whole fractals; ``width`` are the bytes of an element.
    """
    cube = target.cube
    depth = ceil(k * width / cube.depth_bytes)
    fractals = ceil(m / cube.rows) * ceil(n / cube.columns) * depth
    return count * product_cycles(cube, dtype, fractals) / target.cores[target.matrix_core]


def pipe_bound(nodes: Iterable[Node]) -> float:
    """Cycles of the busiest pipe if it waits for nothing."""
    busy: dict[int, float] = {}
    _occupy(nodes, 1, busy)
    return max(busy.values(), default=0.0)


def _occupy(nodes: Iterable[Node], times: int, busy: dict[int, float]) -> None:
    for node in nodes:
        if isinstance(node, CostedInstruction):
            busy[node.pipe] = busy.get(node.pipe, 0.0) + times * node.cycles
        else:
            for trips in node.trips:
                _occupy(trips.body, times * trips.count, busy)
