"""Turns a verified kernel's numbers into holes: every way in which they may depend on extents.

Which number is an extent, which a tile size and which just a number cannot be told from one text
where they happen to be equal. So there are several readings, and the gate at other extents decides.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from hawk_xdsl.codegen.learned_template import extents_of
from hawk_xdsl.semantics.resizing import dimension, tie_of, tied
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.terms import Affine, walk

_Choice = Callable[[int], str]
_Number = Callable[[str], str]

MOST_READINGS = 16
"""Readings of one kernel that are tried."""

_LOOP = re.compile(r"([a-z][a-z0-9_]*) in 0\.\.(\d+) step (\d+)")
_SLICES = re.compile(r"\b([a-z][a-z0-9_]*)\[([^\]]*)\]")
_SHAPE = re.compile(
    r"(?:(?<=f16)|(?<=f32)|(?<=i8)|(?<=i16)|(?<=i32)|(?<=as )|(?<=to ))\[([\d, ]+)\]"
)
_FLOAT = re.compile(r"(?<![\w.])-?\d+(?:\.\d+(?:e[+-]?\d+)?|e[+-]?\d+)")


@dataclass(frozen=True)
class Reading:
    """A text with holes; of its tile holes the sizes in the kernel it was made of, and the extents.

    ``spans`` are the extents of the loops that the tile holes belong to.
    """

    text: str
    tiles: Mapping[str, int]
    spans: Mapping[str, int]


def readings(text: str, specification: Specification) -> Iterator[Reading]:
    """Every way to read a kernel's numbers, the likeliest first."""
    reader = _Reader(specification, text)
    ambiguous = sorted(reader.ambiguous())
    options = [reader.options(value) for value in ambiguous]
    seen: set[str] = set()
    for chosen in product(*options):
        made = reader.read(dict(zip(ambiguous, chosen, strict=True)))
        if made not in seen:
            seen.add(made)
            yield Reading(made, reader.tiles, reader.spans)
        if len(seen) == MOST_READINGS:
            return


class _Reader:
    """One kernel text and what its numbers may be."""

    def __init__(self, specification: Specification, text: str) -> None:
        self._specification = specification
        self._text = text
        self._extents = extents_of(specification)
        self._ties = tuple(tied(specification))
        self._dims = _dimensions(specification)
        loops = [(name, int(upper), int(step)) for name, upper, step in _LOOP.findall(text)]
        self._loops = {name: (upper, step) for name, upper, step in loops}
        self.tiles = {f"t_{name}": step for name, upper, step in loops if 1 < step < upper}

        self.spans = {f"t_{name}": upper for name, upper, step in loops if 1 < step < upper}

    def ambiguous(self) -> set[int]:
        """The numbers of shapes and slices that no rule of place explains."""
        found: set[int] = set()

        def note(value: int) -> str:
            found.add(value)
            return ""

        self._rewrite(note)
        return found

    def options(self, value: int) -> list[str]:
        """What a number may be: a tile size, an extent, a product, or itself."""
        tiles = [name for name, size in self.tiles.items() if size == value]
        extents = [name for name, size in self._extents.items() if size == value]
        names = {**self.tiles, **self._extents}
        products = [
            f"{a} * {b}"
            for position, a in enumerate(names)
            for b in list(names)[position + 1 :]
            if names[a] * names[b] == value and 1 not in (names[a], names[b])
        ]
        return [f"${{{each}}}" for each in (*tiles, *extents, *products[:2])] + [str(value)]

    def read(self, chosen: Mapping[int, str]) -> str:
        """The text with holes, ambiguous numbers as chosen."""
        return self._rewrite(lambda value: chosen.get(value, str(value)))

    def _rewrite(self, other: _Choice) -> str:
        lines = [self._line(line, other) for line in self._text.strip().splitlines()]
        return "\n".join(lines) + "\n"

    def _line(self, line: str, other: _Choice) -> str:
        def number(text: str) -> str:
            return text if int(text) < 2 else other(int(text))

        if _LOOP.search(line):
            return _LOOP.sub(lambda m: self._loop(m[1], int(m[2]), int(m[3]), other), line)
        line = _SHAPE.sub(
            lambda m: "[" + ", ".join(number(part) for part in m[1].split(", ")) + "]", line
        )
        line = _SLICES.sub(lambda m: self._slices(m, number), line)
        return _FLOAT.sub(self._float, line)

    def _loop(self, name: str, upper: int, step: int, other: _Choice) -> str:
        """The extent of a loop is an axis' if one of its name, or only one, has it."""
        number = self._extents.get(f"n{name.removeprefix('i')}")
        if number == upper and f"i{name.removeprefix('i')}" == name:
            bound = f"${{n{name.removeprefix('i')}}}"
        else:
            bound = str(upper) if upper < 2 else other(upper)
        size = f"${{t_{name}}}" if f"t_{name}" in self.tiles else str(step)
        if step == upper and step > 1:
            size = bound
        return f"{name} in 0..{bound} step {size}"

    def _slices(self, found: re.Match[str], number: _Number) -> str:
        dims = self._dims.get(found[1])
        parts = found[2].split(", ")
        written = [
            self._slice(part, dims[place] if dims and len(dims) == len(parts) else None, number)
            for place, part in enumerate(parts)
        ]
        return f"{found[1]}[{', '.join(written)}]"

    def _slice(self, part: str, dim: tuple[int, str] | None, number: _Number) -> str:
        start, colon, rest = part.partition(":")
        if not colon:
            return part
        length, second, stride = rest.partition(":")
        for name, (upper, step) in self._loops.items():
            if re.search(rf"\b{name}\b", start) and int(length) == step and 1 < step < upper:
                return f"{start}:${{t_{name}}}{second}{stride}"
        if dim is not None and start == "0" and int(length) == dim[0]:
            return f"0:{dim[1]}{second}{stride}"
        return f"{start}:{number(length)}{second}{stride}"

    def _float(self, found: re.Match[str]) -> str:
        value = float(found[0])
        tie = tie_of(value, self._ties, self._specification.axes)
        if tie is None:
            return found[0]
        count = " * ".join(f"n{axis.removeprefix('i')}" for axis in tie.axes)
        count = f"({count})" if len(tie.axes) > 1 else count
        return f"${{float({re.sub(r'n', count, tie.form)})}}"


def _dimensions(specification: Specification) -> dict[str, list[tuple[int, str]]]:
    """For each kernel argument, the extent of each dimension and what it is of the axes'."""
    accesses: dict[str, Sequence[Affine]] = {r.name: r.index for r in specification.results}
    for term in walk(specification.roots):
        if term.op == "read":
            accesses.setdefault(term.operand, term.index)
    found: dict[str, list[tuple[int, str]]] = {}
    for tensor in (*specification.operands, *specification.outputs):
        index = accesses[tensor.name]
        dims: list[tuple[int, str]] = []
        for dim, extent in zip(index, tensor.shape, strict=True):
            axes, rest = dimension(dim, extent, specification.axes)
            parts = [
                f"n{name.removeprefix('i')}" if c == 1 else f"{c} * n{name.removeprefix('i')}"
                for name, c in axes.terms
            ]
            if not parts:
                dims.append((extent, str(extent)))
                continue
            sign = f" + {rest}" if rest > 0 else f" - {-rest}" if rest < 0 else ""
            dims.append((extent, f"${{{' + '.join(parts)}{sign}}}"))
        found[tensor.name] = dims
    return found
