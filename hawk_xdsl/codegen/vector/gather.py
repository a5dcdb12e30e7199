"""Elements that no slice says: at indices that are values, and gathered from a tile.

A row of an operand at an index that was read is a load of its own; all indices are loaded once,
before the loop. Where the elements themselves are gathered (``vgather``), a tile loads the part of
the operand that it can touch: of a dimension that the tile's axes run over only what they reach.
Positions within that part are the same for every tile, so they are computed once, before the loop.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from hawk_xdsl.codegen.vector.buffers import Axes, Statement, TileValue, operand, two_operands
from hawk_xdsl.codegen.vector.frame import LoopScope, TilingFrame
from hawk_xdsl.codegen.vector.load import Loader
from hawk_xdsl.codegen.vector.widths import stored_dtype
from hawk_xdsl.dialects.dtype import INDEX, DType
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.places import UB
from hawk_xdsl.schedule.tiling import Tiling, UntileableError
from hawk_xdsl.semantics.terms import Affine, Term, walk

INDEX_BYTES = 32768
"""Indices that are loaded at once, before the loop: a sixth of ub."""


NOWHERE = Affine()


@dataclass(frozen=True)
class _LoadedRange:
    """What a tile loads of one dimension: from where, how many, and where elements lie in it.

    ``local`` is counted in the tile, ``moving`` from the start of the operand.
    """

    start: ast.Expression
    length: int
    local: Affine
    moving: Affine = NOWHERE


class Gatherer:
    """Writes gathers, of rows and of elements."""

    def __init__(self, frame: TilingFrame, reader: Loader) -> None:
        self.frame = frame
        self.reader = reader
        self.shapes = frame.shapes
        self.resident_indices = _resident_indices(frame)

    def gather(self, term: Term, args: Sequence[TileValue | None], scope: LoopScope) -> TileValue:
        """Elements at indices that are values: points of global memory, or gathered from a tile.

        ``args`` are the values of the indices; ``None`` stands for one of ``resident_indices``.
        """
        values = [arg for arg in args if arg is not None]
        if any(any(arg.axes) for arg in values):
            return self.gathered(term, values, scope)
        scalars: list[TileValue] = []
        for arg, value in zip(term.args, args, strict=True):
            source = self._all_indices(arg, scope) if value is None else value
            places: tuple[ast.Expression, ...] = (ast.Integer(0),) * len(source.shape)
            if value is None:
                places = tuple(scope.tiling.start(dim) for dim in arg.index)
            read = ast.Read(operand(0).name, places)
            scalars.append(scope.add(read, (source,), TileValue(source.dtype, (), ())))
        # The term's index calls the values of its indices @0, @1, …, as the load its scalars.
        rows, axes = scope.tiling.slice_of(
            term.operand, term.index, self.shapes[term.operand], rows=True
        )
        out = self.reader.moved_in(rows, axes, term, scope, tuple(scalars))
        present = [axis for axis in axes if axis is not None]
        return self.frame.arranged(out, self.frame.aligned(present, term), scope)

    def _all_indices(self, term: Term, scope: LoopScope) -> TileValue:
        """The whole operand of indices, loaded before the loop over tiles."""
        top = scope.chain()[0]
        if term not in top.values:
            shape = self.shapes[term.operand]
            whole = TileValue(stored_dtype(term.dtype), (None,) * len(shape), shape)
            slices = tuple(ast.Slice(ast.Integer(0), extent) for extent in shape)
            load = ast.Load(ast.Tile(term.operand, slices), UB)
            top.block.items.append(Statement(load, (), whole))
            top.values[term] = whole
        return top.values[term]

    def gathered(self, term: Term, args: Sequence[TileValue], scope: LoopScope) -> TileValue:
        """Elements gathered by ``vgather`` from the part of an operand that a tile can touch."""
        shape, tiling = self.shapes[term.operand], scope.tiling
        varies = [
            any(n.startswith("@") for n in dim.axes) or bool(tiling.covered(dim))
            for dim in term.index
        ]
        first = varies.index(True)
        before = [ast.Slice(tiling.start(dim)) for dim in term.index[:first]]
        parts = [
            _part(dim, extent, tiling)
            for dim, extent in zip(term.index[first:], shape[first:], strict=True)
        ]
        lengths = [part.length for part in parts]
        dtype = stored_dtype(term.dtype)
        if (
            len(lengths) > 1
            and lengths[-1] * DType(dtype).bytes % self.frame.target.vector.block_bytes
        ):
            raise UntileableError("rows that are no whole blocks cannot be gathered from")
        source = TileValue(dtype, tuple(None for _ in lengths), tuple(lengths))
        touched = (*before, *(ast.Slice(part.start, part.length) for part in parts))
        load = ast.Load(ast.Tile(term.operand, touched), UB, self.reader.pad(term))
        scope.block.items.append(Statement(load, (), source))
        if len(lengths) > 1:
            size = prod(lengths)
            source = scope.view(source, (size,))
        dims = self.frame.aligned(
            [a for dim in term.index for a, _ in tiling.covered(dim)]
            + [a for arg in args for a in arg.axes if a is not None],
            term,
        )
        total = self._positions(term, args, parts, dims, scope)
        if self.frame.padded and args:
            for mnemonic, limit in (("vmax", 0), ("vmin", prod(lengths) - 1)):
                clamped = ast.Elementwise(mnemonic, (operand(0), ast.Number(limit)))
                total = self.frame.made(clamped, (total,), INDEX, dims, scope)
        gather = two_operands("vgather")
        return self.frame.made(gather, (source, total), source.dtype, total.axes, scope)

    def _positions(
        self,
        term: Term,
        args: Sequence[TileValue],
        parts: Sequence[_LoadedRange],
        dims: Axes,
        scope: LoopScope,
    ) -> TileValue:
        """The positions of the gathered elements in the flat tile."""
        plain, moving, stride = Affine(), Affine(), 1
        values: list[tuple[TileValue, int]] = []
        for dim, part in zip(reversed(term.index[-len(parts) :]), reversed(parts), strict=True):
            plain += part.local.scaled(stride)
            moving += part.moving.scaled(stride)
            values += [
                (args[int(name[1:])], factor * stride)
                for name, factor in dim.terms
                if name.startswith("@")
            ]
            stride *= part.length
        if moving.terms or moving.constant:
            values.append((self.reader.number(moving, term, scope), 1))
        total = self._plain(plain, dims if not values else None, term, scope)
        for value, factor in values:
            if factor != 1:
                multiplied = ast.Elementwise("vmul", (operand(0), ast.Number(factor)))
                value = self.frame.made(multiplied, (value,), INDEX, value.axes, scope)
            if total is None:
                total = value
            else:
                rank = max(len(total.axes), len(value.axes))
                merged = tuple(dims[-rank:]) if rank <= len(dims) else dims
                both = two_operands("vadd")
                total = self.frame.made(both, (total, value), INDEX, merged, scope)
        assert total is not None
        return self._spread(total, dims, scope)

    def _plain(
        self, index: Affine, dims: Axes | None, term: Term, scope: LoopScope
    ) -> TileValue | None:
        """An index over positions in the tile, over ``dims`` if they are given."""
        if not index.terms and not index.constant:
            return None
        top = scope if scope.tiling.tails else scope.chain()[0]
        total = self.reader.number(index, term, top, local=True)
        if dims is not None:
            total = self._spread(total, dims, top)
        top.indices.append(total)
        return total

    def _spread(self, value: TileValue, dims: Axes, scope: LoopScope) -> TileValue:
        if value.axes == dims:
            return value
        out = self.frame.tile(INDEX, dims, scope)
        return scope.add(ast.Broadcast(operand(0), out.shape), (value,), out)


def _part(dim: Affine, extent: int, tiling: Tiling) -> _LoadedRange:
    """What of a dimension a tile can touch: all of it where the index is a value."""
    if any(name.startswith("@") for name in dim.axes):
        kept = tuple(t for t in dim.terms if not t[0].startswith("@"))
        return _LoadedRange(ast.Integer(0), extent, Affine(), Affine(dim.constant, kept))
    covered = tiling.covered(dim)
    backwards = [(a, c) for a, c in covered if c < 0]
    if any(a in tiling.ragged() for a, _ in backwards):
        raise UntileableError(f"index {dim} runs backwards over a ragged tile")
    low = sum(c * (tiling.covers(a) - 1) for a, c in backwards)
    length = 1 + sum(abs(c) * (tiling.covers(a) - 1) for a, c in covered)
    start = tiling.start(replace(dim, constant=dim.constant + low))
    return _LoadedRange(start, length, Affine(-low, tuple(covered)))


def _resident_indices(frame: TilingFrame) -> frozenset[Term]:
    """The reads of one index for each tile that only gathers use: their operands fit into ub."""
    indices = {a for t in _terms(frame) if t.op == "gather" for a in t.args}
    others = {a for t in _terms(frame) if t.op != "gather" for a in t.args}
    others |= {result.term for result in frame.specification.results}
    return frozenset(
        term
        for term in indices - others
        if term.op == "read"
        and not any(frame.tiling.in_tile(axis) for axis in term.axes)
        and prod(frame.shapes[term.operand]) * DType(stored_dtype(term.dtype)).bytes <= INDEX_BYTES
    )


def _terms(frame: TilingFrame) -> Sequence[Term]:
    return list(walk([result.term for result in frame.specification.results]))
