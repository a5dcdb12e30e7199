"""Reductions in chunks: what they start from, and how a chunk is added to what there is."""

from hawk_xdsl.codegen.select_instructions import FUNCTION_OF_REDUCTION
from hawk_xdsl.codegen.vector.buffers import Axes, TileValue, operand, two_operands
from hawk_xdsl.codegen.vector.frame import LoopScope, TilingFrame
from hawk_xdsl.codegen.vector.tree_reduction import TreeReduction
from hawk_xdsl.codegen.vector.widths import stored_dtype
from hawk_xdsl.dialects.dtype import INDEX, TRUTH, DType
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.places import UB
from hawk_xdsl.dialects.npu import Comparison, Reduction
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
            return (self.filled(term, axes, scope),)
        best = self.filled(term.args[0], axes, scope, term.kind.removeprefix("arg"))
        return (self.filled(term, axes, scope), best)

    def add(
        self, term: Term, part: TileValue, totals: tuple[TileValue, ...], scope: LoopScope
    ) -> None:
        """Brings the accumulators up to date with a chunk."""
        if term.kind in POSITIONS:
            position, best = totals
            self._extreme(term, part, position, best, scope)
        else:
            self._accumulate(term, self.reduced(term, part, scope), totals[0], scope)

    def filled(self, term: Term, axes: Axes, scope: LoopScope, kind: str = "") -> TileValue:
        """A tile filled with what a reduction starts from."""
        out = self.frame.tile(term.dtype, axes, scope)
        start = self.identity(term, kind)
        return scope.add(ast.Fill(start, out.dtype, out.shape, UB), (), out)

    def identity(self, term: Term, kind: str = "") -> ast.Number:
        """What a reduction of a kind, or the term's, starts from."""
        dtype, kind = DType(stored_dtype(term.dtype)), kind or term.kind
        start: float | int = IDENTITY.get(kind, 0)
        if kind in ("max", "min"):
            whole = range_of(dtype)
            start = whole.low if kind == "max" else whole.high
        return ast.Number(float(start) if dtype.is_float else int(start))

    def reduced(self, term: Term, part: TileValue, scope: LoopScope) -> TileValue:
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
        return TreeReduction(self.combiner(term), scope, block).reduce(part, places)

    def _accumulate(self, term: Term, part: TileValue, total: TileValue, scope: LoopScope) -> None:
        scope.update(two_operands(self.combiner(term)), (total, part), total)

    def combiner(self, term: Term) -> str:
        """The instruction that puts two parts of a reduction or scan together."""
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
        mask = self.frame.tile(TRUTH, axes, scope)
        better = Comparison.GT if kind == "max" else Comparison.LT
        if along:
            local = ast.Reduce(Reduction(term.kind), operand(0), along)
            place = self.frame.made(local, (part,), INDEX, axes, scope)
            moved = ast.Elementwise("vadd", (operand(0), start))
            place = self.frame.made(moved, (place,), INDEX, axes, scope)
            extreme = ast.Reduce(Reduction(kind), operand(0), along)
            part = self.frame.made(extreme, (part,), best.dtype, axes, scope)
            choice = ast.Elementwise("vsel", (operand(0), operand(1), operand(2)))
            values = (mask, place, position)
        else:
            choice = ast.Elementwise("vsel", (operand(0), start, operand(1)))
            values = (mask, position)
        scope.add(ast.Compare(better, operand(0), operand(1)), (part, best), mask)
        chosen = self.frame.made(choice, values, INDEX, axes, scope)
        scope.update(ast.Elementwise("copy", (operand(0),)), (chosen,), position)
        scope.update(two_operands(f"v{kind}"), (best, part), best)
