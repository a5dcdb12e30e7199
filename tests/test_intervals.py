"""Interval analysis: what it says of a term holds for every input, and it says enough."""

import math
import random
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from hawk_xdsl.semantics.interval import range_of
from hawk_xdsl.semantics.intervals import Intervals
from hawk_xdsl.semantics.terms import Affine, Term, Terms

NUMPY = {"i1": np.bool_, "i8": np.int8, "i16": np.int16, "i32": np.int32, "f32": np.float32}


def _divided(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return -quotient if (a < 0) != (b < 0) else quotient


WHOLE: Mapping[str, Callable[..., int]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "max": max,
    "min": min,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "div": lambda a, b: _divided(a, b) if b else 0,
    "floordiv": lambda a, b: a // b if b else 0,
    "rem": lambda a, b: a - b * _divided(a, b) if b else 0,
    "neg": lambda a: -a,
    "abs": abs,  # pyright: ignore[reportAssignmentType]
    "lt": lambda a, b: a < b,
    "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b,
    "select": lambda p, a, b: a if p else b,
}
UNARY = ("neg", "abs")


def _wrapped(value: int, dtype: str) -> int:
    bits = int(dtype[1:])
    return (
        bool(value) if bits == 1 else (value + (1 << (bits - 1))) % (1 << bits) - (1 << (bits - 1))
    )


def value_of(term: Term, inputs: Mapping[str, int]) -> int:
    """One integer term for one set of inputs, by Python's own integers."""
    if term.is_const:
        return int(term.value)
    if term.op == "read":
        return inputs[term.operand]
    args = [value_of(arg, inputs) for arg in term.args]
    value = args[0] if term.op == "cast" else int(WHOLE[term.op](*args))
    return _wrapped(value, term.dtype)


def _random_term(draw: random.Random, terms: Terms, depth: int, dtype: str) -> Term:
    if depth == 0 or draw.random() < 0.15:
        if draw.random() < 0.4:
            return terms.const(draw.choice([0, 1, -1, 5, 100, 127, -128]), dtype)
        return terms.read(draw.choice("xyz") + dtype, (), dtype)
    kind = draw.random()
    if kind < 0.15:
        other = draw.choice(["i8", "i16", "i32"])
        return terms.cast(_random_term(draw, terms, depth - 1, other), dtype)
    if kind < 0.35:
        left, right = (_random_term(draw, terms, depth - 1, dtype) for _ in range(2))
        condition = terms.apply(draw.choice(["lt", "ge", "eq"]), (left, right), "i1")
        arms = (left, right) if draw.random() < 0.5 else (
            _random_term(draw, terms, depth - 1, dtype),
            terms.apply("sub", (left, right), dtype),
        )  # fmt: skip
        return terms.apply("select", (condition, *arms), dtype)
    op = draw.choice([name for name in WHOLE if name not in ("lt", "ge", "eq", "select")])
    count = 1 if op in UNARY else 2
    args = tuple(_random_term(draw, terms, depth - 1, dtype) for _ in range(count))
    return terms.apply(op, args, dtype)


@pytest.mark.parametrize("seed", range(6))
def test_no_value_leaves_its_interval(seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(60):
        terms = Terms()
        term = _random_term(draw, terms, 5, draw.choice(["i8", "i16", "i32"]))
        operands = {t.operand: t.dtype for t in term.walk() if t.op == "read"}
        ranges: dict[str, tuple[int, int]] = {}
        for name, dtype in operands.items():
            whole = range_of(dtype)
            ends = sorted(draw.randint(int(whole.low), int(whole.high)) for _ in range(2))
            few = sorted(draw.randint(-9, 9) for _ in range(2))
            low, high = draw.choice([ends, few, [int(whole.low), int(whole.high)]])
            ranges[name] = (low, high)
        found = Intervals({}, ranges).of(term)
        for _ in range(40):
            inputs = {
                name: draw.choice([low, high, draw.randint(low, high)])
                for name, (low, high) in ranges.items()
            }
            assert found.has(value_of(term, inputs)), (found, inputs)


def _index(terms: Terms, axis: str = "i") -> Term:
    return terms.index(Affine.axis(axis), "i32")


def test_an_index_a_clamp_and_a_selection_are_known() -> None:
    terms, intervals = Terms(), Intervals({"i": 8})
    x = terms.read("x", (Affine.axis("i"),), "i32")
    clamped = terms.apply(
        "min",
        (terms.apply("max", (x, terms.const(-3, "i32")), "i32"), terms.const(9, "i32")),
        "i32",
    )
    assert intervals.within(_index(terms), 0, 7)
    assert intervals.within(clamped, -3, 9)
    assert not intervals.within(clamped, -2, 9)
    negative = terms.apply("lt", (clamped, terms.const(0, "i32")), "i1")
    raised = terms.apply("add", (clamped, terms.const(4, "i32")), "i32")
    chosen = terms.apply("select", (negative, raised, clamped), "i32")
    assert intervals.within(chosen, 0, 9)


def test_a_sum_is_known_by_its_extent_and_wraps_beyond_its_width() -> None:
    terms = Terms()
    flag = terms.read("m", (Affine.axis("i"),), "i1")
    count = terms.reduce("sum", terms.cast(flag, "i32"), frozenset({"i"}))
    assert Intervals({"i": 5000}).within(count, 0, 5000)
    wide = terms.reduce("sum", terms.read("x", (Affine.axis("i"),), "i32"), frozenset({"i"}))
    assert Intervals({"i": 2}).of(wide) == range_of("i32")
    assert Intervals({"i": 2}).exact(wide).high == 2 * (2**31 - 1)


def test_what_may_be_no_number_lies_nowhere() -> None:
    terms, intervals = Terms(), Intervals({})
    x = terms.read("x", (), "f32")
    one, zero = terms.const(1.0, "f32"), terms.const(0.0, "f32")
    assert not intervals.within(x, -math.inf, math.inf)
    assert not intervals.within(terms.apply("sin", (x,), "f32"), -2, 2)
    clamped = terms.apply("min", (terms.apply("max", (x, zero), "f32"), one), "f32")
    assert not intervals.within(clamped, 0, 1), "a clamp keeps NaN"
    below = terms.apply("lt", (x, one), "i1")
    above = terms.apply("gt", (x, zero), "i1")
    both = terms.apply("and", (below, above), "i1")
    assert intervals.within(terms.apply("select", (both, x, zero), "f32"), 0, 1)
    assert not intervals.within(terms.apply("select", (below, x, zero), "f32"), 0, 1)
    assert not intervals.within(terms.apply("select", (both, zero, x), "f32"), 0, 1)


@pytest.mark.parametrize("op", ["exp", "log", "sqrt", "rsqrt", "sin", "floor", "mul", "div", "add"])
def test_float_functions_stay_in_their_intervals(op: str) -> None:
    functions: dict[str, Callable[..., np.ndarray]] = {
        "rsqrt": lambda a: 1 / np.sqrt(a),
        "mul": np.multiply,
        "div": np.divide,
        "add": np.add,
    }
    random_numbers = np.random.default_rng(7)
    for low, high in ((0.5, 3.0), (0.0, 1.0), (-4.0, 5.0), (1e-3, 1e30)):
        terms = Terms()
        x = terms.read("x", (), "f32")
        inside = terms.apply("and", tuple(
            terms.apply(name, (x, terms.const(end, "f32")), "i1")
            for name, end in (("ge", low), ("le", high))
        ), "i1")  # fmt: skip
        limited = terms.apply("select", (inside, x, terms.const(low, "f32")), "f32")
        args = (limited, limited) if op in ("mul", "div", "add") else (limited,)
        found = Intervals({}).of(terms.apply(op, args, "f32"))
        given = random_numbers.uniform(low, high, 500).astype(np.float32)
        given[:2] = low, high
        inputs = (given, given[::-1]) if len(args) == 2 else (given,)
        with np.errstate(all="ignore"):
            values = (functions.get(op) or getattr(np, op))(*inputs)
        nan = np.isnan(values)
        assert not nan.any() or found.nan
        assert np.all(nan | ((values >= found.low) & (values <= found.high))), (op, low, high)
