"""Draws the inputs of a trial from the op: every trial has a purpose, most of them several."""

from collections.abc import Mapping
from math import inf
from types import MappingProxyType

import numpy as np

from hawk_xdsl.dialects.dtype import Array, is_float
from hawk_xdsl.gate.op_features import FRACTIONS, PERIODIC, UNIT, Features
from hawk_xdsl.gate.trial_draws import (
    DRAWS,
    Random,
    edges,
    marked_places,
    mixed,
)
from hawk_xdsl.gate.trial_integers import Share, booleans, indices, integers
from hawk_xdsl.gate.trial_literals import (
    SPECIALS,
    full_rows,
    lone_rows,
    special_rows,
)
from hawk_xdsl.gate.trial_rows import InputRows, Purpose, some_rows
from hawk_xdsl.gate.trial_sources import TrialSource, source_of

ROWS_A_KIND = 8
"""Rows of each kind that one trial of all kinds must have; with fewer, each has its own trial."""

PARTS = 3
"""Trials over which the edges are spread where there are fewer rows than edges."""

LARGEST_PERIODIC = 1e6
"""The largest magnitude that sine, cosine and tangent are tried on."""

LARGEST_REDUCED = {2: 100.0, 4: 1e15, 8: 1e15}
"""By bytes of a dtype, the largest magnitude in a row that is reduced: its square is in range."""

LONGEST_WITH_NAN = 4096
"""Elements of a row with NaN whose best one is looked for: the reference goes one by one then."""

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


class Drawer:
    """Draws inputs of one op."""

    def __init__(
        self,
        features: Features,
        ranges: Mapping[int, tuple[int, int]] = MappingProxyType({}),
    ) -> None:
        self.features = features
        self.sources = [
            source_of(features, number, value.type, ranges.get(number))
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

    def draw(self, random: Random, purpose: Purpose, share: Share) -> tuple[Array, ...]:
        """One array an input; ``share`` says which part of an indexed extent to draw from."""
        arrays: list[Array] = []
        for number, source in enumerate(self.sources):
            if source.indexed is not None:
                matrix = indices(random, source, share)
            elif source.dtype == np.bool_:
                matrix = booleans(random, source.rows, purpose)
            elif source.is_float:
                matrix = self._floats(random, number, purpose)
            else:
                matrix = self._whole_numbers(random, number, purpose)
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
            indexed = ours.indexed is not None or other.indexed is not None
            if alone and not indexed and ours.dtype == other.dtype:
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

    def _edges(self, source: TrialSource, largest: float = inf) -> list[float]:
        if self.features.has(PERIODIC):
            largest = min(largest, LARGEST_PERIODIC)
        finite, special = edges(source.dtype, self.features.literals, largest)
        telling = min(len(finite), 6 * len(self.features.literals) + 3)
        return [*finite[:telling], *special, *finite[telling:]]

    def _edge_points(self, random: Random, source: TrialSource, part: int) -> Array:
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
        for number_of_role, row in enumerate(some_rows(random, rows.count)):
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

    def _role(self, row: int, number: int, rows: InputRows, part: int) -> str:
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

    def _marks(self, random: Random, source: TrialSource, part: int) -> Array:
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

    def _whole_numbers(self, random: Random, number: int, purpose: Purpose) -> Array:
        source = self.sources[number]
        if purpose.name in ("full", "lone"):
            low, high = source.ends
            return np.clip(self._literal_rows(number, purpose).astype(np.int64), low, high)
        return integers(random, source, purpose, self.features)


def _neighbour(array: Array) -> Array:
    """The next larger values of the dtype."""
    if array.dtype == np.bool_:
        return np.logical_not(array)
    if is_float(array.dtype):
        with np.errstate(over="ignore"):
            return np.nextafter(array, np.asarray(np.inf, array.dtype))
    return np.where(array == np.iinfo(array.dtype.name).max, array, np.add(array, 1))
