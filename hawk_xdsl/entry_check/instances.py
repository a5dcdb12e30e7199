"""Instances of a rewrite: its pattern over operands of some dtype, and values for them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf, nan

import numpy as np

from hawk_xdsl.dialects.dtype import (
    CONDITION,
    FLOATS,
    INTEGERS,
    NARROW_FLOATS,
    WIDE_FLOAT,
    Array,
    DType,
    is_float,
)
from hawk_xdsl.entry_check import samples
from hawk_xdsl.semantics.matching import Match, build, match
from hawk_xdsl.semantics.pattern import DTYPES, Pattern
from hawk_xdsl.semantics.rewriting import Rule
from hawk_xdsl.semantics.specification_form import Operand, ResultRegion, Specification
from hawk_xdsl.semantics.terms import COMPARISONS, Affine, Term, Terms

_LITERALS = (0.0, 1.0, -1.0, 0.5, 3.0, -2.5, 7.0, 0.1, 41.0, 1e-6, 1e30, inf, -inf)
_WHOLE = (0, 1, -1, 2, 3, -5, 7, 41, 100)

_GENTLE = (0.0, 0.5, 1.0, -1.0, 2.0, 3.0, -0.25, 6.0, 40.0, inf, -inf, nan)
"""What is reduced: finite sums of a row are exact, so that only the rewrite is measured."""


@dataclass(frozen=True)
class Instance:
    """A term that a rule matches, what the rule puts in its place, and values of the operands."""

    dtype: str
    before: Term
    after: Specification
    values: Mapping[str, Array]
    literals: Mapping[str, float | int]

    def at(self, place: int) -> str:
        """The inputs at a place of the flattened values, ``x = 1.5, c = 3``."""
        named = {name: value.reshape(-1)[place] for name, value in self.values.items()}
        return ", ".join(f"{n} = {float(v):.9g}" for n, v in {**named, **self.literals}.items())


def instances(rule: Rule, dtype: str, size: int) -> Iterator[Instance]:
    """The rule at operands of a dtype, once for each choice of its literals.

    Args:
        rule: what to instantiate.
        dtype: of the values that the pattern combines.
        size: how many values to try, in the order of magnitude.
    """
    if dtype in INTEGERS and not (_whole(rule.before) and _whole(rule.after)):
        return
    root = _root_dtype(rule, dtype)
    dtypes = dict[str, str]()
    _assign(rule, rule.before, root, dtype, dtypes)
    names = sorted(rule.before.variables)
    literal = [name for name in names if name.startswith("c")]
    reduces = _reduces(rule.before)
    for number, chosen in enumerate(_choices(rule, literal, dtypes)):
        terms = Terms()
        index = (Affine.axis("i0"), Affine.axis("i1")) if reduces else (Affine.axis("i0"),)
        known: dict[str, Term] = {}
        for name in names:
            if name in chosen:
                known[name] = terms.const(chosen[name], dtypes[name])
            else:
                known[name] = terms.read(name, index, dtypes[name])
        before = _built(rule.before, Match(known, frozenset({"i1"})), root, dtype, terms)
        found = match(rule.before, before)
        if found is None:
            continue
        after = build(rule.after, found, before.dtype, terms)
        read = [name for name in names if name not in chosen]
        less = size if number == 0 else max(256, size // 16)
        values = _values(rule, read, dtypes, reduces, less)
        if not values or not len(next(iter(values.values()))):
            continue
        spec = _specification(after, before.dtype, values, dtypes, reduces)
        yield Instance(dtype, before, spec, values, chosen)


def _specification(
    after: Term, dtype: str, values: Mapping[str, Array], dtypes: Mapping[str, str], reduces: bool
) -> Specification:
    shape = next(iter(values.values())).shape
    stored = {name: DType(dtypes[name]).stored for name in values}
    operands = tuple(
        Operand(name, stored[name], shape, number) for number, name in enumerate(values)
    )
    axes = {"i0": shape[0], "i1": shape[1]} if reduces else {"i0": shape[0]}
    index = tuple(Affine.axis(axis) for axis in axes if axis in after.axes)
    extents = tuple(axes[axis] for axis in axes if axis in after.axes)
    result = ResultRegion("y0", DType(dtype).stored, extents, index, after)
    return Specification(operands, (result,), axes)


def _root_dtype(rule: Rule, dtype: str) -> str:
    op = rule.before.op
    if op in COMPARISONS or op in ("reduce_and", "reduce_or") or rule.dtypes == (CONDITION,):
        return CONDITION
    return rule.dtypes[0] if rule.operands and rule.dtypes else dtype


def _assign(rule: Rule, pattern: Pattern, here: str, dtype: str, found: dict[str, str]) -> None:
    """The dtype of each variable, where the pattern stands for values of dtype ``here``."""
    if pattern.op == "variable":
        found.setdefault(pattern.name, here)
    for position, arg in enumerate(pattern.args):
        inner = here
        if pattern is rule.before and position == 0 and rule.operands:
            inner = dtype
        elif pattern.op == "select" and position == 0:
            inner = CONDITION
        elif pattern.op in COMPARISONS or (pattern.op == "cast" and here == CONDITION):
            inner = dtype
        elif pattern.op in DTYPES or pattern.op == "cast":
            inner = DType.F16 if here == WIDE_FLOAT else WIDE_FLOAT
        _assign(rule, arg, inner, dtype, found)


def _built(pattern: Pattern, found: Match, here: str, dtype: str, terms: Terms) -> Term:
    """As ``build``, for patterns with casts to a dtype that they leave open."""
    if pattern.op == "cast":
        return terms.cast(build(pattern.args[0], found, dtype, terms), here)
    return build(pattern, found, here, terms)


def _whole(pattern: Pattern) -> bool:
    """Whether every number in a pattern is an integer."""
    return pattern.value.is_integer() and all(map(_whole, pattern.args))


def _reduces(pattern: Pattern) -> bool:
    return pattern.op.startswith(("reduce_", "scan_")) or any(map(_reduces, pattern.args))


def _choices(
    rule: Rule, literal: list[str], dtypes: Mapping[str, str]
) -> Iterator[dict[str, float | int]]:
    """Values for the literals of a pattern: each of the usual ones, within the rule's domain."""
    if not literal:
        yield {}
        return
    for turn in range(len(_LITERALS)):
        chosen: dict[str, float | int] = {}
        for place, name in enumerate(literal):
            kind = dtypes[name]
            usual = _LITERALS if kind in FLOATS else (0, 1) if kind == CONDITION else _WHOLE
            usual = [n for n in usual if _inside(rule, name, n) and _fits(n, kind)]
            if len(usual) <= turn and (place == 0 or not usual):
                return
            chosen[name] = _representable(usual[(turn + 5 * place) % len(usual)], kind)
        yield chosen


def _representable(number: float | int, dtype: str) -> float | int:
    """A literal as a dtype holds it."""
    return float(DType(dtype).numpy.type(number)) if dtype in FLOATS else int(number)


def _fits(number: float, dtype: str) -> bool:
    known = DType(dtype)
    return known.is_integer or abs(number) == inf or abs(number) <= known.largest_finite


def _inside(rule: Rule, name: str, number: float) -> bool:
    low, high = rule.domain.get(name, (-inf, inf))
    return low <= number <= high


def _values(
    rule: Rule, names: list[str], dtypes: Mapping[str, str], reduces: bool, size: int
) -> dict[str, Array]:
    if not names:
        return {}
    sets = [_within(rule, name, _set(dtypes[name], len(names), reduces, size)) for name in names]
    if not all(len(each) for each in sets):
        return {}
    columns = samples.together(sets, size)
    if reduces:
        random = np.random.default_rng(1)
        rows = max(samples.ROWS, *(len(column) for column in columns))
        return {
            name: each[random.integers(0, len(each), (rows, samples.ROW_LENGTH))]
            for name, each in zip(names, sets, strict=True)
        }
    if len(names) > 1:
        more = [samples.scattered(dtypes[n], size, 7 + i) for i, n in enumerate(names)]
        inside = np.logical_and.reduce(
            [_are_within(rule, n, column) for n, column in zip(names, more, strict=True)]
        )
        columns = [
            np.concatenate([few, many[inside]]) for few, many in zip(columns, more, strict=True)
        ]
    named = dict(zip(names, columns, strict=True))
    defined = _are_defined(rule.before, named)
    return {name: column[defined] for name, column in named.items()}


def _are_defined(pattern: Pattern, values: Mapping[str, Array]) -> Array:
    """Where no integer is divided by zero, or the least by -1, or shifted by more than it has."""
    first = next(iter(values.values()))
    found = np.ones(first.shape, np.bool_)
    for arg in pattern.args:
        found &= _are_defined(arg, values)
    if len(pattern.args) == 2 and pattern.args[1].name in values:
        second = values[pattern.args[1].name]
        if is_float(second.dtype):
            return found
        if pattern.op in ("div", "rem", "floordiv", "ceildiv"):
            least = np.iinfo(first.dtype.name).min
            found &= (second != 0) & ~((first == least) & (second == -1))
        elif pattern.op in ("shl", "shr", "shru"):
            found &= (second >= 0) & (second < 8 * second.dtype.itemsize)
    return found


def _set(dtype: str, count: int, reduces: bool, size: int) -> Array:
    if dtype == CONDITION:
        return np.array([0, 1], np.int8)
    if reduces:
        kind = DType(dtype).numpy
        return np.array(_GENTLE).astype(kind) if is_float(kind) else np.arange(-9, 9).astype(kind)
    if count == 1 and dtype in (*NARROW_FLOATS, DType.I16):
        return samples.every_16_bit(dtype)
    if count == 1 and dtype == DType.I8:
        return np.arange(-128, 128).astype(np.int8)
    if count == 1 and dtype == WIDE_FLOAT:
        return samples.grid(size)
    if count == 1:
        return np.concatenate([samples.edges(dtype), samples.scattered(dtype, size, 3)])
    return samples.edges(dtype)


def _within(rule: Rule, name: str, values: Array) -> Array:
    return values[_are_within(rule, name, values)]


def _are_within(rule: Rule, name: str, values: Array) -> Array:
    if name not in rule.domain:
        return np.ones(values.shape, np.bool_)
    low, high = rule.domain[name]
    wide = values.astype(np.float64)
    return ((wide >= low) & (wide <= high)) | (np.isnan(wide) & (name in rule.nan))
