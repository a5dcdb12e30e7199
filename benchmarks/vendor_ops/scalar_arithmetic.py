"""What the scalar operations of a kernel compute, by their names."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from xdsl.dialects.builtin import IndexType, IntegerType
from xdsl.ir import Operation

from vendor_ops.tile import UnknownOperation, numpy_type


def property_of(op: Operation, name: str) -> Any:
    """A property of an operation, or an attribute: unregistered ones have only these."""
    return op.properties[name] if name in op.properties else op.attributes.get(name)


def _casted(op: Operation, value: Any) -> Any:
    kind = op.results[0].type
    dtype, _ = numpy_type(kind)
    if dtype.kind == "i" and isinstance(kind, IndexType | IntegerType):
        return int(value)
    return np.asarray(value).astype(dtype)[()]


_COMPARISONS = {
    0: lambda a, b: a == b, 1: lambda a, b: a != b, 2: lambda a, b: a < b, 3: lambda a, b: a <= b,
    4: lambda a, b: a > b, 5: lambda a, b: a >= b, 6: lambda a, b: a < b, 7: lambda a, b: a <= b,
    8: lambda a, b: a > b, 9: lambda a, b: a >= b,
}  # fmt: skip


def _compared(op: Operation, left: Any, right: Any) -> int:
    return int(_COMPARISONS[property_of(op, "predicate").value.data](left, right))


def _compared_floats(op: Operation, left: Any, right: Any) -> int:
    """Ordered predicates are 1 to 6: eq gt ge lt le ne; the unordered ones 8 and more."""
    kind = property_of(op, "predicate").value.data
    found = {1: left == right, 2: left > right, 3: left >= right, 4: left < right,
             5: left <= right, 6: left != right, 13: left != right}  # fmt: skip
    if kind not in found:
        raise UnknownOperation(f"arith.cmpf {kind}")
    return int(found[kind])


ARITHMETIC: Mapping[str, Callable[..., Any]] = {
    "arith.addi": lambda op, a, b: a + b,
    "arith.subi": lambda op, a, b: a - b,
    "arith.muli": lambda op, a, b: a * b,
    "arith.divsi": lambda op, a, b: a // b,
    "arith.remsi": lambda op, a, b: a % b,
    "arith.addf": lambda op, a, b: a + b,
    "arith.subf": lambda op, a, b: a - b,
    "arith.mulf": lambda op, a, b: a * b,
    "arith.divf": lambda op, a, b: a / b,
    "arith.maximumf": lambda op, a, b: np.maximum(a, b),
    "arith.minimumf": lambda op, a, b: np.minimum(a, b),
    "arith.maxsi": lambda op, a, b: max(a, b),
    "arith.minsi": lambda op, a, b: min(a, b),
    "arith.andi": lambda op, a, b: a & b,
    "arith.ori": lambda op, a, b: a | b,
    "arith.xori": lambda op, a, b: a ^ b,
    "arith.shli": lambda op, a, b: a << b,
    "arith.shrsi": lambda op, a, b: a >> b,
    "arith.select": lambda op, c, a, b: a if c else b,
    "arith.cmpi": _compared,
    "arith.cmpf": _compared_floats,
    "arith.index_cast": _casted,
    "arith.trunci": _casted,
    "arith.extsi": _casted,
    "arith.extui": _casted,
    "arith.extf": _casted,
    "arith.truncf": _casted,
    "arith.sitofp": _casted,
    "arith.fptosi": _casted,
}
"""What a scalar operation computes."""
