"""Where ``fill`` stands for accumulators in l0c: it is only visible in the conditions of mmads."""

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Operation, SSAValue

from hawk_xdsl.dialects.kernel_text.errors import KernelTextError
from hawk_xdsl.dialects.kernel_text.print_slices import root_of
from hawk_xdsl.dialects.npu import BlockIdxOp, MmadOp


def refills(kernel: Operation) -> dict[Operation, list[SSAValue]]:
    """The accumulators that are filled again before an operation.

    The first fill of each is where it is allocated, unless the condition of its first mmad says
    that it happens in an inner loop.

    ``kernel`` is a kernel, or a part of a mixed one.

    Raises:
        KernelTextError: for a condition that no fill explains.
    """
    found: dict[Operation, list[SSAValue]] = {}
    started: set[SSAValue] = set()
    for op in kernel.walk():
        if not isinstance(op, MmadOp):
            continue
        buffer = root_of(op.acc)
        loops = _first_iterations(op.init)
        if loops is None:
            if buffer not in started:
                raise KernelTextError("an mmad adds to an accumulator that was never filled")
            continue
        position = _outermost(op, loops)
        allocation = buffer.owner
        first = buffer not in started
        started.add(buffer)
        if first and isinstance(allocation, Operation) and allocation.parent is position.parent:
            continue
        found.setdefault(position, []).append(buffer)
    return found


def _first_iterations(init: SSAValue) -> list[scf.ForOp] | None:
    """The loops that are in their first iteration where ``init`` holds; None if it never does."""
    match init.owner:
        case arith.ConstantOp(value=IntegerAttr() as constant):
            return [] if constant.value.data else None
        case arith.AndIOp() as both:
            left, right = _first_iterations(both.lhs), _first_iterations(both.rhs)
            return None if left is None or right is None else [*left, *right]
        case arith.CmpiOp() as compare if compare.predicate.value.data == 0:
            loop = compare.lhs.owner
            parent = None if isinstance(loop, Operation) else loop.parent_op()
            if isinstance(parent, scf.ForOp) and _equal(parent.lb, compare.rhs):
                return [parent]
        case _:
            pass
    raise KernelTextError("the condition of an mmad is not a first iteration")


def _equal(first: SSAValue, second: SSAValue) -> bool:
    if first is second:
        return True
    match first.owner, second.owner:
        case arith.ConstantOp() as left, arith.ConstantOp() as right:
            return left.value == right.value
        case _:
            return False


def _outermost(op: Operation, loops: list[scf.ForOp]) -> Operation:
    """The operation before which the fill stands: the outermost of the innermost loops."""
    position = op
    for _ in loops:
        parent = position.parent_op()
        if (
            not isinstance(parent, scf.ForOp)
            or parent not in loops
            or isinstance(parent.lb.owner, BlockIdxOp)
        ):
            raise KernelTextError("the condition of an mmad skips a loop")
        position = parent
    return position
