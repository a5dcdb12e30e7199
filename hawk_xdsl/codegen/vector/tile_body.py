"""Writes the statements of one tile: each term once, in the outermost loop that does not vary it.

A tiling says which axes are whole in the tile, which the ``across`` runs over, and which stream
through the tile in chunks. A reduction over a streamed axis is a loop of its own that accumulates;
what needs the result comes after that loop, and streams again. So terms are computed level by
level, and what a later pass needs again is loaded and computed again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from hawk_xdsl.codegen.select_instructions import Composition
from hawk_xdsl.codegen.vector.buffers import (
    Axes,
    Block,
    ControlStatement,
    Names,
    Statement,
    TileValue,
    operand,
    peak_bytes,
    syntax_of,
)
from hawk_xdsl.codegen.vector.frame import (
    LoopScope,
    TilingFrame,
    matched_operands,
    merged_axes,
    number,
)
from hawk_xdsl.codegen.vector.gather import Gatherer
from hawk_xdsl.codegen.vector.load import Loader
from hawk_xdsl.codegen.vector.reduce import Reducer
from hawk_xdsl.codegen.vector.scan import Scanner
from hawk_xdsl.codegen.vector.slab import SlabReader
from hawk_xdsl.codegen.vector.temporaries import temporary_of
from hawk_xdsl.codegen.vector.weighted_windows import SlabWindows
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.places import UB
from hawk_xdsl.npu_target.target import Target, VectorSpec
from hawk_xdsl.schedule.build_syntax import loop
from hawk_xdsl.schedule.tiling import Tiling, UntileableError
from hawk_xdsl.semantics.result_regions import axes_of
from hawk_xdsl.semantics.specification import ResultRegion
from hawk_xdsl.semantics.terms import Term, walk


@dataclass(frozen=True)
class TileBody:
    """The statements of one tiling as blocks: before the ``across``, and of one tile."""

    invariant: Block
    tile: Block

    def bytes(self, spec: VectorSpec) -> int:
        """Most bytes alive at once, what instructions need for themselves included."""
        blocks = (self.invariant, self.tile)
        return peak_bytes(blocks, spec.block_bytes, lambda item: temporary_of(item, spec))

    def statements(self, tiling: Tiling) -> tuple[ast.Statement, ...]:
        """The whole loop nest: what no loop changes, then the ``across`` over the tiles."""
        across = ast.Across(tiling.loops(), syntax_of(self.tile.items))
        return (*syntax_of(self.invariant.items), across)


def write_tile(
    composition: Composition, tiling: Tiling, target: Target, *, slabs: bool = False
) -> TileBody:
    """The statements for one tiling; ``slabs``: what windows run over is loaded with its halo.

    Raises ``UntileableError``.
    """
    return _Writer(composition, tiling, target, slabs=slabs).write()


class _Writer:
    def __init__(
        self, composition: Composition, tiling: Tiling, target: Target, *, slabs: bool
    ) -> None:
        self.composition = composition
        self.specification = composition.specification
        self.tiling = tiling
        self.frame = TilingFrame(composition, tiling, target)
        self.reader = Loader(self.frame)
        self.gatherer = Gatherer(self.frame, self.reader)
        self.reducer = Reducer(self.frame)
        self.scanner = Scanner(self.frame, self.reducer)
        slab = SlabReader(self.frame, self.reader, self._made_in) if slabs else None
        self.windows = None if slab is None else SlabWindows.of(self.frame, slab, self.reducer)

    def write(self) -> TileBody:
        across = frozenset(self.tiling.across())
        top = LoopScope(self.tiling, frozenset(), Block())
        tile = LoopScope(self.tiling, across, Block(), top)
        groups: dict[tuple[tuple[str, ...], frozenset[str]], list[ResultRegion]] = {}
        for result in self.specification.results:
            axes = frozenset(name for dim in result.index for name in dim.axes)
            # Tiles along an axis that a result lacks are of other blocks and would all write it.
            missing = across - axes_of(result)
            key = (tuple(sorted(missing)), axes & self.tiling.streamed)
            groups.setdefault(key, []).append(result)
        for missing, axes in sorted(groups, key=lambda key: (len(key[0]), key[0], sorted(key[1]))):
            self._group(tile, missing, axes, groups[missing, axes])
        names = Names(anew=bool(self.composition.names))
        names.assign(top.block, [v for v in (*top.values.values(), *top.indices) if v.shape])
        names.assign(tile.block)
        return TileBody(top.block, tile.block)

    def _group(
        self,
        tile: LoopScope,
        missing: Sequence[str],
        axes: frozenset[str],
        results: Sequence[ResultRegion],
    ) -> None:
        """The loops around some results; for axes that they do not have, in the first tile only.

        ``y0[i1]`` beside ``y1[i0, i1]`` is stored in ``if i0 == 0 { … }``. What ``y1`` needs too is
        made before, the rest inside: elsewhere every tile would pay for it.
        """
        scope, block = tile, tile.block
        if missing:
            shared = None if self.specification.in_regions else tile
            scope = LoopScope(tile.tiling, tile.open, Block(), shared, guarded=True)
        innermost = frozenset(
            axis
            for result in results
            for term in walk((result.term,))
            if term.is_scan and term.bound <= axes
            for axis in term.bound
        )
        self._loops(scope, axes, innermost, lambda inner: self._results(inner, results))
        if missing:
            guarded = scope.block
            for axis in reversed(missing):
                first = ast.If(ast.Variable(axis), "==", ast.Integer(0))
                guarded = Block([ControlStatement(first, guarded)])
            block.items += guarded.items

    # Loops

    def _loops(
        self,
        scope: LoopScope,
        axes: frozenset[str],
        innermost: frozenset[str],
        emit: Callable[[LoopScope], None],
    ) -> None:
        """Loops over streamed axes around what ``emit`` writes; the rest of each apart."""
        if not axes:
            emit(scope)
            return
        ordered = sorted(axes, key=lambda a: (a in innermost, list(self.tiling.axes).index(a)))
        axis, rest = ordered[0], axes - {ordered[0]}
        size, extent = self.tiling.sizes[axis], self.tiling.axes[axis]
        whole = extent - extent % size
        block = Block()
        inner = LoopScope(scope.tiling, scope.open | {axis}, block, scope, axis)
        self._loops(inner, rest, innermost, emit)
        scope.block.items.append(ControlStatement(ast.For(loop(axis, whole, size)), block))
        if whole != extent:
            tail = LoopScope(scope.tiling.tail(axis), scope.open | {axis}, scope.block, scope, axis)
            self._loops(tail, rest, innermost, emit)

    def _home(self, term: Term, scope: LoopScope) -> LoopScope:
        """The outermost scope in which a term does not vary. Raises ``UntileableError``."""
        home = self._found(term, scope)
        if home is None:
            raise UntileableError("a value is needed where its loops are not open")
        return home

    def _found(self, term: Term, scope: LoopScope) -> LoopScope | None:
        """Its home; ``None`` if it varies in this scope too."""
        needed = term.axes
        if term.is_reduction and not term.bound <= self.tiling.streamed:
            needed = needed | (term.bound & frozenset(self.tiling.across()))
        needed = needed & frozenset(self.tiling.sizes)
        chain = scope.chain()
        home = next((s for s in chain if needed <= s.open), None)
        inside = next((n for n, s in enumerate(chain) if s.guarded), 0)
        if home in chain[:inside] and term not in home.values:
            return chain[inside]
        return home

    def _streams(self, term: Term) -> frozenset[str]:
        """The streamed axes that a term reduces."""
        return term.bound & self.tiling.streamed if term.is_reduction else frozenset()

    def _below(self, terms: Sequence[Term]) -> Iterator[Term]:
        """The terms that some need, arguments first, not through reductions of streamed axes."""
        seen: set[Term] = set()
        stack = [(term, False) for term in reversed(terms)]
        while stack:
            term, expanded = stack.pop()
            if term in seen:
                continue
            if expanded or self._streams(term):
                seen.add(term)
                yield term
            else:
                stack.append((term, True))
                stack.extend((arg, False) for arg in reversed(term.args))

    # Terms

    def _results(self, scope: LoopScope, results: Sequence[ResultRegion]) -> None:
        self._make([result.term for result in results], scope)
        for result in results:
            self._store(result, scope)

    def _make(self, terms: Sequence[Term], scope: LoopScope) -> None:
        """Makes the values of terms in a scope, or where they do not vary; loads come first."""
        order = list(self._below(terms))
        for reads in (True, False):
            for term in order:
                home = self._home(term, scope)
                if term.is_const or term in home.values or term in self.gatherer.resident_indices:
                    continue
                if reads and (term.op != "read" or home is not scope):
                    continue
                home.values[term] = self._wanted(term, self._made(term, home))

    def _made_in(self, term: Term, scope: LoopScope) -> TileValue:
        """The value of a term, made now if it was not before."""
        self._make([term], scope)
        return self.value(term, scope)

    def _wanted(self, term: Term, value: TileValue) -> TileValue:
        """The value, under the name that is wanted for its term."""
        value.wanted = value.wanted or self.composition.names.get(term, "")
        return value

    def _made(self, term: Term, scope: LoopScope) -> TileValue:
        if term.op == "read" and not all(map(scope.tiling.has_slice, term.index)):
            return self.gatherer.gathered(term, (), scope)
        if term.op == "read":
            return self.reader.load(term, scope)
        if term.op == "gather":
            resident = self.gatherer.resident_indices
            indices = [None if a in resident else self.value(a, scope) for a in term.args]
            return self.gatherer.gather(term, indices, scope)
        if term.op == "index":
            return self.reader.number(term.index[0], term, scope)
        if self._streams(term):
            return self._streamed_reduction(term, scope)
        if term.is_scan and term.bound <= self.tiling.streamed:
            return self.scanner.scan(term, self.value(term.args[0], scope), scope)
        if term.is_reduction and not self._tile_bound(term):
            return self.value(term.args[0], scope)
        if term.is_scan:
            arg = self.value(term.args[0], scope)
            places = [place for place, axis in enumerate(arg.axes) if axis in term.bound]
            if places:
                return self.scanner.scanned(term, arg, places[0], scope)
        if term in self.composition.without_instruction:
            return self.reducer.as_tree(term, self.value(term.args[0], scope), scope)
        return self._compute(term, scope)

    def value(self, term: Term, scope: LoopScope) -> TileValue:
        """The value of a term that was made before."""
        return self._home(term, scope).values[term]

    def _tile_bound(self, term: Term) -> frozenset[str]:
        return frozenset(axis for axis in term.bound if self.tiling.in_tile(axis))

    def _compute(self, term: Term, scope: LoopScope) -> TileValue:
        instruction, matched = self.composition.chosen[term]
        given, operands = matched_operands(matched, lambda value: self.value(value, scope))
        merged = merged_axes([value.axes for value in operands])
        bound = term.bound if term.is_reduction else frozenset[str]()
        out = self.frame.tile(term.dtype, tuple(None if a in bound else a for a in merged), scope)
        along = tuple(i for i, axis in enumerate(merged) if axis in term.bound)
        return scope.add(instruction.statement.filled(given, out.dtype, along), operands, out)

    # Reductions and scans of streamed axes

    def _streamed_reduction(self, term: Term, scope: LoopScope) -> TileValue:
        """A loop that accumulates a reduction and those of its level over the same axes."""
        if self.windows is not None:
            return self.windows.reduced(term, scope)
        streams = self._streams(term)
        peers = [term]
        if not term.axes & self.tiling.streamed:
            level = self._level(term)
            peers = [
                t
                for t in walk(self.specification.roots)
                if self._streams(t) == streams
                and self._level(t) == level
                and not t.axes & self.tiling.streamed
                and self._found(t, scope) is scope
                and t not in scope.values
            ]
        totals: dict[Term, tuple[TileValue, ...]] = {}

        def emit(inner: LoopScope) -> None:
            self._make([peer.args[0] for peer in peers], inner)
            for peer in peers:
                part = self.value(peer.args[0], inner)
                if peer not in totals:
                    totals[peer] = self.reducer.started(peer, part, scope)
                self.reducer.add(peer, part, totals[peer], inner)

        self._loops(scope, streams, frozenset(), emit)
        for peer in peers:
            scope.values[peer] = self._wanted(peer, totals[peer][0])
        return totals[term][0]

    def _level(self, term: Term) -> int:
        """How many reductions of streamed axes there are below one another."""
        levels: dict[Term, int] = {}
        for t in walk((term,)):
            below = max((levels[arg] for arg in t.args), default=0)
            levels[t] = below + bool(self._streams(t))
        return levels[term]

    def _store(self, result: ResultRegion, scope: LoopScope) -> None:
        tiling = scope.tiling
        dest, axes = self._sink(result, tiling)
        term = result.term
        if term.is_const:
            value = self.frame.tile(term.dtype, axes, scope)
            scope.add(ast.Fill(number(term), value.dtype, value.shape, UB), (), value)
        else:
            value = self.value(term, scope)
        wanted = tuple(axis for axis in axes if axis is not None)
        if {axis for axis in value.axes if axis is not None} != set(wanted):
            full = self.frame.aligned(wanted, term)
            out = self.frame.tile(term.dtype, full, scope)
            value = scope.add(ast.Broadcast(operand(0), out.shape), (value,), out)
        if any(abs(factor) > 1 for _, factor in tiling.covered(result.index[-1])):
            axes = (*axes, None)
        column = bool(wanted) and (axes[-1] is None) != (value.axes[-1] is None)
        if tuple(axis for axis in value.axes if axis is not None) != wanted or column:
            value = self.frame.arranged(value, axes, scope)
        store = ast.Store(operand(0), dest)
        item = Statement(store, (value,), None)
        scope.block.items.append(item)

    def _sink(self, result: ResultRegion, tiling: Tiling) -> tuple[ast.Tile, Axes]:
        """Where a result's tile goes; a partial result goes to its number."""
        split = [a for dim in result.index for a in dim.axes if a in self.composition.partial_axes]
        if not split:
            return tiling.slice_of(result.name, result.index, result.shape, rows=True)
        parts: list[ast.Slice] = []
        axes: list[str | None] = []
        for dim, extent in zip(result.index, result.shape, strict=True):
            if dim.plain == split[-1]:
                parts.append(ast.Slice(_number_of_partial(split, tiling)))
            elif dim.plain not in split:
                part, axis = tiling.dimension(dim, extent)
                parts.append(part if axis is not None else ast.Slice(tiling.start(dim)))
                axes += [] if axis is None else [axis]
        if parts[-1].length is None:
            parts[-1] = ast.Slice(parts[-1].start, 1)
            axes.append(None)
        return ast.Tile(result.name, tuple(parts)), tuple(axes)


def _number_of_partial(split: Sequence[str], tiling: Tiling) -> ast.Expression:
    """Which partial result a tile computes, counted over all split axes: ``i0//8*4+i1//16``."""
    total: ast.Expression | None = None
    stride = 1
    for axis in reversed(split):
        size = tiling.sizes[axis]
        number: ast.Expression = ast.Arithmetic("//", ast.Variable(axis), ast.Integer(size))
        if stride > 1:
            number = ast.Arithmetic("*", number, ast.Integer(stride))
        total = number if total is None else ast.Arithmetic("+", number, total)
        stride *= -(-tiling.axes[axis] // size)
    assert total is not None, "no axis is split"
    return total
