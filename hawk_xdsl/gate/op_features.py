"""Which inputs matter to an op's region: its literals, functions, reductions and indices."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from xdsl.dialects import arith, math, tensor
from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IndexType,
    IntegerAttr,
    TensorType,
)
from xdsl.ir import BlockArgument, Operation, SSAValue

from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.linalg.splat import splat_of
from hawk_xdsl.linalg.structured import Equation, best_with_index, equation_of

MOST_LITERALS = 12
"""Literals whose neighbours are tried; what has more is a table."""

UNIT = (math.AcosOp, math.AsinOp, math.AtanhOp)
FRACTIONS = (math.LogOp, math.Log1pOp, math.Log2Op, math.Log10Op)
PERIODIC = (math.SinOp, math.CosOp, math.TanOp)
PRODUCTS = (arith.MulfOp, arith.MuliOp)
LINEAR = (
    *(arith.AddfOp, arith.SubfOp, arith.MulfOp, arith.NegfOp, arith.ExtFOp, arith.TruncFOp),
    *(arith.ConstantOp, arith.AddiOp, arith.SubiOp, arith.MuliOp, arith.IndexCastOp),
)


@dataclass(frozen=True)
class Features:
    """What matters of one undecided op, and of a kernel for it: the numbers that this names."""

    op: UndecidedOp
    kernel_literals: tuple[float, ...] = ()

    @cached_property
    def literals(self) -> tuple[float, ...]:
        """The finite numbers that are named, and the differences of neighbouring ones."""
        found = literals_of(self.op) | set(self.kernel_literals)
        ordered = sorted(number for number in found if np.isfinite(number))
        if len(ordered) > MOST_LITERALS:
            return ()
        gaps = {b - a for a, b in pairwise(ordered)}
        return tuple(sorted(set(ordered) | gaps))

    @cached_property
    def names_minus_infinity(self) -> bool:
        """Whether minus infinity is a literal of the region, which then means it as an input."""
        return any(
            isinstance(inner, arith.ConstantOp)
            and isinstance(inner.value, FloatAttr)
            and inner.value.value.data == -np.inf
            for inner in self.op.walk()
        )

    def has(self, kinds: tuple[type[Operation], ...]) -> bool:
        """Whether the region has an op of one of these kinds."""
        return any(isinstance(inner, kinds) for inner in self.op.walk())

    @cached_property
    def linear(self) -> bool:
        """Whether floats are only added, multiplied, moved and cast."""
        computing = (
            inner for inner in self.op.walk() if inner.name.startswith(("arith.", "math."))
        )
        return all(isinstance(inner, LINEAR) for inner in computing)

    @cached_property
    def finds_best(self) -> bool:
        """Whether the place of a largest or smallest value is looked for."""
        found = (equation_of(inner) for inner in self.op.walk())
        return any(e is not None and best_with_index(e) is not None for e in found)

    @cached_property
    def multiplies(self) -> bool:
        """Whether a reduction is a product."""
        for inner in self.op.walk():
            equation = equation_of(inner)
            if equation is not None and equation.reduced:
                found = [equation.reduction(i) for i in range(len(equation.accumulators))]
                if any(each is not None and each.combiner in PRODUCTS for each in found):
                    return True
        return False

    @cached_property
    def longest(self) -> int:
        """The largest extent of any tensor of the region."""
        extents = [1]
        for inner in self.op.walk():
            for value in (*inner.operands, *inner.results):
                if isinstance(value.type, TensorType):
                    extents.extend(value.type.get_shape())
        return max(extents)

    @cached_property
    def mixed(self) -> tuple[frozenset[int], ...]:
        """For each input, the axes along which a result depends on more than one element."""
        return mixed_axes(self.op)

    @cached_property
    def indexed(self) -> dict[int, int]:
        """For each input that indices are computed from, the least extent that they index."""
        return indexed_extents(self.op)

    def depends_on_inputs(self, position: int) -> bool:
        """Whether a result is computed from any input."""
        end = self.op.body.block.last_op
        assert end is not None
        return bool(origins(end.operands[position], self.op))


def literals_of(op: Operation) -> set[float]:
    """The numbers that an op holds, but for indices."""
    constants = [inner.value for inner in op.walk() if isinstance(inner, arith.ConstantOp)]
    return set[float]().union(*(_numbers(value) for value in constants))


def _numbers(attribute: object) -> set[float]:
    match attribute:
        case IntegerAttr() if not isinstance(attribute.type, IndexType):
            return {float(attribute.value.data)}
        case FloatAttr():
            return {float(attribute.value.data)}
        case DenseIntOrFPElementsAttr():
            number = splat_of(attribute)
            return set() if number is None else {float(number.value.data)}
        case _:
            return set()


def mixed_axes(op: UndecidedOp) -> tuple[frozenset[int], ...]:
    """For each input, the axes that are reduced, scanned, or slid over by a window.

    Along the other ones every element makes results of its own, so that what is put into one row
    does not hide what another row shows.
    """
    mixed: dict[SSAValue, frozenset[int]] = {}
    block = op.body.block
    for inner in reversed(list(block.ops)):
        _mix(inner, mixed)
    return tuple(mixed.get(argument, frozenset()) for argument in block.args)


def _mix(op: Operation, mixed: dict[SSAValue, frozenset[int]]) -> None:
    """Add what an op does to the axes of its operands."""

    def add(value: SSAValue, axes: frozenset[int]) -> None:
        mixed[value] = mixed.get(value, frozenset()) | axes

    equation = equation_of(op)
    later = [mixed.get(result, frozenset()) for result in op.results]
    if equation is not None:
        loops = _mixed_loops(equation, later)
        for value, indexing in zip(equation.operands, equation.maps, strict=True):
            used = enumerate(indexing.results)
            add(value, frozenset(axis for axis, e in used if loops & e.used_dims()))
        return
    for value in op.operands:
        if not isinstance(value.type, TensorType) or not op.results:
            continue
        if isinstance(op, tensor.CollapseShapeOp | tensor.ExpandShapeOp):
            add(value, _reshaped(op, later[0]))
        else:
            add(value, frozenset().union(*later))


def _mixed_loops(equation: Equation, later: list[frozenset[int]]) -> set[int]:
    loops = set(equation.reduced)
    outputs = equation.maps[len(equation.inputs) :]
    for indexing, axes in zip(outputs, later, strict=False):
        for axis in axes:
            loops |= indexing.results[axis].used_dims()
    return loops


def _reshaped(
    op: tensor.CollapseShapeOp | tensor.ExpandShapeOp, later: frozenset[int]
) -> frozenset[int]:
    """The source's axes whose group holds an axis of the result that is mixed."""
    groups = [[index.value.data for index in group.data] for group in op.reassociation.data]
    found: set[int] = set()
    for short, group in enumerate(groups):
        if isinstance(op, tensor.CollapseShapeOp) and short in later:
            found.update(group)
        if isinstance(op, tensor.ExpandShapeOp) and later & set(group):
            found.add(short)
    return frozenset(found)


def indexed_extents(op: UndecidedOp) -> dict[int, int]:
    """For each input that indices are computed from, the least extent that they index."""
    found: dict[int, int] = {}
    for extract in op.walk():
        if not isinstance(extract, tensor.ExtractOp):
            continue
        assert isinstance(extract.tensor.type, TensorType)
        shape = extract.tensor.type.get_shape()
        for index, extent in zip(extract.indices, shape, strict=True):
            for argument in origins(index, op):
                found[argument] = min(extent, found.get(argument, extent))
    return found


def origins(value: SSAValue, op: UndecidedOp) -> set[int]:
    """The inputs of the op that a scalar or tensor is computed from."""
    seen: set[SSAValue] = set()
    waiting, found = [value], set[int]()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        owner = current.owner
        if isinstance(owner, Operation):
            waiting.extend(owner.operands)
            equation = equation_of(owner)
            if equation is not None:
                waiting.extend(equation.yielded)
        elif isinstance(current, BlockArgument):
            parent = owner.parent_op()
            equation = equation_of(parent) if parent is not None else None
            if parent is op:
                found.add(current.index)
            elif equation is not None and current.index < len(equation.operands):
                waiting.append(equation.operands[current.index])
    return found
