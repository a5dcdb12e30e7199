"""Learned kernels: verified ones at other extents, by holes for extents and tile sizes.

``${n0}`` is the extent of axis ``i0``, ``${t_i0}`` the tile size of the loop over ``i0``, and
``${float(1 / (n0 * n1))}`` arithmetic over them. The entry's ``before`` is the specification that
the kernel is for, with its extents erased.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from hawk_xdsl.codegen.strategy import Request, wrong_entry
from hawk_xdsl.dialects.kernel_text import KernelTextError, parse
from hawk_xdsl.dialects.kernel_text.syntax import KernelText
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.npu_target import Performance
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.schedule.candidate import Candidate, waves
from hawk_xdsl.schedule.read_schedule import trip_extents
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.pattern import Pattern, parse_pattern
from hawk_xdsl.semantics.resizing import UnresizableError, erased
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import Structure

MOST_CANDIDATES = 4
"""Tilings of one kernel template that are tried."""

ELEMENTS = "elements"
"""The tile hole whose size is no tile size: the elements of the largest tile that was verified."""

TILE_HOLE = "t_"
"""What names of tile holes begin with; the rest is the variable of the loop."""

TILE_OVERHEAD = 1024
"""What starting a tile costs, in elements: only the order of tilings depends on it."""

_HOLE = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class LearnedKernel:
    """A kernel that was verified at some extents, at other ones."""

    name: str = "learned-kernel"

    @property
    def structures(self) -> frozenset[Structure]:
        """As the protocol says."""
        return frozenset({Structure.KERNEL})

    def check(self, entry: Entry) -> None:
        """As the protocol says: tile sizes are those of the text's loops, and of a whole tile."""
        if entry.artifact.before is None:
            raise wrong_entry(entry, "a text needs 'before', the specification that it is for")
        known = (*tile_names(entry.artifact.text or ""), ELEMENTS)
        for tile in entry.tiles:
            if tile.name not in known:
                message = f"the text has tile sizes {', '.join(known)}, not {tile.name!r}"
                raise wrong_entry(entry, message)

    def space(self, request: Request) -> "LearnedSpace | None":
        """The tile sizes of the entry's loops, if it is for this work."""
        if not matches(request.entry, request.specification):
            return None
        return LearnedSpace(request.entry, extents_of(request.specification), request.target)


LEARNED_KERNEL = LearnedKernel()


@dataclass(frozen=True)
class LearnedSpace:
    """The tile sizes of the loops of one learned kernel, at the extents of one specification."""

    entry: Entry
    extents: Mapping[str, int]
    target: Target

    def schedules(self) -> Iterator[Schedule]:
        """Sizes no larger than what was verified, the least work of a core first.

        Raises ``HawkError`` for a hole that nothing fills.
        """
        names = tile_names(self.entry.artifact.text or "")
        points = filled(self.entry, {**self.extents, **dict.fromkeys(names, 1)})
        extents = trip_extents(points)
        loops: dict[str, int] = {}
        for name in names:
            variable = name.removeprefix(TILE_HOLE)
            if variable not in extents:
                message = f"${{{name}}} is a tile size, but no loop over {variable} starts at 0"
                raise wrong_entry(self.entry, message)
            loops[variable] = extents[variable]
        kinds = {self.target.places.core(stage.core) for stage in points.stages}
        on_cube = self.target.matrix_core in kinds
        core = self.target.matrix_core if on_cube else self.target.vector_core
        for sizes in self._sizes(loops, self.target.cores[core]):
            yield self._schedule(sizes)

    def candidate(self, schedule: Schedule) -> Candidate | None:
        """The kernel at the schedule's tile sizes; ``None`` if they are those of other loops.

        The estimate is 0: it is known to be the fastest at the extents it was verified at.
        Raises ``HawkError`` for a hole that nothing fills.
        """
        names = tile_names(self.entry.artifact.text or "")
        sizes = {f"{TILE_HOLE}{axis}": size for axis, size in schedule.tile}
        if schedule != self._schedule(schedule.sizes) or set(names) != sizes.keys():
            return None
        kernel = filled(self.entry, {**self.extents, **sizes})
        return Candidate(kernel, schedule, 0.0, (self.entry.name,))

    def neighbours(self, schedule: Schedule, performance: Performance) -> Iterator[Schedule]:
        """None: what was not verified at other extents is not tried."""
        yield from ()

    def _schedule(self, sizes: Mapping[str, int]) -> Schedule:
        return Schedule.of(LEARNED_KERNEL.name, sizes)

    def _sizes(self, loops: Mapping[str, int], cores: int) -> list[dict[str, int]]:
        """Tile sizes of loops over so many elements, the best first."""
        prefer = {tile.name: tile.prefer for tile in self.entry.tiles}
        most = max(prefer.get(ELEMENTS, (1 << 62,)))
        whole = prod(self.extents.values()) // prod(loops.values())
        choices = [
            _choices(prefer.get(f"{TILE_HOLE}{name}", ()), extent, cores)
            for name, extent in loops.items()
        ]
        found: list[tuple[tuple[int, ...], dict[str, int]]] = []
        for sizes in product(*choices):
            tile = prod(sizes) * max(1, whole)
            if tile > most and prod(sizes) > 1:
                continue
            pairs = zip(loops.values(), sizes, strict=True)
            tiles = prod(-(-extent // size) for extent, size in pairs)
            cost = waves(tiles, cores) * (tile + TILE_OVERHEAD)
            found.append(((cost, *(-size for size in sizes)), dict(zip(loops, sizes, strict=True))))
        found.sort(key=lambda pair: pair[0])
        return [sizes for _, sizes in found[:MOST_CANDIDATES]] if loops else [{}]


def matches(entry: Entry, specification: Specification) -> bool:
    """Whether the entry is for this work, at any extents."""
    if entry.trigger.ops and set(entry.trigger.ops) != set(specification.functions()):
        return False
    try:
        return entry.artifact.before is not None and (
            erased(specification).split() == entry.artifact.before.split()
        )
    except UnresizableError:
        return False


def extents_of(specification: Specification) -> dict[str, int]:
    """The values of the holes ``n0``, ``n1``, … by axis number."""
    return {f"n{name.removeprefix('i')}": size for name, size in specification.axes.items()}


def filled(entry: Entry, values: Mapping[str, int]) -> KernelText:
    """The entry's kernel with each hole as a number.

    Raises ``HawkError`` for a hole that nothing fills, and for what is no kernel then.
    """
    try:
        return parse(fill(entry.artifact.text or "", values, entry))
    except KernelTextError as error:
        raise wrong_entry(entry, f"line {error.line} of its text: {error.message}") from None


def fill(text: str, values: Mapping[str, int], entry: Entry) -> str:
    """The text with each hole as a number. Raises ``HawkError`` for a hole nothing fills."""

    def value(found: re.Match[str]) -> str:
        try:
            return _number(parse_pattern(found[1]), values)
        except (KeyError, ValueError, ArithmeticError):
            known = ", ".join(values)
            message = f"nothing fills ${{{found[1]}}}; there are {known}"
            raise wrong_entry(entry, message) from None

    return _HOLE.sub(value, text)


def tile_names(text: str) -> tuple[str, ...]:
    """The tile holes of a text, in order."""
    names = (name for hole in _HOLE.findall(text) for name in _NAME.findall(hole))
    return tuple(dict.fromkeys(name for name in names if name.startswith(TILE_HOLE)))


def _number(pattern: Pattern, values: Mapping[str, int]) -> str:
    if pattern.op == "float":
        return repr(float(_value(pattern.args[0], values)))
    number = _value(pattern, values)
    if number != int(number):
        raise ArithmeticError("not an integer")
    return str(int(number))


def _value(pattern: Pattern, values: Mapping[str, int]) -> float:
    match pattern.op:
        case "variable":
            return values[pattern.name]
        case "number":
            return pattern.value
        case _:
            left, right = (_value(arg, values) for arg in pattern.args)
            operations = {"add": left + right, "sub": left - right, "mul": left * right}
            return left / right if pattern.op == "div" else operations[pattern.op]


def _choices(prefer: Sequence[int], extent: int, cores: int) -> list[int]:
    """The sizes that were verified, parts of them, and an equal share for each core."""
    wanted = [size // part for size in prefer for part in (1, 2, 4)]
    wanted += [-(-extent // cores), -(-extent // (2 * cores))]
    return list(dict.fromkeys(min(size, extent) for size in wanted if size >= 1))
