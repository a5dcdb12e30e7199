"""After how many iterations a loop of the vendor's repeats its choice of buffers and events.

Worked example: of ``select(cmpi(((i floordiv 40) mod 2), 1), %b1, %b0)`` the condition is followed
back to the ``mod 2`` and to ``i``, so that the loop of ``i`` has the period 2. Unrolled by it, each
copy of the body has one buffer and one event id.
"""

from collections.abc import Iterator
from math import lcm

from xdsl.dialects import affine, arith, scf
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import BlockArgument, Operation, SSAValue
from xdsl.ir.affine import AffineBinaryOpExpr, AffineBinaryOpKind, AffineConstantExpr, AffineExpr

from hawk_xdsl.dialects.constants import constant_of
from hawk_xdsl.hivm.reading.vendor_ops import mnemonic


def period(loop: scf.ForOp) -> int:
    """By how much a loop is unrolled; 1 where nothing takes turns."""
    found = 1
    for op in loop.body.walk():
        for choice in _choices(op):
            moduli, variables = _origin(choice)
            if loop.body.block.args[0] in variables:
                found = lcm(found, *moduli)
        if mnemonic(op) == "pointer_cast" and _innermost(op) is loop:
            found = lcm(found, max(1, _addresses(op)))
    return found


def _choices(op: Operation) -> Iterator[SSAValue]:
    """What an op chooses a buffer or an event by."""
    if isinstance(op, arith.SelectOp) and isinstance(op.result.type, MemRefType):
        yield op.cond
    elif mnemonic(op) in ("set_flag", "wait_flag"):
        yield from op.operands
    elif mnemonic(op) == "mmadL1":
        yield from (value for value in op.operands if str(value.type) == "i64")


def _origin(value: SSAValue) -> tuple[list[int], set[SSAValue]]:
    """The moduli that a number goes through, and the loop variables that it comes from."""
    moduli, variables = list[int](), set[SSAValue]()
    todo, seen = [value], set[SSAValue]()
    while todo:
        value = todo.pop()
        if value in seen:
            continue
        seen.add(value)
        if isinstance(value, BlockArgument):
            variables.add(value)
            continue
        op = value.owner
        assert isinstance(op, Operation)
        if isinstance(op, affine.ApplyOp):
            for result in op.map.data.results:
                moduli += _moduli(result)
        elif isinstance(op, arith.RemSIOp | arith.RemUIOp):
            divisor = constant_of(op.rhs)
            if divisor is not None:
                moduli.append(divisor)
        if not isinstance(op, arith.ConstantOp):
            todo += op.operands
    return moduli, variables if moduli else set()


def _moduli(expression: AffineExpr) -> Iterator[int]:
    if isinstance(expression, AffineBinaryOpExpr):
        by_number = isinstance(expression.rhs, AffineConstantExpr)
        if expression.kind is AffineBinaryOpKind.Mod and by_number:
            assert isinstance(expression.rhs, AffineConstantExpr)
            yield expression.rhs.value
        yield from _moduli(expression.lhs)
        yield from _moduli(expression.rhs)


def _addresses(op: Operation) -> int:
    return sum(str(value.type) == "i64" for value in op.operands)


def _innermost(op: Operation) -> Operation | None:
    parent = op.parent_op()
    while parent is not None and not isinstance(parent, scf.ForOp):
        parent = parent.parent_op()
    return parent
