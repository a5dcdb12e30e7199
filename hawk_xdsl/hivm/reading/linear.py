"""Integers of a kernel as linear forms, so that what is known of them folds.

The vendor's kernels choose buffers and event ids by the number of an iteration modulo 2. A loop is
unrolled by that period; in copy 1 its variable is ``i + step``, of which the form keeps both parts.
Worked example: a loop from 0 by 40, unrolled by two, is ``i`` in ``0, 80, 160, …``, a progression
``80 t``. In copy 1 ``((i + 40) floordiv 40) mod 2`` is ``((80 t + 40) floordiv 40) mod 2``, that is
``(2 t + 1) mod 2``: 1 whatever ``t`` is, and the buffer is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

from xdsl.ir import SSAValue


@dataclass(frozen=True)
class IndexForm:
    """``constant + Σ coefficient · value`` over index values of the kernel that is written."""

    terms: Mapping[SSAValue, int] = field(default_factory=dict[SSAValue, int])
    constant: int = 0

    @classmethod
    def of(cls, value: "SSAValue | int") -> "IndexForm":
        """A number, or a value by itself."""
        return cls({}, value) if isinstance(value, int) else cls({value: 1})

    @property
    def number(self) -> int | None:
        """What it is if it is known."""
        return None if self.terms else self.constant

    def __hash__(self) -> int:
        return hash((frozenset(self.terms.items()), self.constant))

    def __add__(self, other: "IndexForm | int") -> "IndexForm":
        if isinstance(other, int):
            return IndexForm(self.terms, self.constant + other)
        terms = dict(self.terms)
        for value, factor in other.terms.items():
            terms[value] = terms.get(value, 0) + factor
        kept = {value: factor for value, factor in terms.items() if factor}
        return IndexForm(kept, self.constant + other.constant)

    def __sub__(self, other: "IndexForm") -> "IndexForm":
        return self + other.times(-1)

    def times(self, factor: int) -> "IndexForm":
        """A multiple."""
        if not factor:
            return IndexForm()
        scaled = {value: factor * old for value, old in self.terms.items()}
        return IndexForm(scaled, self.constant * factor)

    def over(self, divisor: int) -> "IndexForm | None":
        """``floordiv`` by a positive number where it stays linear; ``None`` where it does not."""
        if any(factor % divisor for factor in self.terms.values()):
            return None
        terms = {value: factor // divisor for value, factor in self.terms.items()}
        return IndexForm(terms, self.constant // divisor)

    def modulo(self, modulus: int) -> int | None:
        """``mod`` by a positive number if the unknown terms do not matter."""
        if any(factor % modulus for factor in self.terms.values()):
            return None
        return self.constant % modulus


@dataclass(frozen=True)
class Progression:
    """The values of a loop's variable: ``start``, ``start + stride``, and so on."""

    start: IndexForm
    stride: int


def in_turns(form: IndexForm, progressions: Mapping[SSAValue, Progression]) -> IndexForm:
    """A form with ``start + stride · t`` in the place of each loop variable, ``t`` unknown.

    The variable itself stands for its ``t``.
    """
    found = IndexForm({}, form.constant)
    for value, factor in form.terms.items():
        known = progressions.get(value)
        if known is None:
            found += IndexForm({value: factor})
        else:
            found += known.start.times(factor) + IndexForm({value: factor * known.stride})
    return found


def product(forms: "list[IndexForm]") -> IndexForm | None:
    """The product where at most one factor is unknown."""
    unknown = [form for form in forms if form.terms]
    if len(unknown) > 1:
        return None
    scale = prod(form.constant for form in forms if not form.terms)
    return unknown[0].times(scale) if unknown else IndexForm({}, scale)
