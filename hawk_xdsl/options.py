"""What options may be: numbers that are none are refused before anything takes time."""

from collections.abc import Iterable
from enum import StrEnum
from math import inf
from typing import TypeVar

from hawk_xdsl.errors import OptionError

_Choice = TypeVar("_Choice", bound=StrEnum)

LARGEST_SEED = (1 << 32) - 1
"""What every generator of random numbers in use takes."""


def check_count(name: str, value: object, least: int = 1) -> None:
    """Raises ``OptionError`` unless an option is a whole number of at least ``least``."""
    if type(value) is not int or value < least:
        raise OptionError(f"{name}: expected a whole number of at least {least}, got {value!r}")


def check_positive(name: str, value: object) -> None:
    """Raises ``OptionError`` unless an option is a number above 0; infinity says no limit."""
    if type(value) not in (int, float) or not 0 < value <= inf:  # pyright: ignore[reportOperatorIssue]
        raise OptionError(f"{name}: expected a number above 0, got {value!r}")


def check_seed(name: str, value: object) -> None:
    """Raises ``OptionError`` unless an option is a seed: a whole number of 0 to 2^32 - 1."""
    if type(value) is not int or not 0 <= value <= LARGEST_SEED:
        raise OptionError(f"{name}: expected a whole number of 0 to {LARGEST_SEED}, got {value!r}")


def one_of(name: str, value: str, known: type[_Choice]) -> _Choice:
    """The choice that an option names. Raises ``OptionError`` if it is none."""
    found: Iterable[_Choice] = (choice for choice in known if choice.value == value)
    for choice in found:
        return choice
    raise OptionError(f"{name} {value}: expected one of {', '.join(known)}")
