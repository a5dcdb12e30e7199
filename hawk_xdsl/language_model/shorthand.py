"""The shorthand in which a kernel model writes: what follows from the operands is left out.

A small model copies numbers badly. In shorthand a kernel text says ``i0 parts 48`` for
``i0 in 0..7168 step 150``, ``x0[i0:, :]`` for ``x0[i0:150, 0:64]``, ``x0[2*i0:]`` for what a step
covers, ``t0[i0//step]`` for the number of a step, ``f32[i0]`` for its length, ``1/140.0`` for
``0.007142857142857143``, and a composite function of the knowledge (``b1 = erf b0``) in one
statement. :meth:`Shorthand.expanded` gives the kernel text that it stands for, line by line;
everything else sees only that.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod

from hawk_xdsl.dialects.dtype import BUFFER_DTYPES
from hawk_xdsl.dialects.kernel_text import KernelTextError, Signature, with_rule
from hawk_xdsl.language_model.composites import Composite, Composites, for_results, renamed
from hawk_xdsl.language_model.literals import Literals
from hawk_xdsl.semantics.spelling import without_blanks
from hawk_xdsl.semantics.steps import STEP_NAME

_NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
_SLICES = re.compile(r"(\w+)\[([^\]]*)\]")
_SHAPE = re.compile(r"(\b(?:as|to) )\[([^\]]*)\]")
_LOOP = re.compile(r"(\w+) (?:in (.+)\.\.(.+) )?(step|parts) (\d+)$")
_BLOCK = re.compile(r"(across|for) (.*) \{$")
_LONG_LITERAL = re.compile(r"(?<![\w.])-?\d+\.\d{7,}(?:e[+-]?\d+)?(?![\w.])")
_RECIPROCAL = re.compile(rf"(?<![\w.])(-?)1/({_NUMBER})")

_INDICES = re.compile(r"\w\[[^\]]*\]|^(?:across|for) .*$", re.MULTILINE)
_PART = re.compile(r"\b([A-Za-z]\w*)//(\d+|step)\b")
_SUMMAND = re.compile(r"(?:(\d+)\*)?([A-Za-z]\w*)|\d+")

MOST_PARTS = 96
"""Loops of more parts are written by their step: it depends on ub, not on the extent."""

NAMES = "[bvi][0-9]{1,2}|p[0-9]|part|once"
"""The names that a text in shorthand defines: buffers, axes, and the templates' own loops."""

CUBE_STEP = 16
"""Steps of a cube kernel that are whole multiples of this are written as such: fractals."""


@dataclass(frozen=True)
class Shorthand:
    """What the shorthand of one op's kernels leaves out.

    ``axes`` are the extents of the specification's axes, ``shapes`` those of the operands.
    """

    axes: Mapping[str, int]
    shapes: Mapping[str, tuple[int, ...]]
    composites: Mapping[str, Composite] = field(default_factory=dict[str, Composite])

    @staticmethod
    def of(signature: Signature, axes: Mapping[str, int], composites: Composites) -> "Shorthand":
        """The shorthand of the kernels of a signature."""
        operands = (*signature.inputs, *signature.outputs)
        chosen = for_results(composites, (output.dtype for output in signature.outputs))
        return Shorthand(dict(axes), {o.name: o.shape for o in operands}, chosen)

    def expanded(self, text: str) -> str:
        """The kernel text that a text stands for.

        Raises ``KernelTextError``, with the line of the shorthand, where nothing follows.
        """
        expansion = Expansion(self)
        found: list[str] = []
        for number, line in enumerate(text.splitlines(), start=1):
            try:
                found += expansion.lines(line)
            except KernelTextError as error:
                raise KernelTextError(error.message, line=number) from None
        return "".join(f"{line}\n" for line in found)

    def shortened(self, text: str) -> str:
        """A kernel text in shorthand, composite functions aside; expands to the same text.

        What cannot be said shorter stays as it is. Indices are written without blanks, as the
        grammar has them.
        """
        text = _INDICES.sub(lambda found: without_blanks(found[0]), text)
        plain = replace(self, composites={})
        short = "".join(f"{line}\n" for line in _Shortening(self, text.splitlines()).lines())
        return short if plain.expanded(short) == text else text

    def grammar(self, narrowed: str, literals: Literals | None = None) -> str:
        """A narrowed grammar that accepts shorthand too, of numbers only ``literals`` if given."""
        text = with_rule(narrowed, "NAME", f"/{NAMES}/")
        text = _with(text, "loop", 'name _SP ("step" | "parts") _SP INT')
        text = _with(text, "slice", '":" | expr ":"')
        text = _with(text, "?term", 'term "//step" -> floordiv')
        text = _with(text, "length", "NAME")
        if literals is None:
            text = _with(text, "!number", '"1/" FLOAT | "-1/" FLOAT')
        else:
            words = "|".join(re.sub(r"([./+])", r"\\\1", word) for word in literals.floats)
            text = with_rule(text, "FLOAT", f"/{words}/")
            if not literals.whole:
                text = with_rule(text, "number", 'FLOAT | "inf" | "-inf"')
        for rule, count in (("!unary", 1), ("!binary", 2)):
            for name, composite in self.composites.items():
                if composite.arity == count:
                    text = _with(text, rule, f'"{name}"')
        return text


def _with(text: str, rule: str, more: str) -> str:
    """One more alternative of a rule."""
    found, count = re.subn(
        rf"^({re.escape(rule)}: .*)$", lambda line: f"{line[1]} | {more}", text, flags=re.MULTILINE
    )
    assert count == 1, f"the grammar defines {rule} {count} times"
    return found


@dataclass
class Expansion:
    """The expansion of one text, line by line: steps of loops, shapes of temps, renamed buffers."""

    shorthand: Shorthand
    steps: dict[str, int] = field(default_factory=dict[str, int])
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    names: dict[str, str] = field(default_factory=dict[str, str])
    made: int = 0

    def lines(self, line: str) -> list[str]:
        """The lines that a line stands for. Raises ``KernelTextError``."""
        if (block := _BLOCK.match(line)) is not None:
            loops = ", ".join(self._loop(loop) for loop in block[2].split(", "))
            return [f"{block[1]} {loops} {{"]
        if line.startswith("temp "):
            return [self._temp(line)]
        line = _RECIPROCAL.sub(lambda found: repr(_reciprocal(found)), line)
        line = _SLICES.sub(self._slices, line)
        line = _SHAPE.sub(lambda found: f"{found[1]}[{self._shape(found[2])}]", line)
        if self.names:
            line = renamed(line, self.names)
        called = re.match(r"(\w+) = (\w+) (.+)$", line)
        if called is not None and (composite := self.shorthand.composites.get(called[2])):
            return self._statements(composite, called[1], called[3].split(", "))
        return [line]

    def _statements(self, composite: Composite, result: str, operands: list[str]) -> list[str]:
        """A call's statements; a result that would overwrite an operand gets a buffer of its own.

        The text goes on with that buffer under the old name.
        """
        if len(operands) != composite.arity:
            raise KernelTextError(f"{composite.name} takes {composite.arity} tiles")
        self.made += 1
        if result in operands:
            new = f"c{self.made}_y0"
            for name in [n for n, now in self.names.items() if now == result] or [result]:
                self.names[name] = new
            result = new
        return composite.statements(result, operands, f"c{self.made}_")

    def _loop(self, text: str) -> str:
        found = _LOOP.match(text)
        if found is None:
            raise KernelTextError(f"`{text}` is no loop")
        name, start, stop, kind, number = found.groups()
        if start is None:
            start, stop = "0", str(self._extent(name))
        count = max(1, int(number))
        step = count if kind == "step" else -(-self._extent(name) // count)
        self.steps[name] = step
        return f"{name} in {start}..{stop} step {step}"

    def _extent(self, axis: str) -> int:
        if axis not in self.shorthand.axes:
            raise KernelTextError(f"`{axis}` is no axis: it needs bounds")
        return self.shorthand.axes[axis]

    def _temp(self, line: str) -> str:
        found = _SLICES.search(line)
        if found is None:
            return line
        sizes = [n if n.isdigit() else str(self._extent(n)) for n in found[2].split(", ")]
        name = line.split()[1]
        self.shapes[name] = tuple(map(int, sizes))
        return f"{line[: found.start()]}{found[1]}[{', '.join(sizes)}]{line[found.end() :]}"

    def _slices(self, found: re.Match[str]) -> str:
        name, inside = found.groups()
        if name in BUFFER_DTYPES:
            return f"{name}[{self._shape(inside)}]"
        shape = self.shapes.get(name) or self.shorthand.shapes.get(name)
        parts = inside.split(", ")
        return f"{name}[{', '.join(self._slice(p, i, parts, shape) for i, p in enumerate(parts))}]"

    def _slice(
        self, part: str, place: int, parts: Sequence[str], shape: tuple[int, ...] | None
    ) -> str:
        part = _PART.sub(lambda found: f"{found[1]}//{self._step(found[1], found[2])}", part)
        if part == ":":
            if shape is None or place >= len(shape):
                raise KernelTextError("`:` needs an operand or a temp with that dimension")
            return f"0:{_extent_at(shape, place, len(parts))}"
        start, *lengths = part.split(":")
        if lengths == [""]:
            covered = covered_by(start, self.steps)
            if covered is None:
                raise KernelTextError(f"`{part}` follows no loop: it needs a length")
            return f"{start}:{covered}"
        lengths = [n if n.isdigit() else str(self._length(n)) for n in lengths]
        return ":".join([start, *lengths])

    def _step(self, name: str, number: str) -> str:
        if number != "step":
            return number
        if name not in self.steps:
            raise KernelTextError(f"`{name}` is no loop: it has no step")
        return str(self.steps[name])

    def _length(self, name: str) -> int:
        return self.steps.get(name) or self._extent(name)

    def _shape(self, inside: str) -> str:
        return ", ".join(
            part if part.isdigit() else str(self._length(part)) for part in inside.split(", ")
        )


def covered_by(start: str, steps: Mapping[str, int]) -> int | None:
    """The elements between the first and the last that the steps of loops reach from an index on.

    ``2*i0+i1`` covers 2 · (step of i0 - 1) + (step of i1 - 1) + 1. ``None`` for an index that is no
    sum over a loop.
    """
    summands = [_SUMMAND.fullmatch(part) for part in start.split("+")]
    reached = [(int(s[1] or 1), s[2]) for s in summands if s is not None and s[2]]
    if None in summands or not any(name in steps for _, name in reached):
        return None
    return 1 + sum(factor * (steps.get(name, 1) - 1) for factor, name in reached)


def _extent_at(shape: tuple[int, ...], place: int, slices: int) -> int:
    """The extent of a dimension; the last slice is of all that are left, as one."""
    return prod(shape[place:]) if place == slices - 1 else shape[place]


def _reciprocal(found: re.Match[str]) -> float:
    value = float(found[2])
    if not value:
        raise KernelTextError("1/0 is no number")
    return -1 / value if found[1] else 1 / value


class _Shortening:
    """The shortening of one text: what each line need not say."""

    def __init__(self, shorthand: Shorthand, lines: Sequence[str]) -> None:
        self._shorthand = shorthand
        self._lines = lines
        self._steps: dict[str, int] = {}
        self._shapes = dict(shorthand.shapes)
        self._on_cube = False
        self._temp_axes = _temp_axes(lines)

    def lines(self) -> list[str]:
        """The lines in shorthand."""
        return [self._line(line) for line in self._lines]

    def _line(self, line: str) -> str:
        if line.startswith("on "):
            self._on_cube = line.startswith("on cube")
        elif (block := _BLOCK.match(line)) is not None:
            loops = ", ".join(self._loop(loop) for loop in block[2].split(", "))
            return f"{block[1]} {loops} {{"
        elif line.startswith("temp "):
            return self._temp(line)
        line = _LONG_LITERAL.sub(lambda found: _as_reciprocal(found[0]), line)
        line = _SLICES.sub(self._slices, line)
        return _SHAPE.sub(lambda found: f"{found[1]}[{self._shape(found[2])}]", line)

    def _loop(self, text: str) -> str:
        found = _LOOP.match(text)
        assert found is not None, text
        name, start, stop, _, number = found.groups()
        step = int(number)
        self._steps[name] = step
        extent = self._shorthand.axes.get(name)
        if extent is None or (start, stop) != ("0", str(extent)):
            return text
        parts = -(-extent // step)
        as_step = step == 1 or parts > MOST_PARTS or (self._on_cube and step % CUBE_STEP == 0)
        if as_step or -(-extent // parts) != step:
            return f"{name} step {step}"
        return f"{name} parts {parts}"

    def _temp(self, line: str) -> str:
        found = _SLICES.search(line)
        assert found is not None, line
        name = line.split()[1]
        sizes = found[2].split(", ")
        self._shapes[name] = tuple(map(int, sizes))
        for place, size in enumerate(sizes):
            axis = self._temp_axes.get((name, place), "")
            if self._shorthand.axes.get(axis) == int(size):
                sizes[place] = axis
        return f"{line[: found.start()]}{found[1]}[{', '.join(sizes)}]{line[found.end() :]}"

    def _slices(self, found: re.Match[str]) -> str:
        name, inside = found.groups()
        if name in BUFFER_DTYPES:
            return f"{name}[{self._shape(inside)}]"
        shape = self._shapes.get(name)
        parts = inside.split(", ")
        for place, part in enumerate(parts):
            start, _, length = part.partition(":")
            known = shape is not None and place < len(shape)
            if known and part == f"0:{_extent_at(shape or (), place, len(parts))}":
                parts[place] = ":"
            elif length and length == str(covered_by(start, self._steps)):
                parts[place] = f"{start}:"
            elif ":" in length:
                count, _, stride = length.partition(":")
                parts[place] = f"{start}:{self._named(int(count))}:{stride}"
            parts[place] = _PART.sub(self._part, parts[place])
        return f"{name}[{', '.join(parts)}]"

    def _part(self, found: re.Match[str]) -> str:
        name, number = found.groups()
        return f"{name}//step" if number == str(self._steps.get(name)) else found[0]

    def _named(self, length: int) -> str:
        """A length of more than one by the name of a loop that has steps of it."""
        named = (name for name, size in self._steps.items() if size == length > 1)
        return next(named, str(length))

    def _shape(self, inside: str) -> str:
        """Lengths by the names of loops, each once, in order; else of axes without a loop."""
        free = dict(self._steps)
        whole = {a: n for a, n in self._shorthand.axes.items() if a not in free}
        parts = inside.split(", ")
        for place, part in enumerate(parts):
            if int(part) < 2:
                continue
            for sizes in (free, whole):
                name = next((n for n, size in sizes.items() if size == int(part)), None)
                if name is not None:
                    del sizes[name]
                    parts[place] = name
                    break
        return ", ".join(parts)


def _temp_axes(lines: Iterable[str]) -> dict[tuple[str, int], str]:
    """Which loop runs over a dimension of a temp: (temp, dimension) → variable."""
    found: dict[tuple[str, int], str] = {}
    temps: set[str] = set()
    for line in lines:
        if line.startswith("temp "):
            temps.add(line.split()[1])
            continue
        for name, inside in _SLICES.findall(line):
            if name in temps:
                for place, part in enumerate(inside.split(", ")):
                    if (start := re.match(r"(\w+)(?::\d+)?$", part)) is not None:
                        found.setdefault((name, place), start[1])
    return found


def _as_reciprocal(literal: str) -> str:
    """A literal as ``1/c`` if it is exactly that of a short one."""
    value = float(literal)
    if not value:
        return literal
    inverse = float(f"{1 / abs(value):.12g}")
    if inverse and repr(1 / inverse) == repr(abs(value)) and len(repr(inverse)) < len(literal) - 4:
        return f"{'-' if value < 0 else ''}1/{inverse!r}"
    return literal


def renumbered(text: str) -> str:
    """The same kernel with its buffers named ``b0, b1, …`` in the order in which they appear.

    Those that have the name of a step keep it. What is easiest to learn is a new buffer that always
    has the next number.
    """
    names: dict[str, str] = {}
    for line in text.splitlines():
        found = re.match(r"(\w+) = ", line)
        if found and not STEP_NAME.fullmatch(found[1]):
            names.setdefault(found[1], f"b{len(names)}")
    return renamed(text, names)
