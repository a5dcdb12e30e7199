"""The vendor's kernels without their redundant round trip.

Most of them store a result, load it again and store it again, with flags in between. Of the four
instructions only the first store stays; with the load go the flags from it to the second store.
"""

from collections.abc import Iterator

from xdsl.ir import Operation

from hawk_xdsl.dialects.npu import KernelOp, LoadOp, Pipe, SetFlagOp, StoreOp, WaitFlagOp

BETWEEN = (Pipe.MTE2, Pipe.MTE3)
"""The pipes whose flags order the load before the second store."""


def without_round_trips(kernel: KernelOp) -> tuple[KernelOp, int]:
    """A copy of a kernel without round trips, and how many there were."""
    copy = kernel.clone()
    found = list(_round_trips(copy))
    for ops in found:
        for op in ops:
            op.detach()
            op.erase()
    return copy, len(found)


def _round_trips(kernel: KernelOp) -> Iterator[list[Operation]]:
    """What goes of each round trip: the load, the second store, and their flags."""
    for first in list(kernel.walk()):
        if not isinstance(first, StoreOp):
            continue
        gone: list[Operation] = []
        load: LoadOp | None = None
        op = first.next_op
        while op is not None:
            if isinstance(op, LoadOp) and load is None and op.source is first.dest:
                load = op
                gone.append(op)
            elif isinstance(op, StoreOp):
                if load is not None and op.source is load.dest and op.dest is first.dest:
                    yield [*gone, op]
                break
            elif (
                isinstance(op, SetFlagOp | WaitFlagOp)
                and (op.source.data, op.target.data) == BETWEEN
            ):
                gone.append(op)
            op = op.next_op
