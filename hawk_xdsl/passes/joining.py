"""Undecided ops that become one: which only feed others, what they are together, its place."""

from collections.abc import Iterator, Sequence

from xdsl.dialects import tensor
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from hawk_xdsl.dialects.npu import UndecidedOp, YieldOp
from hawk_xdsl.semantics.loops import UnreadableError
from hawk_xdsl.semantics.specification import Specification, specify
from hawk_xdsl.semantics.structure import contraction_of

RESHAPES = (tensor.CollapseShapeOp, tensor.ExpandShapeOp)


def specified(op: UndecidedOp) -> Specification | None:
    """What an op computes; ``None`` where no specification says that."""
    try:
        return specify(op)
    except UnreadableError:
        return None


def is_product(op: UndecidedOp) -> bool:
    """Whether an op is a contraction."""
    found = specified(op)
    return found is not None and contraction_of(found) is not None


def producers(members: Sequence[UndecidedOp]) -> Iterator[UndecidedOp]:
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


def joined_op(members: Sequence[UndecidedOp]) -> UndecidedOp:
    """The members as one op, in no block.

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
    return UndecidedOp(inputs, [each.type for each in end.results], Region(body), label)


def _position(op: Operation) -> int:
    block = op.parent
    assert block is not None
    return block.get_operation_index(op)


def put_in_place(members: Sequence[UndecidedOp], joined: UndecidedOp) -> None:
    """The joined op instead of its members, where the last of them is."""
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
