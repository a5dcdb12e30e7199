"""The extents of an ``npu.kernel``: how they are printed and parsed, and what they must be."""

from collections.abc import Sequence

from xdsl.dialects.builtin import DYNAMIC_INDEX, AffineMapAttr, IndexType, MemRefType
from xdsl.ir import Attribute, SSAValue
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.npu.extent import ExtentAttr, NamedExtent, Size, affine_size, size_at

ACROSS = "npu.across"
"""The attribute of the loop made from ``across``: start, stop and step of each variable; a stop
that depends on extents is the largest."""

STOPS = "npu.stops"
"""Beside ``ACROSS`` where a stop depends on extents: a map from the extents to the stops."""


def shapes_of(
    types: Sequence[Attribute], ranges: Sequence[NamedExtent], sizes: AffineMapAttr | None
) -> tuple[tuple[Size, ...], ...]:
    """The dimensions of buffers, those that depend on extents as sizes over their names.

    Raises:
        VerifyException: the map has not as many results as the buffers have dynamic dimensions.
    """
    shapes = [type_.get_shape() for type_ in types if isinstance(type_, MemRefType)]
    wanted = sum(shape.count(DYNAMIC_INDEX) for shape in shapes)
    results = () if sizes is None else sizes.data.results
    if wanted and not ranges:
        raise VerifyException("npu.kernel: dynamic dimensions need extents")
    if len(results) != wanted:
        raise VerifyException(
            f"npu.kernel: {len(results)} sizes for the {wanted} dynamic dimensions of its buffers"
        )
    if sizes is not None and sizes.data.num_dims != len(ranges):
        raise VerifyException(f"npu.kernel: sizes must depend on {len(ranges)} extents")
    names = [extent.name for extent in ranges]
    dynamic = iter([affine_size(result, names) for result in results])
    return tuple(
        tuple(next(dynamic) if length == DYNAMIC_INDEX else length for length in shape)
        for shape in shapes
    )


def verify_extents(
    arguments: Sequence[SSAValue],
    ranges: Sequence[NamedExtent],
    shapes: Sequence[Sequence[Size]],
) -> None:
    """Raise ``VerifyException`` unless extents are indices with ranges and no buffer is empty."""
    for argument, extent in zip(arguments, ranges, strict=True):
        if not isinstance(argument.type, IndexType):
            raise VerifyException(f"npu.kernel: extent {extent.name} must be an index")
        if not 1 <= extent.low <= extent.high:
            raise VerifyException(f"npu.kernel: extent {extent} has no range of lengths")
    if len({extent.name for extent in ranges}) < len(ranges):
        raise VerifyException("npu.kernel: two extents of one name")
    lowest = {extent.name: extent.low for extent in ranges}
    if any(size_at(size, lowest) < 1 for shape in shapes for size in shape):
        raise VerifyException("npu.kernel: a buffer can have no elements")


def print_extents(
    printer: Printer,
    arguments: Sequence[SSAValue],
    ranges: Sequence[NamedExtent],
    sizes: AffineMapAttr | None,
) -> None:
    """`` extents(%n: n0 in 1 to 512) sizes affine_map<…>``; nothing without extents."""
    if not ranges:
        return
    printer.print_string(" extents(")
    for number, (argument, extent) in enumerate(zip(arguments, ranges, strict=True)):
        printer.print_string(", " if number else "")
        printer.print_ssa_value(argument)
        printer.print_string(": ")
        ExtentAttr(extent).print_range(printer)
    printer.print_string(")")
    if sizes is not None:
        printer.print_string(" sizes ")
        printer.print_attribute(sizes)


def parse_extents(
    parser: Parser,
) -> tuple[list[Parser.Argument], list[NamedExtent], AffineMapAttr | None]:
    """The arguments, their ranges and the sizes, as ``print_extents`` prints them."""

    def argument() -> tuple[Parser.Argument, NamedExtent]:
        name = parser.parse_argument(expect_type=False).name
        parser.parse_punctuation(":")
        return Parser.Argument(name, IndexType()), ExtentAttr.parse_range(parser)

    found: list[tuple[Parser.Argument, NamedExtent]] = []
    if parser.parse_optional_keyword("extents") is not None:
        found = parser.parse_comma_separated_list(parser.Delimiter.PAREN, argument)
    sizes: Attribute | None = None
    if parser.parse_optional_keyword("sizes") is not None:
        sizes = parser.parse_attribute()
        if not isinstance(sizes, AffineMapAttr):
            parser.raise_error("sizes must be an affine map")
    return [name for name, _ in found], [extent for _, extent in found], sizes
