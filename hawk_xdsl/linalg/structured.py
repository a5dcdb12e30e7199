"""One view of every structured linalg op: loops, operands with their maps, and a scalar body."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.dialects import arith
from xdsl.dialects.builtin import AffineMapAttr, TensorType
from xdsl.dialects.linalg.abstract_ops import LinalgStructuredOperation
from xdsl.dialects.linalg.ops import BroadcastOp, IndexOp, ReduceOp
from xdsl.ir import Block, BlockArgument, Operation, SSAValue
from xdsl.ir.affine import AffineBinaryOpExpr, AffineDimExpr, AffineExpr, AffineMap

from hawk_xdsl.dialects.tm_tensor import ScanOp

COMBINING_OPS: frozenset[type[Operation]] = frozenset(
    {
        arith.AddfOp,
        arith.AddiOp,
        arith.MulfOp,
        arith.MuliOp,
        arith.MaximumfOp,
        arith.MaxnumfOp,
        arith.MinimumfOp,
        arith.MinnumfOp,
        arith.MaxSIOp,
        arith.MaxUIOp,
        arith.MinSIOp,
        arith.MinUIOp,
        arith.AndIOp,
        arith.OrIOp,
        arith.XOrIOp,
    }
)
"""The associative and commutative scalar ops a reduction may be reordered over."""

PRODUCTS = (arith.MulfOp, arith.MuliOp)
SUMS = (arith.AddfOp, arith.AddiOp)


@dataclass(frozen=True)
class LinearIndex:
    """An index ``constant + Σ coefficients[d] · loop d``."""

    constant: int
    coefficients: tuple[int, ...]

    @property
    def loop(self) -> int | None:
        """The loop, if the index is exactly one loop's variable."""
        if self.constant or sum(map(abs, self.coefficients)) != 1 or 1 not in self.coefficients:
            return None
        return self.coefficients.index(1)


def linear_index(expression: AffineExpr, loops: int) -> LinearIndex | None:
    """The expression over ``loops`` loops as coefficients, or ``None`` if it divides."""
    for part in expression.dfs():
        if isinstance(part, AffineBinaryOpExpr) and part.kind.name not in ("Add", "Mul"):
            return None
    constant = expression.eval([0] * loops, [])
    units = ([int(i == d) for i in range(loops)] for d in range(loops))
    return LinearIndex(constant, tuple(expression.eval(unit, []) - constant for unit in units))


@dataclass(frozen=True)
class OutputReduction:
    """An output that reduces ``value`` into its accumulator with ``combiner``."""

    combiner: type[Operation]
    value: SSAValue


@dataclass(frozen=True)
class Equation:
    """A structured op: ``outputs[map(loops)] = body(inputs[map(loops)], outputs[map(loops)])``.

    ``maps`` are those of the inputs, then of the outputs; ``sizes`` are the loops' extents.
    """

    op: Operation
    inputs: tuple[SSAValue, ...]
    outputs: tuple[SSAValue, ...]
    maps: tuple[AffineMap, ...]
    parallel: tuple[bool, ...]
    sizes: tuple[int, ...]
    body: Block

    @property
    def operands(self) -> tuple[SSAValue, ...]:
        """The inputs, then the outputs."""
        return self.inputs + self.outputs

    @property
    def accumulators(self) -> tuple[BlockArgument, ...]:
        """The body's arguments that stand for the outputs' earlier values."""
        return tuple(self.body.args[len(self.inputs) :])

    @cached_property
    def yielded(self) -> tuple[SSAValue, ...]:
        """The body's results, one an output."""
        assert self.body.last_op is not None
        return tuple(self.body.last_op.operands)

    @cached_property
    def reduced(self) -> tuple[int, ...]:
        """The loops that are reduced over."""
        return tuple(loop for loop, parallel in enumerate(self.parallel) if not parallel)

    @cached_property
    def indices(self) -> tuple[tuple[LinearIndex | None, ...], ...]:
        """For each operand, the index of each of its axes."""
        loops = len(self.sizes)
        return tuple(tuple(linear_index(e, loops) for e in m.results) for m in self.maps)

    @cached_property
    def reads_accumulator(self) -> bool:
        """Whether the outputs' earlier values matter."""
        return any(argument.uses for argument in self.accumulators)

    def reduction(self, output: int) -> OutputReduction | None:
        """How an output is reduced; ``None`` if not by ``combiner(value, accumulator)``."""
        accumulator = self.accumulators[output]
        combiner = self.yielded[output].owner
        if type(combiner) not in COMBINING_OPS or not isinstance(combiner, Operation):
            return None
        left, right = combiner.operands
        if (left is accumulator) == (right is accumulator):
            return None
        value = right if left is accumulator else left
        if depends_on(value, self.accumulators):
            return None
        return OutputReduction(type(combiner), value)

    @cached_property
    def factors(self) -> tuple[SSAValue, SSAValue] | None:
        """The two factors of a contraction: a sum of products, as in a matmul or a convolution.

        The factors share a reduced loop, and each has a parallel loop that the other one lacks.
        """
        if not self.reduced or len(self.outputs) != 1:
            return None
        reduction = self.reduction(0)
        if reduction is None or reduction.combiner not in SUMS:
            return None
        product = reduction.value.owner
        if not isinstance(product, PRODUCTS):
            return None
        left, right = product.lhs, product.rhs
        rows, columns = self.loops_of(left), self.loops_of(right)
        shared = any(not self.parallel[loop] for loop in rows & columns)
        private = [any(self.parallel[d] for d in own) for own in (rows - columns, columns - rows)]
        return (left, right) if shared and all(private) else None

    def loops_of(self, value: SSAValue) -> frozenset[int]:
        """The loops that a scalar of the body varies over."""
        if isinstance(value, BlockArgument):
            if value.block is not self.body:
                return frozenset()
            return frozenset(self.maps[value.index].used_dims())
        assert isinstance(value.owner, Operation)
        if isinstance(value.owner, IndexOp):
            return frozenset({value.owner.dim.value.data})
        parts = (self.loops_of(operand) for operand in value.owner.operands)
        return frozenset[int]().union(*parts)


def depends_on(value: SSAValue, on: Sequence[SSAValue]) -> bool:
    """Whether a scalar is, or is computed from, one of ``on``."""
    if any(value is other for other in on):
        return True
    return isinstance(value.owner, Operation) and any(
        depends_on(operand, on) for operand in value.owner.operands
    )


def static_shape(value: SSAValue) -> tuple[int, ...]:
    """The shape of a tensor, ``()`` of a scalar; a dynamic extent is -1."""
    return tuple(value.type.get_shape()) if isinstance(value.type, TensorType) else ()


def _loop_sizes(
    operands: Sequence[SSAValue], maps: Sequence[AffineMap], loops: int
) -> tuple[int, ...]:
    sizes = [-1] * loops
    for value, indexing in zip(operands, maps, strict=True):
        for extent, expression in zip(static_shape(value), indexing.results, strict=True):
            if isinstance(expression, AffineDimExpr):
                sizes[expression.position] = extent
    return tuple(sizes)


def _identity_without(rank: int, dropped: Sequence[int]) -> AffineMap:
    kept = (AffineExpr.dimension(d) for d in range(rank) if d not in dropped)
    return AffineMap(rank, 0, tuple(kept))


def equation_of(op: Operation) -> Equation | None:
    """The equation of a structured linalg op on tensors with static shapes, else ``None``.

    That of a scan has its loops and maps: the loop it runs along is not parallel. Its body
    has one accumulator for both outputs.
    """
    match op:
        case LinalgStructuredOperation():
            inputs, outputs = tuple(op.inputs), tuple(op.outputs)
            maps = tuple(attr.data for attr in _map_attributes(op))
            parallel = tuple(str(kind.data) == "parallel" for kind in op.get_iterator_types())
            body = op.body.block
        case BroadcastOp():
            inputs, outputs = (op.input,), (op.init,)
            rank = len(static_shape(op.init))
            maps = (_identity_without(rank, op.dimensions.get_values()), AffineMap.identity(rank))
            parallel, body = (True,) * rank, op.hidden_region.block
        case ReduceOp():
            inputs, outputs = (op.input,), (op.init,)
            rank = len(static_shape(op.input))
            reduced = op.dimensions.get_values()
            maps = (AffineMap.identity(rank), _identity_without(rank, reduced))
            parallel, body = tuple(d not in reduced for d in range(rank)), op.region.block
        case ScanOp():
            inputs, outputs = tuple(op.inputs), tuple(op.outputs)
            rank, axis = len(static_shape(op.inputs[0])), op.dimension.value.data
            whole = AffineMap.identity(rank)
            maps = (whole, whole, _identity_without(rank, [axis]))
            parallel, body = tuple(d != axis for d in range(rank)), op.body.block
        case _:
            return None
    sizes = _loop_sizes(inputs + outputs, maps, len(parallel))
    if -1 in sizes:
        return None
    return Equation(op, inputs, outputs, maps, parallel, sizes, body)


def _map_attributes(op: LinalgStructuredOperation) -> Iterator[AffineMapAttr]:
    yield from op.get_indexing_maps()


@dataclass(frozen=True)
class BestWithIndex:
    """A pair of outputs: the ``largest`` or smallest value, and the index where it is.

    ``first`` says which of several equal values counts, ``comparison`` is what decides.
    """

    reduction: OutputReduction
    index: SSAValue
    comparison: Operation
    largest: bool
    first: bool


_STRICTNESS = {
    (True, True): {2: True, 3: False},
    (True, False): {4: True, 5: False},
    (False, True): {4: True, 5: False},
    (False, False): {2: True, 3: False},
}
"""(float, maximum) → predicate number → whether it excludes equal values."""


def best_with_index(equation: Equation) -> BestWithIndex | None:
    """``best = max(best, value); place = select(value > best, index, place)``, or with min."""
    if len(equation.outputs) != 2 or len(equation.accumulators) != 2:
        return None
    reduction, select = equation.reduction(0), equation.yielded[1].owner
    best, place = equation.accumulators
    if reduction is None or not isinstance(select, arith.SelectOp) or select.rhs is not place:
        return None
    comparison = select.cond.owner
    if not isinstance(comparison, arith.CmpfOp | arith.CmpiOp) or depends_on(
        select.lhs, equation.accumulators
    ):
        return None
    if comparison.operands[0] is not reduction.value or comparison.operands[1] is not best:
        return None
    largest = reduction.combiner in (arith.MaximumfOp, arith.MaxnumfOp, arith.MaxSIOp)
    smallest = reduction.combiner in (arith.MinimumfOp, arith.MinnumfOp, arith.MinSIOp)
    predicate = comparison.predicate.value.data
    strictness = _STRICTNESS[isinstance(comparison, arith.CmpfOp), largest]
    if not (largest or smallest) or predicate not in strictness:
        return None
    return BestWithIndex(reduction, select.lhs, comparison, largest, strictness[predicate])
