"""Functions of literals, computed while terms are built."""

import operator
from collections.abc import Callable, Mapping

import numpy as np

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.semantics.terms import COMPARISONS, Term, Terms, literal_in

FOLDABLE: Mapping[str, Callable[..., np.floating]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "max": np.maximum,
    "min": np.minimum,
    "abs": np.abs,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
}
"""Functions of floating-point literals that are computed while rewriting, as IEEE 754 says."""

FOLDABLE_INTEGERS: Mapping[str, Callable[[list[int]], int]] = {
    "add": lambda v: v[0] + v[1],
    "sub": lambda v: v[0] - v[1],
    "mul": lambda v: v[0] * v[1],
    "neg": lambda v: -v[0],
    "max": max,
    "min": min,
    "and": lambda v: v[0] & v[1],
    "or": lambda v: v[0] | v[1],
    "shl": lambda v: v[0] << v[1],
    "shr": lambda v: v[0] >> v[1],
}
"""The same for integers, which wrap."""


RELATIONS: Mapping[str, Callable[[float, float], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
"""Comparisons of literals."""


def _is_whole(dtype: str) -> bool:
    return DType(dtype).is_integer and DType(dtype).in_buffers


def fold(terms: Terms, op: str, args: tuple[Term, ...], dtype: str) -> Term:
    """A function of values; of literals it is computed (where it is defined)."""
    if op in FOLDABLE and all(arg.is_const for arg in args) and DType(dtype).is_float:
        with np.errstate(all="ignore"):
            value = FOLDABLE[op](*(np.float64(arg.value) for arg in args))
        return terms.const(float(value), dtype)
    if op in COMPARISONS and all(arg.is_const for arg in args):
        return terms.const(int(RELATIONS[op](args[0].value, args[1].value)), DType.I1)
    if op == "select" and args[0].is_const:
        return args[1] if args[0].value else args[2]
    if op in FOLDABLE_INTEGERS and all(arg.is_const for arg in args) and _is_whole(dtype):
        value = FOLDABLE_INTEGERS[op]([int(arg.value) for arg in args])
        return terms.const(literal_in(value, dtype), dtype)
    return terms.apply(op, args, dtype)
