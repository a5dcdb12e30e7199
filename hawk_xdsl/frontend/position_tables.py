"""Long formulas of loop variables become tables, which constant folding computes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from xdsl.dialects import arith, tensor
from xdsl.dialects.builtin import AffineMapAttr, IndexType, TensorType
from xdsl.dialects.linalg.attrs import IteratorTypeAttr
from xdsl.dialects.linalg.ops import GenericOp, IndexOp, YieldOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.ir.affine import AffineExpr, AffineMap
from xdsl.rewriter import InsertPoint, Rewriter

from hawk_xdsl.linalg.dead_ops import erase_dead_ops
from hawk_xdsl.linalg.structured import equation_of

FEWEST_OPS = 8
"""A formula of fewer scalar ops is computed in the kernel."""

MOST_ELEMENTS = 1 << 18
"""The largest table."""


def make_position_tables(block: Block) -> None:
    """Takes long formulas of loop variables alone out of the bodies of ``linalg.generic`` ops.

    An average that leaves out the padding divides by how many elements each window has:
    ``min(2 i + 5, 21) - max(2 i - 1, 0)``, clamped, for each of two axes. As an op of its own it
    is a table that is known when the program is compiled. An op that reads at computed places
    keeps its formulas: see ``constant_folding``.
    """
    for op in list(block.ops):
        reads = any(isinstance(inner, tensor.ExtractOp) for inner in op.walk())
        if isinstance(op, GenericOp) and not reads:
            _rewrite(op)
    erase_dead_ops(block)


@dataclass(frozen=True)
class _PositionFormula:
    """A value of a body, the loops that it depends on, and the ops that compute it, in order."""

    value: SSAValue
    loops: tuple[int, ...]
    ops: tuple[Operation, ...]


def _rewrite(op: GenericOp) -> None:
    """Replaces an op that computes long formulas by one that reads tables instead."""
    equation = equation_of(op)
    if equation is None:
        return
    formulas = [
        formula
        for formula in _formulas(op.body.block)
        if len(formula.ops) >= FEWEST_OPS
        and prod(equation.sizes[loop] for loop in formula.loops) <= MOST_ELEMENTS
    ]
    if not formulas:
        return
    inputs, maps = list(op.inputs), [attribute.data for attribute in op.indexing_maps]
    block = op.body.block
    # One formula may be a part of another: all tables are made before any is read instead.
    tables = [_table(op, formula, equation.sizes) for formula in formulas]
    for formula, table in zip(formulas, tables, strict=True):
        position = len(inputs)
        inputs.append(table)
        dimensions = tuple(AffineExpr.dimension(loop) for loop in formula.loops)
        maps.insert(position, AffineMap(len(equation.sizes), 0, dimensions))
        argument = block.insert_arg(formula.value.type, position)
        formula.value.replace_all_uses_with(argument)
    erase_dead_ops(block)
    attributes = [AffineMapAttr(m) for m in maps]
    types = [result.type for result in op.results]
    body = op.detach_region(op.body)
    new = GenericOp(inputs, list(op.outputs), body, attributes, op.iterator_types, types)
    new.location = op.location
    Rewriter.insert_op(new, InsertPoint.before(op))
    for old, result in zip(op.results, new.results, strict=True):
        old.replace_all_uses_with(result)
    Rewriter.erase_op(op)


def _formulas(body: Block) -> list[_PositionFormula]:
    """The largest parts of a body that depend on loop variables and constants alone."""
    loops: dict[SSAValue, frozenset[int]] = {}
    for inner in body.ops:
        if isinstance(inner, IndexOp):
            loops[inner.result] = frozenset({inner.dim.value.data})
        elif len(inner.results) == 1 and _is_of(inner, loops):
            parts = (loops.get(value, frozenset()) for value in inner.operands)
            loops[inner.results[0]] = frozenset[int]().union(*parts)
    return [
        _PositionFormula(value, tuple(sorted(loops[value])), _ops_of(value, body))
        for value in loops
        if not isinstance(value.type, IndexType)
        and any(not _stays_inside(use.operation, loops) for use in value.uses)
    ]


def _is_of(op: Operation, loops: Mapping[SSAValue, frozenset[int]]) -> bool:
    """Whether an op computes with loop variables, and else with constants."""
    others = [value for value in op.operands if value not in loops]
    return len(others) < len(op.operands) and all(map(_is_constant, others))


def _stays_inside(op: Operation, loops: Mapping[SSAValue, frozenset[int]]) -> bool:
    return bool(op.results) and op.results[0] in loops


def _is_constant(value: SSAValue) -> bool:
    return isinstance(value.owner, arith.ConstantOp)


def _ops_of(value: SSAValue, body: Block) -> tuple[Operation, ...]:
    needed: set[Operation] = set()
    waiting = [value.owner]
    while waiting:
        op = waiting.pop()
        if isinstance(op, Operation) and op.parent is body and op not in needed:
            needed.add(op)
            waiting.extend(operand.owner for operand in op.operands)
    return tuple(op for op in body.ops if op in needed)


def _table(op: GenericOp, formula: _PositionFormula, sizes: Sequence[int]) -> SSAValue:
    """The formula as an op without inputs, over the loops that it depends on."""
    rank, element = len(formula.loops), formula.value.type
    body = Block(arg_types=[element])
    became: dict[SSAValue, SSAValue] = {}
    for inner in formula.ops:
        if isinstance(inner, IndexOp):
            clone = IndexOp(formula.loops.index(inner.dim.value.data))
        else:
            clone = inner.clone(value_mapper=became)
        became.update(zip(inner.results, clone.results, strict=True))
        body.add_op(clone)
    body.add_op(YieldOp(became[formula.value]))
    type_ = TensorType(element, [sizes[loop] for loop in formula.loops])
    empty = tensor.EmptyOp([], type_)
    parallel = [IteratorTypeAttr.parallel()] * rank
    maps = [AffineMapAttr(AffineMap.identity(rank))]
    table = GenericOp([], [empty.tensor], Region(body), maps, parallel, [type_])
    table.location = op.location
    Rewriter.insert_op([empty, table], InsertPoint.before(op))
    return table.results[0]
