"""Draws the inputs of a trial from the op: every trial has a purpose, most of them several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from types import MappingProxyType

import numpy as np
from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute

from hawk_xdsl.dialects.dtype import Array, is_float
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.gate.op_features import FRACTIONS, PERIODIC, UNIT, Features
from hawk_xdsl.gate.trial_draws import (
    DRAWS,
    Random,
    edges,
    marked_places,
    mixed,
)
from hawk_xdsl.gate.trial_literals import (
    SPECIALS,
    full_rows,
    lone_rows,
    special_rows,
)
from hawk_xdsl.gate.trial_rows import Purpose, Rows
from hawk_xdsl.reference.value_types import numpy_dtype

ROWS_A_KIND = 8
"""Rows of each kind that one trial of all kinds must have; with fewer, each has its own trial."""

MOST_SPECIAL_TRIALS = 18
"""Trials of special values that a kernel without a certificate has at most."""

PARTS = 3
"""Trials over which the edges are spread where there are fewer rows than edges."""

LARGEST_PERIODIC = 1e6
"""The largest magnitude that sine, cosine and tangent are tried on."""

LARGEST_REDUCED = {2: 100.0, 4: 1e15, 8: 1e15}
"""By bytes of a dtype, the largest magnitude in a row that is reduced: its square is in range."""

LONGEST_WITH_NAN = 4096
"""Elements of a row with NaN whose best one is looked for: the reference goes one by one then."""

MOST_SPECIAL_ROWS = 512
"""Rows that are prepared one by one."""

ROLES = ("finite", "nan", "ordinary", "inf", "constant", "-inf", "ordinary", "both")
"""What rows that are reduced hold on edges, in turn."""


def kinds_of(features: Features) -> tuple[str, ...]:
    """The kinds of rows of floats that an op is tried on beside the ordinary one."""
    if features.linear:
        return ("odd",)
    kinds = ["positive", "negative", "odd", "shifted", "small"]
    if features.names_minus_infinity:
        kinds.append("masked")
    if features.has(UNIT):
        kinds.append("unit")
    if features.has(FRACTIONS):
        kinds.append("fraction")
    return tuple(kinds)


def purposes_of(op: UndecidedOp) -> tuple[Purpose, ...]:
    """What an op is tried for, the most ordinary first."""
    drawer = Drawer(Features(op))
    if not any(source.rows.count * source.rows.length for source in drawer.sources):
        return (ORDINARY,)
    purposes = [ORDINARY]
    kinds = kinds_of(drawer.features)
    most = max((s.rows.count for s in drawer.sources if s.is_float), default=inf)
    if most >= ROWS_A_KIND * len(kinds):
        purposes.append(Purpose("mixed"))
    else:
        purposes.extend(Purpose(kind) for kind in kinds)
    purposes.extend(Purpose("edges", part) for part in range(drawer.edge_parts()))
    purposes.append(Purpose("ties"))
    reduced = [source.rows for source in drawer.sources if source.rows.length > 1]
    if reduced:
        few = max(rows.count for rows in reduced) < ROWS_A_KIND
        purposes.extend(Purpose("marks", part) for part in range(2 if few else 1))
    return tuple(purposes)


def purposes_of_literals(op: UndecidedOp, literals: tuple[float, ...]) -> tuple[Purpose, ...]:
    """What a kernel with literals of its own is tried for beyond that."""
    drawer = Drawer(Features(op, literals))
    few = min((s.rows.count for s in drawer.sources), default=0) < ROWS_A_KIND * len(literals)
    full = range(len(literals) if few else 1)
    lone = range(len(drawer.sources) * len(full))
    return (
        *(Purpose("edges", part) for part in range(drawer.edge_parts())),
        *(Purpose("full", part) for part in full),
        *(Purpose("lone", part) for part in lone),
    )


def special_purposes(op: UndecidedOp) -> tuple[Purpose, ...]:
    """Each special value in each input alone."""
    floats = [n for n, source in enumerate(Drawer(Features(op)).sources) if source.is_float]
    given = [n * len(SPECIALS) + which for n in floats for which in range(len(SPECIALS))]
    return tuple(Purpose("special", part) for part in given[:MOST_SPECIAL_TRIALS])


@dataclass(frozen=True)
class Source:
    """An input of the op.

    Attributes:
        dtype: that of its elements.
        rows: how its elements meet in results.
        indexed: for indices, the least extent that they index.
        ends: for integers, the least and the largest one.
    """

    dtype: np.dtype[np.generic]
    rows: Rows
    indexed: int | None
    ends: tuple[int, int]

    @property
    def is_float(self) -> bool:
        """Whether it holds floats."""
        return is_float(self.dtype)


class Drawer:
    """Draws inputs of one op."""

    def __init__(
        self,
        features: Features,
        ranges: Mapping[int, tuple[int, int]] = MappingProxyType({}),
    ) -> None:
        self.features = features
        self.sources = [
            _source(features, number, value.type, ranges.get(number))
            for number, value in enumerate(features.op.inputs)
        ]

    def edge_parts(self) -> int:
        """Over how many trials the edges are spread."""
        parts = 1
        for source in self.sources:
            if not source.is_float:
                continue
            rows = source.rows
            if rows.length > 1:
                parts = max(parts, 1 if rows.count >= ROWS_A_KIND else 2)
            elif rows.count:
                parts = max(parts, -(-len(self._edges(source)) // rows.count))
        return min(parts, PARTS)

    def draw(self, random: Random, purpose: Purpose, share: "Share") -> tuple[Array, ...]:
        """One array an input; ``share`` says which part of an indexed extent to draw from."""
        arrays: list[Array] = []
        for number, source in enumerate(self.sources):
            if source.indexed is not None:
                matrix = _indices(random, source, share)
            elif source.dtype == np.bool_:
                matrix = _booleans(random, source.rows, purpose)
            elif source.is_float:
                matrix = self._floats(random, number, purpose)
            else:
                matrix = self._integers(random, number, purpose)
            with np.errstate(over="ignore"):
                arrays.append(source.rows.tensor(matrix.astype(source.dtype)))
        if purpose.name in ("ties", "edges"):
            self._make_twins(random, arrays, next_to=purpose.name == "edges")
        return tuple(arrays)

    def _make_twins(self, random: Random, arrays: list[Array], *, next_to: bool) -> None:
        """Let inputs of one type be equal, or next to each other, at a third of their places."""
        for second in range(1, len(arrays)):
            ours, other = self.sources[second], self.sources[second - 1]
            alone = ours.rows.length == other.rows.length == 1 or not next_to
            indices = ours.indexed is not None or other.indexed is not None
            if alone and not indices and ours.dtype == other.dtype:
                a, b = arrays[second - 1], arrays[second]
                if a.shape == b.shape:
                    twin = _neighbour(a) if next_to else a
                    arrays[second] = np.where(random.random(a.shape) < 0.35, twin, b)

    def _floats(self, random: Random, number: int, purpose: Purpose) -> Array:
        source = self.sources[number]
        count, length = source.rows.count, source.rows.length
        match purpose.name:
            case "mixed":
                return mixed(random, count, length, kinds_of(self.features))
            case "edges" if length > 1:
                return self._edge_rows(random, number, purpose.part)
            case "edges":
                return self._edge_points(random, source, purpose.part)
            case "ties":
                return DRAWS["tied"](random, count, length)
            case "marks" if length > 1:
                return self._marks(random, source, purpose.part)
            case "special" if purpose.part // len(SPECIALS) == number:
                return special_rows(random, source.rows, purpose.part % len(SPECIALS))
            case "full" | "lone":
                return self._literal_rows(number, purpose)
            case name:
                return DRAWS.get(name, DRAWS["normal"])(random, count, length)

    def _edges(self, source: Source, largest: float = inf) -> list[float]:
        if self.features.has(PERIODIC):
            largest = min(largest, LARGEST_PERIODIC)
        finite, special = edges(source.dtype, self.features.literals, largest)
        telling = min(len(finite), 6 * len(self.features.literals) + 3)
        return [*finite[:telling], *special, *finite[telling:]]

    def _edge_points(self, random: Random, source: Source, part: int) -> Array:
        """Half of the places, or all where there are few, hold edges; others magnitudes."""
        count = source.rows.count
        values = DRAWS["odd"](random, count, 1)
        found = np.array(self._edges(source))
        if count < len(found):
            chosen = np.roll(found, -part * count)[:count]
        else:
            chosen = np.tile(found, max(1, count // 2 // len(found)))
        values[random.permutation(count)[: len(chosen)], 0] = chosen
        return values

    def _edge_rows(self, random: Random, number: int, part: int) -> Array:
        """Rows of different roles, so that a NaN spoils none but its own."""
        source = self.sources[number]
        rows = source.rows
        values = DRAWS["normal"](random, rows.count, rows.length)
        largest = LARGEST_REDUCED[source.dtype.itemsize]
        finite = np.array([v for v in self._edges(source, largest) if np.isfinite(v)])
        places = marked_places(random, rows.count, rows.extents)
        for number_of_role, row in enumerate(_some(random, rows.count)):
            place = places[row]
            match self._role(number_of_role, number, rows, part):
                case "finite":
                    chosen = random.random(rows.length) < 0.25
                    values[row, chosen] = random.choice(finite, int(chosen.sum()))
                case "constant":
                    values[row] = random.choice(finite)
                case "both":
                    values[row, place] = np.inf
                    values[row, rows.length - 1 - place] = -np.inf
                case "ordinary":
                    pass
                case special:
                    values[row, place] = float(special)
        return values

    def _role(self, row: int, number: int, rows: Rows, part: int) -> str:
        """What a row holds: of few rows, those of one input are special, in the second part."""
        if rows.count >= ROWS_A_KIND:
            role = ROLES[row % len(ROLES)]
        elif part == 0:
            role = ("finite", "constant")[row % 2] if rows.count > 1 else "finite"
        else:
            wide = (n for n, s in enumerate(self.sources) if s.is_float and s.rows.length > 1)
            first = number == next(wide)
            role = ("nan", "inf", "-inf", "ordinary")[row % 4] if first else "ordinary"
        slow = self.features.finds_best and rows.length > LONGEST_WITH_NAN
        return "inf" if role == "nan" and slow else role

    def _marks(self, random: Random, source: Source, part: int) -> Array:
        """One distinctive element a row, of either sign, at the borders of the row's axes."""
        rows = source.rows
        sign = np.where((np.arange(rows.count) + part) % 2 == 0, 1.0, -1.0)
        if self.features.multiplies:
            values = 1.0 + 0.01 * DRAWS["normal"](random, rows.count, rows.length)
            marks = 2.0 * sign
        else:
            values = DRAWS["normal"](random, rows.count, rows.length)
            marks = sign * random.uniform(7.0, 9.0, rows.count)
        places = marked_places(random, rows.count, rows.extents)
        values[np.arange(rows.count), places] = marks
        return values

    def _literal_rows(self, number: int, purpose: Purpose) -> Array:
        """Rows of the kernel's literals; beside an input of lone ones the others are 1."""
        rows, literals = self.sources[number].rows, self.features.kernel_literals
        if purpose.name == "full":
            return full_rows(literals, rows, purpose.part)
        part, given = divmod(purpose.part, len(self.sources))
        if given != number:
            return np.ones((rows.count, rows.length))
        return lone_rows(literals, rows, part)

    def _integers(self, random: Random, number: int, purpose: Purpose) -> Array:
        source = self.sources[number]
        shape = (source.rows.count, source.rows.length)
        low, high = source.ends
        near = self.features.longest + 2
        full = random.integers(low, high, shape, endpoint=True)
        match purpose.name:
            case "ties" | "small":
                drawn = random.integers(-3, 4, shape)
            case "positive":
                drawn = random.integers(1, near, shape)
            case "mixed" | "odd" | "negative":
                drawn = random.integers(-near, near + 1, shape)
                drawn[::2] |= 1  # the product of a row of odd numbers is never 0
            case "edges":
                known = random.choice(self._integer_edges(low, high), shape)
                drawn = np.where(random.random(shape) < 0.5, known, full)
            case "marks" if source.rows.length > 1:
                drawn = self._integer_marks(random, source, purpose.part)
            case "full" | "lone":
                drawn = self._literal_rows(number, purpose).astype(np.int64)
            case _:
                drawn = full
        return np.clip(drawn, low, high)

    def _integer_edges(self, low: int, high: int) -> Array:
        found = {low, low + 1, high, high - 1}
        for power in (0, 1, 3, 7, 8, 11, 15, 16, 24, 31):
            found |= {sign * (1 << power) + d for sign in (1, -1) for d in (-1, 0, 1)}
        for literal in self.features.literals:
            if abs(literal) < 2**62:
                found |= {int(literal) + d for d in (-1, 0, 1)}
        return np.array(sorted(v for v in found if low <= v <= high), np.int64)

    def _integer_marks(self, random: Random, source: Source, part: int) -> Array:
        """The largest or the least number at a border, and its neighbour somewhere before it."""
        rows = source.rows
        low, high = source.ends
        middle, quarter = (low + high) // 2, (high - low) // 4
        shape = (rows.count, rows.length)
        values = random.integers(middle - quarter, middle + quarter, shape, endpoint=True)
        places = marked_places(random, rows.count, rows.extents)
        up = (np.arange(rows.count) + part) % 2 == 0
        every = np.arange(rows.count)
        values[every, places // 2] = np.where(up, high - 1, low + 1)
        values[every, places] = np.where(up, high, low)
        return values


ORDINARY = Purpose("ordinary")


def _source(
    features: Features, number: int, type_: Attribute, ends: tuple[int, int] | None
) -> Source:
    assert isinstance(type_, TensorType)
    dtype = numpy_dtype(type_)
    assert dtype is not None
    rows = Rows(tuple(type_.get_shape()), tuple(sorted(features.mixed[number])))
    if dtype == np.bool_ or is_float(dtype):
        return Source(dtype, rows, None, (0, 1))
    wide = np.iinfo("int32" if dtype == np.int64 else dtype.name)  # as kernels hold them
    return Source(dtype, rows, features.indexed.get(number), ends or (int(wide.min), int(wide.max)))


def _booleans(random: Random, rows: Rows, purpose: Purpose) -> Array:
    """In turn a row of all false, of all true, of one true, of one false, and an ordinary one."""
    shape = (rows.count, rows.length)
    values = random.random(shape) < 0.5
    if purpose == ORDINARY or rows.length == 1:
        return values
    places = marked_places(random, rows.count, rows.extents)
    first = purpose.part + len(purpose.name)
    for number, row in enumerate(_some(random, rows.count)):
        role = (number + first) % 5
        if role < 4:
            values[row] = role % 2 == 1
        if role in (2, 3):
            values[row, places[row]] = role == 2
    return values


def _some(random: Random, rows: int) -> Sequence[int]:
    """All rows, or some of many."""
    if rows <= MOST_SPECIAL_ROWS:
        return range(rows)
    return random.choice(rows, MOST_SPECIAL_ROWS, replace=False).tolist()


def _neighbour(array: Array) -> Array:
    """The next larger values of the dtype."""
    if array.dtype == np.bool_:
        return np.logical_not(array)
    if is_float(array.dtype):
        with np.errstate(over="ignore"):
            return np.nextafter(array, np.asarray(np.inf, array.dtype))
    return np.where(array == np.iinfo(array.dtype.name).max, array, np.add(array, 1))


@dataclass(frozen=True)
class Share:
    """Which part of an indexed extent indices are drawn from, both ends included."""

    low: float
    high: float


def _indices(random: Random, source: Source, share: Share) -> Array:
    """Indices in the share, with the first and the last one among them."""
    extent = source.indexed
    assert extent is not None
    first, last = int(share.low * extent), max(int(share.high * extent), 1)
    shape = (source.rows.count, source.rows.length)
    values = random.integers(first, last, shape)
    flat = values.reshape(-1)
    ends = [last - 1, first, *([0, -1] if first < 0 else [])][: flat.size]
    flat[random.permutation(flat.size)[: len(ends)]] = ends
    return values
