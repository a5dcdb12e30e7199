"""Edits of a proposed replacement, one at a time, after which it equals the function at samples.

Example: for cosh(x) a model wrote ``(exp(x) - exp(-x)) / 2``. One of its edits is
``(exp(x) + exp(-x)) / 2``, which agrees with cosh(x) at all samples, so that it is worth a check.
Nothing is believed here: what is returned is one more proposal.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.entry_check.meaning import CONDITIONS, FLOAT
from hawk_xdsl.semantics.pattern import SIGNS, Pattern, parse_pattern

_INFIX = {name: sign for sign, name in SIGNS.items()}
_BINARY = ("add", "sub", "mul", "div", "max", "min")
_NUMBERS = (0.5, 1.0, 2.0)
_ONE, _TWO = (Pattern("number", value=value) for value in (1.0, 2.0))
_CLOSE = 1e-5
"""Share by which an edit may differ at samples; the check measures what is off in the end."""

_FEW = 8
"""Samples below which agreement says nothing."""

_RANDOM = np.random.default_rng(0)
_SAMPLES = tuple(
    np.concatenate([_RANDOM.uniform(-6, 6, 40), _RANDOM.uniform(-1, 1, 24)]) for _ in range(3)
)
"""For each variable its values: ordinary ones, so that no function overflows."""


def edited(before: str, after: str, available: Mapping[str, int], most: int = 4) -> list[str]:
    """The shortest texts that one edit makes of ``after`` and that equal ``before`` at samples.

    Args:
        before: a function of variables.
        after: what is proposed for it.
        available: the functions that may be used, and how many arguments they have.
        most: how many texts to return.

    Raises:
        HawkError: for a pattern that does not parse.
    """
    asked = parse_pattern(before)
    values = {
        arg.name: sample for arg, sample in zip(asked.args, _SAMPLES, strict=False) if arg.name
    }
    found: set[str] = set()
    with np.errstate(all="ignore"):
        right = _value(asked, values)
        for pattern in _edits(parse_pattern(after), available):
            given = _value(pattern, values)
            if right is not None and given is not None and _agree(right, given):
                found.add(text_of(pattern))
    return sorted(found, key=lambda text: (len(text), text))[:most]


def text_of(pattern: Pattern) -> str:
    """A pattern as text that parses to it."""
    return _written(pattern, inside=False)


def _written(pattern: Pattern, *, inside: bool = True) -> str:
    if pattern.op == "variable":
        return pattern.name
    if pattern.op == "number":
        return repr(pattern.value).removesuffix(".0")
    if pattern.op in _INFIX:
        left, right = map(_written, pattern.args)
        text = f"{left} {_INFIX[pattern.op]} {right}"
        return f"({text})" if inside else text
    return f"{pattern.op}({', '.join(_written(arg, inside=False) for arg in pattern.args)})"


def _agree(right: Array, given: Array) -> bool:
    """Whether values are the same wherever the right ones are numbers, and these differ at all."""
    usual = np.isfinite(right)
    wanted, found = right[usual], np.broadcast_to(given, right.shape)[usual]
    if wanted.size < _FEW or np.ptp(wanted) == 0.0:
        return False
    return bool((np.abs(found - wanted) <= _CLOSE * np.maximum(np.abs(wanted), 1e-2)).all())


def _value(pattern: Pattern, values: Mapping[str, Array]) -> Array | None:
    """A pattern in float64; ``None`` where it has a function without a meaning for floats."""
    if pattern.op == "variable":
        return values.get(pattern.name)
    if pattern.op == "number":
        return np.asarray(pattern.value)
    args = [_value(arg, values) for arg in pattern.args]
    known = [arg for arg in args if arg is not None]
    if len(known) < len(args):
        return None
    if pattern.op == "select":
        return np.where(*known) if len(known) == 3 else None
    function = FLOAT.get(pattern.op) or CONDITIONS.get(pattern.op)
    try:
        return None if function is None else np.asarray(function(*known), np.float64)
    except TypeError:  # another number of arguments
        return None


@dataclass(frozen=True)
class _Editor:
    """Makes the edits of one node, of the functions that are available with their arities."""

    available: Mapping[str, int]

    def of(self, node: Pattern) -> Iterator[Pattern]:
        """The node otherwise."""
        if node.op == "number":
            yield from (Pattern("number", value=v) for v in (*_NUMBERS, -node.value))
        elif node.args and node.op != "select" and node.op not in CONDITIONS:
            yield from node.args
            same = _BINARY if node.op in _BINARY else self._as_long(len(node.args))
            yield from (replace(node, op=op) for op in same if op != node.op)
            if len(node.args) == 2:
                yield replace(node, args=node.args[::-1])
        if node.op not in CONDITIONS:
            yield from self._wrapped(node)

    def _as_long(self, arity: int) -> Iterator[str]:
        return (name for name, count in self.available.items() if count == arity)

    def _wrapped(self, node: Pattern) -> Iterator[Pattern]:
        yield from (Pattern(name, (node,)) for name in ("neg", *self._as_long(1)))
        for op in ("add", "sub", "mul", "div"):
            for number in (_ONE, _TWO):
                yield Pattern(op, (node, number))
                yield Pattern(op, (number, node))


def _edits(pattern: Pattern, available: Mapping[str, int]) -> Iterator[Pattern]:
    """Everything that one edit of a node makes of a pattern, and the pattern itself."""
    yield pattern
    editor = _Editor(available)

    def walk(node: Pattern, whole: Callable[[Pattern], Pattern]) -> Iterator[Pattern]:
        for other in editor.of(node):
            yield whole(other)
        for place in range(len(node.args)):
            yield from walk(node.args[place], _put(node, place, whole))

    yield from walk(pattern, lambda other: other)


def _put(
    node: Pattern, place: int, whole: Callable[[Pattern], Pattern]
) -> Callable[[Pattern], Pattern]:
    """What the whole is if an argument of a node is another one."""
    before: Sequence[Pattern] = node.args[:place]
    after: Sequence[Pattern] = node.args[place + 1 :]
    return lambda other: whole(replace(node, args=(*before, other, *after)))
