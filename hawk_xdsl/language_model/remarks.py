"""Steps said in a text: the line ``# v2 = div v0, v1`` stands right before what computes it.

A small model loses its place between a list of steps above and the statements that it writes below.
Where each step is said again right before its statements it has only that line to translate::

    # v0 = x0[i0]
    v0 = load x0[i0:] into ub
    # v1 = div v0, 8.0
    v1 = vmul v0, 0.125

Examples are shown so. A model writes its texts so, or finds the remarks there, and they are left
out again before anything else reads the text.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache

from hawk_xdsl.language_model.sampling import Judge
from hawk_xdsl.language_model.shorthand_grammar import with_more
from hawk_xdsl.language_model.step_judge import statement_of
from hawk_xdsl.semantics.steps import is_step_name

_STEP = re.compile(r"(v[0-9]+)(?:\[[^\]]*\])? = ")

_CAST = re.compile(r"([vb][0-9]+) = vcast ([vb][0-9]+) to")

_BUFFER = re.compile(r"\b[vb][0-9]+\b")

_MARK = "# "


def said_steps(steps: str) -> dict[str, str]:
    """The line of each step of a specification in steps, by its name, in their order."""
    lines = ((_STEP.match(line), line) for line in steps.splitlines())
    return {found[1]: line for found, line in lines if found is not None}


def remarked(lines: Sequence[str], said: Mapping[str, str]) -> list[str]:
    """A text with each step that it assigns to said before the statements that compute it.

    What is computed in between, in ``b0`` and so on, belongs to the step after it. A step that no
    statement has the name of is said together with the next one.
    """
    own = {_assigned(line) for line in lines}
    left = dict(said)
    written: list[str] = []
    between: list[str] = []
    for line in lines:
        name = _assigned(line)
        if name.startswith("b"):
            between.append(line)
            continue
        if name in left:
            before = list(left)[: list(left).index(name)]
            for step in (*(step for step in before if step not in own), name):
                written.append(_MARK + left.pop(step))
        written += [*between, line]
        between.clear()
    return [*written, *between]


def without_remarks(text: str) -> str:
    """A text as others read it."""
    return "".join(f"{line}\n" for line in _unmarked(text.splitlines()))


def _unmarked(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if not line.startswith(_MARK)]


def _assigned(line: str) -> str:
    """The buffer that a line assigns to; empty for none."""
    return "" if (statement := statement_of(line)) is None else statement.name


def named_as_in_memory(lines: Sequence[str]) -> list[str]:
    """A text in which what is loaded and stored has the names of steps, and casts of it others.

    A template whose statements are left open has ``v0 = load x0[i0:] into ub`` and
    ``store v4 into y0[i0:]``; kernels that compute in a wider dtype often call what they cast so.
    """
    for number, line in enumerate(lines):
        if (cast := _CAST.match(line)) is None or cast[1][0] == cast[2][0]:
            continue
        if is_step_name(cast[1]):
            in_memory = any(before.startswith(f"{cast[2]} = load ") for before in lines[:number])
        else:
            in_memory = any(after.startswith(f"store {cast[1]} into ") for after in lines[number:])
        if in_memory:
            return named_as_in_memory(_exchanged(lines, cast[1], cast[2]))
    return list(lines)


def _exchanged(lines: Sequence[str], one: str, other: str) -> list[str]:
    names = {one: other, other: one}
    return [_BUFFER.sub(lambda found: names.get(found[0], found[0]), line) for line in lines]


def statements_said(said: Mapping[str, str], computed: Collection[str]) -> str:
    """In a grammar: steps in their order, each before the statements that compute it."""
    return " ".join(
        f"{json.dumps(f'{_MARK}{line}' + chr(10))} assign*"
        for name, line in said.items()
        if name in computed
    )


def with_remarks(grammar: str, said: Mapping[str, str]) -> str:
    """A grammar in which a step may be said before any statement."""
    if not said:
        return grammar
    words = " | ".join(json.dumps(f"{_MARK}{line}\n") for line in said.values())
    return f"{with_more(grammar, '?stmt', 'remark')}\nremark: {words}\n"


def remark_judges(
    said: Mapping[str, str], judges: Callable[[], Judge], *, likely: bool = False
) -> Callable[[], Judge]:
    """Judges of texts with remarks: a step is said once, and before the statement of its name.

    With ``likely`` a statement also repeats no other one, and what was computed in between for
    another step is not read, but for casts and what holds numbers.
    """

    def made() -> Judge:
        judge = judges()

        def judged(lines: Sequence[str], *, ended: bool) -> str | None:
            if lines and not ended:
                reason = _unsaid(lines, said) or (_unlikely(lines) if likely else None)
                if reason or lines[-1].startswith(_MARK):
                    return reason
            return judge(_unmarked(lines), ended=ended)

        return judged

    return made


def _unsaid(lines: Sequence[str], said: Mapping[str, str]) -> str | None:
    """What is wrong with the last line as a remark, or as the statement of a step."""
    *before, last = lines
    if last.startswith(_MARK):
        step = _STEP.match(last, len(_MARK))
        return f"step `{step[1]}` was said before" if step and last in before else None
    name = _assigned(last)
    if name not in said or _MARK + said[name] in before:
        return None
    return f"step `{name}` was not said before its statement"


def _unlikely(lines: Sequence[str]) -> str | None:
    """What a small model often writes and hardly ever means."""
    *before, last = lines
    if (statement := statement_of(last)) is None:
        return None
    if last in before[-1:] and statement.name not in statement.reads:
        return f"the line before says so already: no `{statement.mnemonic}` again"
    open_step = max((n for n, line in enumerate(before) if line.startswith(_MARK)), default=0)
    own = {_assigned(line) for line in before[open_step:]}
    between = {name for name in statement.reads if not is_step_name(name)} - own
    for made in map(statement_of, before[:open_step]):
        if made is not None and made.name in between and made.mnemonic not in _ANYWHERE:
            return f"`{made.name}` was computed for another step"
    return None


_ANYWHERE = ("vcast", "vbrc", "vcmp", "fill", "load", "read", "varange")
"""What makes buffers that statements of any step read: other forms, masks, numbers."""


@cache
def example_text(text: str, steps: str) -> str:
    """A kernel in shorthand as an example shows it, with its steps said.

    Args:
        text: the kernel.
        steps: its specification in steps.
    """
    lines = remarked(named_as_in_memory(text.splitlines()), said_steps(steps))
    return "".join(f"{line}\n" for line in lines)
