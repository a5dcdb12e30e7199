"""Judges whether statements read what their steps read; a small model miscopies names and numbers.

A kernel model writes the value of step ``v5`` to a buffer of that name, and what the target needs
in between to ``b0``, ``b1``, … So a statement ``v5 = …`` reads what the specification's step reads,
or, where that was not written since one instruction does both, what is read for it. Of 11,612
kernels that it was taught, 16 are not so; the gate accepts those as well.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isclose, isinf

from hawk_xdsl.language_model.sampling import Judge
from hawk_xdsl.semantics.steps import Step

_STATEMENT = re.compile(r"([bv]\d+) = (.*)$")
_BUFFER = re.compile(r"\b[bv]\d+\b")
_NUMBER = re.compile(r"(?<=[ ,])(-?)(1/)?(\d+(?:\.\d+)?(?:e[+-]?\d+)?|inf)(?=$|,)")
_OF_VALUES = re.compile(r"(?!vreduce|vcumulate|vtranspose|view|vbrc|vcast|mmad)\w+ ")
_FROM_MEMORY = re.compile(r"load |read |fill |varange ")


def step_judges(steps: Mapping[str, Step], judges: Callable[[], Judge]) -> Callable[[], Judge]:
    """Judges that also hold the statements of a text to its steps."""

    def made() -> Judge:
        judge = judges()

        def judged(lines: Sequence[str], *, ended: bool) -> str | None:
            reason = None if ended else step_objection(lines, steps)
            return reason or judge(lines, ended=ended)

        return judged

    return made


def step_objection(lines: Sequence[str], steps: Mapping[str, Step]) -> str | None:
    """What is wrong with the last of some lines; ``None`` if nothing, or no step is written."""
    found = _STATEMENT.match(lines[-1])
    if found is None or found[1] not in steps or _FROM_MEMORY.match(found[2]):
        return None
    name, statement = found[1], found[2]
    before = {match[1]: match[2] for line in lines[:-1] if (match := _STATEMENT.match(line))}

    def unwritten(step: str) -> Sequence[str]:
        return () if step in before and step != name else steps[step].reads

    joined = _closure([name], unwritten)
    if reason := _wrong_steps(name, statement, joined & before.keys() - {name}, before, steps):
        return reason
    own = [steps[step] for step in joined - before.keys() | {name}]
    if any(step.is_leaf or not step.reads for step in own):
        return None  # how an operand is read, or a number that was computed from others
    return _wrong_number(name, statement, [number for step in own for number in step.numbers])


def _wrong_steps(
    name: str,
    statement: str,
    allowed: set[str],
    before: Mapping[str, str],
    steps: Mapping[str, Step],
) -> str | None:
    named = set(_BUFFER.findall(statement)) - {name}
    direct = named & steps.keys()
    if extra := sorted(direct - allowed):
        return f"{name} reads {', '.join(sorted(allowed)) or 'nothing'}, and not `{extra[0]}`"
    behind = _closure(named - direct, lambda buffer: _read_by(buffer, before))
    for step in steps[name].reads:
        # What is in between may come from before a cast, or from memory.
        ways = {*_closure([step], lambda step: steps[step].reads), _MEMORY}
        if step in before and step not in direct and not behind & ways:
            return f"{name} reads {step} too"
    return None


def _wrong_number(name: str, statement: str, numbers: Sequence[float]) -> str | None:
    """Numbers may be another's opposite, or reciprocal."""
    if not _OF_VALUES.match(statement):
        return None
    inverse = [1.0 / number for number in numbers if number and not isinf(number)]
    wanted = [abs(number) for number in (*numbers, *inverse)]
    for _, over, digits in _NUMBER.findall(statement):
        value = 1.0 / float(digits) if over and float(digits) else float(digits)
        if not any(isclose(value, number, rel_tol=1e-6) for number in wanted):
            return f"{name} has no number `{digits}`"
    return None


_MEMORY = ""  # stands for what was loaded, which may be any step's value


def _read_by(buffer: str, before: Mapping[str, str]) -> Sequence[str]:
    """What a buffer in between was computed from; steps are not followed."""
    if buffer == _MEMORY or buffer.startswith("v"):
        return ()
    statement = before.get(buffer, "load ")
    return (_MEMORY,) if _FROM_MEMORY.match(statement) else _BUFFER.findall(statement)


def _closure(starts: Iterable[str], following: Callable[[str], Iterable[str]]) -> set[str]:
    """All that is reached from some names."""
    found: set[str] = set()
    waiting = list(starts)
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += following(name)
    return found
