"""Which functions of elements a target can compute with given knowledge."""

from collections.abc import Sequence
from dataclasses import dataclass

from hawk_xdsl.codegen.cast_steps import NoInstructionError
from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.dialects.dtype import WIDE_FLOAT
from hawk_xdsl.errors import HawkError
from hawk_xdsl.semantics.pattern import DTYPES, Pattern
from hawk_xdsl.semantics.specification_form import Operand, ResultRegion, Specification
from hawk_xdsl.semantics.terms import COMPARISONS, Affine, Terms

_SIGNS = frozenset({"add", "sub", "mul", "div", *COMPARISONS})
_NOT_SHOWN = _SIGNS | {"full", "ln", "same", "rec", "cast"}
"""Signs; and what is an instruction or a form of writing, whose results are not what they seem."""


@dataclass(frozen=True, order=True)
class ComputableFunction:
    """A function of elements and how many arguments it has."""

    name: str
    arity: int


def computable_functions(composer: Composer) -> tuple[ComputableFunction, ...]:
    """The functions that some entry says how to compute, and of which f32 composes, by name."""
    patterns = [rule.before for rule in composer.rules]
    patterns += [instruction.before for instruction in composer.instructions]
    named = {ComputableFunction(p.op, len(p.args)) for p in patterns if _is_plain(p)}
    return tuple(sorted(each for each in named if _composes(each, composer)))


def _specification_of(name: str, arity: int) -> Specification:
    """The specification of one function of elements, of operands ``x0``, ``x1``, …"""
    terms, index = Terms(), (Affine.axis("i0"),)
    read = tuple(terms.read(f"x{number}", index, WIDE_FLOAT) for number in range(arity))
    operands = tuple(Operand(f"x{number}", WIDE_FLOAT, (64,), number) for number in range(arity))
    root = terms.apply(name, read, WIDE_FLOAT)
    return Specification(
        operands, (ResultRegion("y0", WIDE_FLOAT, (64,), index, root),), {"i0": 64}
    )


def _is_plain(pattern: Pattern) -> bool:
    """Whether it is one function of different variables that may be anything."""
    names = [arg.name for arg in pattern.args if arg.op == "variable" and not arg.only_literals]
    hidden = pattern.op.startswith(("_", "reduce_", "scan_")) or pattern.op in DTYPES
    odd = hidden or pattern.op in _NOT_SHOWN or pattern.op == "select" or "_" in pattern.op
    return bool(names) and len(set(names)) == len(pattern.args) and not odd


def _composes(function: ComputableFunction, composer: Composer) -> bool:
    try:
        composer.compose(_specification_of(function.name, function.arity))
    except (NoInstructionError, HawkError):
        return False
    return True


def without(composer: Composer, names: Sequence[str]) -> Composer:
    """A composer without the rewrites and instructions of some functions."""
    hidden = frozenset(names)
    return Composer(
        tuple(rule for rule in composer.rules if rule.before.op not in hidden),
        tuple(each for each in composer.instructions if each.before.op not in hidden),
        composer.supports,
    )
