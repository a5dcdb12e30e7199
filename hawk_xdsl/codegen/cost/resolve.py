"""From the syntax tree of a stage to its instructions: names, extents and trips become numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from hawk_xdsl.codegen.cost import instructions
from hawk_xdsl.codegen.cost.allocation import Allocation, LoopSpan
from hawk_xdsl.codegen.cost.live_buffers import LiveBuffers
from hawk_xdsl.codegen.cost.masks import bit_masks
from hawk_xdsl.codegen.cost.named_tiles import NamedTiles
from hawk_xdsl.codegen.cost.program import CostedInstruction, CostedLoop, Node, Trips
from hawk_xdsl.codegen.cost.results import Rearranged, broadcast, result_of, result_of_arange
from hawk_xdsl.codegen.cost.reuse import Rates, rates_of
from hawk_xdsl.codegen.cost.tiles import TileRef
from hawk_xdsl.codegen.cost.trips import (
    RELATIONS,
    bounded_by,
    by_thresholds,
    each_turn,
    first_core,
    has_branches,
    kinds_of,
    runs_once,
    thresholds,
)
from hawk_xdsl.dialects.dtype import TRUTH
from hawk_xdsl.dialects.kernel_text import GlobalOperand
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.kernel_text.rewrite import names
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
    resolver = _Resolver(operands, target, target.cores[core], rates, bit_masks(stage.body))
    nodes = resolver.block(stage.body)
    return Resolved(nodes, resolver.live.buffers, resolver.live.loops, resolver.active)


class _Resolver:
    """Walks the statements; bodies of loops once for each kind of trip."""

    def __init__(
        self,
        operands: Mapping[str, GlobalOperand],
        target: Target,
        cores: int,
        rates: Rates,
        masks: frozenset[str],
    ) -> None:
        self._bit_masks = masks
        self.live = LiveBuffers()
        self.active = 1
        self._tiles = NamedTiles(operands, target, self.live)
        self._target = target
        self._vectors = target.space(Role.VECTOR)
        self._cores = cores
        self._rates = rates

    def block(self, statements: Sequence[ast.Statement]) -> list[Node]:
        """The nodes of a body."""
        nodes: list[Node] = []
        with self._tiles.block():
            for statement in statements:
                self.live.position += 1
                for node in self._nodes(statement):
                    if isinstance(node, CostedInstruction):
                        node.scalars = self._tiles.take_scalars()
                        self.live.touch(node)
                    nodes.append(node)
        return nodes

    def _nodes(self, statement: ast.Statement) -> Sequence[Node]:
        match statement:
            case ast.Assign():
                node = self._assign(statement)
                return [] if node is None else [node]
            case ast.Store():
                return [self._store(statement)]
            case ast.For():
                return self._for(statement)
            case ast.Across():
                return [self._across(statement)]
            case ast.If():
                return self._if(statement)
            case ast.Signal() | ast.Await():
                return []

    # Blocks

    def _for(self, node: ast.For) -> list[Node]:
        loop = node.loop
        start, stop = self._tiles.value(loop.start), self._tiles.value(loop.stop)
        trips = len(range(start, stop, loop.step))
        if not trips:
            return []
        cut = (stop - start) % loop.step != 0
        if runs_once(loop):
            return self._once(node, start, cut=cut)
        kinds = [
            ({loop.variable: start + (index * loop.step)}, count)
            for index, count in kinds_of(trips, cut, edges=has_branches(node.body))
        ]
        return [self._loop(node.body, kinds, trips, {loop.variable} if cut else set())]

    def _once(self, node: ast.For, start: int, *, cut: bool) -> list[Node]:
        """What is in a loop that only gives an index a name: no flag is carried by it."""
        name, tiles = node.loop.variable, self._tiles
        tiles.values[name] = start
        added = {name} - tiles.cut if cut else set[str]()
        tiles.cut |= added
        self.live.enter_block()
        nodes = self.block(node.body)
        self.live.leave_block()
        tiles.cut -= added
        return nodes

    def _across(self, node: ast.Across) -> CostedLoop:
        value = self._tiles.value
        ranges = [range(value(loop.start), value(loop.stop), loop.step) for loop in node.loops]
        total = prod(len(range_) for range_ in ranges)
        self.active = min(total, self._cores)
        trips = -(-total // self.active)
        names = [loop.variable for loop in node.loops]
        cut = [bool((range_.stop - range_.start) % range_.step) for range_ in ranges]
        branches = has_branches(node.body)
        one = branches and len(names) == 1 and not any(cut)
        limits = thresholds(names[0], node.body) if one else []
        if bounded_by(names, node.body):
            found = each_turn(ranges, self.active, trips)
        elif limits:
            found = by_thresholds(ranges[0], limits, self.active, trips)
        else:
            found = first_core(ranges, cut, self.active, trips, branches=branches)
        kinds = [(dict(zip(names, values, strict=True)), count) for values, count in found]
        self._tiles.scalars += sum(len(range_) > 1 for range_ in ranges)
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
        live, tiles = self.live, self._tiles
        position, scalars = live.position, tiles.scalars
        number = live.enter_loop(trips)
        tiles.cut |= cut
        made: list[Trips] = []
        for values, count in kinds:
            live.position, tiles.scalars = position, scalars
            tiles.values.update(values)
            live.enter_block()
            made.append(Trips(self.block(body), count))
            live.leave_block()
        tiles.cut -= cut
        live.leave_loop()
        return CostedLoop(number, made)

    def _if(self, node: ast.If) -> list[Node]:
        self._tiles.scalars += 1
        left, right = self._tiles.value(node.left), self._tiles.value(node.right)
        self.live.enter_block()
        nodes = self.block(node.body)
        self.live.leave_block()
        return nodes if RELATIONS[node.relation](left, right) else []

    # Statements

    def _store(self, node: ast.Store) -> CostedInstruction:
        source = self._tiles.tile(node.source)
        dest = self._tiles.slice(node.dest)
        return instructions.store(source, dest, self._target, self._rates[node.dest])

    def _assign(self, node: ast.Assign) -> CostedInstruction | None:
        name, value = node.name, node.value
        match value:
            case ast.Load():
                return self._load(name, value)
            case ast.Fill():
                scope = self._tiles.space(value.scope)
                out = self._tiles.define(name, scope, value.dtype, value.shape, value.shape)
                if scope != self._vectors:
                    return None
                return instructions.vector(VectorWork("vbrc", value.dtype), [], out, self._target)
            case ast.View():
                self._tiles[name] = self._tiles[value.source].viewed(value.shape)
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
        source = self._tiles.slice(node.source)
        padded = node.pad is not None
        valid = source.shape if padded else source.valid
        scope, shape = self._tiles.space(node.scope), source.shape
        if scope.by_fractals and len(shape) == 1:
            shape, valid = (1, *shape), (1, *valid)
        dest = self._tiles.define(name, scope, source.dtype, shape, valid)
        rate = self._rates[node.source]
        return instructions.load(source, dest, self._target, rate, padded=padded)

    def _read(self, name: str, node: ast.Read) -> CostedInstruction:
        self._tiles.define_scalar(name, 0)
        for index in node.indices:
            self._tiles.value(index)
        if node.source in self._tiles.operands:
            slices = [ast.Slice(index, 1) for index in node.indices]
            source = self._tiles.slice(ast.Tile(node.source, tuple(slices)))
        else:
            source = self._tiles[node.source]
        return instructions.read(source, self._target)

    def _mmad(self, name: str, node: ast.Mmad) -> CostedInstruction:
        lhs, rhs = self._tiles.tile(node.lhs.tile), self._tiles.tile(node.rhs.tile)
        acc = self._tiles[name]
        valid = (
            lhs.valid[1 if node.lhs.transposed else 0],
            rhs.valid[0 if node.rhs.transposed else 1],
        )
        acc = self._tiles.define(name, acc.scope, acc.dtype, acc.shape, valid)
        self._tiles.scalars += self.live.blocks_inside(acc.number)
        bias = None if node.bias is None else self._tiles.tile(node.bias)
        return instructions.product(
            lhs, rhs, acc, bias, transposed=node.lhs.transposed, target=self._target
        )

    def _elementwise(self, name: str, node: ast.Elementwise) -> CostedInstruction:
        tiles = [tile for tile in map(self._tiles.operand, node.operands) if tile is not None]
        mnemonic, dtype = node.mnemonic, tiles[0].dtype
        if mnemonic == "vgather":
            out = self._tiles.define(name, self._vectors, dtype, tiles[1].shape, tiles[1].valid)
            return self._vector(VectorWork(mnemonic, dtype), tiles, out)
        if mnemonic == "vsel":
            dtype = tiles[1].dtype
        shape, valid = broadcast(tiles)
        out = self._tiles.define(name, self._vectors, dtype, shape, valid)
        if mnemonic == "copy":
            return instructions.copy(tiles[0], out, self._target)
        if mnemonic not in ROWS:
            return instructions.call(tiles, out, self._target)
        if mnemonic in BINARY_OPS and len(tiles) == 1:
            mnemonic = f"{mnemonic}_scalar"
        numbers = len(node.operands) - len(tiles)
        bits = mnemonic == "vsel" and bool(self._bit_masks.intersection(names(node.operands[0])))
        return self._vector(VectorWork(mnemonic, dtype, bits=bits), tiles, out, numbers)

    def _compare(self, name: str, node: ast.Compare) -> CostedInstruction:
        lhs, rhs = self._tiles.tile(node.lhs), self._tiles.operand(node.rhs)
        tiles = [lhs] if rhs is None else [lhs, rhs]
        out = self._tiles.define(name, self._vectors, TRUTH, *broadcast(tiles))
        row = "vcmp_scalar" if rhs is None else "vcmp"
        work = VectorWork(row, lhs.dtype, bits=name in self._bit_masks)
        return self._vector(work, tiles, out, int(rhs is None))

    def _rearranged(self, name: str, node: Rearranged) -> CostedInstruction:
        """Instructions whose result has another dtype or shape than broadcasting gives."""
        if isinstance(node, ast.Arange):
            source, found = None, result_of_arange(node)
        else:
            source = self._tiles.operand(node.source)
            found = result_of(node, source)
        out = self._tiles.define(name, self._vectors, found.dtype, found.shape, found.valid)
        return self._vector(found.work, [] if source is None else [source], out)

    def _vector(
        self, work: VectorWork, sources: Sequence[TileRef], out: TileRef, numbers: int = 0
    ) -> CostedInstruction:
        """An instruction; what it needs for itself is a buffer of the moment."""
        purpose = ("temporary", self.live.position)
        if not self.live.knows(purpose) and work.row.partition("_")[0] in ROWS:
            tiles = [TileExtents(tile.shape, tile.itemsize) for tile in (*sources, out)]
            size = bytes_needed(work, tiles, numbers, self._target.vector)
            if size:
                self.live.number_of(purpose, self._vectors, size)
        return instructions.vector(work, sources, out, self._target)
