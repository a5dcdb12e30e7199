"""From the syntax tree of a stage to its instructions: names, extents and trips become numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from hawk_xdsl.codegen.cost import instructions
from hawk_xdsl.codegen.cost.allocation import Allocation, LoopSpan
from hawk_xdsl.codegen.cost.named_tiles import NamedTiles, OpenBlock
from hawk_xdsl.codegen.cost.program import CostedInstruction, CostedLoop, Node, Trips
from hawk_xdsl.codegen.cost.results import Rearranged, broadcast, result_of, result_of_arange
from hawk_xdsl.codegen.cost.reuse import Rates, rates_of
from hawk_xdsl.codegen.cost.tiles import TileRef
from hawk_xdsl.codegen.cost.trips import (
    RELATIONS,
    first_core,
    has_branches,
    kinds_of,
)
from hawk_xdsl.dialects.kernel_text import GlobalOperand
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.npu import BINARY_OPS, ROWS, Role
from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target.cost import VectorWork
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.npu_target.temporaries import TileExtents, bytes_needed


@dataclass(slots=True)
class Resolved:
    """A stage as numbers.

    Attributes:
        nodes: its instructions and loops.
        buffers: its buffers and global operands, by number.
        loops: its loops, by number.
        active: cores that work at once.
    """

    nodes: list[Node]
    buffers: list[Allocation]
    loops: list[LoopSpan]
    active: int


def resolve(
    stage: ast.Stage,
    operands: Mapping[str, GlobalOperand],
    temps: frozenset[str],
    target: Target,
) -> Resolved:
    """The instructions of a stage, on the core that has the first iterations of ``across``.

    ``temps`` are the operands that an earlier stage has written.
    """
    core = target.places.core(stage.core)
    if core is None:
        raise HawkError(f"{target.name} has no kind of core called {stage.core}")
    rates = rates_of(stage, operands, temps, target)
    resolver = _Resolver(operands, target, target.cores[core], rates)
    nodes = resolver.block(stage.body)
    return Resolved(nodes, resolver.buffers, resolver.loops, resolver.active)


class _Resolver(NamedTiles):
    """Walks the statements; bodies of loops once for each kind of trip.

    The positions of statements name buffers and loops, so that the second walk of a body finds
    those of the first.
    """

    def __init__(
        self, operands: Mapping[str, GlobalOperand], target: Target, cores: int, rates: Rates
    ) -> None:
        super().__init__(operands, target)
        self._vectors = target.space(Role.VECTOR)
        self._cores = cores
        self._rates = rates
        self._numbered: dict[int, int] = {}
        self.loops: list[LoopSpan] = []
        self.active = 1

    def block(self, statements: Sequence[ast.Statement]) -> list[Node]:
        """The nodes of a body."""
        names, computed = dict(self._names), set(self._computed)
        nodes: list[Node] = []
        for statement in statements:
            self._position += 1
            if isinstance(statement, ast.Assign):
                node = self._assign(statement)
            elif isinstance(statement, ast.Store):
                node = self._store(statement)
            elif isinstance(statement, ast.For):
                node = self._for(statement)
            elif isinstance(statement, ast.Across):
                node = self._across(statement)
            else:
                nodes += self._if(statement)
                continue
            if node is None:
                continue
            if isinstance(node, CostedInstruction):
                node.scalars, self._scalars = self._scalars, 0
                self._touch(node)
            nodes.append(node)
        self._names, self._computed = names, computed
        return nodes

    # Blocks

    def _for(self, node: ast.For) -> CostedLoop | None:
        loop = node.loop
        start, stop = self._value(loop.start), self._value(loop.stop)
        trips = max(0, -(-(stop - start) // loop.step))
        if not trips:
            return None
        cut = (stop - start) % loop.step != 0
        kinds = [
            ({loop.variable: start + (index * loop.step)}, count)
            for index, count in kinds_of(trips, cut, edges=has_branches(node.body))
        ]
        return self._loop(node.body, kinds, trips, {loop.variable} if cut else set())

    def _across(self, node: ast.Across) -> CostedLoop:
        ranges = [
            range(self._value(loop.start), self._value(loop.stop), loop.step) for loop in node.loops
        ]
        total = prod(len(range_) for range_ in ranges)
        self.active = min(total, self._cores)
        trips = -(-total // self.active)
        names = [loop.variable for loop in node.loops]
        cut = [bool((range_.stop - range_.start) % range_.step) for range_ in ranges]
        branches = has_branches(node.body)
        kinds = [
            ({name: value for name, value in zip(names, values, strict=True)}, count)
            for values, count in first_core(ranges, cut, self.active, trips, branches=branches)
        ]
        self._scalars += sum(len(range_) > 1 for range_ in ranges)
        return self._loop(
            node.body, kinds, trips, {n for n, c in zip(names, cut, strict=True) if c}
        )

    def _loop(
        self,
        body: Sequence[ast.Statement],
        kinds: Sequence[tuple[Mapping[str, int], int]],
        trips: int,
        cut: set[str],
    ) -> CostedLoop:
        position = self._position
        number = self._numbered.get(position)
        if number is None:
            number = self._numbered[position] = len(self.loops)
            parent = self._around[-1] if self._around else None
            self.loops.append(LoopSpan(parent, position))
        span = self.loops[number]
        span.trips = max(span.trips, trips)
        self._around.append(number)
        self._cut |= cut
        scalars = self._scalars
        made: list[Trips] = []
        for values, count in kinds:
            self._position, self._scalars = position, scalars
            self._values.update(values)
            self._begin()
            made.append(Trips(self.block(body), count))
            self._end()
        self._cut -= cut
        self._around.pop()
        span.last = self._position
        return CostedLoop(number, made)

    def _if(self, node: ast.If) -> list[Node]:
        self._scalars += 1
        holds = RELATIONS[node.relation](self._value(node.left), self._value(node.right))
        self._begin()
        nodes = self.block(node.body)
        self._end()
        return nodes if holds else []

    def _begin(self) -> None:
        self._open.append(OpenBlock())

    def _end(self) -> None:
        block = self._open.pop()
        for number in block.used:
            buffer = self.buffers[number]
            buffer.last = max(buffer.last, self._position)

    def _touch(self, node: CostedInstruction) -> None:
        """Note which buffers a statement uses, and for how long they live."""
        depth, pipe, position = len(self._open), node.pipe, self._position
        for number in (*node.reads, *node.writes):
            buffer = self.buffers[number]
            if not buffer.pipes:
                buffer.opener = pipe
            buffer.closer = pipe
            buffer.pipes.add(pipe)
            own = self._depths[number]
            if depth > own:
                self._open[own].used.add(number)
            if position > buffer.last:
                buffer.last = position
        if node.moved and not node.stores:
            for number in node.writes:
                self.buffers[number].loaded = True

    # Statements

    def _store(self, node: ast.Store) -> CostedInstruction:
        source = self._tile(node.source)
        dest = self._slice(node.dest)
        return instructions.store(source, dest, self._target, self._rates[node.dest])

    def _assign(self, node: ast.Assign) -> CostedInstruction | None:
        name, value = node.name, node.value
        match value:
            case ast.Load():
                return self._load(name, value)
            case ast.Fill():
                scope = self._space(value.scope)
                out = self._define(name, scope, value.dtype, value.shape, value.shape)
                if scope != self._vectors:
                    return None
                return instructions.vector(VectorWork("vbrc", value.dtype), [], out, self._target)
            case ast.View():
                self._names[name] = self._names[value.source].viewed(value.shape)
                return None
            case ast.Mmad():
                return self._mmad(name, value)
            case ast.Read():
                return self._read(name, value)
            case ast.Elementwise():
                return self._elementwise(name, value)
            case ast.Compare():
                return self._compare(name, value)
            case _:
                return self._rearranged(name, value)

    def _load(self, name: str, node: ast.Load) -> CostedInstruction:
        source = self._slice(node.source)
        padded = node.pad is not None
        valid = source.shape if padded else source.valid
        dest = self._define(name, self._space(node.scope), source.dtype, source.shape, valid)
        rate = self._rates[node.source]
        return instructions.load(source, dest, self._target, rate, padded=padded)

    def _read(self, name: str, node: ast.Read) -> CostedInstruction:
        self._values[name] = 0
        self._names.pop(name, None)
        for index in node.indices:
            self._value(index)
        if node.source in self._operands:
            slices = [ast.Slice(index, 1) for index in node.indices]
            source = self._slice(ast.Tile(node.source, tuple(slices)))
        else:
            source = self._names[node.source]
        return instructions.read(source, self._target)

    def _mmad(self, name: str, node: ast.Mmad) -> CostedInstruction:
        lhs, rhs = self._tile(node.lhs.tile), self._tile(node.rhs.tile)
        acc = self._names[name]
        valid = (
            lhs.valid[1 if node.lhs.transposed else 0],
            rhs.valid[0 if node.rhs.transposed else 1],
        )
        acc = self._define(name, acc.scope, acc.dtype, acc.shape, valid)
        self._scalars += len(self._open) - self._depths[acc.number]
        return instructions.product(
            lhs, rhs, acc, transposed=node.lhs.transposed, target=self._target
        )

    def _elementwise(self, name: str, node: ast.Elementwise) -> CostedInstruction:
        tiles = [tile for tile in map(self._operand, node.operands) if tile is not None]
        mnemonic, dtype = node.mnemonic, tiles[0].dtype
        if mnemonic == "vgather":
            out = self._define(name, self._vectors, dtype, tiles[1].shape, tiles[1].valid)
            return self._vector(VectorWork(mnemonic, dtype), tiles, out)
        if mnemonic == "vsel":
            dtype = tiles[1].dtype
        shape, valid = broadcast(tiles)
        out = self._define(name, self._vectors, dtype, shape, valid)
        if mnemonic == "copy":
            return instructions.copy(tiles[0], out, self._target)
        if mnemonic not in ROWS:
            return instructions.call(tiles, out, self._target)
        if mnemonic in BINARY_OPS and len(tiles) == 1:
            mnemonic = f"{mnemonic}_scalar"
        numbers = len(node.operands) - len(tiles)
        return self._vector(VectorWork(mnemonic, dtype), tiles, out, numbers)

    def _compare(self, name: str, node: ast.Compare) -> CostedInstruction:
        lhs, rhs = self._tile(node.lhs), self._operand(node.rhs)
        tiles = [lhs] if rhs is None else [lhs, rhs]
        out = self._define(name, self._vectors, "i8", *broadcast(tiles))
        row = "vcmp_scalar" if rhs is None else "vcmp"
        return self._vector(VectorWork(row, lhs.dtype), tiles, out, int(rhs is None))

    def _rearranged(self, name: str, node: Rearranged) -> CostedInstruction:
        """Instructions whose result has another dtype or shape than broadcasting gives."""
        if isinstance(node, ast.Arange):
            source, found = None, result_of_arange(node)
        else:
            source = self._operand(node.source)
            found = result_of(node, source)
        out = self._define(name, self._vectors, found.dtype, found.shape, found.valid)
        return self._vector(found.work, [] if source is None else [source], out)

    def _vector(
        self, work: VectorWork, sources: Sequence[TileRef], out: TileRef, numbers: int = 0
    ) -> CostedInstruction:
        """An instruction; what it needs for itself is a buffer of the moment."""
        if -self._position not in self._allocated and work.row.partition("_")[0] in ROWS:
            tiles = [TileExtents(tile.shape, tile.itemsize) for tile in (*sources, out)]
            size = bytes_needed(work, tiles, numbers, self._target.vector)
            if size:
                self._allocated[-self._position] = self._new(self._vectors, size)
        return instructions.vector(work, sources, out, self._target)
