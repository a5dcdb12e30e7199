"""What the parts of the tile writer share: scopes under construction, and the shapes of tiles."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hawk_xdsl.codegen.select_instructions import Composition
from hawk_xdsl.codegen.vector.buffers import Axes, Block, Statement, TileValue, operand
from hawk_xdsl.codegen.vector.detour import dtype_instead, exact_rounding
from hawk_xdsl.codegen.vector.widths import stored_dtype
from hawk_xdsl.dialects.kernel_text import syntax as ast
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.schedule.tiling import Tiling, UntileableError
from hawk_xdsl.semantics.matching import Match
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import reduced_axes
from hawk_xdsl.semantics.terms import Affine, Term, walk


@dataclass(eq=False)
class LoopScope:
    """A block under construction: ``open`` are the axes whose loops are around it.

    A ``guarded`` one is run by one tile only: it may use what is made around it, and adds nothing.
    ``values`` are the tiles of terms, ``indices`` those of indices, which are no terms.
    """

    tiling: Tiling
    open: frozenset[str]
    block: Block
    parent: "LoopScope | None" = None
    axis: str | None = None
    guarded: bool = False
    values: dict[Term, TileValue] = field(default_factory=dict[Term, TileValue])
    indices: list[TileValue] = field(default_factory=list[TileValue])
    carries: dict[Term, TileValue] = field(default_factory=dict[Term, TileValue])

    def chain(self) -> "list[LoopScope]":
        """The scopes around it, the outermost first, itself last."""
        return [*(self.parent.chain() if self.parent else []), self]

    def start(self, axis: str) -> ast.Tile | ast.Number:
        """The index of the tile's first element: the loop's variable, or a number in a tail."""
        index = self.tiling.start(Affine.axis(axis))
        return ast.Number(index.value) if isinstance(index, ast.Integer) else ast.Tile(axis)

    def add(self, syntax: ast.Value, operands: Sequence[TileValue], out: TileValue) -> TileValue:
        """Append a statement that makes a value of operands, ``@0``, ``@1``, … in its syntax."""
        self.block.items.append(Statement(syntax, tuple(operands), out))
        return out

    def view(self, value: TileValue, shape: tuple[int, ...], axes: Axes | None = None) -> TileValue:
        """The same bytes in another shape; its dimensions run over ``axes``, if over any."""
        out = TileValue(value.dtype, axes or (None,) * len(shape), shape, base=value)
        return self.add(ast.View(operand(0).name, shape), (value,), out)

    def reshaped(self, value: TileValue, shape: tuple[int, ...], axes: Axes) -> TileValue:
        """The same bytes in another shape; the tile itself where it has the shape already."""
        return value if shape == value.shape else self.view(value, shape, axes)

    def update(self, syntax: ast.Value, operands: Sequence[TileValue], out: TileValue) -> None:
        """Append a statement that writes a value once more."""
        self.block.items.append(Statement(syntax, tuple(operands), out, again=True))


class TilingFrame:
    """One specification in one tiling: what does not change while a tile is written."""

    def __init__(self, composition: Composition, tiling: Tiling, target: Target) -> None:
        self.composition = composition
        self.target = target
        self.specification: Specification = composition.specification
        self.tiling = tiling
        self.shapes = {o.name: o.shape for o in self.specification.operands}
        self.order = _orders(self.specification)
        self.padded = bool(tiling.ragged()) and self._needs_whole_tiles()
        if self.padded and tiling.ragged() & reduced_axes(self.specification):
            raise UntileableError("padding would be reduced")

    def tile(self, dtype: str, axes: Axes, scope: LoopScope) -> TileValue:
        """A new tile."""
        shape = tuple(1 if a is None else scope.tiling.covers(a) for a in axes)
        return TileValue(stored_dtype(dtype), axes, shape)

    def made(
        self,
        syntax: ast.Value,
        operands: Sequence[TileValue],
        dtype: str,
        axes: Axes,
        scope: LoopScope,
    ) -> TileValue:
        """A new tile, made by a statement."""
        return scope.add(syntax, operands, self.tile(dtype, axes, scope))

    def aligned(self, axes: Sequence[str], term: Term) -> Axes:
        """The axes as dimensions right-aligned to the tile's, unit ones where one is missing."""
        dims = [next((axis for axis in slot if axis in axes), None) for slot in self._slots(term)]
        while dims and dims[0] is None:
            dims.pop(0)
        return tuple(dims) or (None,)

    def _slots(self, term: Term) -> list[list[str]]:
        """The dimensions of the tile, in order; axes that stand beside one another share one."""
        beside = self.composition.beside
        slots: list[list[str]] = []
        for axis in self.order[term]:
            shared = next(
                (s for s in slots if beside.get(s[0]) in (axis, beside.get(axis, ""))), None
            )
            if shared is not None and not self.tiling.in_tile(axis):
                raise UntileableError(f"{axis} is a point, but {shared[0]} is not")
            if shared is not None:
                shared.append(axis)
            elif self.tiling.in_tile(axis):
                slots.append([axis])
        return slots

    def arranged(self, value: TileValue, wanted: Axes, scope: LoopScope) -> TileValue:
        """The tile with its dimensions in the order and rank wanted; leading unit ones may stay."""
        present = tuple(axis for axis in value.axes if axis is not None)
        target = tuple(axis for axis in wanted if axis is not None)
        upright = [axes[-1] is not None for axes in (value.axes, wanted)]
        wide = dtype_instead("vtranspose", value.dtype, self.target)
        if wide is not None and present and (present != target or upright[0] != upright[1]):
            turned = self.arranged(self._cast(value, wide, scope), wanted, scope)
            return self._cast(turned, value.dtype, scope)
        if present and value.axes[-1] is None and wanted[-1] is not None:
            last = len(value.axes) - 1
            turned = ast.Transpose(operand(0), (last, *range(last)))
            value = self.made(turned, (value,), value.dtype, (None, *value.axes[:-1]), scope)
        elif present and wanted[-1] is None and value.axes[-1] is not None:
            row = value if value.axes[0] is None else self.view(value, (None, *value.axes), scope)
            turned = ast.Transpose(operand(0), (*range(1, len(row.axes)), 0))
            value = self.made(turned, (row,), value.dtype, (*row.axes[1:], None), scope)
        if present != target:
            if present != value.axes:
                value = self.view(value, present, scope)
            turned = ast.Transpose(operand(0), tuple(present.index(axis) for axis in target))
            value = scope.add(turned, (value,), self.tile(value.dtype, target, scope))
        leading = len(value.axes) - len(wanted)
        if leading < 0 or value.axes[leading:] != wanted or any(value.axes[:leading]):
            value = self.view(value, wanted, scope)
        return value

    def _cast(self, value: TileValue, dtype: str, scope: LoopScope) -> TileValue:
        """The same numbers in another dtype that holds them."""
        out = TileValue(dtype, value.axes, value.shape)
        return scope.add(ast.Cast(operand(0), dtype, exact_rounding(dtype)), (value,), out)

    def view(self, value: TileValue, axes: Axes, scope: LoopScope) -> TileValue:
        """The same bytes with other unit dimensions."""
        out = self.tile(value.dtype, axes, scope)
        out.base = value
        return scope.add(ast.View(operand(0).name, out.shape), (value,), out)

    def _needs_whole_tiles(self) -> bool:
        """Whether something has no ragged form, so that tiles at the edge are padded."""
        ragged = self.tiling.ragged()
        for result in self.specification.results:
            if any(
                self._beyond(dim, n, ragged)
                for dim, n in zip(result.index, result.shape, strict=True)
            ):
                raise UntileableError(f"the edge of {result.name} is another than the tiles'")
        for term in walk(self.specification.roots):
            if self.tiling.streamed or term.op in ("index", "gather"):
                return True
            if term.op == "read" and any(
                not self.tiling.has_slice(dim) or self._beyond(dim, extent, ragged)
                for dim, extent in zip(term.index, self.shapes[term.operand], strict=True)
            ):
                return True
        return False

    def _beyond(self, dim: Affine, extent: int, ragged: frozenset[str]) -> bool:
        """Whether an index ends elsewhere than the ragged axis that it runs over."""
        axes = [axis for axis, _ in self.tiling.covered(dim) if axis in ragged]
        return bool(axes) and (dim.plain is None or self.tiling.axes[axes[0]] != extent)


def matched_operands(
    matched: Match, value_of: Callable[[Term], TileValue]
) -> tuple[dict[str, ast.Operand], list[TileValue]]:
    """What fills an instruction's statement: literals as they are, tiles by their number."""
    given: dict[str, ast.Operand] = {}
    operands: list[TileValue] = []
    for name, value in matched.terms.items():
        if value.is_const:
            given[name] = number(value)
        else:
            given[name] = operand(len(operands))
            operands.append(value_of(value))
    return given, operands


def merged_axes(parts: Sequence[Axes]) -> Axes:
    """The axes that tiles broadcast to, right-aligned; a unit dimension of none."""
    rank = max(map(len, parts), default=1)
    merged: list[str | None] = [None] * rank
    for axes in parts:
        for place, axis in enumerate(axes, start=rank - len(axes)):
            merged[place] = merged[place] or axis
    return tuple(merged)


def number(term: Term) -> ast.Number:
    """The literal of a constant."""
    if term.dtype.is_condition:
        return ast.Number(int(bool(term.value)))
    return ast.Number(int(term.value) if isinstance(term.value, bool) else term.value)


def _orders(specification: Specification) -> dict[Term, tuple[str, ...]]:
    """For each term the axes of its part of the specification, in order.

    Results that share no term are parts of their own: axes of the one are no dimensions of the
    other.
    """
    groups: list[tuple[set[Term], set[str], list[Term]]] = []
    for result in specification.results:
        terms = [t for t in walk((result.term,)) if not t.is_const]
        members = set(terms)
        axes = {a for t in terms for a in t.axes | t.bound}
        axes |= {a for dim in result.index for a in dim.axes}
        for group in [g for g in groups if g[0] & members]:
            groups.remove(group)
            members |= group[0]
            axes |= group[1]
            terms = [*group[2], *terms]
        groups.append((members, axes, [*terms, result.term]))
    found: dict[Term, tuple[str, ...]] = {}
    for _, axes, terms in groups:
        order = tuple(axis for axis in specification.axes if axis in axes)
        found.update(dict.fromkeys(terms, order))
    return found
