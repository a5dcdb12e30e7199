"""The one op of torch-mlir's tm_tensor dialect that is understood, ``scan``, and its lowering."""

from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    AffineMapAttr,
    AnyFloat,
    BoolAttr,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    TensorType,
    i64,
)
from xdsl.dialects.linalg.attrs import IteratorTypeAttr
from xdsl.dialects.linalg.ops import FillOp, GenericOp, IndexOp
from xdsl.dialects.linalg.ops import YieldOp as LinalgYieldOp
from xdsl.dialects.tensor import EmptyOp
from xdsl.dialects.utils import AbstractYieldOperation
from xdsl.ir import Attribute, Block, Dialect, Operation, Region, SSAValue
from xdsl.ir.affine import AffineExpr, AffineMap
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
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.traits import IsTerminator

from hawk_xdsl.errors import HawkError

IDENTITIES: dict[type[Operation], float | int] = {
    arith.AddfOp: 0.0,
    arith.AddiOp: 0,
    arith.MulfOp: 1.0,
    arith.MuliOp: 1,
    arith.MaximumfOp: float("-inf"),
    arith.MinimumfOp: float("inf"),
}
"""The combiners a scan may have, with the value that changes nothing."""


@irdl_op_definition
class YieldOp(AbstractYieldOperation[Attribute]):
    """Ends the combiner."""

    name = "tm_tensor.yield"
    traits = traits_def(IsTerminator())


@irdl_op_definition
class ScanOp(IRDLOperation):
    """Prefix folds of ``inputs[0]`` along an axis; the second result holds the last ones."""

    name = "tm_tensor.scan"

    inputs = var_operand_def(TensorType)
    outputs = var_operand_def(TensorType)
    dimension = prop_def(IntegerAttr.constr(i64))
    inclusive = prop_def(BoolAttr)
    body = region_def("single_block")
    results_ = var_result_def(TensorType)

    irdl_options = (AttrSizedOperandSegments(as_property=True),)


TM_TENSOR = Dialect("tm_tensor", [ScanOp, YieldOp])


def lower_scan(scan: ScanOp) -> None:
    """Replaces a scan by the ``linalg.generic`` that defines it.

    ``y[.., i, ..] = fold over k <= i of x[.., k, ..]``: one reduction loop k, whose steps after i
    leave the accumulator as it is. It reads like a mask, and an NPU does it as a running fold.

    Raises:
        HawkError: the scan is exclusive, its combiner is not in ``IDENTITIES``, or its second
            result (the last value) is used.
    """
    combiner = scan.body.block.first_op
    if combiner is None or type(combiner) not in IDENTITIES:
        raise HawkError("tm_tensor.scan: only sum, product, maximum and minimum can be scanned")
    if not scan.inclusive.value.data:
        raise HawkError("tm_tensor.scan: exclusive scans are not supported")
    if scan.results_[1].uses:
        raise HawkError("tm_tensor.scan: the value of the last element is not available")
    [source], type_ = scan.inputs, scan.results_[0].type
    assert isinstance(type_, TensorType)
    rank, axis = len(type_.get_shape()), scan.dimension.value.data
    start = _filled(type_, IDENTITIES[type(combiner)])
    loops = [AffineExpr.dimension(d) for d in range(rank + 1)]
    read = [loops[rank] if d == axis else loops[d] for d in range(rank)]
    generic = GenericOp(
        [source],
        [start[-1].results[0]],
        Region(_masked(combiner, type_.element_type, rank, axis)),
        [
            AffineMapAttr(AffineMap(rank + 1, 0, tuple(read))),
            AffineMapAttr(AffineMap(rank + 1, 0, tuple(loops[:rank]))),
        ],
        [IteratorTypeAttr.parallel()] * rank + [IteratorTypeAttr.reduction()],
        [type_],
    )
    generic.location = scan.location
    Rewriter.insert_op([*start, generic], InsertPoint.before(scan))
    scan.results_[0].replace_all_uses_with(generic.results[0])
    Rewriter.erase_op(scan)


def _filled(type_: TensorType[Attribute], value: float | int) -> list[Operation]:
    element = type_.element_type
    if isinstance(element, AnyFloat):
        constant = arith.ConstantOp(FloatAttr(float(value), element))
    else:
        assert isinstance(element, IntegerType)
        constant = arith.ConstantOp(IntegerAttr(int(value), element))
    empty = EmptyOp([], type_)
    fill = FillOp([constant.result], [empty.tensor], [type_])
    return [constant, empty, fill]


def _masked(combiner: Operation, element: Attribute, rank: int, axis: int) -> Block:
    """``accumulator = k <= i ? combiner(accumulator, value) : accumulator``."""
    block = Block(arg_types=[element, element])
    value, accumulator = block.args
    step, place = IndexOp(rank), IndexOp(axis)
    reached = arith.CmpiOp(step.result, place.result, "sle")
    body_args = combiner.parent_block()
    assert body_args is not None
    mapping: dict[SSAValue, SSAValue] = {body_args.args[0]: accumulator, body_args.args[1]: value}
    combined = combiner.clone(value_mapper=mapping)
    chosen = arith.SelectOp(reached.result, combined.results[0], accumulator)
    end = LinalgYieldOp(chosen.result)
    block.add_ops([step, place, reached, combined, chosen, end])
    return block
