"""npu-join-rows: two products with a normalised exponential between them are one undecided op.

Works on what ``npu-outline`` has made. A product whose factor comes from a group of reductions that
needs another product is tried together with them: if the three have the structure of weighted rows
(``weighted_rows_of``), they become one op, and so do pointwise groups that only feed it, as long as
it keeps that structure. Whoever decides then may write one kernel that never stores the scores.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.linalg.dead_ops import erase_dead_ops
from hawk_xdsl.passes.function_pass import functions_of
from hawk_xdsl.passes.joining import is_product, joined_op, producers, put_in_place, specified
from hawk_xdsl.semantics.terms import walk
from hawk_xdsl.semantics.weighted_rows import weighted_rows_of
from hawk_xdsl.transforms.npu_pass import NpuPass


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
                    _join(last)
            erase_dead_ops(block)


def _join(last: UndecidedOp) -> None:
    """Join an op with those before it, if it is the last of weighted rows."""
    if not is_product(last):
        return
    for rows in producers([last]):
        for first in producers([rows]):
            if not is_product(first):
                continue
            members = [first, rows, last]
            others = [other for other in producers(members) if _is_pointwise(other)]
            joined = _tried(members)
            if joined is None:
                continue
            for other in others:
                larger = _tried([other, *members])
                if larger is not None:
                    joined.erase()
                    joined, members = larger, [other, *members]
            put_in_place(members, joined)
            return


def _is_pointwise(op: UndecidedOp) -> bool:
    found = specified(op)
    return found is not None and not any(
        term.is_reduction or term.is_scan or term.op == "gather" for term in walk(found.roots)
    )


def _tried(members: Sequence[UndecidedOp]) -> UndecidedOp | None:
    """The members as one op, in no block; ``None`` if it is not weighted rows."""
    joined = joined_op(members)
    found = specified(joined)
    if found is None or weighted_rows_of(found) is None:
        joined.erase()
        return None
    return joined
