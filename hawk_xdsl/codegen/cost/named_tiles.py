"""What the names of a stage stand for while it is walked: tiles, buffers and values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hawk_xdsl.codegen.cost.allocation import Allocation
from hawk_xdsl.codegen.cost.tiles import TileRef, allocated, global_slice, local_slice
from hawk_xdsl.codegen.cost.trips import arithmetic
from hawk_xdsl.dialects.kernel_text import GlobalOperand
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.dialects.npu import Scope
from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target.target import Target


@dataclass(slots=True)
class OpenBlock:
    """An open block: what of its buffers is used in blocks inside it."""

    used: set[int] = field(default_factory=set[int])


class NamedTiles:
    """The names that are visible at a statement, and the buffers so far.

    The position of a statement names the buffer that it allocates, so that the second walk of a
    loop's body finds the buffers of the first.
    """

    def __init__(self, operands: Mapping[str, GlobalOperand], target: Target) -> None:
        self._operands = operands
        self._target = target
        self._position = 0
        self._names: dict[str, TileRef] = {}
        self._values: dict[str, int] = {}
        self._globals: dict[str, int] = {}
        self._allocated: dict[int, int] = {}
        self._open: list[OpenBlock] = []
        self._depths: list[int] = []
        self._around: list[int] = []
        self._computed: set[ast.Expression] = set()
        self._cut: set[str] = set()
        self._scalars = 0
        self.buffers: list[Allocation] = []

    def _space(self, name: str) -> Scope:
        scope = self._target.places.space(name)
        if scope is None:
            raise HawkError(f"{self._target.name} has no memory space called {name}")
        return scope

    def _define(
        self, name: str, scope: Scope, dtype: str, shape: tuple[int, ...], valid: tuple[int, ...]
    ) -> TileRef:
        """The buffer that an assignment writes: new, or the one the name stands for."""
        known = self._names.get(name)
        if known is not None:
            tile = TileRef(
                known.number, scope, dtype, known.itemsize, known.shape, valid, known.strides
            )
        else:
            tile = allocated(0, scope, dtype, shape, valid)
            number = self._allocated.get(self._position)
            if number is None:
                number = self._allocated[self._position] = self._new(scope, tile.bytes)
            tile = TileRef(number, scope, dtype, tile.itemsize, shape, valid, tile.strides)
        self._names[name] = tile
        return tile

    def _new(self, scope: Scope, size: int) -> int:
        loop = self._around[-1] if self._around and size else None
        self.buffers.append(Allocation(scope, size, loop, self._position, self._position))
        self._depths.append(len(self._open) if size else 0)
        return len(self.buffers) - 1

    def _slice(self, tile: ast.Tile) -> TileRef:
        operand = self._operands.get(tile.name)
        if operand is None:
            raise HawkError(f"unknown operand `{tile.name}`")
        number = self._globals.get(tile.name)
        if number is None:
            number = self._globals[tile.name] = self._new(Scope.GLOBAL, 0)
        slices = tile.slices or ()
        starts = [self._value(part.start) for part in slices]
        return global_slice(number, operand, slices, starts)

    def _tile(self, tile: ast.Tile) -> TileRef:
        buffer = self._names.get(tile.name)
        if buffer is None:
            raise HawkError(f"unknown buffer `{tile.name}`")
        if tile.slices is None:
            return buffer
        for part in tile.slices:
            self._value(part.start)
        return local_slice(buffer, tile.slices)

    def _operand(self, operand: ast.Operand) -> TileRef | None:
        """A tile; ``None`` for a number or a scalar."""
        if isinstance(operand, ast.Number) or (
            operand.slices is None and operand.name not in self._names
        ):
            return None
        return self._tile(operand)

    def _value(self, expression: ast.Expression) -> int:
        """An index at the moment; what was not computed before costs the scalar unit."""
        if isinstance(expression, ast.Integer):
            return expression.value
        if isinstance(expression, ast.Variable):
            if expression.name in self._cut and expression not in self._computed:
                self._computed.add(expression)
                self._scalars += 1
            return self._values[expression.name]
        if expression not in self._computed:
            self._computed.add(expression)
            self._scalars += 1
        return arithmetic(expression, self._values)
