"""Reductions in chunks: what they start from, and how a chunk is added to what there is."""

from hawk_xdsl.codegen.cost.tiles import allocated
from hawk_xdsl.codegen.select_instructions import FUNCTION_OF_REDUCTION
from hawk_xdsl.codegen.vector.buffers import Axes, TileValue, operand, two_operands
from hawk_xdsl.codegen.vector.frame import LoopScope, TilingFrame
from hawk_xdsl.codegen.vector.tree_reduction import TreeReduction
from hawk_xdsl.codegen.vector.widths import stored_dtype
from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.places import UB
from hawk_xdsl.dialects.npu import Accumulation, Comparison, Reduction, Role
from hawk_xdsl.npu_target.cost import TileShape, VectorWork, vector_cost
from hawk_xdsl.schedule.tiling import UntileableError
from hawk_xdsl.semantics.interval import range_of
from hawk_xdsl.semantics.terms import POSITIONS, Term

IDENTITY = {"sum": 0, "prod": 1, "and": -1, "or": 0}
"""What a reduction starts from; extremes start from the infinities, or the limits of integers."""


class Reducer:
    """Writes accumulators and what brings them up to date."""

    def __init__(self, frame: TilingFrame) -> None:
        self.frame = frame

    def started(self, term: Term, part: TileValue, scope: LoopScope) -> tuple[TileValue, ...]:
        """Accumulators for chunks like ``part``; for a position also the best value."""
        axes = tuple(None if a in term.bound else a for a in part.axes)
        if term.kind not in POSITIONS:
            return (self._filled(term, axes, scope),)
        best = self._filled(term.args[0], axes, scope, term.kind.removeprefix("arg"))
        return (self._filled(term, axes, scope), best)

    def add(
        self, term: Term, part: TileValue, totals: tuple[TileValue, ...], scope: LoopScope
    ) -> None:
        """Brings the accumulators up to date with a chunk."""
        if term.kind in POSITIONS:
            position, best = totals
            self._extreme(term, part, position, best, scope)
        else:
            self._accumulate(term, self._reduced(term, part, scope), totals[0], scope)

    def _filled(self, term: Term, axes: Axes, scope: LoopScope, kind: str = "") -> TileValue:
        """A tile filled with what a reduction starts from."""
        out = self.frame.tile(term.dtype, axes, scope)
        kind = kind or term.kind
        start: float | int = IDENTITY.get(kind, 0)
        if kind in ("max", "min"):
            whole = range_of(out.dtype)
            start = whole.low if kind == "max" else whole.high
        literal = ast.Number(float(start) if DType(out.dtype).is_float else int(start))
        return scope.add(ast.Fill(literal, out.dtype, out.shape, UB), (), out)

    def _reduced(self, term: Term, part: TileValue, scope: LoopScope) -> TileValue:
        """The part of a chunk, reduced along the axes that have dimensions in it."""
        axes = tuple(i for i, axis in enumerate(part.axes) if axis in term.bound)
        if not axes:
            return part
        if term in self.frame.composition.without_instruction:
            return self.as_tree(term, part, scope)
        out = self.frame.tile(
            term.dtype, tuple(None if a in term.bound else a for a in part.axes), scope
        )
        reduced = ast.Reduce(Reduction(term.kind), operand(0), axes)
        return scope.add(reduced, (part,), out)

    def as_tree(self, term: Term, part: TileValue, scope: LoopScope) -> TileValue:
        """The part reduced along the axes in it, without an instruction for such reductions."""
        places = [i for i, axis in enumerate(part.axes) if axis in term.bound]
        block = self.frame.target.vector.block_bytes
        return TreeReduction(self._combiner(term), scope, block).reduce(part, places)

    def _accumulate(self, term: Term, part: TileValue, total: TileValue, scope: LoopScope) -> None:
        scope.update(two_operands(self._combiner(term)), (total, part), total)

    def _combiner(self, term: Term) -> str:
        key = (FUNCTION_OF_REDUCTION[term.kind], term.dtype)
        if key not in self.frame.composition.combiners:
            raise UntileableError(f"nothing says how to combine parts of {term.op} {term.dtype}")
        return self.frame.composition.combiners[key]

    def _extreme(
        self, term: Term, part: TileValue, position: TileValue, best: TileValue, scope: LoopScope
    ) -> None:
        """Replaces the best value and its position where a chunk has a better one."""
        kind = term.kind.removeprefix("arg")
        [axis] = term.bound
        along = tuple(i for i, a in enumerate(part.axes) if a == axis)
        start = scope.start(axis)
        axes = tuple(None if a == axis else a for a in part.axes)
        mask = self.frame.tile("i8", axes, scope)
        better = Comparison.GT if kind == "max" else Comparison.LT
        if along:
            local = ast.Reduce(Reduction(term.kind), operand(0), along)
            place = self.frame.made(local, (part,), "i32", axes, scope)
            moved = ast.Elementwise("vadd", (operand(0), start))
            place = self.frame.made(moved, (place,), "i32", axes, scope)
            extreme = ast.Reduce(Reduction(kind), operand(0), along)
            part = self.frame.made(extreme, (part,), best.dtype, axes, scope)
            choice = ast.Elementwise("vsel", (operand(0), operand(1), operand(2)))
            values = (mask, place, position)
        else:
            choice = ast.Elementwise("vsel", (operand(0), start, operand(1)))
            values = (mask, position)
        scope.add(ast.Compare(better, operand(0), operand(1)), (part, best), mask)
        chosen = self.frame.made(choice, values, "i32", axes, scope)
        scope.update(ast.Elementwise("copy", (operand(0),)), (chosen,), position)
        scope.update(two_operands(f"v{kind}"), (best, part), best)

    def scan(self, term: Term, arg: TileValue, scope: LoopScope) -> TileValue:
        """A chunk of a scan on top of what the chunks before it came to."""
        [axis] = term.bound
        if scope.axis != axis or scope.parent is None:
            raise UntileableError(f"a scan along {axis} inside another loop")
        along = [i for i, a in enumerate(arg.axes) if a == axis]
        carries = scope.parent.carries
        if term not in carries:
            axes = tuple(None if a == axis else a for a in arg.axes)
            carries[term] = self._filled(term, axes, scope.parent)
        carry, mnemonic = carries[term], self._combiner(term)
        if not along:
            scope.update(two_operands(mnemonic), (carry, arg), carry)
            out = self.frame.tile(term.dtype, arg.axes, scope)
            return scope.add(ast.Elementwise("copy", (operand(0),)), (carry,), out)
        running = self.scanned(term, arg, along[0], scope)
        total = self.frame.tile(term.dtype, arg.axes, scope)
        scope.add(two_operands(mnemonic), (running, carry), total)
        part = self._reduced(term, arg, scope)
        scope.update(two_operands(mnemonic), (carry, part), carry)
        return total

    def scanned(self, term: Term, arg: TileValue, place: int, scope: LoopScope) -> TileValue:
        """What is in a tile, scanned along its dimension ``place``.

        Where a scan of rows is cheaper than one along rows, the tile is turned for it:
        ``t = vtranspose a perm [1, 0]``, ``t = vcumulate sum t axis 0``, and turned back.
        """
        if term in self.frame.composition.without_instruction:
            raise UntileableError(f"a {term.kind} scan of a tile: the target has none")
        kind, last = Accumulation(term.kind), len(arg.shape) - 1
        if place != last or last == 0 or not self._faster_turned(term, arg):
            along = ast.Cumulate(kind, operand(0), place)
            return self.frame.made(along, (arg,), term.dtype, arg.axes, scope)
        axes, shape = (arg.axes[-1], *arg.axes[:-1]), (arg.shape[-1], *arg.shape[:-1])
        turned = TileValue(arg.dtype, axes, shape)
        scope.add(ast.Transpose(operand(0), (last, *range(last))), (arg,), turned)
        running = TileValue(stored_dtype(term.dtype), axes, shape)
        scope.add(ast.Cumulate(kind, operand(0), 0), (turned,), running)
        back = ast.Transpose(operand(0), (*range(1, last + 1), 0))
        return self.frame.made(back, (running,), term.dtype, arg.axes, scope)

    def _faster_turned(self, term: Term, arg: TileValue) -> bool:
        """Whether two transpositions and a scan of rows cost less than a scan along rows."""
        target, last = self.frame.target, len(arg.shape) - 1
        row, turn = f"vcumulate_{term.kind}", VectorWork("vtranspose", arg.dtype)
        if arg.dtype not in target.vector.ops.get(turn.row, {}):
            return False
        lying = self._shape(arg.dtype, arg.shape)
        turned = self._shape(arg.dtype, (arg.shape[-1], *arg.shape[:-1]))

        def cycles(work: VectorWork, source: TileShape, out: TileShape) -> float:
            return vector_cost(work, (source, out), target)[0]

        direct = cycles(VectorWork(row, arg.dtype, (last,)), lying, lying)
        by_rows = cycles(VectorWork(row, arg.dtype, (0,)), turned, turned)
        return cycles(turn, lying, turned) + by_rows + cycles(turn, turned, lying) < direct

    def _shape(self, dtype: str, shape: tuple[int, ...]) -> TileShape:
        space = self.frame.target.space(Role.VECTOR)
        return allocated(0, space, dtype, shape, shape).shaped()
