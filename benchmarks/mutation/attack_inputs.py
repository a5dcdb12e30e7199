"""Inputs that attack: literals and their neighbours, ends of dtypes, special and last elements.

Made from the op's specification and from the numbers of the attack alone; nothing here is the
gate's.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import ml_dtypes
import numpy as np
from xdsl.dialects.builtin import TensorType

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.reference.evaluate import numpy_dtype
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.terms import walk

SPECIAL = (np.nan, np.inf, -np.inf)

FLOATS = (
    0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, -0.5, -2.5, 3.0, -3.0, -2.125, 5.5, -5.5, 7.25, 10.0,
    -10.0, -12.5, 44.0, 88.0, -88.0, 104.0, 129.5, -129.5, 200.25, 601.0, 1001.0, -1001.0, 2049.0,
    4097.5, 8388609.0, 16777215.0, 16777217.0, -16777217.0, 65504.0, 65520.0, 2147483648.0, 1e-3,
    1e-4, 1e-7, 1e-14, 1e-20, 1e-38, 1e-44, 1e10, -1e20, 3e38, -3e38,
)  # fmt: skip

INTEGERS = (
    0, 1, -1, 2, 3, -7, 41, 77, 100, -100, 101, 127, -128, 128, 255, 256, 301, 601, -601, 1001,
    2049, 4097, 32767, -32768, 32768, 46341, 65535, 65536, 70001, 16777215, 16777216, 16777217,
    -16777217, 33554433, 1000000007, -1000000007, 2147483646, 2147483647, -2147483648, -2147483647,
)  # fmt: skip


@dataclass(frozen=True)
class Attacked:
    """An input of the op; ``extent`` is what it indexes, if it is an index."""

    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]
    extent: int | None

    @property
    def is_float(self) -> bool:
        """Whether it holds floats."""
        return self.dtype.kind not in "biu"


class AttackInputs:
    """Sets of inputs for one op, always the same; those of an attack's own numbers come first."""

    def __init__(self, op: UndecidedOp, specification: Specification) -> None:
        extents = _indexed(specification)
        self._inputs: list[Attacked] = []
        for number, value in enumerate(op.inputs):
            assert isinstance(value.type, TensorType)
            dtype = numpy_dtype(value.type)
            assert dtype is not None
            shape = tuple(value.type.get_shape())
            self._inputs.append(Attacked(dtype, shape, extents.get(number)))
        self._literals = _literals(specification)

    def near(self, values: Sequence[float]) -> Iterator[tuple[str, list[Array]]]:
        """Inputs that are full of numbers near to some values, or made of them."""
        for value in values:
            for number in (value, *_neighbours(value)):
                yield f"full of {number!r}", self._all(lambda a, r, v=number: _full(a, v))
        if values:
            pool = [n for v in values for n in (v, *_neighbours(v))]
            yield "of such numbers", self._all(lambda a, r: _from(a, r, pool))

    def everywhere(self) -> Iterator[tuple[str, list[Array]]]:
        """The sets that every kernel of the op is run on."""
        literals = [n for v in self._literals for n in (v, *_neighbours(v))]
        finite = [*FLOATS, *literals]
        for scale in (1.0, 1e-3, 30.0, 1e4):
            yield f"normal times {scale}", self._all(lambda a, r, s=scale: _normal(a, r, s))
        yield "a value a row", self._all(lambda a, r: _rows(a, r, finite))
        yield "a value a row, others normal", self._first(lambda a, r: _rows(a, r, finite))
        yield "a special value a row", self._first(lambda a, r: _rows(a, r, [*SPECIAL, 1.0, -2.0]))
        yield "of all numbers", self._all(lambda a, r: _from(a, r, finite))
        yield "of literals", self._all(lambda a, r: _from(a, r, literals or [0.0, 1.0]))
        yield "normal with special values", self._all(_sprinkled)
        yield "of ends", self._all(_ends)
        for values in ((0.0, 1.0), (-1.0, 0.0, 1.0), (2.0, 2.5, 3.5, -0.5)):
            yield f"of {values}", self._all(lambda a, r, v=values: _from(a, r, v))
        for value in (0.0, 1.0, -1.5, 30000.0, 1e-5, np.nan, np.inf, -np.inf):
            yield f"full of {value}", self._all(lambda a, r, v=value: _full(a, v))
        for value in (3.0, -5.5, 1e-7, 16777217.0, 1e20):
            yield f"first full of {value}", self._first(lambda a, r, v=value: _full(a, v))
        for where in ("last", "last of rows", "last row", "first"):
            for turn in (0, 4):
                yield (
                    f"one number but {where} ({turn})",
                    self._all(lambda a, r, w=where, t=turn: _marked(a, w, t)),
                )

    def _all(self, make: "_Make") -> list[Array]:
        return self._made([make] * len(self._inputs))

    def _first(self, make: "_Make") -> list[Array]:
        """The first input that is no index is attacked, the others are ordinary."""
        plain = [number for number, a in enumerate(self._inputs) if a.extent is None]
        makes: list[_Make] = [lambda a, r: _normal(a, r, 1.0)] * len(self._inputs)
        if plain:
            makes[plain[0]] = make
        return self._made(makes)

    def _made(self, makes: Sequence["_Make"]) -> list[Array]:
        """Each set draws from a generator of its own; indices take all their values in turn."""
        random = np.random.default_rng(zlib.crc32(repr(self._inputs).encode()))
        arrays: list[Array] = []
        for attacked, make in zip(self._inputs, makes, strict=True):
            if attacked.extent is not None:
                arrays.append(_indices(attacked, random))
            elif attacked.dtype == np.bool_:
                arrays.append(_truths(attacked, make(attacked, random)))
            else:
                arrays.append(_as(attacked, make(attacked, random)))
        return arrays


_Make = Callable[[Attacked, np.random.Generator], np.ndarray]


def _as(attacked: Attacked, values: np.ndarray) -> Array:
    """Numbers in the input's dtype; integers at its ends where they are beyond."""
    if attacked.is_float:
        with np.errstate(over="ignore"):
            return values.astype(attacked.dtype)
    info = np.iinfo(attacked.dtype.type)
    whole = np.nan_to_num(values, nan=0.0, posinf=info.max, neginf=info.min)
    return np.clip(np.trunc(whole), info.min, info.max).astype(np.int64).astype(attacked.dtype)


def _truths(attacked: Attacked, values: np.ndarray) -> Array:
    """What is above 0.5 is true: full sets are all true or false, marked ones true at a place."""
    return (values > 0.5).astype(np.bool_).reshape(attacked.shape)


def _indices(attacked: Attacked, random: np.random.Generator) -> Array:
    assert attacked.extent is not None
    drawn = random.integers(0, attacked.extent, attacked.shape)
    flat = drawn.reshape(-1)
    flat[: 1 + flat.size // 4] = attacked.extent - 1
    flat[flat.size // 2 : flat.size // 2 + 1] = 0
    return drawn.astype(attacked.dtype)


def _neighbours(value: float) -> tuple[float, ...]:
    """The next numbers in each dtype, and some beyond."""
    near = [value * 1.0625 + 0.5, value * 2.0, value * 1.5 + 1.0, -value]
    for dtype in (np.float32, np.float16, ml_dtypes.bfloat16):
        for end in (-np.inf, np.inf):
            with np.errstate(over="ignore"):
                found = float(np.nextafter(np.array(value, dtype), np.array(end, dtype)))
            if np.isfinite(found):
                near.append(found)
    return tuple(dict.fromkeys([*near, value + 1, value - 1]))


def _literals(specification: Specification) -> list[float]:
    found = {float(term.value) for term in walk(specification.roots) if term.is_const}
    return sorted(value for value in found if np.isfinite(value))


def _indexed(specification: Specification) -> dict[int, int]:
    """For each input of the op that is an index, the least extent that it indexes."""
    shapes = {operand.name: operand.shape for operand in specification.operands}
    sources = {operand.name: operand.source for operand in specification.operands}
    found: dict[int, int] = {}
    for term in walk(specification.roots):
        if term.op != "gather":
            continue
        least = min(
            shapes[term.operand][position]
            for position, dim in enumerate(term.index)
            if any(name.startswith("@") for name in dim.axes)
        )
        for below in walk(term.args):
            if below.op == "read":
                number = sources[below.operand]
                found[number] = min(least, found.get(number, least))
    return found


def _full(attacked: Attacked, value: float) -> np.ndarray:
    return np.full(attacked.shape, value, np.float64)


def _from(attacked: Attacked, random: np.random.Generator, pool: Sequence[float]) -> np.ndarray:
    return random.choice(np.array(pool, np.float64), attacked.shape)


def _pool(attacked: Attacked, floats: Sequence[float]) -> Sequence[float]:
    return floats if attacked.is_float else [*INTEGERS, *floats]


def _rows(attacked: Attacked, random: np.random.Generator, pool: Sequence[float]) -> np.ndarray:
    """Each row is full of one number, the numbers in turn from a random one on."""
    numbers = np.array(_pool(attacked, pool), np.float64)
    if not attacked.shape:
        return np.array(random.choice(numbers))
    rows = int(np.prod(attacked.shape[:-1]))
    if rows == 1:
        return random.choice(numbers, attacked.shape)
    order = random.permutation(numbers)
    values = np.resize(order, rows).reshape(*attacked.shape[:-1], 1)
    return np.broadcast_to(values, attacked.shape).copy()


def _normal(attacked: Attacked, random: np.random.Generator, scale: float) -> np.ndarray:
    if attacked.is_float:
        return random.standard_normal(attacked.shape) * scale
    if scale == 1.0:
        return random.integers(-9, 10, attacked.shape).astype(np.float64)
    info = np.iinfo(attacked.dtype.type) if attacked.dtype != np.bool_ else np.iinfo(np.int8)
    most = info.max if scale > 100 else min(info.max, int(3000 * scale) + 1)
    return random.integers(-most - 1, most, attacked.shape).astype(np.float64)


def _sprinkled(attacked: Attacked, random: np.random.Generator) -> np.ndarray:
    values = _normal(attacked, random, 1.0)
    hit = random.random(attacked.shape) < 0.03
    return np.where(hit, random.choice(np.array(SPECIAL), attacked.shape), values)


def _ends(attacked: Attacked, random: np.random.Generator) -> np.ndarray:
    """The ends of the dtype and their neighbours."""
    if not attacked.is_float:
        return random.choice(np.array(INTEGERS, np.float64), attacked.shape)
    info = ml_dtypes.finfo(attacked.dtype)
    most, least = float(info.max), float(info.smallest_normal)
    ends = [most, -most, most / 2, least, -least, least / 4, 0.0, -0.0, float(info.eps), 1.0]
    return random.choice(np.array(ends), attacked.shape)


GROUNDS, MARKS = (0.0, 1.0, -12.5), (9.0, 20000.0, 16777217.0)


def _marked(attacked: Attacked, where: str, turn: int) -> np.ndarray:
    """Each row is full of one number, and has another one at some last place."""
    if not attacked.shape:
        return np.array(MARKS[turn % 3])
    numbers = [(ground, mark) for ground in GROUNDS for mark in MARKS]
    rows = int(np.prod(attacked.shape[:-1]))
    pairs = np.array([numbers[(turn + row) % len(numbers)] for row in range(rows)], np.float64)
    shape = (*attacked.shape[:-1], 1)
    ground, mark = pairs[:, 0].reshape(shape), pairs[:, 1].reshape(shape)
    hit = np.zeros(attacked.shape, np.bool_)
    match where:
        case "last":
            hit[(-1,) * hit.ndim] = True
        case "last of rows":
            hit[..., -1] = True
        case "last row":
            hit[-1 if hit.ndim == 1 else (..., -1, slice(None))] = True
        case _:
            hit[(0,) * hit.ndim] = True
    return np.where(hit, mark, ground)
