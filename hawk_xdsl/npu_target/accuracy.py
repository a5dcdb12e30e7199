"""How accurate an instruction is, and where its result is defined."""

from dataclasses import dataclass

from xdsl.utils.str_enum import StrEnum


class Domain(StrEnum):
    """Inputs outside of which the result of an instruction is not defined."""

    POSITIVE = "x > 0"
    NONZERO = "x != 0"


@dataclass(frozen=True)
class Accuracy:
    """What an instruction gives: ``bits`` good bits (``None``: correctly rounded), in a domain."""

    bits: float | None = None
    domain: Domain | None = None
