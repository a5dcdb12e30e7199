"""Extents: lengths that a kernel gets to know at launch, within a range that it is built for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.ir import Data
from xdsl.ir.affine import AffineBinaryOpExpr, AffineBinaryOpKind, AffineExpr
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.npu.identifier import parse_name


@dataclass(frozen=True)
class NamedExtent:
    """A length that is known at launch: ``low <= name <= high``, in elements."""

    name: str
    low: int
    high: int

    def __str__(self) -> str:
        return f"{self.name} in {self.low}..{self.high}"


@dataclass(frozen=True)
class AffineSize:
    """A length that depends on extents: ``sum of factor * name + constant``.

    Attributes:
        terms: the names of extents and their factors, which are not zero.
        constant: what is added, in elements.
    """

    terms: tuple[tuple[str, int], ...]
    constant: int = 0

    @staticmethod
    def of(name: str, factor: int = 1, constant: int = 0) -> "AffineSize":
        """``factor * name + constant``."""
        return AffineSize(((name, factor),), constant)

    def at(self, values: Mapping[str, int]) -> int:
        """The length for values of the extents."""
        return self.constant + sum(factor * values[name] for name, factor in self.terms)

    def __str__(self) -> str:
        parts = [name if factor == 1 else f"{factor}*{name}" for name, factor in self.terms]
        return " + ".join([*parts, *([str(self.constant)] if self.constant else [])])


Size: TypeAlias = int | AffineSize
"""The length of a dimension."""


def affine_size(expression: AffineExpr, names: Sequence[str]) -> AffineSize:
    """An affine expression over extents as a size.

    Raises:
        VerifyException: for one with a division.
    """
    if any(
        isinstance(part, AffineBinaryOpExpr)
        and part.kind not in (AffineBinaryOpKind.Add, AffineBinaryOpKind.Mul)
        for part in expression.dfs()
    ):
        raise VerifyException(f"the size {expression} divides")
    constant = expression.eval([0] * len(names), [])
    units = [[int(row == column) for column in range(len(names))] for row in range(len(names))]
    factors = [expression.eval(unit, []) - constant for unit in units]
    terms = tuple((name, factor) for name, factor in zip(names, factors, strict=True) if factor)
    return AffineSize(terms, constant)


def size_at(size: Size, values: Mapping[str, int]) -> int:
    """A length for values of the extents."""
    return size if isinstance(size, int) else size.at(values)


@irdl_attr_definition
class ExtentAttr(Data[NamedExtent]):
    """``#npu.extent<n0 in 1 to 512>``: an extent of a kernel and its range."""

    name = "npu.extent"

    def print_parameter(self, printer: Printer) -> None:
        """Print name and range between angle brackets."""
        with printer.in_angle_brackets():
            self.print_range(printer)

    def print_range(self, printer: Printer) -> None:
        """``n0 in 1 to 512``."""
        printer.print_string(f"{self.data.name} in {self.data.low} to {self.data.high}")

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> NamedExtent:
        """Parse name and range between angle brackets."""
        with parser.in_angle_brackets():
            return cls.parse_range(parser)

    @staticmethod
    def parse_range(parser: AttrParser) -> NamedExtent:
        """As ``print_range`` prints it."""
        name = parse_name(parser, "an extent")
        parser.parse_keyword("in")
        low = parser.parse_integer(allow_boolean=False)
        parser.parse_keyword("to")
        return NamedExtent(name, low, parser.parse_integer(allow_boolean=False))
