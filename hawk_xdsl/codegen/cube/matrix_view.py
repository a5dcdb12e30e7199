"""How a contraction's tensors are cut into matrices: which axes a tile has, which are loops."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import Contraction
from hawk_xdsl.semantics.terms import Affine

ONE = "1"
"""The name of a matrix dimension that no axis has: one row or one column."""


@dataclass(frozen=True)
class Side:
    """One dimension of a matrix: the axes that a tile has as one, in order; the rest are points.

    ``name`` is the loop variable. Without axes the dimension is 1.
    """

    flat: tuple[str, ...]
    points: tuple[str, ...]

    @property
    def name(self) -> str:
        """The axis, or the axes joined; ``ONE`` without any."""
        return "_".join(self.flat) or ONE

    def extent(self, axes: Mapping[str, int]) -> int:
        """Elements along the dimension."""
        return prod(axes[axis] for axis in self.flat)


@dataclass(frozen=True)
class Layout:
    """A choice of sides. ``direct_*`` say which tensors lie in global memory as the cube needs.

    The others are packed by a vector stage: factors before, the result after. ``divides`` are the
    names of sides whose tiles must divide them, since a window reaches beyond the tile.
    """

    m: Side
    n: Side
    k: Side
    batch: tuple[str, ...]
    direct_lhs: bool
    direct_rhs: bool
    direct_out: bool
    divides: frozenset[str]

    @property
    def packs(self) -> int:
        """How many tensors are packed."""
        return 3 - self.direct_lhs - self.direct_rhs - self.direct_out

    @property
    def outer(self) -> tuple[str, ...]:
        """The axes that tiles of the result are points of."""
        return (*self.batch, *self.m.points, *self.n.points)


@dataclass(frozen=True)
class Cut:
    """A matrix tile in kernel text; ``transposed``: its rows are the second side asked for."""

    text: str
    transposed: bool
    divides: frozenset[str] = frozenset()


def cut(
    name: str,
    index: Sequence[Affine],
    shape: Sequence[int],
    sides: tuple[Side, Side],
    sizes: Mapping[str, int],
    axes: Mapping[str, int],
    *,
    matrix: bool = True,
) -> Cut | None:
    """The slice of a tensor that is one tile of two sides; ``None`` where none says it.

    The elements of the tile's rows must be next to each other. A side of several axes must be the
    tensor's last dimensions: one slice takes them together; or one dimension whose index is the
    side's name. With ``matrix`` the slice has two dimensions even where a side has no axis.
    """
    dims, extents = list(index), list(shape)
    for side in sides:
        count = len(side.flat)
        if count < 2 or any(dim.plain == side.name for dim in dims):
            continue
        tail = [dim.plain for dim in dims[-count:]]
        if tail != list(side.flat) or extents[-count:] != [axes[axis] for axis in side.flat]:
            return None
        dims[-count:], extents[-count:] = [Affine.axis(side.name)], [side.extent(axes)]
    tiled = {side.name for side in sides if side.flat}
    parts: list[str] = []
    found: list[tuple[int, str, int]] = []
    divides: set[str] = set()
    for position, dim in enumerate(dims):
        here = [(axis, factor) for axis, factor in dim.terms if axis in tiled]
        if len(here) > 1 or any(factor < 0 for _, factor in dim.terms):
            return None
        parts.append(spelled(_looped(dim, sides, sizes, axes)))
        for axis, stride in here:
            found.append((position, axis, stride))
            parts[-1] += f":{sizes[axis]}" + (f":{stride}" if stride != 1 else "")
            if dim.plain is None:
                divides.add(axis)
    if sorted(axis for _, axis, _ in found) != sorted(tiled):
        return None
    order = [axis for _, axis, _ in found]
    position, _, stride = found[-1]
    last = max((p for p, extent in enumerate(extents) if extent != 1), default=len(extents) - 1)
    contiguous = position == last and stride == 1
    if len(found) == 1 and matrix:
        free = [p for p in range(len(parts)) if p != position]
        if not free:
            return None
        column = free[-1] > position
        parts[free[-1]] += ":1"
        contiguous = contiguous or column
        order.insert(1 if column else 0, ONE)
    elif len(found) == 1:
        contiguous = contiguous or sides[1].name == ONE
        order = [side.name for side in sides]
    if not contiguous:
        return None
    text = f"{name}[{', '.join(parts)}]"
    return Cut(text, order != [side.name for side in sides], frozenset(divides))


def _looped(
    dim: Affine, sides: Sequence[Side], sizes: Mapping[str, int], axes: Mapping[str, int]
) -> Affine:
    """The part of an index that loops give: a tile that has all of a side has no loop."""
    whole = {side.name for side in sides if sizes.get(side.name) == side.extent(axes)}
    return Affine(dim.constant, tuple(term for term in dim.terms if term[0] not in whole))


def spelled(dim: Affine) -> str:
    """An index as kernel text."""
    words = [axis if factor == 1 else f"{factor} * {axis}" for axis, factor in dim.terms]
    if dim.constant or not words:
        words.append(str(dim.constant))
    return " + ".join(words)


def layouts(specification: Specification, contraction: Contraction) -> Iterator[Layout]:
    """Every choice of what a tile has: of each role one axis, or the last axes as one."""
    for m in _sides(specification, contraction, contraction.m):
        for n in _sides(specification, contraction, contraction.n):
            for k in _sides(specification, contraction, contraction.k):
                yield _layout(specification, contraction, m, n, k)


def _sides(
    specification: Specification, contraction: Contraction, axes: tuple[str, ...]
) -> Iterator[Side]:
    if not axes:
        yield Side((), ())
        return
    for axis in axes:
        yield Side((axis,), tuple(other for other in axes if other != axis))
    if len(axes) == 1:
        return
    orders: list[tuple[str, ...]] = []
    for index in (specification.results[0].index, contraction.lhs.index, contraction.rhs.index):
        found = [axis for dim in index for axis in (name for name, _ in dim.terms)]
        order = tuple(dict.fromkeys(axis for axis in found if axis in axes))
        for count in range(2, len(order) + 1):
            if len(order) == len(axes) and order[-count:] not in orders:
                orders.append(order[-count:])
                yield Side(order[-count:], order[:-count])


def _layout(
    specification: Specification, contraction: Contraction, m: Side, n: Side, k: Side
) -> Layout:
    axes = specification.axes
    result = specification.results[0]
    shapes = {operand.name: operand.shape for operand in specification.operands}
    sizes = {side.name: 1 for side in (m, n, k)}
    divides: set[str] = set()
    direct: list[bool] = []
    for term, sides in ((contraction.lhs, (m, k)), (contraction.rhs, (k, n))):
        found = cut(term.operand, term.index, shapes[term.operand], sides, sizes, axes)
        direct.append(found is not None)
        divides |= found.divides if found is not None else set()
    out = cut(result.name, result.index, result.shape, (m, n), sizes, axes, matrix=False)
    return Layout(
        m,
        n,
        k,
        contraction.batch,
        direct[0],
        direct[1],
        out is not None and not out.transposed,
        frozenset(divides),
    )
