"""Reductions over windows that are weighted: a slab's windows position by position.

Of a depthwise convolution with a window of 3 × 3, tiles of 28 rows of a channel:

    w = load x1[i1, 0:3, 0:3] into ub
    b = fill 0.0 f32[28, 56] in ub
    for i5 in 0..3 step 1 {
    s = load x0[i0, i1, i2:30, i5:56] into ub
    for i4 in 0..3 step 1 {
    q = read w[i4, i5]
    p = vmul s[i4:28, 0:56], q
    b = vadd b, p
    }
    }

Along the rows of ub nothing can be shifted, so these positions are loads of their own; L2 has what
the first one brought. With several channels in a tile the weights of a position are a column.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hawk_xdsl.codegen.vector.buffers import (
    Block,
    ControlStatement,
    TileValue,
    operand,
)
from hawk_xdsl.codegen.vector.frame import LoopScope, TilingFrame, merged_axes, number
from hawk_xdsl.codegen.vector.reduce import Reducer
from hawk_xdsl.codegen.vector.slab import Slab, SlabReader, SlabReducer
from hawk_xdsl.codegen.vector.window_reads import (
    alike,
    is_pointwise,
    slides,
    windowed_reads,
    windowed_terms,
)
from hawk_xdsl.codegen.vector.window_weights import WindowPart, WindowWeights
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.npu import BINARY_OPS
from hawk_xdsl.schedule.build_syntax import expression_of, loop
from hawk_xdsl.schedule.tiling import UntileableError
from hawk_xdsl.semantics.terms import COMMUTATIVE, POSITIONS, Affine, Term


@dataclass
class _Position:
    """The statements of one position, under construction; ``slabs`` is what there is before."""

    term: Term
    scope: LoopScope
    slabs: dict[Term, Slab]
    weights: "WindowWeights"
    done: dict[Term, WindowPart] = field(default_factory=dict[Term, WindowPart])


class WeightedWindows:
    """Adds up windows position by position."""

    def __init__(self, frame: TilingFrame, reader: SlabReader, reducer: Reducer) -> None:
        self.frame = frame
        self.reader = reader
        self.reducer = reducer

    def takes(self, term: Term) -> bool:
        """Whether some read's windows move with the result."""
        return any(slides(read, term.bound) for read in windowed_reads(term, term.bound))

    def reduced(self, term: Term, scope: LoopScope) -> TileValue:
        """The tile of a reduction. Raises ``UntileableError``."""
        moving = [read for read in windowed_reads(term, term.bound) if slides(read, term.bound)]
        along_rows = frozenset(axis for read in moving for axis in read.index[-1].axes & term.bound)
        axes = self.frame.aligned([a for a in term.axes if self.frame.tiling.in_tile(a)], term)
        total = self.reducer.filled(term, axes, scope)
        self._make_others(term, scope)
        weights = WindowWeights(self.frame, self.reader, term, scope)
        weights.load()
        outer = self._loops(along_rows, scope)
        slabs = self._slabs(moving, term, outer)
        inner = self._loops(term.bound - along_rows, outer)
        part = self._part(term.args[0], _Position(term, inner, slabs, weights))
        if part.is_scalar or part.axes != axes:
            raise UntileableError("no part of a slab has all axes of the result's tile")
        added = ast.Elementwise(self.reducer.combiner(term), (operand(0), part.operand(1)))
        inner.update(added, (total, part.tile), total)
        return total

    def _make_others(self, term: Term, scope: LoopScope) -> None:
        """What no window runs over, before the loops over positions."""
        for each in windowed_terms(term, term.bound):
            for arg in each.args:
                if not (arg.is_const or arg.axes & term.bound):
                    self.reader.make(arg, scope)

    def _slabs(self, moving: Sequence[Term], term: Term, scope: LoopScope) -> dict[Term, Slab]:
        """The slabs of reads, and what is computed of one slab alone."""
        found = {read: self._slab(read, term, scope) for read in moving}
        for each in windowed_terms(term, term.bound):
            below = windowed_reads(each, term.bound)
            if each not in found and alike(below) and set(below) <= set(moving):
                known = {read: found[read] for read in below}
                found[each] = self.reader.computed(each, known, term.bound, scope)
        return found

    def _loops(self, windows: frozenset[str], scope: LoopScope) -> LoopScope:
        """The innermost of loops over the positions of windows."""
        for axis, extent in self.frame.tiling.axes.items():
            if axis in windows:
                block = Block()
                head = ast.For(loop(axis, extent, 1))
                scope.block.items.append(ControlStatement(head, block))
                scope = LoopScope(scope.tiling, scope.open | {axis}, block, scope, axis)
        return scope

    def _slab(self, read: Term, term: Term, scope: LoopScope) -> Slab:
        """What the loops over positions along rows load."""
        *dimensions, last = self.reader.dimensions(read, term.bound)
        last = last.at_each_position()
        slab = self.reader.load(read, (*dimensions, last), scope)
        if last.axis is None or last.stride == 1:
            return slab
        value = slab.value
        out = TileValue(value.dtype, value.axes, (*value.shape[:-1], last.length))
        thinned = self.reader.loader.thinned(value, out, last.stride, scope)
        return Slab(thinned, slab.dimensions)

    def _part(self, term: Term, position: _Position) -> WindowPart:
        """What a position has of a term."""
        if term not in position.done:
            position.done[term] = self._new_part(term, position)
        return position.done[term]

    def _new_part(self, term: Term, position: _Position) -> WindowPart:
        reads = windowed_reads(term, position.term.bound)
        if not reads:
            value = self.reader.make(term, position.scope)
            return WindowPart(value, value.axes)
        if term in position.slabs:
            return self._window(position.slabs[term], position)
        if term in position.weights.loaded:
            return position.weights.part(term, reads[0], position.scope)
        return self._computed(term, position)

    def _window(self, slab: Slab, position: _Position) -> WindowPart:
        """The window of a slab at the position."""
        slices: list[ast.Slice] = []
        axes: list[str | None] = []
        for each, extent in zip(slab.dimensions, slab.value.shape, strict=True):
            shift = Affine(0, tuple((w.axis, w.dilation) for w in each.windows))
            if each.axis is None and each.windows:
                slices.append(ast.Slice(expression_of(shift)))
                continue
            stride = each.stride if each.windows or extent != each.length else 1
            slices.append(ast.Slice(expression_of(shift), each.length, stride))
            axes.append(each.axis)
        present = [axis for axis in axes if axis is not None]
        if tuple(axes) != self.frame.aligned(present, position.term):
            raise UntileableError("a slab's dimensions are in another order than the tile's")
        return WindowPart(slab.value, tuple(axes), tuple(slices))

    def _computed(self, term: Term, position: _Position) -> WindowPart:
        instruction, matched = self.frame.composition.chosen[term]
        given: dict[str, ast.Operand] = {}
        parts: list[WindowPart] = []
        for name, value in matched.terms.items():
            if value.is_const:
                given[name] = number(value)
                continue
            part = self._part(value, position)
            given[name] = part.operand(len(parts))
            parts.append(part)
        syntax = _scalar_last(instruction.statement.filled(given, term.dtype, ()), parts, term)
        merged = merged_axes([part.axes for part in parts])
        out = self.frame.tile(term.dtype, merged, position.scope)
        position.scope.add(syntax, [part.tile for part in parts], out)
        return WindowPart(out, out.axes)


def _scalar_last(syntax: ast.Value, parts: Sequence[WindowPart], term: Term) -> ast.Value:
    """The statement with a scalar as its second operand, where instructions have one."""
    scalars = [part for part in parts if part.is_scalar]
    if not scalars:
        return syntax
    binary = isinstance(syntax, ast.Elementwise) and syntax.mnemonic in BINARY_OPS
    if not binary or len(parts) != 2 or len(scalars) != 1:
        raise UntileableError("a weight is a scalar where the instruction has none")
    assert isinstance(syntax, ast.Elementwise)
    if parts[1].is_scalar:
        return syntax
    if term.op not in COMMUTATIVE:
        raise UntileableError("a weight is a scalar where the instruction has a tile")
    return ast.Elementwise(syntax.mnemonic, syntax.operands[::-1])


class SlabWindows:
    """Reductions over windows of slabs, weighted or not."""

    def __init__(self, alike: SlabReducer, weighted: WeightedWindows) -> None:
        self.alike = alike
        self.weighted = weighted

    @staticmethod
    def of(frame: TilingFrame, reader: SlabReader, reducer: Reducer) -> "SlabWindows":
        """Those of one tile."""
        return SlabWindows(
            SlabReducer(frame, reader, reducer), WeightedWindows(frame, reader, reducer)
        )

    def reduced(self, term: Term, scope: LoopScope) -> TileValue:
        """The tile of a reduction. Raises ``UntileableError`` where no window moves."""
        if term.kind in POSITIONS or not is_pointwise(term, term.bound):
            raise UntileableError("windows of something else than values at one point")
        for each in (self.alike, self.weighted):
            if each.takes(term):
                return each.reduced(term, scope)
        raise UntileableError("no window moves with the result")
