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

from hawk_xdsl.language_model.sampling import Judge
from hawk_xdsl.language_model.shorthand_grammar import with_more

_STEP = re.compile(r"(v[0-9]+)(?:\[[^\]]*\])? = ")

_ASSIGNED = re.compile(r"([vb][0-9]+) = (\w+)")

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
    own = {found[1] for line in lines if (found := _ASSIGNED.match(line))}
    left = dict(said)
    written: list[str] = []
    between: list[str] = []
    for line in lines:
        name = assigned[1] if (assigned := _ASSIGNED.match(line)) else ""
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
    return "".join(f"{line}\n" for line in text.splitlines() if not line.startswith(_MARK))


def named_as_in_memory(lines: Sequence[str]) -> list[str]:
    """A text in which what is loaded and stored has the names of steps, and casts of it others.

    A template whose statements are left open has ``v0 = load x0[i0:] into ub`` and
    ``store v4 into y0[i0:]``; kernels that compute in a wider dtype often call what they cast so.
    """
    for number, line in enumerate(lines):
        if (cast := re.match(r"(v[0-9]+) = vcast (b[0-9]+) to", line)) and any(
            before.startswith(f"{cast[2]} = load ") for before in lines[:number]
        ):
            return named_as_in_memory(_exchanged(lines, cast[1], cast[2]))
        if (cast := re.match(r"(b[0-9]+) = vcast (v[0-9]+) to", line)) and any(
            after.startswith(f"store {cast[1]} into ") for after in lines[number:]
        ):
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
            return judge([line for line in lines if not line.startswith(_MARK)], ended=ended)

        return judged

    return made


def _unsaid(lines: Sequence[str], said: Mapping[str, str]) -> str | None:
    """What is wrong with the last line as a remark, or as the statement of a step."""
    *before, last = lines
    if last.startswith(_MARK):
        name = last.removeprefix(_MARK).partition(" ")[0].partition("[")[0]
        return f"step `{name}` was said before" if last in before else None
    name = found[1] if (found := _ASSIGNED.match(last)) else ""
    if name not in said or _MARK + said[name] in before:
        return None
    return f"step `{name}` was not said before its statement"


def _unlikely(lines: Sequence[str]) -> str | None:
    """What a small model often writes and hardly ever means."""
    *before, last = lines
    if (written := _ASSIGNED.match(last)) is None:
        return None
    name, mnemonic = written[1], written[2]
    read = set(_BUFFER.findall(last)[1:])
    if last in before[-1:] and name not in read:
        return f"the line before says so already: no `{mnemonic}` again"
    open_step = max((n for n, line in enumerate(before) if line.startswith(_MARK)), default=0)
    for line in before[:open_step]:
        made = _ASSIGNED.match(line)
        if made is None or made[1] not in read or not made[1].startswith("b"):
            continue
        if made[2] not in _ANYWHERE and not any(
            (again := _ASSIGNED.match(other)) and again[1] == made[1]
            for other in before[open_step:]
        ):
            return f"`{made[1]}` was computed for another step"
    return None


_ANYWHERE = ("vcast", "vbrc", "vcmp", "fill", "load", "read", "varange")
"""What makes buffers that statements of any step read: other forms, masks, numbers."""


def example_text(text: str, steps: str) -> str:
    """A kernel in shorthand as an example shows it, with its steps said.

    Args:
        text: the kernel.
        steps: its specification in steps.
    """
    lines = remarked(named_as_in_memory(text.splitlines()), said_steps(steps))
    return "".join(f"{line}\n" for line in lines)
