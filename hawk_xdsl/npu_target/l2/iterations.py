"""Index arithmetic over all iterations of a kernel at once.

A kernel's indices are arithmetic of the block and of loop variables. An index is an array with an
axis for the block and one for each loop around the op, outermost first; an axis along which it does
not change has length 1. ``None`` is an index that depends on what was read from memory.
"""

import operator
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np
import numpy.typing as npt
from xdsl.dialects import affine, arith
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Operation, SSAValue
from xdsl.ir.affine import AffineMap

Index: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]


INDICES = range(-(2**63), 2**63)
"""What an index may be; a larger number is known to nobody here."""


def constant(value: int) -> Index:
    """An index that is the same in all iterations."""
    return np.full(1, value, np.int64)


_Array = TypeVar("_Array", Index, Mask)


def deepened(index: _Array, depth: int) -> _Array:
    """An array with axes of length 1 for the loops further in, up to ``depth`` axes."""
    return index.reshape(*index.shape, *[1] * (depth - index.ndim))


class Indices:
    """What is known of the scalar values of a kernel, where ``depth - 1`` loops are around."""

    def __init__(self) -> None:
        self.depth = 1
        self._values: dict[SSAValue, Index] = {}

    def define(self, value: SSAValue, index: Index) -> None:
        """Give a value its index."""
        self._values[value] = index

    def get(self, value: SSAValue) -> Index | None:
        """The index of a value, with an axis for every loop around."""
        found = self._values.get(value)
        return None if found is None else deepened(found, self.depth)

    def evaluate(self, op: Operation) -> None:
        """Define the result of a scalar op; nothing if it is not index arithmetic."""
        if isinstance(op, arith.ConstantOp):
            if isinstance(op.value, IntegerAttr) and op.value.value.data in INDICES:
                self.define(op.result, constant(op.value.value.data))
            return
        operands = [found for value in op.operands if (found := self.get(value)) is not None]
        if len(op.results) != 1 or len(operands) != len(op.operands):
            return
        result = self._result(op, operands)
        if result is not None:
            self.define(op.results[0], result)

    @staticmethod
    def _result(op: Operation, operands: Sequence[Index]) -> Index | None:
        match op:
            case affine.ApplyOp() | affine.MinOp():
                return _affine(op.map.data, operands)
            case arith.CmpiOp():
                relation = _RELATIONS.get(op.predicate.value.data)
                return None if relation is None else np.asarray(relation(*operands), np.int64)
            case arith.SelectOp():
                return np.where(operands[0] != 0, operands[1], operands[2])
            case _:
                function = _ARITHMETIC.get(type(op))
                return None if function is None else function(*operands)


def _affine(map_: AffineMap, operands: Sequence[Index]) -> Index:
    """The least result of a map. Its ``eval`` only adds, multiplies and divides: arrays too."""
    count = map_.num_dims
    dims, symbols = cast(list[int], operands[:count]), cast(list[int], operands[count:])
    results = [np.asarray(each.eval(dims, symbols), np.int64) for each in map_.results]
    return np.atleast_1d(reduce(np.minimum, results))


def _quotient(left: Index, right: Index) -> Index:
    """Division that rounds to zero; what is divided by zero never runs."""
    divisor = np.where(right == 0, 1, right)
    return (np.sign(left) * np.sign(divisor)) * (np.abs(left) // np.abs(divisor))


_ARITHMETIC: dict[type[Operation], Callable[..., Index]] = {
    arith.AddiOp: operator.add,
    arith.SubiOp: operator.sub,
    arith.MuliOp: operator.mul,
    arith.DivSIOp: _quotient,
    arith.RemSIOp: lambda left, right: left - right * _quotient(left, right),
    arith.FloorDivSIOp: lambda left, right: left // np.where(right == 0, 1, right),
    arith.CeilDivSIOp: lambda left, right: -(-left // np.where(right == 0, 1, right)),
    arith.MinSIOp: np.minimum,
    arith.MaxSIOp: np.maximum,
    arith.AndIOp: operator.and_,
    arith.OrIOp: operator.or_,
    arith.IndexCastOp: lambda index: index,
}

_RELATIONS: dict[int, Callable[[Any, Any], Any]] = dict(
    enumerate((operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge))
)
"""By the number of a signed predicate of ``arith.cmpi``."""
