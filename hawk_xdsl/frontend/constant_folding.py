"""What depends on no input is computed when the program is compiled, on the host."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import prod

from xdsl.dialects import arith, tensor
from xdsl.dialects.builtin import (
    AnyFloat,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    TensorType,
    f64,
)
from xdsl.dialects.func import ReturnOp
from xdsl.dialects.linalg.ops import FillOp, GenericOp
from xdsl.ir import Block, BlockArgument, Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from hawk_xdsl.dialects.dtype import Array, DType
from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.band_tables import BandTable, band_ops, band_table_of
from hawk_xdsl.frontend.legalize import drop_unused_parameters
from hawk_xdsl.frontend.position_tables import make_position_tables
from hawk_xdsl.frontend.program import Program
from hawk_xdsl.linalg.dead_ops import erase_dead_ops
from hawk_xdsl.linalg.structured import equation_of, static_shape
from hawk_xdsl.passes.npu_inline_pointwise import CASTS
from hawk_xdsl.passes.outline_dataflow import external_values, is_generator, is_layout, layout_path
from hawk_xdsl.reference.evaluate import evaluate_block
from hawk_xdsl.reference.signedness import inserted

MOST_BYTES = 1 << 24
"""The largest tensor, in bytes, that is folded though it depends on no parameter either."""

SMALL = 1 << 16
"""Up to so many bytes a folded tensor may be larger than the parameters that it is made of."""

MOST_WORK = 1 << 28
"""The most iterations of an op that the host does."""


def folded(program: Program) -> Program:
    """The program with what depends on its parameters alone computed, as further parameters.

    Masks, position tables, flipped weights and narrowed ones become parameters; a fill where all
    elements are one number, and a formula of positions where they are a step (``band_tables``). A
    cast that only widens stays: its source takes less memory. So does what would be much larger
    than what it is made of, such as weights that are unpacked.

    The given program is not changed. An op that the host cannot run is left where it is.
    """
    module = program.module.clone()
    program = replace(program, module=module)
    block = program.function.body.block
    make_position_tables(block)
    given = frozenset(block.args[: len(program.parameters)])
    constant = _constants(block, given)
    wanted = list(dict.fromkeys(_wanted(block, constant)))
    if not wanted:
        return program
    try:
        arrays = _evaluated(wanted, given, dict(zip(block.args, program.parameters, strict=False)))
    except HawkError:
        return program
    return with_parameters(program, dict(zip(wanted, arrays, strict=True)))


def _constants(block: Block, given: frozenset[BlockArgument]) -> Mapping[SSAValue, int]:
    """The values that depend on parameters alone, and how many bytes of them they depend on."""
    of: dict[SSAValue, frozenset[SSAValue]] = {value: frozenset({value}) for value in given}
    for op in block.ops:
        values = external_values(op)
        if not op.results or not all(value in of for value in values) or not _is_small(op):
            continue
        sources = frozenset[SSAValue]().union(*(of[value] for value in values))
        of.update(dict.fromkeys(op.results, sources))
    return {value: sum(map(_bytes, sources)) for value, sources in of.items()}


def _is_small(op: Operation) -> bool:
    equation = equation_of(op)
    work = prod(equation.sizes) if equation is not None else 0
    return work <= MOST_WORK


def _bytes(value: SSAValue) -> int:
    if not isinstance(value.type, TensorType):
        return 0
    return prod(static_shape(value)) * DType.of(value.type.element_type).bytes


def _wanted(block: Block, constant: Mapping[SSAValue, int]) -> Iterator[SSAValue]:
    """The values to fold: those that other ops need, without the layout that these absorb."""
    seen = _counted_places(block, constant)
    waiting = [
        value
        for op in block.ops
        if not all(result in constant for result in op.results) or isinstance(op, ReturnOp)
        for value in external_values(op)
    ]
    while waiting:
        root = layout_path(waiting.pop(), frozenset()).root
        if root in seen or root not in constant or isinstance(root.owner, Block):
            continue
        seen.add(root)
        if is_generator(root.owner) or not isinstance(root.type, TensorType):
            continue
        if _is_worth_it(root, constant[root]):
            yield root
        else:
            waiting.extend(external_values(root.owner))


def _counted_places(block: Block, constant: Mapping[SSAValue, int]) -> set[SSAValue]:
    """Indices made of loop variables alone: an op that reads there sees how they run.

    As numbers in memory they would be data, and the op a gather.
    """
    roots = [
        layout_path(value, frozenset()).root
        for op in block.ops
        if isinstance(op, GenericOp) and any(isinstance(o, tensor.ExtractOp) for o in op.walk())
        for value in op.inputs
    ]
    return {root for root in roots if constant.get(root) == 0 and _is_whole(root)}


def _is_whole(value: SSAValue) -> bool:
    return isinstance(value.type, TensorType) and isinstance(value.type.element_type, IntegerType)


def _is_worth_it(root: SSAValue, source: int) -> bool:
    assert isinstance(root.owner, Operation) and isinstance(root.type, TensorType)
    size = _bytes(root)
    if root.type.element_type == f64 or _only_widens(root.owner):
        return False
    return size <= (max(source, SMALL) if source else MOST_BYTES)


def _only_widens(op: Operation) -> bool:
    if not isinstance(op, GenericOp) or is_layout(op):
        return isinstance(op, GenericOp)
    inner = list(op.body.block.ops)[:-1]
    return len(inner) == 1 and isinstance(inner[0], CASTS) and len(op.inputs) == 1


def _evaluated(
    wanted: list[SSAValue], given: frozenset[BlockArgument], parameters: Mapping[SSAValue, Array]
) -> list[Array]:
    """The values, from a block of their own."""
    needed: set[Operation] = set()
    waiting = [value.owner for value in wanted]
    while waiting:
        op = waiting.pop()
        if isinstance(op, Operation) and op not in needed:
            needed.add(op)
            waiting.extend(value.owner for value in external_values(op))
    used = [value for value in given if value in parameters]
    copy = Block(arg_types=[value.type for value in used])
    became: dict[SSAValue, SSAValue] = dict(zip(used, copy.args, strict=True))
    owner = wanted[0].owner
    parent = owner.parent if isinstance(owner, Operation) else None
    assert parent is not None
    for op in parent.ops:
        if op in needed:
            clone = op.clone(value_mapper=became)
            became.update(zip(op.results, clone.results, strict=True))
            copy.add_op(clone)
    copy.add_op(ReturnOp(*(became[value] for value in wanted)))
    return evaluate_block(copy, [parameters[value] for value in used])


def with_parameters(program: Program, values: Mapping[SSAValue, Array]) -> Program:
    """The program with these values as parameters, or as fills of one number."""
    block, first = program.function.body.block, len(program.parameters)
    parameters, names = list(program.parameters), list(program.parameter_names)
    for value, array in values.items():
        if array.size > 1 and array.tobytes() == array.flat[0].tobytes() * array.size:
            value.replace_all_uses_with(_filled(value, array.flat[0].item()))
            continue
        band = band_table_of(array)
        if band is not None:
            value.replace_all_uses_with(_computed(value, band))
            continue
        argument = block.insert_arg(value.type, len(parameters))
        value.replace_all_uses_with(argument)
        names.append(f"folded{len(parameters) - first}")
        parameters.append(array)
    erase_dead_ops(block)
    kept = drop_unused_parameters(program.module, len(parameters))
    inserted(program.function, first, len(kept) - first)
    return replace(
        program,
        parameters=tuple(parameters[i] for i in kept),
        parameter_names=tuple(names[i] for i in kept),
    )


def _computed(value: SSAValue, band: BandTable) -> SSAValue:
    assert isinstance(value.type, TensorType) and isinstance(value.owner, Operation)
    made = band_ops(band, value.type)
    made[-1].location = value.owner.location
    Rewriter.insert_op(made, InsertPoint.before(value.owner))
    return made[-1].results[0]


def _filled(value: SSAValue, number: float) -> SSAValue:
    type_ = value.type
    assert isinstance(type_, TensorType)
    element = type_.element_type
    if isinstance(element, AnyFloat):
        scalar = arith.ConstantOp(FloatAttr(float(number), element))
    else:
        assert isinstance(element, IntegerType)
        scalar = arith.ConstantOp(IntegerAttr(int(number), element))
    empty = tensor.EmptyOp([], type_)
    fill = FillOp([scalar.result], [empty.tensor], [type_])
    owner = value.owner
    assert isinstance(owner, Operation)
    Rewriter.insert_op([scalar, empty, fill], InsertPoint.before(owner))
    return fill.results[0]
