"""The one op of torch-mlir's tm_tensor dialect that is understood: ``scan``."""

from xdsl.dialects import arith
from xdsl.dialects.builtin import BoolAttr, IntegerAttr, TensorType, i64
from xdsl.dialects.utils import AbstractYieldOperation
from xdsl.ir import Attribute, Dialect, Operation
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import IsTerminator

KINDS: dict[type[Operation], str] = {
    arith.AddfOp: "sum",
    arith.AddiOp: "sum",
    arith.MulfOp: "prod",
    arith.MuliOp: "prod",
    arith.MaximumfOp: "max",
    arith.MaxSIOp: "max",
    arith.MinimumfOp: "min",
    arith.MinSIOp: "min",
}
"""The combiners a scan may have, and what they reduce to."""


@irdl_op_definition
class CombinerYieldOp(AbstractYieldOperation[Attribute]):
    """Ends the combiner."""

    name = "tm_tensor.yield"
    traits = traits_def(IsTerminator())


@irdl_op_definition
class ScanOp(IRDLOperation):
    """Reductions of all prefixes along an axis; the second result holds the last ones."""

    name = "tm_tensor.scan"

    inputs = var_operand_def(TensorType)
    outputs = var_operand_def(TensorType)
    dimension = prop_def(IntegerAttr.constr(i64))
    inclusive = prop_def(BoolAttr)
    body = region_def("single_block")
    results_ = var_result_def(TensorType)

    irdl_options = (AttrSizedOperandSegments(as_property=True),)

    @property
    def kind(self) -> str | None:
        """What it reduces to: ``sum``, ``prod``, ``max``, ``min``, or ``None``."""
        combiner = self.body.block.first_op
        if combiner is None or combiner.next_op is not self.body.block.last_op:
            return None
        return KINDS.get(type(combiner))


TM_TENSOR = Dialect("tm_tensor", [ScanOp, CombinerYieldOp])
