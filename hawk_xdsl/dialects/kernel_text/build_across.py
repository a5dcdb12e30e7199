"""Building ``across``: iterations of its loops in one count, handed to the blocks in turn.

The last loop turns fastest. One loop may end at an extent; it is the slowest of all, so that the
others divide the count by numbers. Example: ``across n in 0..64 step 32, m in 0..n0 step 8`` has
``2 * ceil(n0 / 8)`` iterations; ``m`` is ``iteration // 2 * 8``, ``n`` is ``iteration % 2 * 32``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from xdsl.dialects import scf
from xdsl.dialects.builtin import AffineMapAttr, DenseArrayBase, IndexType, i64
from xdsl.ir import Block
from xdsl.ir.affine import AffineExpr, AffineMap

from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.context import KernelContext
from hawk_xdsl.dialects.kernel_text.extents import extents_of, over_extents
from hawk_xdsl.dialects.kernel_text.index import Linear, bounds
from hawk_xdsl.dialects.npu import BlockCountOp, BlockIdxOp
from hawk_xdsl.dialects.npu.kernel_extents import ACROSS, STOPS


@dataclass(frozen=True)
class AcrossLoop:
    """A loop of ``across``.

    Attributes:
        range: its values, at the upper bounds of extents.
        is_dynamic: whether its stop depends on extents.
    """

    range: range
    is_dynamic: bool = False

    @property
    def trips(self) -> int:
        """Iterations, at the upper bounds of extents."""
        return len(self.range)


Variable = tuple[AffineMap, Linear, Linear, int]
"""A loop variable: its map from the iteration, start, stop, and the largest number of steps."""


def open_across(
    context: KernelContext, node: ast.Across
) -> tuple[Block, scf.ForOp, list[Variable]]:
    """The loop over blocks, its body, and the variables of its loops.

    Raises:
        KernelTextError: for a second across or one inside a block, and for bounds that are not
            numbers, but for one stop that may depend on extents.
    """
    if len(context.frames) > 1:
        context.fail("across stands at the top of a stage, not inside another block")
    if context.has_across:
        context.fail("a stage has only one across")
    stops = [context.linear(loop.stop) for loop in node.loops]
    loops = [_loop(context, loop, stop) for loop, stop in zip(node.loops, stops, strict=True)]
    dynamic = [number for number, loop in enumerate(loops) if loop.is_dynamic]
    if len(dynamic) > 1:
        names = " and ".join(f"`{node.loops[number].variable}`" for number in dynamic)
        context.fail(f"of across only one loop can end at an extent, not {names}; use for inside")
    context.has_across, context.total = True, prod(loop.trips for loop in loops)
    first = context.emit(BlockIdxOp(), "block").value
    count = context.emit(BlockCountOp(), "blocks").value
    total = context.index(_total(context, node, loops, stops))
    block = Block(arg_types=[IndexType()])
    block.args[0].name_hint = "iteration"
    owner = scf.ForOp(first, total, count, [], block)
    numbers = [number for r in (x.range for x in loops) for number in (r.start, r.stop, r.step)]
    owner.attributes[ACROSS] = DenseArrayBase.from_list(i64, numbers)
    if dynamic:
        results = tuple(over_extents(stop, context.extents) for stop in stops)
        owner.attributes[STOPS] = AffineMapAttr(AffineMap(len(context.extents), 0, results))
    maps = across_maps(loops)
    variables = [
        (map_, Linear(constant=loop.range.start), stop, loop.trips - 1)
        for map_, loop, stop in zip(maps, loops, stops, strict=True)
    ]
    return block, owner, variables


def _loop(context: KernelContext, loop: ast.Loop, stop: Linear) -> AcrossLoop:
    if loop.step < 1:
        context.fail("the step of a loop is at least 1")
    start, ends = context.linear(loop.start), bounds(stop)
    if start.terms or ends is None or not extents_of(stop, context.extents):
        context.fail(f"the bounds of `{loop.variable}` in across must be numbers or extents")
    found = AcrossLoop(range(start.constant, ends[1], loop.step), is_dynamic=bool(stop.terms))
    if not found.range:
        context.fail(f"the loop over `{loop.variable}` never runs")
    return found


def _total(
    context: KernelContext,
    node: ast.Across,
    loops: Sequence[AcrossLoop],
    stops: Sequence[Linear],
) -> Linear:
    """All iterations, with as many of a dynamic loop as its extent makes."""
    total = Linear(constant=prod(loop.trips for loop in loops if not loop.is_dynamic))
    for loop, stop in zip(loops, stops, strict=True):
        if loop.is_dynamic:
            step = loop.range.step
            length = stop.plus(Linear(constant=step - 1 - loop.range.start))
            total = length.divided(step, remainder=False).times(total.constant)
    return total


def across_maps(loops: Sequence[AcrossLoop]) -> list[AffineMap]:
    """The loop variables of ``across`` from the number of the iteration."""
    order = sorted(range(len(loops)), key=lambda number: not loops[number].is_dynamic)
    maps: list[AffineMap] = [AffineMap.empty()] * len(loops)
    for place, number in enumerate(order):
        inner = prod(loops[each].trips for each in order[place + 1 :])
        expression = _expression(loops[number], inner, outermost=place == 0)
        maps[number] = AffineMap(1, 0, (expression,))
    return maps


def _expression(loop: AcrossLoop, inner: int, *, outermost: bool) -> AffineExpr:
    """A loop variable; ``inner`` are the iterations of the loops that turn faster."""
    position = AffineExpr.dimension(0)
    if loop.trips == 1:
        position = AffineExpr.constant(0)
    else:
        if inner != 1:
            position = position // inner
        if not outermost:
            position = position % loop.trips
    return position * loop.range.step + loop.range.start
