"""The vendor's transpose swaps two dimensions; other permutations are several of them.

[a, b, c] with the permutation [2, 0, 1] is to be [c, a, b]. Swapping the first and the last
dimension gives [c, b, a], swapping the last two of that [c, a, b].
"""

from collections.abc import Sequence

from xdsl.pattern_rewriter import PatternRewriter, RewritePattern, op_type_rewrite_pattern

from hawk_xdsl.dialects.npu import VtransposeOp
from hawk_xdsl.hivm.emission import memref_type
from hawk_xdsl.hivm.tiles import put, tile_of
from hawk_xdsl.transforms.pass_error import PassError


class TransposeBySwaps(RewritePattern):
    """Each swap but the last writes a tile of its own."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: VtransposeOp, rewriter: PatternRewriter) -> None:
        """Rewrite one permutation of three dimensions or more that is no swap."""
        found = swaps([int(axis) for axis in op.permutation.get_values()])
        if len(found) < 2:
            return
        type_ = memref_type(op.input)
        if min(type_.get_shape()) < 0:
            raise PassError("npu.vtranspose of unknown extents that is no swap of two dimensions")
        value, shape = op.input, list(type_.get_shape())
        for number, (first, second) in enumerate(found, 1):
            shape[first], shape[second] = shape[second], shape[first]
            last = number == len(found)
            out = op.out if last else tile_of(shape, type_.element_type, rewriter)
            order = list(range(len(shape)))
            order[first], order[second] = second, first
            put(VtransposeOp(value, out, order), rewriter)
            value = out
        rewriter.erase(op)


def swaps(permutation: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs of places whose exchange, one pair after the other, is a permutation."""
    order = list(range(len(permutation)))
    found: list[tuple[int, int]] = []
    for place, wanted in enumerate(permutation):
        other = order.index(wanted)
        if other != place:
            order[place], order[other] = order[other], order[place]
            found.append((place, other))
    return found
