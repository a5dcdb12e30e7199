"""Brings what a tile reads into ub: slices, every so many elements, and numbers."""

from dataclasses import replace

from hawk_xdsl.codegen.vector.buffers import Axes, Statement, TileValue, operand, two_operands
from hawk_xdsl.codegen.vector.detour import dtype_instead, exact_rounding
from hawk_xdsl.codegen.vector.frame import LoopScope, TilingFrame
from hawk_xdsl.codegen.vector.widths import stored_dtype
from hawk_xdsl.dialects.dtype import INDEX, DType
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.places import UB
from hawk_xdsl.dialects.npu import Rounding
from hawk_xdsl.semantics.terms import Affine, Term


class Loader:
    """Writes loads, and the statements that put their tiles into the form that terms have."""

    def __init__(self, frame: TilingFrame) -> None:
        self.frame = frame
        self.shapes = frame.shapes

    def load(self, term: Term, scope: LoopScope) -> TileValue:
        """The tile of a read, in the order of the tile's axes."""
        shape, tiling = self.shapes[term.operand], scope.tiling
        covered = [tiling.covered(dim) for dim in term.index]
        source, axes = tiling.slice_of(term.operand, term.index, shape, rows=True)
        if covered and covered[-1] and covered[-1][0][1] > 1:
            out = self._every(source, axes, covered[-1][0][1], term, scope)
        else:
            out = self.moved_in(source, axes, term, scope, ())
        present = [axis for axis in axes if axis is not None]
        return self.frame.arranged(out, self.frame.aligned(present, term), scope)

    def _every(
        self, source: ast.Tile, axes: Axes, stride: int, term: Term, scope: LoopScope
    ) -> TileValue:
        """Every so many elements of a row: the row is loaded as it lies and thinned out in ub."""
        out = self.frame.tile(term.dtype, axes, scope)
        count = out.shape[-1]
        span = (count - 1) * stride + 1
        whole = TileValue(out.dtype, (*axes[:-1], None), (*out.shape[:-1], span))
        slices = source.slices
        assert slices, "a load has slices"
        row = ast.Slice(slices[-1].start, span)
        lying = replace(source, slices=(*slices[:-1], row))
        load = ast.Load(lying, UB, self.pad(term))
        scope.block.items.append(Statement(load, (), whole))
        return self.thinned(whole, out, stride, scope)

    def thinned(self, whole: TileValue, out: TileValue, stride: int, scope: LoopScope) -> TileValue:
        """Every so many elements of the rows of a tile."""
        zero = ast.Integer(0)
        spaced = operand(
            0,
            *(ast.Slice(zero, n) for n in out.shape[:-1]),
            ast.Slice(zero, out.shape[-1], stride),
        )
        wide = dtype_instead("vmul", out.dtype, self.frame.target)
        if wide is None:
            one = ast.Number(1.0 if DType(out.dtype).is_float else 1)
            return scope.add(ast.Elementwise("vmul", (spaced, one)), (whole,), out)
        middle = TileValue(wide, out.axes, out.shape)
        scope.add(ast.Cast(spaced, wide, Rounding.RINT), (whole,), middle)
        back = ast.Cast(operand(0), out.dtype, exact_rounding(out.dtype))
        return scope.add(back, (middle,), out)

    def pad(self, term: Term) -> ast.Number | None:
        """What stands in a loaded tile beyond the edge, where that matters."""
        if not self.frame.padded:
            return None
        return ast.Number(0.0 if DType(stored_dtype(term.dtype)).is_float else 0)

    def moved_in(
        self,
        source: ast.Tile,
        axes: Axes,
        term: Term,
        scope: LoopScope,
        scalars: tuple[TileValue, ...],
    ) -> TileValue:
        """A load of a slice, whose index may have scalars in it, as a tile of these axes."""
        out = self.frame.tile(term.dtype, axes, scope)
        load = ast.Load(source, UB, self.pad(term))
        scope.block.items.append(Statement(load, scalars, out))
        return out

    def number(
        self, index: Affine, term: Term, scope: LoopScope, *, local: bool = False
    ) -> TileValue:
        """An index as a tile of numbers: the positions within the tile, moved to where it is.

        ``local``: they stay where they are within the tile.
        """
        covered = scope.tiling.covered(index)
        dims = self.frame.aligned([axis for axis, _ in covered], term)
        dtype = stored_dtype(term.dtype) if term.op == "index" else INDEX
        total: TileValue | None = None
        for axis, factor in covered:
            part = self._along(axis, factor, dtype, term, scope, local=local)
            if total is None:
                total = part
            else:
                merged = dims[-max(len(total.axes), len(part.axes)) :]
                total = self.frame.made(two_operands("vadd"), (total, part), dtype, merged, scope)
        if total is None:
            zero = ast.Fill(ast.Number(0), dtype, (1,) * len(dims), UB)
            total = self.frame.made(zero, (), dtype, dims, scope)
        for axis, factor in index.terms:
            if not scope.tiling.in_tile(axis):
                total = self._moved(total, axis, factor, scope)
        return self._plus(total, ast.Number(index.constant), scope) if index.constant else total

    def _along(
        self, axis: str, factor: int, dtype: str, term: Term, scope: LoopScope, *, local: bool
    ) -> TileValue:
        """The indices of a tile along one of its axes, times a factor."""
        own = self.frame.aligned([axis], term)
        part = self.frame.tile(dtype, own, scope)
        scope.add(ast.Arange(dtype, part.shape, own.index(axis)), (), part)
        start = scope.start(axis)
        if axis in self.frame.tiling.sizes and not local and start != ast.Number(0):
            part = self._plus(part, start, scope)
        return part if factor == 1 else self._times(part, factor, scope)

    def _moved(self, total: TileValue, axis: str, factor: int, scope: LoopScope) -> TileValue:
        """Indices moved by where a tile is along an axis that is a point in it."""
        start, dtype = scope.start(axis), total.dtype
        if factor == 1:
            return self._plus(total, start, scope)
        zero = ast.Fill(ast.Number(0), INDEX, (1,), UB)
        scalar = self.frame.made(zero, (), dtype, (None,), scope)
        scalar = self._times(self._plus(scalar, start, scope), factor, scope)
        return self.frame.made(two_operands("vadd"), (total, scalar), dtype, total.axes, scope)

    def _plus(self, value: TileValue, addend: ast.Operand, scope: LoopScope) -> TileValue:
        added = ast.Elementwise("vadd", (operand(0), addend))
        return self.frame.made(added, (value,), value.dtype, value.axes, scope)

    def _times(self, value: TileValue, factor: int, scope: LoopScope) -> TileValue:
        multiplied = ast.Elementwise("vmul", (operand(0), ast.Number(factor)))
        return self.frame.made(multiplied, (value,), value.dtype, value.axes, scope)
