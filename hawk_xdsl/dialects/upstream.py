"""Ops of upstream MLIR's dialects that xDSL lacks."""

from xdsl.dialects.arith import FloatingPointLikeBinaryOperation
from xdsl.ir import Dialect
from xdsl.irdl import irdl_op_definition, traits_def
from xdsl.traits import Pure


@irdl_op_definition
class RemfOp(FloatingPointLikeBinaryOperation):
    """The remainder of a division towards zero, with the sign of the dividend."""

    name = "arith.remf"

    traits = traits_def(Pure())


UPSTREAM = Dialect("upstream", [RemfOp])
"""Under a name of its own: no context may have two dialects of one name."""
