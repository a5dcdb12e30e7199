"""npu-join-rows: two products with a normalised exponential between them are one undecided op.

Works on what ``npu-outline`` has made. A product whose factor comes from a group of reductions that
needs another product is tried together with them: if the three have the structure of weighted rows
(``weighted_rows_of``), they become one op, and so do pointwise groups that only feed it, as long as
it keeps that structure. Whoever decides then may write one kernel that never stores the scores.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import tensor
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from hawk_xdsl.dialects.npu import UndecidedOp, YieldOp
from hawk_xdsl.linalg.dead_ops import erase_dead_ops
from hawk_xdsl.passes.function_pass import functions_of
from hawk_xdsl.semantics.loops import UnreadableError
from hawk_xdsl.semantics.specification import Specification, specify
from hawk_xdsl.semantics.structure import contraction_of
from hawk_xdsl.semantics.terms import walk
from hawk_xdsl.semantics.weighted_rows import weighted_rows_of
from hawk_xdsl.transforms.npu_pass import NpuPass

RESHAPES = (tensor.CollapseShapeOp, tensor.ExpandShapeOp)


@dataclass(frozen=True)
class NpuJoinRowsPass(NpuPass):
    """Joins undecided ops that are weighted rows together."""

    name = "npu-join-rows"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Rewrites each function with a body of one block."""
        for function in functions_of(op):
            block = function.body.block
            for last in [each for each in block.ops if isinstance(each, UndecidedOp)]:
                if last.parent is block:
                    _join(last, block)
            erase_dead_ops(block)


def _join(last: UndecidedOp, block: Block) -> None:
    """Join an op with those before it, if it is the last of weighted rows."""
    if not _is_product(last):
        return
    for rows in _producers([last]):
        for first in _producers([rows]):
            if not _is_product(first):
                continue
            members = [first, rows, last]
            others = [other for other in _producers(members) if _is_pointwise(other)]
            joined = _tried(members)
            if joined is None:
                continue
            for other in others:
                larger = _tried([other, *members])
                if larger is not None:
                    joined.erase()
                    joined, members = larger, [other, *members]
            _replace(members, joined, block)
            return


def _is_product(op: UndecidedOp) -> bool:
    found = _specified(op)
    return found is not None and contraction_of(found) is not None


def _is_pointwise(op: UndecidedOp) -> bool:
    found = _specified(op)
    return found is not None and not any(
        term.is_reduction or term.is_scan or term.op == "gather" for term in walk(found.roots)
    )


def _specified(op: UndecidedOp) -> Specification | None:
    try:
        return specify(op)
    except UnreadableError:
        return None


def _producers(members: Sequence[UndecidedOp]) -> Iterator[UndecidedOp]:
    """Undecided ops of one result that only some members need, each once."""
    found: dict[UndecidedOp, None] = {}
    for member in members:
        for value in member.inputs:
            chain = _chain(value)
            producer = chain[-1].owner
            if not isinstance(producer, UndecidedOp) or producer in members:
                continue
            if len(producer.results) == 1 and all(_only_for(each, members) for each in chain):
                found[producer] = None
    yield from found


def _chain(value: SSAValue) -> list[SSAValue]:
    """A value, and what it is a reshape of, up to what is no reshape."""
    chain = [value]
    while isinstance(chain[-1].owner, RESHAPES):
        chain.append(chain[-1].owner.operands[0])
    return chain


def _only_for(value: SSAValue, members: Sequence[Operation]) -> bool:
    """Whether only members use a value, perhaps through reshapes."""
    return all(
        use.operation in members
        or (isinstance(use.operation, RESHAPES) and _only_for(use.operation.results[0], members))
        for use in value.uses
    )


def _tried(members: Sequence[UndecidedOp]) -> UndecidedOp | None:
    """The members as one op, in no block; ``None`` if it is not weighted rows.

    They are in the order in which each needs those before it.
    """
    ordered = sorted(members, key=_position)
    body, inner = Block(), dict[SSAValue, SSAValue]()
    inputs: list[SSAValue] = []

    def value_of(value: SSAValue) -> SSAValue:
        if value in inner:
            return inner[value]
        if isinstance(value.owner, RESHAPES) and _chain(value)[-1] in inner:
            copy = value.owner.clone({value.owner.operands[0]: value_of(value.owner.operands[0])})
            body.add_op(copy)
            inner[value] = copy.results[0]
            return inner[value]
        inputs.append(value)
        inner[value] = body.insert_arg(value.type, len(body.args))
        return inner[value]

    for member in ordered:
        mapping = dict[SSAValue, SSAValue]()
        for argument, value in zip(member.body.block.args, member.inputs, strict=True):
            mapping[argument] = value_of(value)
        for op in member.body.block.ops:
            if isinstance(op, YieldOp):
                for result, value in zip(member.results, op.arguments, strict=True):
                    inner[result] = mapping.get(value, value)
                continue
            copy = op.clone(mapping)
            body.add_op(copy)
            mapping.update(zip(op.results, copy.results, strict=True))
    end = ordered[-1]
    body.add_op(YieldOp(*(inner[result] for result in end.results)))
    label = None if end.label is None else end.label.data
    joined = UndecidedOp(inputs, [each.type for each in end.results], Region(body), label)
    found = _specified(joined)
    if found is None or weighted_rows_of(found) is None:
        joined.erase()
        return None
    return joined


def _position(op: Operation) -> int:
    block = op.parent
    assert block is not None
    return block.get_operation_index(op)


def _replace(members: Sequence[UndecidedOp], joined: UndecidedOp, block: Block) -> None:
    ordered = sorted(members, key=_position)
    end = ordered[-1]
    joined.location = end.location
    Rewriter.insert_op(joined, InsertPoint.before(end))
    for old, new in zip(end.results, joined.results, strict=True):
        old.replace_all_uses_with(new)
    for op in reversed(ordered):
        for user in [use.operation for result in op.results for use in result.uses]:
            _erase_reshapes(user)
        Rewriter.erase_op(op)


def _erase_reshapes(op: Operation) -> None:
    for user in [use.operation for result in op.results for use in result.uses]:
        _erase_reshapes(user)
    Rewriter.erase_op(op)
