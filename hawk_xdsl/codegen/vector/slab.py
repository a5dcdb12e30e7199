"""Reductions over windows, of a slab that is loaded once with its halo.

Where windows only combine what one operand has (pooling), they are reduced one axis after the
other: nine elements of a 3 × 3 window are two steps along the rows and two along the columns. What
is shifted along a row of ub would start inside a block, so the slab is turned over for that:

    s = load x0[i0, 0:66, 0:66] into ub
    a = vmax s[0:32:2, 0:66], s[1:32:2, 0:66]
    a = vmax a, s[2:32:2, 0:66]
    t = vtranspose a perm [1, 0]
    m = vmax t[0:32:2, 0:32], t[1:32:2, 0:32]
    m = vmax m, t[2:32:2, 0:32]
    u = vtranspose m perm [1, 0]

Where they are weighted (a depthwise convolution), ``WeightedWindows`` adds position by position.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod

from hawk_xdsl.codegen.vector.buffers import (
    Block,
    ControlStatement,
    Statement,
    TileValue,
    operand,
)
from hawk_xdsl.codegen.vector.frame import LoopScope, TilingFrame, matched_operands
from hawk_xdsl.codegen.vector.load import Loader
from hawk_xdsl.codegen.vector.reduce import Reducer
from hawk_xdsl.codegen.vector.widths import stored_dtype
from hawk_xdsl.codegen.vector.window_reads import (
    SlabDimension,
    Window,
    slab_of,
    slides,
    windowed_reads,
    windowed_terms,
)
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.places import UB
from hawk_xdsl.npu_target.legality import supports
from hawk_xdsl.schedule.build_syntax import expression_of, span
from hawk_xdsl.schedule.tiling import UntileableError
from hawk_xdsl.semantics.terms import Affine, Term

UNROLLED = 4
"""Positions of a window that are statements of their own; of larger ones all but two are a loop."""

Make = Callable[[Term, LoopScope], TileValue]
"""Makes the value of a term that no window runs over, in a scope or around it."""


@dataclass(frozen=True)
class Slab:
    """A tile in ub with the halo of its windows, and what its dimensions are."""

    value: TileValue
    dimensions: tuple[SlabDimension, ...]


class SlabReader:
    """Loads slabs, and computes on whole slabs what needs nothing else."""

    def __init__(self, frame: TilingFrame, loader: Loader, make: Make) -> None:
        self.frame = frame
        self.loader = loader
        self.make = make

    def dimensions(self, read: Term, windows: frozenset[str]) -> tuple[SlabDimension, ...]:
        """Those of a read's slab, points included."""
        return slab_of(read, windows, self.frame.tiling.axes, self.frame.tiling)

    def load(self, read: Term, dimensions: Sequence[SlabDimension], scope: LoopScope) -> Slab:
        """The slab of a read, with the dimensions that are no points."""
        parts: list[ast.Slice] = []
        kept: list[SlabDimension] = []
        for each in dimensions:
            start = scope.tiling.start(each.first)
            if each.is_point:
                parts.append(ast.Slice(start))
            else:
                parts.append(ast.Slice(start, each.span))
                kept.append(each)
        if parts[-1].length is None:
            parts[-1] = ast.Slice(parts[-1].start, 1)
            kept.append(replace(dimensions[-1], is_point=False))
        axes = tuple(each.axis for each in kept)
        out = TileValue(stored_dtype(read.dtype), axes, tuple(each.span for each in kept))
        load = ast.Load(ast.Tile(read.operand, tuple(parts)), UB, self.loader.pad(read))
        scope.block.items.append(Statement(load, (), out))
        return Slab(out, tuple(kept))

    def computed(
        self, term: Term, slabs: dict[Term, Slab], windows: frozenset[str], scope: LoopScope
    ) -> Slab:
        """A term on the whole slab of its reads, which are known and alike."""
        if term in slabs:
            return slabs[term]
        found = next(iter(slabs.values()))
        instruction, matched = self.frame.composition.chosen[term]

        def value_of(value: Term) -> TileValue:
            if value.axes & windows:
                return self.computed(value, slabs, windows, scope).value
            return self._beside(self.make(value, scope), found)

        given, operands = matched_operands(matched, value_of)
        shape, axes = found.value.shape, found.value.axes
        out = TileValue(stored_dtype(term.dtype), axes, shape)
        scope.add(instruction.statement.filled(given, out.dtype, ()), operands, out)
        slabs[term] = Slab(out, found.dimensions)
        return slabs[term]

    def _beside(self, value: TileValue, slab: Slab) -> TileValue:
        """A tile that a slab is computed with: it must not change along a window."""
        first = len(slab.value.shape) - len(value.shape)
        for place, length in enumerate(value.shape, start=first):
            if first < 0 or length not in (1, slab.value.shape[place]):
                raise UntileableError("what a window is computed with changes along it")
        return value


class SlabReducer:
    """Reduces windows along one axis after the other."""

    def __init__(self, frame: TilingFrame, reader: SlabReader, reducer: Reducer) -> None:
        self.frame = frame
        self.reader = reader
        self.reducer = reducer

    def takes(self, term: Term) -> bool:
        """Whether the windows of a reduction are of one slab, and may come one after the other."""
        reads = windowed_reads(term, term.bound)
        if len({read.index for read in reads}) != 1 or not slides(reads[0], term.bound):
            return False
        moving = frozenset(a for d in reads[0].index if d.axes & term.bound for a in d.axes)
        beside = [
            arg.axes
            for each in windowed_terms(term, term.bound)
            for arg in each.args
            if not arg.axes & term.bound
        ]
        return not any(axes & moving for axes in beside)

    def reduced(self, term: Term, scope: LoopScope) -> TileValue:
        """The tile of a reduction. Raises ``UntileableError``."""
        reads = windowed_reads(term, term.bound)
        dimensions = self.reader.dimensions(reads[0], term.bound)
        if frozenset(w.axis for each in dimensions for w in each.windows) != term.bound:
            raise UntileableError("an axis is reduced that no window of the slab has")
        slabs = {read: self.reader.load(read, dimensions, scope) for read in reads}
        steps = _WindowSteps(self.reducer.combiner(term), scope)
        last, *others = next(iter(slabs.values())).dimensions[::-1]
        if last.steps and not any(each.steps for each in others) and _is_alone(term):
            value = self._rows_only(term, slabs, steps)
        else:
            value = self.reader.computed(term.args[0], slabs, term.bound, scope).value
            for place, each in enumerate(others[::-1]):
                value = steps.along(value, place, each)
            if last.steps:
                self._check_turns(value.dtype)
                value = steps.along_rows(value, last)
        present = [axis for axis in value.axes if axis is not None]
        return self.frame.arranged(value, self.frame.aligned(present, term), scope)

    def _rows_only(self, term: Term, slabs: dict[Term, Slab], steps: "_WindowSteps") -> TileValue:
        """Windows along rows only: what is computed of the slab is computed of the turned one.

        So narrow floats are turned over before they are cast to wide ones.
        """
        before = next(iter(slabs.values()))
        turned: dict[Term, Slab] = {}
        for read, slab in slabs.items():
            self._check_turns(slab.value.dtype)
            turned[read] = Slab(steps.turned_over(slab.value), slab.dimensions[-1:])
        value = self.reader.computed(term.args[0], turned, term.bound, steps.scope).value
        self._check_turns(value.dtype)
        value = steps.along(value, 0, before.dimensions[-1])
        return steps.turned_back(value, before.value)

    def _check_turns(self, dtype: str) -> None:
        if not supports(self.frame.target, "vtranspose", dtype):
            raise UntileableError(f"rows of {dtype} cannot be turned over")


def _is_alone(term: Term) -> bool:
    """Whether windows reduce what is computed of their reads and of numbers only."""
    inside = windowed_terms(term, term.bound)
    return all(arg.is_const or arg in inside for each in inside for arg in each.args)


@dataclass(frozen=True)
class _WindowSteps:
    """Writes reductions of a slab by one instruction of two operands."""

    mnemonic: str
    scope: LoopScope

    def along(self, value: TileValue, place: int, dimension: SlabDimension) -> TileValue:
        """One dimension, which is not the last one, window by window."""
        for window in dimension.steps[:-1]:
            length = value.shape[place] - window.span
            value = self._window(value, place, window, length, 1)
        for window in dimension.steps[-1:]:
            value = self._window(value, place, window, dimension.length, dimension.stride)
        return value

    def along_rows(self, value: TileValue, dimension: SlabDimension) -> TileValue:
        """The last dimension: the tile is turned over, and back again."""
        return self.turned_back(self.along(self.turned_over(value), 0, dimension), value)

    def turned_over(self, value: TileValue) -> TileValue:
        """All rows side by side: the elements of a row below one another."""
        shape = (prod(value.shape[:-1]), value.shape[-1])
        return self._turned(self.scope.reshaped(value, shape, (None, value.axes[-1])))

    def turned_back(self, value: TileValue, before: TileValue) -> TileValue:
        """Rows again, as many as there were before."""
        shape = (*before.shape[:-1], value.shape[0])
        return self.scope.reshaped(self._turned(value), shape, before.axes)

    def _turned(self, value: TileValue) -> TileValue:
        (rows, columns), (row, column) = value.shape, value.axes
        out = TileValue(value.dtype, (column, row), (columns, rows))
        return self.scope.add(ast.Transpose(operand(0), (1, 0)), (value,), out)

    def _window(
        self, value: TileValue, place: int, window: Window, length: int, stride: int
    ) -> TileValue:
        """Its positions one after the other, each a view of the slab."""
        shape = (*value.shape[:place], length, *value.shape[place + 1 :])
        out = TileValue(value.dtype, value.axes, shape)

        def at(number: int, position: Affine) -> ast.Tile:
            slices = [span(n) for n in value.shape]
            start = expression_of(position.scaled(window.dilation))
            slices[place] = ast.Slice(start, length, stride)
            return operand(number, *slices)

        if window.extent == 1:
            whole = shape == value.shape
            first = ast.Elementwise("copy", (at(0, Affine()),))
            return value if whole else self.scope.add(first, (value,), out)
        first = ast.Elementwise(self.mnemonic, (at(0, Affine()), at(1, Affine(1))))
        self.scope.add(first, (value, value), out)
        unrolled = window.extent if window.extent <= UNROLLED else 2
        for position in range(2, unrolled):
            further = ast.Elementwise(self.mnemonic, (operand(0), at(1, Affine(position))))
            self.scope.update(further, (out, value), out)
        if unrolled < window.extent:
            each = ast.Elementwise(self.mnemonic, (operand(0), at(1, Affine.axis(window.axis))))
            body = Block([Statement(each, (out, value), out, again=True)])
            rest = ast.Loop(window.axis, ast.Integer(2), ast.Integer(window.extent), 1)
            self.scope.block.items.append(ControlStatement(ast.For(rest), body))
        return out
