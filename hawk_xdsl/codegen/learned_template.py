"""Fills templates of whole kernels, learned from verified ones: holes for extents and tile sizes.

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
from hawk_xdsl.dialects.kernel_text import parse
from hawk_xdsl.dialects.npu import Core
from hawk_xdsl.errors import HawkError
from hawk_xdsl.knowledge_store.entry import Entry
from hawk_xdsl.npu_target import Performance
from hawk_xdsl.npu_target.target import Target
from hawk_xdsl.schedule.candidate import Candidate, waves
from hawk_xdsl.schedule.schedule import Schedule
from hawk_xdsl.semantics.resizing import UnresizableError, erased
from hawk_xdsl.semantics.rewriting import Pattern, parse_pattern
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.structure import Structure

MOST_CANDIDATES = 4
"""Tilings of one kernel template that are tried."""

ELEMENTS = "elements"
"""The tile hole whose size is no tile size: the elements of the largest tile that was verified."""

TILE_OVERHEAD = 1024
"""What starting a tile costs, in elements: only the order of tilings depends on it."""

_HOLE = re.compile(r"\$\{([^}]*)\}")
_LOOP = re.compile(r"0\.\.(\S+|\$\{[^}]*\}) step \$\{(t_\w+)\}")


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
        """Sizes no larger than what was verified. Raises ``HawkError`` for a hole nothing fills."""
        text = self.entry.artifact.text or ""
        for sizes in _tilings(self.entry, text, self.extents, self.target):
            loops = {name.removeprefix("t_"): size for name, size in sizes.items()}
            yield Schedule.of(LEARNED_KERNEL.name, loops)

    def candidate(self, schedule: Schedule) -> Candidate | None:
        """The kernel at the schedule's tile sizes; ``None`` if they are those of other loops.

        The estimate is 0: it is known to be the fastest at the extents it was verified at.
        Raises ``HawkError`` for a hole that nothing fills.
        """
        text = self.entry.artifact.text or ""
        sizes = {f"t_{name}": size for name, size in schedule.tile}
        if schedule != Schedule.of(LEARNED_KERNEL.name, schedule.sizes) or (
            set(tile_names(text)) != sizes.keys()
        ):
            return None
        filled = fill(text, {**self.extents, **sizes}, self.entry)
        return Candidate(parse(filled), schedule, 0.0, (self.entry.name,))

    def neighbours(self, schedule: Schedule, performance: Performance) -> Iterator[Schedule]:
        """None: what was not verified at other extents is not tried."""
        yield from ()


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


def fill(text: str, values: Mapping[str, int], entry: Entry) -> str:
    """The text with each hole as a number. Raises ``HawkError`` for a hole nothing fills."""

    def value(found: re.Match[str]) -> str:
        try:
            return _number(parse_pattern(found[1]), values)
        except (KeyError, ValueError, ArithmeticError):
            known = ", ".join(values)
            raise HawkError(
                f"template {entry.name}: nothing fills ${{{found[1]}}}; there are {known}",
                file=entry.origin or None,
            ) from None

    filled = _HOLE.sub(value, text)
    return "\n".join(line.strip() for line in filled.splitlines() if line.strip()) + "\n"


def tile_names(text: str) -> tuple[str, ...]:
    """The tile holes of a text, in order."""
    return tuple(dict.fromkeys(name for _, name in _LOOP.findall(text)))


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


def _tilings(
    entry: Entry, text: str, extents: Mapping[str, int], target: Target
) -> list[dict[str, int]]:
    """Tile sizes that are no larger than what was verified, the least work a core first."""
    loops = {name: int(fill(upper, extents, entry)) for upper, name in _LOOP.findall(text)}
    if not loops:
        return [{}]
    cores = target.cores[Core.CUBE if "on cube" in text else Core.VECTOR]
    prefer = {tile.name: tile.prefer for tile in entry.tiles}
    most = max(prefer.get(ELEMENTS, (1 << 62,)))
    whole = prod(extents.values()) // prod(loops.values())
    choices = [_choices(prefer.get(name, ()), extent, cores) for name, extent in loops.items()]
    found: list[tuple[tuple[int, ...], dict[str, int]]] = []
    for sizes in product(*choices):
        tile = prod(sizes) * max(1, whole)
        if tile > most and prod(sizes) > 1:
            continue
        tiles = prod(-(-extent // size) for extent, size in zip(loops.values(), sizes, strict=True))
        cost = waves(tiles, cores) * (tile + TILE_OVERHEAD)
        found.append(((cost, *(-size for size in sizes)), dict(zip(loops, sizes, strict=True))))
    found.sort(key=lambda pair: pair[0])
    return [sizes for _, sizes in found[:MOST_CANDIDATES]]


def _choices(prefer: Sequence[int], extent: int, cores: int) -> list[int]:
    """The sizes that were verified, parts of them, and an equal share for each core."""
    wanted = [size // part for size in prefer for part in (1, 2, 4)]
    wanted += [-(-extent // cores), -(-extent // (2 * cores))]
    return list(dict.fromkeys(min(size, extent) for size in wanted if size >= 1))
