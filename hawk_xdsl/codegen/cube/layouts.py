"""The ways to see a contraction's tensors as matrices: which axes a tile has, which are loops."""

from collections.abc import Iterator
from dataclasses import dataclass

from hawk_xdsl.codegen.cube.matrix_slice import Side, Tensor, matrix_slice, row_slice
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import Contraction
from hawk_xdsl.semantics.terms import Term


@dataclass(frozen=True)
class MatrixLayout:
    """A choice of sides.

    Attributes:
        m: the rows of the result.
        n: its columns.
        k: what is summed.
        batch: axes that both operands and the result have.
        direct_out: whether the result lies in global memory as the cube stores it.
        divides: the names of sides whose tiles must divide them, since a window reaches beyond the
            tile.
    """

    m: Side
    n: Side
    k: Side
    batch: tuple[str, ...]
    direct_out: bool
    divides: frozenset[str]

    @property
    def outer(self) -> tuple[str, ...]:
        """The axes that tiles of the result are points of."""
        return (*self.batch, *self.m.points, *self.n.points)


def layouts(specification: Specification, contraction: Contraction) -> Iterator[MatrixLayout]:
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
) -> MatrixLayout:
    axes = specification.axes
    sizes = {side.name: 1 for side in (m, n, k)}
    lhs = matrix_slice(operand_tensor(specification, contraction.lhs), (m, k), sizes, axes)
    rhs = matrix_slice(operand_tensor(specification, contraction.rhs), (k, n), sizes, axes)
    out = matrix_slice(result_tensor(specification), (m, n), sizes, axes, matrix=False)
    bias = None
    if contraction.bias is not None:
        bias = row_slice(operand_tensor(specification, contraction.bias), n, sizes, axes)
    windows = [each.divides for each in (lhs, rhs, bias) if each is not None]
    direct_out = out is not None and not out.transposed
    return MatrixLayout(m, n, k, contraction.batch, direct_out, frozenset[str]().union(*windows))


def operand_tensor(specification: Specification, read: Term) -> Tensor:
    """The tensor that an operand of a contraction reads."""
    operand = next(each for each in specification.operands if each.name == read.operand)
    return Tensor(operand.name, operand.dtype, operand.shape, read.index)


def result_tensor(specification: Specification) -> Tensor:
    """The tensor that a contraction writes."""
    result = specification.results[0]
    return Tensor(result.name, result.dtype, result.shape, result.index)
