"""A contraction as products of matrices in global memory, some of them packed by vector stages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod

from hawk_xdsl.codegen.cost import product_bound
from hawk_xdsl.codegen.cube.layouts import MatrixLayout, layouts, operand_tensor, result_tensor
from hawk_xdsl.codegen.cube.matrix_slice import (
    ONE,
    MatrixSlice,
    Side,
    Tensor,
    flat_index,
    matrix_slice,
    row_slice,
)
from hawk_xdsl.codegen.cube.pack import Packer, Packing, packer_for
from hawk_xdsl.codegen.cube.tile_sizes import OperandName, Problem, TileSizes
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import Contraction
from hawk_xdsl.semantics.terms import Affine, Term


@dataclass(frozen=True)
class Matrix:
    """A tensor that is cut into tiles of two sides."""

    tensor: Tensor
    sides: tuple[Side, Side]
    _slices: dict[tuple[int, ...], MatrixSlice] = field(
        default_factory=dict[tuple[int, ...], MatrixSlice], compare=False, repr=False
    )

    def slice(
        self, sizes: Mapping[str, int], axes: Mapping[str, int], *, matrix: bool
    ) -> MatrixSlice:
        """The slice of one tile. Tiles that differ along a third side have the same."""
        key = (*(sizes[side.name] for side in self.sides), matrix)
        if key not in self._slices:
            found = matrix_slice(self.tensor, self.sides, sizes, axes, matrix=matrix)
            assert found is not None
            self._slices[key] = found
        return self._slices[key]


@dataclass(frozen=True)
class MatrixProduct:
    """A layout, the matrices that the cube reads and writes, and the stages that pack them.

    Attributes:
        specification: what is computed.
        layout: which axes are the sides of matrices.
        lhs: the left operand, perhaps packed, as are the next two.
        rhs: the right one.
        out: the result.
        stationary: the operand, if any, that stays in l1: it has all that is summed in one
            dimension, whatever steps it is summed in.
        packed: which of ``lhs``, ``rhs`` and ``out`` are packed.
        temps: scratch tensors that packing needs.
        before: vector stages that pack operands.
        after: vector stages that unpack the result.
        problem: the extents, for the estimate of cycles.
        accumulator: dtype of the sum.
        relu: whether sums below 0 become 0.
        bias: a row along n that is added to the sums, ``None`` if there is none.
    """

    specification: Specification
    layout: MatrixLayout
    lhs: Matrix
    rhs: Matrix
    out: Matrix
    stationary: OperandName | None
    packed: tuple[str, ...]
    temps: tuple[Tensor, ...]
    before: tuple[Packing, ...]
    after: tuple[Packing, ...]
    problem: Problem
    accumulator: str
    relu: bool
    bias: Tensor | None

    @property
    def epilogue(self) -> tuple[str, ...]:
        """What is left to do when all is summed."""
        cast = self.specification.results[0].dtype != self.accumulator
        done = (("bias", self.bias is not None), ("relu", self.relu), ("cast", cast))
        return tuple(word for word, is_done in done if is_done)

    def divides(self, tile: TileSizes) -> bool:
        """Whether a tile divides the sides that it must."""
        sides = ((self.layout.m, tile.m), (self.layout.n, tile.n), (self.layout.k, tile.k))
        axes = self.specification.axes
        return all(
            side.extent(axes) % size == 0
            for side, size in sides
            if side.name in self.layout.divides
        )

    @property
    def packing_cycles(self) -> float:
        """Cycles of all packing stages."""
        return sum(packing.cycles for packing in (*self.before, *self.after))

    @property
    def packing_bound(self) -> float:
        """Cycles of all packing stages at least, as far as is known."""
        return sum(packing.bound for packing in (*self.before, *self.after))

    @property
    def is_packed(self) -> bool:
        """Whether the tiles of all packing stages are known."""
        return all(packing.is_known for packing in (*self.before, *self.after))

    def pack_next(self) -> None:
        """Search the tile of one packing stage more."""
        for packing in (*self.before, *self.after):
            if not packing.is_known:
                packing.search()
                return

    def bound(self, target: Target) -> float:
        """Cycles that the product without packing takes at least: of the matrix unit alone."""
        own, count = self.problem, self.problem.outer * self.problem.reduction_points
        return product_bound(count, own.m, own.n, own.k, own.dtype, own.width, target)


@dataclass(frozen=True)
class MatrixProducts:
    """The matrix products that a contraction can be computed as, one for each layout."""

    specification: Specification
    contraction: Contraction
    target: Target
    packer: Packer = field(compare=False)

    @staticmethod
    def of(
        specification: Specification, contraction: Contraction, target: Target
    ) -> "MatrixProducts":
        """Those of a contraction on a target."""
        return MatrixProducts(
            specification, contraction, target, packer_for(specification.axes, target)
        )

    def every(self, stationary: Sequence[OperandName | None] = (None,)) -> Iterator[MatrixProduct]:
        """One of each layout and each ``stationary`` operand, if tensors can be cut or packed."""
        for layout in layouts(self.specification, self.contraction):
            for operand in stationary:
                product = self._product(layout, operand)
                if product is not None:
                    yield product

    def _product(
        self, layout: MatrixLayout, stationary: OperandName | None
    ) -> MatrixProduct | None:
        specification, contraction = self.specification, self.contraction
        m, n, k = layout.m, layout.n, layout.k
        whole = Side((*k.points, *k.flat), ())
        temps: list[Tensor] = []
        before: list[Packing] = []
        lhs_sides = (m, whole if stationary == "lhs" else k)
        rhs_sides = (whole if stationary == "rhs" else k, n)
        after: list[Packing] = []
        lhs = self.operand(contraction.lhs, lhs_sides, temps, before)
        rhs = self.operand(contraction.rhs, rhs_sides, temps, before)
        out = self._result(layout, temps, after)
        bias = self._bias(layout)
        if (
            lhs is None
            or rhs is None
            or out is None
            or (bias is None) != (contraction.bias is None)
        ):
            return None
        return MatrixProduct(
            specification,
            layout,
            lhs,
            rhs,
            out,
            stationary,
            self._packed(lhs, rhs, out),
            tuple(temps),
            tuple(before),
            tuple(after),
            self._problem(layout),
            self.target.cube.dtypes[contraction.lhs.dtype].accumulator,
            contraction.relu,
            bias,
        )

    def _bias(self, layout: MatrixLayout) -> Tensor | None:
        """The row that is added; ``None`` if there is none, or the cube cannot start from it."""
        read, n = self.contraction.bias, layout.n
        if read is None:
            return None
        accumulator = self.target.cube.dtypes[self.contraction.lhs.dtype].accumulator
        axes = self.specification.axes
        tensor = operand_tensor(self.specification, read)
        if tensor.dtype not in self.target.cube.biases(accumulator):
            return None
        return None if row_slice(tensor, n, {n.name: 1}, axes) is None else tensor

    def operand(
        self,
        read: Term,
        sides: tuple[Side, Side],
        temps: list[Tensor],
        stages: list[Packing],
    ) -> Matrix | None:
        """An operand, packed into a new temp where the cube cannot load its tiles as they lie."""
        axes = self.specification.axes
        tensor = operand_tensor(self.specification, read)
        ones = {side.name: 1 for side in sides}
        if matrix_slice(tensor, sides, ones, axes) is not None:
            return Matrix(tensor, sides)
        axis = tensor.index[-1].terms[-1][0] if tensor.index and tensor.index[-1].terms else ""
        last = next((side for side in sides if axis in side.flat), sides[1])
        first = sides[0] if last is sides[1] else sides[1]
        points = tuple(axis for axis in axes if axis in read.axes - {*first.flat, *last.flat})
        temp, groups = _temp(f"t{len(temps)}", tensor.dtype, points, (first, last), axes)
        stage = self.packer.packing(tensor, temp, groups)
        if stage is None:
            return None
        temps.append(_named(temp, points, (first, last)))
        stages.append(stage)
        return Matrix(temps[-1], sides)

    def _result(
        self, layout: MatrixLayout, temps: list[Tensor], stages: list[Packing]
    ) -> Matrix | None:
        """The result, unpacked from a new temp where the cube cannot store its tiles so."""
        tensor, sides = result_tensor(self.specification), (layout.m, layout.n)
        if layout.direct_out:
            return Matrix(tensor, sides)
        name, axes = f"t{len(temps)}", self.specification.axes
        temp, _ = _temp(name, tensor.dtype, layout.outer, sides, axes)
        written = [(dim.plain,) if dim.plain is not None else () for dim in tensor.index]
        stage = self.packer.packing(temp, tensor, written)
        if stage is None:
            return None
        temps.append(_named(temp, layout.outer, sides))
        stages.append(stage)
        return Matrix(temps[-1], sides)

    def _packed(self, lhs: Matrix, rhs: Matrix, out: Matrix) -> tuple[str, ...]:
        """Which of the tensors the cube does not read or write as they lie."""
        tensors = {
            "lhs": (self.contraction.lhs.operand, lhs),
            "rhs": (self.contraction.rhs.operand, rhs),
            "out": (self.specification.results[0].name, out),
        }
        return tuple(role for role, (name, m) in tensors.items() if m.tensor.name != name)

    def _problem(self, layout: MatrixLayout) -> Problem:
        axes = self.specification.axes
        return Problem(
            outer=prod(axes[axis] for axis in layout.outer),
            reduction_points=prod(axes[axis] for axis in layout.k.points),
            m=layout.m.extent(axes),
            n=layout.n.extent(axes),
            k=layout.k.extent(axes),
            dtype=self.contraction.lhs.dtype,
            bias=self.contraction.bias is not None,
        )


def _temp(
    name: str,
    dtype: str,
    points: tuple[str, ...],
    sides: tuple[Side, Side],
    axes: Mapping[str, int],
) -> tuple[Tensor, list[tuple[str, ...]]]:
    """Scratch memory that holds matrices of two sides, one for each point."""
    groups = [*((axis,) for axis in points), *(side.flat for side in sides)]
    shape = tuple(prod(axes[axis] for axis in group) for group in groups)
    index = tuple(
        Affine.axis(group[0]) if len(group) == 1 else flat_index(group, axes) for group in groups
    )
    return Tensor(name, dtype, shape, index), groups


def _named(temp: Tensor, points: tuple[str, ...], sides: tuple[Side, Side]) -> Tensor:
    """The same scratch memory at an index that has each side under its name."""
    index = (*points, *(side.name for side in sides))
    dims = tuple(Affine() if name == ONE else Affine.axis(name) for name in index)
    return replace(temp, index=dims)
