"""Products and what finishes their sums point by point are one undecided op, where that is faster.

Works on what ``npu-outline`` has made. A pointwise group is tried together with the products that
only feed it: if they have the structure of finished sums (``finished_sums_of``), and whoever knows
times says so, they become one op, for which a mixed kernel never stores the sums.
"""

from collections.abc import Callable, Sequence

from xdsl.dialects.builtin import ModuleOp

from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.linalg.dead_ops import erase_dead_ops
from hawk_xdsl.passes.function_pass import functions_of
from hawk_xdsl.passes.joining import is_product, joined_op, producers, put_in_place, specified
from hawk_xdsl.semantics.finished_sums import finished_sums_of
from hawk_xdsl.semantics.specification import Specification

IsFaster = Callable[[Specification, Sequence[Specification]], bool]
"""Whether one op takes less time than several, one after the other."""


def join_sums(module: ModuleOp, is_faster: IsFaster) -> None:
    """Join products with what finishes their sums, in each function."""
    for function in functions_of(module):
        block = function.body.block
        for last in [each for each in block.ops if isinstance(each, UndecidedOp)]:
            _join(last, is_faster)
        erase_dead_ops(block)


def _join(last: UndecidedOp, is_faster: IsFaster) -> None:
    """Join an op with all products that only feed it, or with one of them."""
    products = [each for each in producers([last]) if is_product(each)]
    ways = [products] if len(products) < 2 else [products, *([each] for each in products)]
    for way in ways:
        members = [*way, last]
        if not way:
            return
        joined = joined_op(members)
        found, apart = specified(joined), [specified(each) for each in members]
        known = [each for each in apart if each is not None]
        fits = found is not None and finished_sums_of(found) is not None
        if found is not None and fits and len(known) == len(apart) and is_faster(found, known):
            put_in_place(members, joined)
            return
        joined.erase()
