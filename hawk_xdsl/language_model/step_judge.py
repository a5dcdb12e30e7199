"""Judges whether statements read what their steps read; a small model miscopies names and numbers.

A kernel model writes the value of step ``v5`` to a buffer of that name, and what the target needs
in between to ``b0``, ``b1``, … So a statement ``v5 = …`` reads what the specification's step reads,
or, where that was not written since one instruction does both, what is read for it. Of 11,612
kernels that it was taught, 16 are not so; the gate accepts those as well.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isclose, isinf

from hawk_xdsl.dialects.kernel_text import KernelTextError
from hawk_xdsl.dialects.kernel_text.read_tree import trees, word
from hawk_xdsl.language_model.sampling import Judge
from hawk_xdsl.language_model.shorthand_tree import (
    ShorthandLiteral,
    assigned,
    is_buffer,
    mnemonic,
    parsed,
    rules,
    tokens,
)
from hawk_xdsl.semantics.steps import Step, is_step_name

_LOADS = re.compile(r"\w+ = load (x[0-9]+)\b")

_CASTS = ("vcast", "vbrc", "vtranspose", "view")
"""What gives the value of a cast: the cast itself, or another shape of what was cast before."""

_FROM_MEMORY = ("load", "read", "fill", "varange")


@dataclass(frozen=True)
class StepStatement:
    """A statement of a text in shorthand that assigns to a buffer, by what it reads."""

    name: str
    mnemonic: str
    operand: str  # that it loads, if it loads one
    reads: tuple[str, ...]
    numbers: tuple[ShorthandLiteral, ...]

    @property
    def from_memory(self) -> bool:
        """Whether it computes nothing."""
        return self.mnemonic in _FROM_MEMORY


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
    statement = statement_of(lines[-1])
    if statement is None:
        return None
    name = statement.name
    if name not in steps:
        return f"there is no step `{name}`" if is_step_name(name) else None
    if statement.operand and (wrong := _wrong_operand(statement, steps[name])):
        return wrong
    if statement.from_memory:
        return None
    if steps[name].is_cast and statement.mnemonic not in _CASTS:
        return f"{name} is a cast, and no `{statement.mnemonic}`"
    before = {each.name: each for line in lines[:-1] if (each := statement_of(line)) is not None}

    def unwritten(step: str) -> Sequence[str]:
        return () if step in before and step != name else steps[step].reads

    joined = _closure([name], unwritten)
    if reason := _wrong_steps(statement, joined & before.keys() - {name}, before, steps):
        return reason
    own = [steps[step] for step in joined - before.keys() | {name}]
    if any(step.is_leaf or not step.reads for step in own):
        return None  # how an operand is read, or a number that was computed from others
    return _wrong_number(statement, [number for step in own for number in step.numbers])


def _wrong_operand(statement: StepStatement, step: Step) -> str | None:
    """A step that computes is not loaded from an operand, and a leaf not from another one."""
    name, operand = statement.name, statement.operand
    if not step.is_leaf:
        return f"{name} is computed, and no `{statement.mnemonic}`"
    return f"{name} is not of `{operand}`" if step.operand not in ("", operand) else None


@lru_cache(4096)
def statement_of(line: str) -> StepStatement | None:
    """What a line says; ``None`` for one that assigns to no buffer, or is none of the language."""
    try:
        [region] = trees(parsed(f"{line}\n"))
    except KernelTextError:
        return None
    [node] = trees(region)
    if node.data != "assign":
        return None
    name, value = assigned(node)
    if not is_buffer(name):
        return None
    literals = (word(rule) for rule in rules(value, "number"))
    return StepStatement(
        str(name),
        mnemonic(value),
        loaded[1] if (loaded := _LOADS.match(line)) else "",
        tuple(str(name) for name in tokens(value, "NAME") if is_buffer(name)),
        tuple(ShorthandLiteral.of(literal) for literal in literals),
    )


def _wrong_steps(
    statement: StepStatement,
    allowed: set[str],
    before: Mapping[str, StepStatement],
    steps: Mapping[str, Step],
) -> str | None:
    # What a step accumulates in is read again; before it is written there is nothing to read.
    name, own = statement.name, {statement.name} if statement.name in before else set[str]()
    named = {*statement.reads} - own
    direct = named & steps.keys()
    if (extra := sorted(direct - allowed)) and steps[name].is_leaf and not allowed:
        return f"{name} reads no step, as `{statement.mnemonic}` does here"
    if extra:
        return f"{name} reads {', '.join(sorted(allowed)) or 'nothing'}, and not `{extra[0]}`"
    behind = _closure(named - direct, lambda buffer: _read_by(buffer, before))
    for step in sorted(allowed):
        # What is in between may come from before a cast, or from memory.
        ways = {*_closure([step], lambda step: steps[step].reads), _MEMORY}
        if step in before and step not in direct and not behind & ways:
            return f"{name} reads {step} too"
    return None


def _wrong_number(statement: StepStatement, numbers: Sequence[float]) -> str | None:
    """Numbers may be another's opposite, or reciprocal; a product with -1 negates."""
    inverse = [1.0 / number for number in numbers if number and not isinf(number)]
    wanted = [abs(number) for number in (*numbers, *inverse)]
    for written in statement.numbers:
        value = float(written.digits)
        value = 1.0 / value if written.inverted and value else value
        if not any(isclose(value, number, rel_tol=1e-6) for number in (*wanted, 1.0)):
            if not wanted:
                return f"{statement.name} has no number, as `{statement.mnemonic}` has here"
            return f"{statement.name} has no number `{written.digits}`"
    return None


_MEMORY = ""  # stands for what was loaded, which may be any step's value


def _read_by(buffer: str, before: Mapping[str, StepStatement]) -> Sequence[str]:
    """What a buffer in between was computed from; steps are not followed."""
    if buffer == _MEMORY or is_step_name(buffer):
        return ()
    statement = before.get(buffer)
    return (_MEMORY,) if statement is None or statement.from_memory else statement.reads


def _closure(starts: Iterable[str], following: Callable[[str], Iterable[str]]) -> set[str]:
    """All that is reached from some names."""
    found: set[str] = set()
    waiting = list(starts)
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += following(name)
    return found
