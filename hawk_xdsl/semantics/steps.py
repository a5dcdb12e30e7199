"""A specification in steps: one function a line, under names that a kernel's buffers can take.

    v0 = x0[i0, i1]
    v1[i0] = sum(i1) v0
    v2 = div v0, v1
    y0[i0, i1] = v2

That is the same as ``Specification.text`` says, without nesting and without operators: what a small
model can follow line by line.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hawk_xdsl.semantics.specification_form import Specification
from hawk_xdsl.semantics.spelling import index_text, indexed, literal
from hawk_xdsl.semantics.terms import Term, walk


def is_step_name(name: str) -> bool:
    """Whether a name is that of a step, ``v0`` and so on; nothing else is called so."""
    return name.startswith("v") and name.removeprefix("v").isdigit()


@dataclass(frozen=True)
class Step:
    """What a step computes from: other steps by name, and numbers. A leaf reads an ``operand``.

    ``is_cast`` says that it is its one operand in another dtype.
    """

    reads: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()
    is_leaf: bool = False
    operand: str = ""
    is_cast: bool = False


@dataclass(frozen=True)
class Steps:
    """The text, the name of each term of the specification, and each step."""

    text: str
    names: Mapping[Term, str]
    steps: Mapping[str, Step]


def steps_of(specification: Specification) -> Steps:
    """The steps of a specification, arguments first."""
    names: dict[Term, str] = {}
    steps: dict[str, Step] = {}
    lines = specification.header()
    for term in walk(specification.roots):
        if not term.is_const:
            names[term] = name = f"v{len(names)}"
            steps[name] = Step(
                tuple(names[arg] for arg in term.args if not arg.is_const),
                tuple(arg.value for arg in term.args if arg.is_const),
                is_leaf=term.op in ("read", "gather", "index"),
                operand=term.operand if term.op in ("read", "gather") else "",
                is_cast=term.op == "cast",
            )
            lines.append(f"{name}{_axes(term)} = {_step(term, names)}")
    for result in specification.results:
        dims = ", ".join(index_text(dim, {}, "") for dim in result.index)
        lines.append(f"{result.name}[{dims}] = {_argument(result.term, names)}")
    return Steps("\n".join(lines), names, steps)


def _axes(term: Term) -> str:
    """The axes of a reduction's value, which are others than its argument's."""
    return f"[{', '.join(sorted(term.axes))}]" if term.is_reduction else ""


def _step(term: Term, names: Mapping[Term, str]) -> str:
    if term.op in ("read", "gather"):
        return indexed(term, [_argument(arg, names) for arg in term.args], blank="")
    if term.op == "index":
        return f"index {index_text(term.index[0], {}, '')}"
    arguments = ", ".join(_argument(arg, names) for arg in term.args)
    if term.is_reduction or term.is_scan:
        kind = term.kind if term.is_reduction else term.op
        return f"{kind}({', '.join(sorted(term.bound))}) {arguments}"
    return f"{term.dtype if term.op == 'cast' else term.op} {arguments}"


def _argument(term: Term, names: Mapping[Term, str]) -> str:
    return literal(term.value) if term.is_const else names[term]
