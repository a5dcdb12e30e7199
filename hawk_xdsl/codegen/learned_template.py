"""Learned kernels: verified ones at other extents, by holes for extents and tile sizes.

``${n0}`` is the extent of axis ``i0``, ``${t_i0}`` the tile size of the loop over ``i0``, and
``${float(1 / (n0 * n1))}`` arithmetic over them. The entry's ``before`` is the specification that
the kernel is for, with its extents erased.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from math import prod
from string import Template

from hawk_xdsl.codegen.cost import estimate, operands_of
from hawk_xdsl.codegen.strategy import Request, wrong_entry
from hawk_xdsl.dialects.kernel_text import KernelTextError, parse
from hawk_xdsl.dialects.kernel_text.syntax import KernelText
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.npu_target import Performance
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.schedule.candidate import Candidate
from hawk_xdsl.schedule.read_schedule import trip_extents
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.pattern import Pattern, parse_pattern
from hawk_xdsl.semantics.resizing import UnresizableError, erased
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import Structure

MOST_CANDIDATES = 8
"""Tilings of one kernel template that are tried."""

ELEMENTS = "elements"
"""The tile hole whose size is no tile size: the elements of the largest tile that was verified."""

TILE_HOLE = "t_"
"""What names of tile holes begin with; the rest is the variable of the loop."""

PARTS = (1, 2, 4)
"""Into how many parts a verified tile size is divided."""

SHARES = (1, 2)
"""How many tiles of equal size each core gets."""

SWEEPS = 2
"""How often each loop is given the best size for those of the others."""


class _Holed(Template):
    """A text whose holes are ``${…}``, with arithmetic in the braces; ``$`` alone is none."""

    braceidpattern = "[^}]*"
    idpattern = "(?!)"


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
        return LearnedSpace(request.entry, request.specification, request.target)


LEARNED_KERNEL = LearnedKernel()


@dataclass(frozen=True)
class LearnedSpace:
    """The tile sizes of the loops of one learned kernel, at the extents of one specification."""

    entry: Entry
    specification: Specification
    target: Target
    _made: dict[Schedule, Candidate] = field(
        default_factory=dict[Schedule, Candidate], compare=False, repr=False
    )

    def schedules(self) -> Iterator[Schedule]:
        """Sizes no larger than what was verified, the best estimates first.

        From the smallest sizes on, each loop in turn gets the best one while the others stay as
        they are. Raises ``HawkError`` for a hole that nothing fills.
        """
        loops = self._loops()
        choices = {axis: self._choices(axis, extent) for axis, extent in loops.items()}
        best = self._estimated({axis: min(sizes) for axis, sizes in choices.items()}, loops)
        found = {} if best is None else {best.schedule: best}
        for _, (axis, sizes) in product(range(SWEEPS), choices.items()):
            for near in [{**best.schedule.sizes, axis: size} for size in sizes] if best else ():
                made = self._estimated(near, loops)
                if made is not None:
                    found[made.schedule] = made
            best = min(found.values(), key=_estimate, default=None)
        yield from sorted(found, key=lambda each: found[each].estimate)[:MOST_CANDIDATES]

    def candidate(self, schedule: Schedule) -> Candidate | None:
        """The kernel at the schedule's tile sizes; ``None`` if they are those of other loops.

        Raises ``HawkError`` for a hole that nothing fills.
        """
        names = tile_names(self.entry.artifact.text or "")
        sizes = {f"{TILE_HOLE}{axis}": size for axis, size in schedule.tile}
        if schedule != self._schedule(schedule.sizes) or set(names) != sizes.keys():
            return None
        if schedule not in self._made:
            kernel = filled(self.entry, {**extents_of(self.specification), **sizes})
            operands = operands_of(self.specification).values()
            cycles = estimate(kernel, operands, self.target)
            self._made[schedule] = Candidate(kernel, schedule, cycles, (self.entry.name,))
        return self._made[schedule]

    def neighbours(self, schedule: Schedule, performance: Performance) -> Iterator[Schedule]:
        """None: what was not verified at other extents is not tried."""
        yield from ()

    def _schedule(self, sizes: Mapping[str, int]) -> Schedule:
        return Schedule.of(LEARNED_KERNEL.name, sizes)

    def _loops(self) -> dict[str, int]:
        """The loops that have a tile size, and the elements that each runs over."""
        names = tile_names(self.entry.artifact.text or "")
        points = {**extents_of(self.specification), **dict.fromkeys(names, 1)}
        extents = trip_extents(filled(self.entry, points))
        loops: dict[str, int] = {}
        for name in names:
            axis = name.removeprefix(TILE_HOLE)
            if axis not in extents:
                message = f"${{{name}}} is a tile size, but no loop over {axis} starts at 0"
                raise wrong_entry(self.entry, message)
            loops[axis] = extents[axis]
        return loops

    def _choices(self, axis: str, extent: int) -> list[int]:
        """Verified sizes, parts of them, divisors of the extent below these, shares of a core."""
        wanted = [size // part for size in self._preferred(f"{TILE_HOLE}{axis}") for part in PARTS]
        wanted += [max(n for n in range(1, size + 1) if extent % n == 0) for size in wanted if size]
        kinds = {self.target.vector_core, self.target.matrix_core}
        cores = {self.target.cores[kind] for kind in kinds}
        wanted += [-(-extent // (part * count)) for count in cores for part in SHARES]
        return list(dict.fromkeys(min(size, extent) for size in wanted if size >= 1))

    def _preferred(self, name: str) -> tuple[int, ...]:
        return next((tile.prefer for tile in self.entry.tiles if tile.name == name), ())

    def _estimated(self, sizes: Mapping[str, int], loops: Mapping[str, int]) -> Candidate | None:
        """The kernel at tile sizes; ``None`` for tiles larger than the largest verified one."""
        most = max(self._preferred(ELEMENTS), default=None)
        whole = prod(self.specification.axes.values()) // prod(loops.values())
        elements = prod(sizes.values()) * max(1, whole)
        if most is not None and elements > most and prod(sizes.values()) > 1:
            return None
        return self.candidate(self._schedule(sizes))


def _estimate(candidate: Candidate) -> float:
    return candidate.estimate


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

    def value(hole: str) -> str:
        try:
            return _number(parse_pattern(hole), values)
        except (KeyError, ValueError, ArithmeticError):
            known = ", ".join(values)
            message = f"nothing fills ${{{hole}}}; there are {known}"
            raise wrong_entry(entry, message) from None

    holed = _Holed(text)
    if not holed.is_valid():
        raise wrong_entry(entry, "a $ in its text is not followed by a {hole}")
    return holed.substitute({hole: value(hole) for hole in holed.get_identifiers()})


def tile_names(text: str) -> tuple[str, ...]:
    """The tile holes of a text, in order. Raises ``HawkError`` for a hole that is no arithmetic."""
    holes = map(parse_pattern, _Holed(text).get_identifiers())
    names = (part.name for hole in holes for part in hole.walk() if part.op == "variable")
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
