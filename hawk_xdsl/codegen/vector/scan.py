"""Scans: in chunks, over rows, and along a row in the way that takes the fewest cycles.

A scan of rows is a chain of as many dependent steps as there are rows, however short they are. So
a tile is turned where that is less than a scan along its rows, and long rows are cut into segments
that are scanned at once. Of 16 rows of 1024 in segments of 32 elements:

    b1 = vtranspose vb0 perm [2, 1, 0]      # [16, 32, 32]: element, segment, row
    b2 = vcumulate sum b1 axis 0            # 32 steps instead of 1024
    b3 = vsel first, 0.0, vb2[15856:512]    # the segments' sums, each one segment further on
    b4 = vcumulate sum vb3 axis 0           # what comes before each segment
    b5 = vadd b2, vb4

The sums of the segments are the last 512 elements of ``b2``, 32 segments of 16 rows. A slice that
begins 16 elements earlier has the sum of segment 0 where segment 1 is, and so on. Long columns are
cut in the same way: of 512 rows of 24, ``[16, 32, 24]``, elements and segments change places.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from hawk_xdsl.codegen.cost.tiles import allocated
from hawk_xdsl.codegen.vector.buffers import TileValue, operand, two_operands
from hawk_xdsl.codegen.vector.frame import LoopScope, TilingFrame
from hawk_xdsl.codegen.vector.reduce import Reducer
from hawk_xdsl.codegen.vector.widths import stored_dtype
from hawk_xdsl.dialects.dtype import TRUTH, WIDE_FLOAT, DType
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.npu import Accumulation, Comparison, Role
from hawk_xdsl.npu_target.cost import VectorWork, vector_cost
from hawk_xdsl.npu_target.legality import supports
from hawk_xdsl.npu_target.library import wait
from hawk_xdsl.schedule.tiling import UntileableError
from hawk_xdsl.semantics.terms import Term


@dataclass(frozen=True)
class _Segments:
    """A tile of rows, each cut into ``count`` segments of ``length`` elements; or of columns."""

    rows: int
    count: int
    length: int
    columns: bool = False

    @property
    def lying(self) -> tuple[int, int, int]:
        """Row, segment, element; or segment, element, column."""
        if self.columns:
            return (self.count, self.length, self.rows)
        return (self.rows, self.count, self.length)

    @property
    def permutation(self) -> tuple[int, int, int]:
        """From ``lying`` to ``turned``, and back."""
        return (1, 0, 2) if self.columns else (2, 1, 0)

    @property
    def turned(self) -> tuple[int, int, int]:
        """Element, segment, row."""
        return (self.length, self.count, self.rows)


class Scanner:
    """Writes scans; ``reducer`` has their accumulators."""

    def __init__(self, frame: TilingFrame, reducer: Reducer) -> None:
        self.frame = frame
        self.reducer = reducer

    def scan(self, term: Term, arg: TileValue, scope: LoopScope) -> TileValue:
        """A chunk of a scan on top of what the chunks before it came to."""
        [axis] = term.bound
        if scope.axis != axis or scope.parent is None:
            raise UntileableError(f"a scan along {axis} inside another loop")
        along = [i for i, a in enumerate(arg.axes) if a == axis]
        carries = scope.parent.carries
        if term not in carries:
            axes = tuple(None if a == axis else a for a in arg.axes)
            carries[term] = self.reducer.filled(term, axes, scope.parent)
        carry, mnemonic = carries[term], self.reducer.combiner(term)
        if not along:
            scope.update(two_operands(mnemonic), (carry, arg), carry)
            out = self.frame.tile(term.dtype, arg.axes, scope)
            return scope.add(ast.Elementwise("copy", (operand(0),)), (carry,), out)
        running = self.scanned(term, arg, along[0], scope)
        total = self.frame.tile(term.dtype, arg.axes, scope)
        scope.add(two_operands(mnemonic), (running, carry), total)
        if along[0] < len(arg.shape) - 1:
            slices = [ast.Slice(ast.Integer(0), n) for n in total.shape]
            slices[along[0]] = ast.Slice(ast.Integer(total.shape[along[0]] - 1), 1)
            last = ast.Elementwise("copy", (operand(0, *slices),))
            scope.update(last, (total,), carry)
            return total
        part = self.reducer.reduced(term, arg, scope)
        scope.update(two_operands(mnemonic), (carry, part), carry)
        return total

    def scanned(self, term: Term, arg: TileValue, place: int, scope: LoopScope) -> TileValue:
        """What is in a tile, scanned along its dimension ``place``."""
        if term in self.frame.composition.without_instruction:
            raise UntileableError(f"a {term.kind} scan of a tile: the target has none")
        kind, last = Accumulation(term.kind), len(arg.shape) - 1
        direct = ast.Cumulate(kind, operand(0), place)
        if last > 0:
            ways = self._segmented(term, arg) if place == last else self._columns(term, arg, place)
            best = min(ways, key=lambda way: self._cycles(term, arg, way), default=None)
            if best is not None and self._cycles(term, arg, best) < self._direct(term, arg, place):
                if best.count == 1:
                    return self._turned(term, arg, scope)
                return self._in_segments(term, arg, best, scope)
        return self.frame.made(direct, (arg,), term.dtype, arg.axes, scope)

    def _turned(self, term: Term, arg: TileValue, scope: LoopScope) -> TileValue:
        """The tile turned, its rows scanned, and turned back."""
        last = len(arg.shape) - 1
        axes, shape = (arg.axes[-1], *arg.axes[:-1]), (arg.shape[-1], *arg.shape[:-1])
        turned = TileValue(arg.dtype, axes, shape)
        scope.add(ast.Transpose(operand(0), (last, *range(last))), (arg,), turned)
        running = TileValue(stored_dtype(term.dtype), axes, shape)
        scope.add(ast.Cumulate(Accumulation(term.kind), operand(0), 0), (turned,), running)
        back = ast.Transpose(operand(0), (*range(1, last + 1), 0))
        return self.frame.made(back, (running,), term.dtype, arg.axes, scope)

    def _in_segments(
        self, term: Term, arg: TileValue, cut: _Segments, scope: LoopScope
    ) -> TileValue:
        """All segments of all rows scanned at once, and what comes before each put on top."""
        dtype, kind = stored_dtype(term.dtype), Accumulation(term.kind)
        lying, sums = cut.lying, cut.count * cut.rows

        def made(syntax: ast.Value, source: TileValue, shape: tuple[int, ...]) -> TileValue:
            return scope.add(syntax, (source,), TileValue(dtype, _no_axes(shape), shape))

        source = scope.view(arg, lying)
        turned = made(ast.Transpose(operand(0), cut.permutation), source, cut.turned)
        running = made(ast.Cumulate(kind, operand(0), 0), turned, cut.turned)
        flat = scope.view(running, (prod(lying),))
        start = prod(lying) - sums - cut.rows
        shifted = operand(1, ast.Slice(ast.Integer(start), sums))
        before = TileValue(dtype, (None,), (sums,))
        choice = ast.Elementwise("vsel", (operand(0), self.reducer.identity(term), shifted))
        scope.add(choice, (self._first(cut, scope), flat), before)
        rows = scope.view(before, (cut.count, cut.rows))
        upto = made(ast.Cumulate(kind, operand(0), 0), rows, rows.shape)
        upto = scope.view(upto, (1, *upto.shape))
        total = TileValue(dtype, _no_axes(cut.turned), cut.turned)
        scope.add(two_operands(self.reducer.combiner(term)), (running, upto), total)
        out = made(ast.Transpose(operand(0), cut.permutation), total, lying)
        whole = scope.view(out, arg.shape)
        whole.axes = arg.axes
        return whole

    def _first(self, cut: _Segments, scope: LoopScope) -> TileValue:
        """Of ``count · rows`` sums, which belong to first segments; made before the loop."""
        top = scope if scope.tiling.tails else scope.chain()[0]
        shape = (cut.count * cut.rows,)
        number = TileValue(WIDE_FLOAT, (None,), shape)
        top.add(ast.Arange(WIDE_FLOAT, shape, 0), (), number)
        mask = TileValue(TRUTH, (None,), shape)
        limit = ast.Number(float(cut.rows))
        top.add(ast.Compare(Comparison.LT, operand(0), limit), (number,), mask)
        top.indices.append(mask)
        return mask

    def _segmented(self, term: Term, arg: TileValue) -> Iterator[_Segments]:
        """The ways to turn a tile: whole, and in segments whose views are dense."""
        target, rows, extent = self.frame.target, prod(arg.shape[:-1]), arg.shape[-1]
        if not supports(target, "vtranspose", arg.dtype):
            return
        yield _Segments(rows, 1, extent)
        if not self._can_segment(term, arg, rows):
            return
        block = target.vector.block_bytes // DType(arg.dtype).bytes
        for count in range(2, extent // block + 1):
            if extent % (count * block) == 0:
                yield _Segments(rows, count, extent // count)

    def _columns(self, term: Term, arg: TileValue, place: int) -> Iterator[_Segments]:
        """The ways to cut columns into segments; what is before them in the tile is one.

        Products are not cut: that of a segment may vanish where the running one does not.
        """
        if term.kind == "prod":
            return
        rows, extent = prod(arg.shape[place + 1 :]), arg.shape[place]
        block = self.frame.target.vector.block_bytes // DType(arg.dtype).bytes
        dense = prod(arg.shape[:place]) == 1 and arg.shape[-1] % block == 0
        if dense and self._can_segment(term, arg, rows):
            for count in range(2, extent // 2 + 1):
                if extent % count == 0:
                    yield _Segments(rows, count, extent // count, columns=True)

    def _can_segment(self, term: Term, arg: TileValue, rows: int) -> bool:
        """Whether the views of a tile in segments are dense, and the target has what it takes."""
        target = self.frame.target
        ragged = self.frame.tiling.ragged() & set(arg.axes)
        dtype = DType(stored_dtype(term.dtype))
        block = target.vector.block_bytes // dtype.bytes
        if (ragged and not self.frame.padded) or rows % block or arg.dtype != dtype:
            return False
        wanted = (("vtranspose", dtype), ("varange", WIDE_FLOAT), ("vsel", dtype))
        return all(supports(target, mnemonic, each) for mnemonic, each in wanted)

    def _direct(self, term: Term, arg: TileValue, place: int) -> float:
        """Cycles of the instruction along a dimension."""
        row = VectorWork(f"vcumulate_{term.kind}", arg.dtype, (place,))
        return self._of(row, arg.shape, arg.shape)

    def _cycles(self, term: Term, arg: TileValue, cut: _Segments) -> float:
        """Cycles of a scan of a turned tile, with the waits between the instructions it takes."""
        rows = VectorWork(f"vcumulate_{term.kind}", arg.dtype, (0,))
        turn = VectorWork("vtranspose", arg.dtype)
        lying, turned = cut.lying, cut.turned
        cycles = self._of(turn, lying, turned) + self._of(turn, turned, lying)
        cycles += self._of(rows, turned, turned)
        if cut.count == 1:
            return cycles + 2 * wait(self.frame.target)
        sums = (cut.count, cut.rows)
        cycles += self._of(rows, sums, sums)
        cycles += self._of(VectorWork("vsel", arg.dtype, bits=True), sums, sums)
        cycles += self._of(VectorWork(self.reducer.combiner(term), arg.dtype), turned, turned)
        return cycles + 5 * wait(self.frame.target)

    def _of(self, work: VectorWork, source: tuple[int, ...], out: tuple[int, ...]) -> float:
        space = self.frame.target.space(Role.VECTOR)
        tiles = [allocated(0, space, work.dtype, shape, shape).shaped() for shape in (source, out)]
        return vector_cost(work, tiles, self.frame.target)[0]


def _no_axes(shape: tuple[int, ...]) -> tuple[None, ...]:
    return (None,) * len(shape)
