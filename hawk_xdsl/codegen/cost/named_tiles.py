"""What the names of a stage stand for while it is walked: tiles and values."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager

from hawk_xdsl.codegen.cost.live_buffers import LiveBuffers
from hawk_xdsl.codegen.cost.tiles import TileRef, allocated, global_slice, local_slice
from hawk_xdsl.codegen.cost.trips import arithmetic
from hawk_xdsl.dialects.kernel_text import GlobalOperand
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.npu import Scope
from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target.target import Target


class NamedTiles:
    """The names that are visible at a statement.

    Attributes:
        operands: the operands in global memory.
        values: of the loop variables and of scalars that were read.
        cut: loop variables whose last trip has fewer iterations: their extents are computed.
        scalars: instructions of the scalar unit since they were last taken.
    """

    def __init__(
        self, operands: Mapping[str, GlobalOperand], target: Target, live: LiveBuffers
    ) -> None:
        self.operands = operands
        self.values: dict[str, int] = {}
        self.cut: set[str] = set()
        self.scalars = 0
        self._target = target
        self._live = live
        self._tiles: dict[str, TileRef] = {}
        self._computed: set[ast.Expression] = set()

    @contextmanager
    def block(self) -> Generator[None]:
        """What is named and computed in a block is unknown after it."""
        tiles, computed = dict(self._tiles), set(self._computed)
        yield
        self._tiles, self._computed = tiles, computed

    def __getitem__(self, name: str) -> TileRef:
        """The buffer of a name."""
        return self._tiles[name]

    def __setitem__(self, name: str, tile: TileRef) -> None:
        self._tiles[name] = tile

    def define(
        self, name: str, scope: Scope, dtype: str, shape: tuple[int, ...], valid: tuple[int, ...]
    ) -> TileRef:
        """The buffer that an assignment writes: new, or the one the name stands for."""
        tile = self._tiles.get(name)
        if tile is None:
            tile = allocated(0, scope, dtype, shape, valid)
            number = self._live.number_of(self._live.position, scope, tile.bytes)
            tile = tile._replace(number=number)
        else:
            tile = tile._replace(scope=scope, dtype=dtype, valid=valid)
        self._tiles[name] = tile
        return tile

    def define_scalar(self, name: str, value: int) -> None:
        """A name stands for a number from now on."""
        self.values[name] = value
        self._tiles.pop(name, None)

    def take_scalars(self) -> int:
        """Instructions of the scalar unit since this was last asked."""
        count, self.scalars = self.scalars, 0
        return count

    def space(self, name: str) -> Scope:
        """A memory space as the target calls it."""
        scope = self._target.places.space(name)
        if scope is None:
            raise HawkError(f"{self._target.name} has no memory space called {name}")
        return scope

    def slice(self, tile: ast.Tile) -> TileRef:
        """A slice of an operand in global memory."""
        operand = self.operands.get(tile.name)
        if operand is None:
            raise HawkError(f"unknown operand `{tile.name}`")
        number = self._live.number_of(tile.name, Scope.GLOBAL, 0)
        slices = tile.slices or ()
        starts = [self.value(part.start) for part in slices]
        return global_slice(number, operand, slices, starts)

    def tile(self, tile: ast.Tile) -> TileRef:
        """A buffer, or a slice of one."""
        buffer = self._tiles.get(tile.name)
        if buffer is None:
            raise HawkError(f"unknown buffer `{tile.name}`")
        if tile.slices is None:
            return buffer
        for part in tile.slices:
            self.value(part.start)
        return local_slice(buffer, tile.slices)

    def operand(self, operand: ast.Operand) -> TileRef | None:
        """A tile; ``None`` for a number or a scalar."""
        if isinstance(operand, ast.Number) or (
            operand.slices is None and operand.name not in self._tiles
        ):
            return None
        return self.tile(operand)

    def value(self, expression: ast.Expression) -> int:
        """An index at the moment; what was not computed before costs the scalar unit."""
        if isinstance(expression, ast.Integer):
            return expression.value
        if isinstance(expression, ast.Variable):
            if expression.name in self.cut and expression not in self._computed:
                self._computed.add(expression)
                self.scalars += 1
            return self.values[expression.name]
        if expression not in self._computed:
            self._computed.add(expression)
            self.scalars += 1
        return arithmetic(expression, self.values)
