"""Extents while a kernel is built: they are index variables that are visible from the start."""

from collections.abc import Mapping, Sequence

from xdsl.dialects.builtin import AffineMapAttr
from xdsl.ir import SSAValue
from xdsl.ir.affine import AffineExpr, AffineMap

from hawk_xdsl.dialects.kernel_text.errors import KernelTextError
from hawk_xdsl.dialects.kernel_text.index import IndexVariable, Linear, bounds
from hawk_xdsl.dialects.kernel_text.parse import is_name
from hawk_xdsl.dialects.kernel_text.signature import GlobalOperand, Signature
from hawk_xdsl.dialects.npu import AffineSize, NamedExtent, Size


def extent_variables(
    extents: Sequence[NamedExtent], values: Sequence[SSAValue]
) -> dict[str, IndexVariable]:
    """The variables of extents, by name.

    Raises:
        KernelTextError: for an extent that cannot be named or has no range.
    """
    found: dict[str, IndexVariable] = {}
    for order, (extent, value) in enumerate(zip(extents, values, strict=True), start=1):
        if not is_name(extent.name) or extent.name in found:
            raise KernelTextError(f"an extent cannot be named `{extent.name}`")
        if not 1 <= extent.low <= extent.high:
            raise KernelTextError(f"extent {extent} has no range of lengths from 1 on")
        value.name_hint = extent.name
        found[extent.name] = IndexVariable(
            extent.name,
            order,
            0,
            value,
            Linear(constant=extent.low),
            last=extent.high - extent.low,
            is_extent=True,
        )
    return found


def linear_sizes(
    signature: Signature, operand: GlobalOperand, extents: Mapping[str, IndexVariable]
) -> tuple[Linear, ...]:
    """The dimensions of an operand as index expressions.

    Raises:
        KernelTextError: for a size over an unknown extent, one that can be less than 1, or sizes
            that are not ``operand.shape`` at most.
    """
    sizes = signature.sizes_of(operand)
    found = tuple(_linear(size, operand.name, extents) for size in sizes)
    ends = [bounds(size) for size in found]
    if any(end is None or end[0] < 1 for end in ends):
        raise KernelTextError(f"operand `{operand.name}` can have no elements")
    if tuple(end[1] for end in ends if end is not None) != operand.shape:
        listed = ", ".join(map(str, sizes))
        raise KernelTextError(
            f"operand `{operand.name}` of [{listed}] is not {list(operand.shape)} at most"
        )
    return found


def _linear(size: Size, operand: str, extents: Mapping[str, IndexVariable]) -> Linear:
    if isinstance(size, int):
        return Linear(constant=size)
    total = Linear(constant=size.constant)
    for name, factor in size.terms:
        if name not in extents:
            raise KernelTextError(f"operand `{operand}` has a size over the unknown extent {name}")
        total = total.plus(Linear(((extents[name], 1),)), factor)
    return total


def is_static(size: Linear) -> bool:
    """Whether a dimension is a number."""
    return not size.terms


def spelled(size: Linear) -> str:
    """A dimension as an error names it: ``64``, ``n0``, ``2*n0 + 1``."""
    terms = tuple((s.name, factor) for s, factor in size.terms if isinstance(s, IndexVariable))
    return str(AffineSize(terms, size.constant))


def sizes_map(
    extents: Sequence[NamedExtent], sizes: Sequence[Sequence[Linear]]
) -> AffineMapAttr | None:
    """The dynamic dimensions of the operands over the extents; ``None`` without extents."""
    dynamic = [size for each in sizes for size in each if not is_static(size)]
    if not dynamic:
        return None
    results = tuple(over_extents(size, extents) for size in dynamic)
    return AffineMapAttr(AffineMap(len(extents), 0, results))


def extents_of(value: Linear, extents: Sequence[NamedExtent]) -> bool:
    """Whether an expression depends on nothing but extents."""
    names = {extent.name for extent in extents}
    return all(variable.is_extent and variable.name in names for variable in value.variables)


def over_extents(value: Linear, extents: Sequence[NamedExtent]) -> AffineExpr:
    """An expression over extents as an affine one, whose dimensions are all of them in order."""
    places = {extent.name: number for number, extent in enumerate(extents)}
    variables = value.variables
    dimensions = tuple(AffineExpr.dimension(places[variable.name]) for variable in variables)
    return value.affine(variables).replace_dims_and_symbols(dimensions, ())
