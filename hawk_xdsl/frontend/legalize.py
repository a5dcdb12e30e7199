"""Brings an imported function into the form the passes know: small literals only."""

from collections.abc import Iterator
from dataclasses import dataclass

import ml_dtypes
import numpy as np
from xdsl.context import Context
from xdsl.dialect_interfaces.op_asm import OpAsmDialectInterface
from xdsl.dialects import arith, cf, tensor
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    AnyFloat,
    DenseIntOrFPElementsAttr,
    DenseResourceAttr,
    FileLineColLoc,
    FloatAttr,
    FunctionType,
    IndexType,
    IntegerAttr,
    IntegerType,
    ModuleOp,
    ShapedType,
    TensorType,
)
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.dialects.linalg.ops import FillOp
from xdsl.ir import BlockArgument, Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.tm_tensor import ScanOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.frontend.narrow_f64 import as_f32, narrow_f64
from hawk_xdsl.frontend.whole_quotients import whole_quotients
from hawk_xdsl.linalg.dead_ops import erase_dead_ops
from hawk_xdsl.reference.frame import constant_value
from hawk_xdsl.reference.value_types import Precision, numpy_dtype

LITERAL_ELEMENTS = 16
"""Constants of more elements than this, unless they are splats, become parameters."""


@dataclass(frozen=True)
class LegalFunction:
    """The one function of a program.

    Attributes:
        module: holds ``func.func @main`` and nothing else.
        constants: the values of the leading arguments that were lifted from literals.
    """

    module: ModuleOp
    constants: tuple[Array, ...]

    @property
    def function(self) -> FuncOp:
        """``@main``."""
        [function] = [op for op in self.module.ops if isinstance(op, FuncOp)]
        return function


def error_at(op: Operation, message: str, file: str) -> HawkError:
    """An error at the place of an op, or in ``file`` if the op has none."""
    if isinstance(op.location, FileLineColLoc):
        return HawkError(message, file=op.location.filename.data, line=op.location.line.data)
    return HawkError(message, file=file)


def legalize(
    module: ModuleOp, context: Context, *, file: str, f64_as_f32: bool = False
) -> LegalFunction:
    """Rewrites the module in place.

    - the only function becomes ``@main``;
    - ``tm_tensor.scan`` stays: an inclusive sum, product, maximum or minimum;
    - a ``cf.assert`` goes: see ``_check_assert`` for which, and what takes its place;
    - floors of quotients of integers that go through f64 become whole quotients;
    - literals of more than ``LITERAL_ELEMENTS`` elements become leading arguments;
    - f64 becomes f32 everywhere if ``f64_as_f32``.

    Raises:
        HawkError: dynamic shapes, buffers, several functions, or an op none of this covers.
    """
    function = _only_function(module, file)
    for op in list(module.walk()):
        _check_static(op, file)
        if isinstance(op, cf.AssertOp):
            _check_assert(op, file)
            Rewriter.erase_op(op)
        elif isinstance(op, ScanOp):
            _check_scan(op, file)
    whole_quotients(function)
    constants = _lift_literals(function, context)
    if f64_as_f32:
        narrow_f64(function)
        constants = tuple(map(as_f32, constants))
    erase_dead_ops(function.body.block)
    _update_type(function)
    try:
        module.verify()
    except VerifyException as error:
        reason = str(error).strip().splitlines()[-1]
        raise HawkError(reason, file=file) from None
    return LegalFunction(module, constants)


def drop_unused_parameters(module: ModuleOp, count: int) -> tuple[int, ...]:
    """Removes those of the first ``count`` arguments of @main that nothing uses.

    Returns:
        the positions of those that stay.
    """
    function = _only_function(module, "")
    arguments = list(function.body.block.args[:count])
    kept = tuple(i for i, argument in enumerate(arguments) if argument.uses)
    for argument in arguments:
        if not argument.uses:
            function.body.block.erase_arg(argument)
    _update_type(function)
    return kept


def _only_function(module: ModuleOp, file: str) -> FuncOp:
    functions = [op for op in module.ops if isinstance(op, FuncOp)]
    if len(functions) != 1 or len(list(module.ops)) != 1:
        raise HawkError(f"expected one function in the module, found {len(functions)}", file=file)
    [function] = functions
    if len(function.body.blocks) != 1 or not isinstance(function.body.block.last_op, ReturnOp):
        raise error_at(function, "expected a function of one block with a body", file)
    return _named_main(function)


def _named_main(function: FuncOp) -> FuncOp:
    function.properties["sym_name"] = type(function.sym_name)("main")
    return function


def _values(op: Operation) -> Iterator[SSAValue]:
    yield from op.results
    for region in op.regions:
        for block in region.blocks:
            yield from block.args


def _check_static(op: Operation, file: str) -> None:
    for value in _values(op):
        type_ = value.type
        if isinstance(type_, ShapedType) and not isinstance(type_, TensorType):
            raise error_at(op, f"{op.name}: expected tensors, found {type_}", file)
        if isinstance(type_, TensorType) and DYNAMIC_INDEX in type_.get_shape():
            what = f"{op.name}: dynamic shapes are not supported: {type_}"
            if isinstance(op, FuncOp) and isinstance(value, BlockArgument):
                axis = type_.get_shape().index(DYNAMIC_INDEX)
                what += f", argument {value.index}, axis {axis}; give its range: --dim NAME=1..512"
            raise error_at(op, what, file)


def _check_assert(op: cf.AssertOp, file: str) -> None:
    """Lets two kinds of asserts go; any other is an error.

    A bound of an index used by ``tensor.extract``: the reference checks every such index itself,
    and a kernel's scalar read traps. A divisor that must not be 0: IEEE division gives the
    infinity that PyTorch gives.
    """
    block, condition = op.parent_block(), op.arg.owner
    assert block is not None
    if isinstance(condition, arith.CmpiOp):
        if any(isinstance(other, tensor.ExtractOp) for other in block.ops):
            return
    elif isinstance(condition, arith.CmpfOp):
        divisions = [other for other in block.ops if isinstance(other, arith.DivfOp)]
        if any(division.rhs in condition.operands for division in divisions):
            return
    raise error_at(op, f'cf.assert: cannot check "{op.msg.data}" in a kernel', file)


def _check_scan(op: ScanOp, file: str) -> None:
    if op.kind is None:
        message = "tm_tensor.scan: only sum, product, maximum and minimum can be scanned"
        raise error_at(op, message, file)
    if not op.inclusive.value.data:
        raise error_at(op, "tm_tensor.scan: exclusive scans are not supported", file)


def _lift_literals(function: FuncOp, context: Context) -> tuple[Array, ...]:
    """Turns large constants into leading arguments, in program order; blobs into dense literals."""
    lifted: list[Array] = []
    for op in list(function.body.block.ops):
        if not isinstance(op, arith.ConstantOp):
            continue
        if isinstance(op.result.type, TensorType) and 0 in op.result.type.get_shape():
            empty = tensor.EmptyOp([], op.result.type)
            Rewriter.replace_op(op, empty)
            continue
        array = _literal(op, context)
        if array is None:
            continue
        finite = array.dtype.kind in "biu" or np.all(np.isfinite(array.astype(np.float64)))
        if array.size and array.tobytes() == array.flat[0].tobytes() * array.size:
            _fill_instead(op, array.flat[0].item(), is_long=array.size > LITERAL_ELEMENTS)
            continue
        if finite and array.size <= LITERAL_ELEMENTS:
            type_ = op.result.type
            assert isinstance(type_, TensorType)
            numbers = [number.item() for number in array.reshape(-1)]
            op.properties["value"] = DenseIntOrFPElementsAttr.from_list(type_, numbers)
            continue
        argument = function.body.block.insert_arg(op.result.type, len(lifted))
        op.result.replace_all_uses_with(argument)
        Rewriter.erase_op(op)
        lifted.append(array)
    return tuple(lifted)


def _fill_instead(op: arith.ConstantOp, number: float, *, is_long: bool) -> None:
    """Makes a fill of one number repeated, if it is long, or no number that xDSL prints rightly."""
    type_ = op.result.type
    assert isinstance(type_, TensorType)
    element = type_.element_type
    if isinstance(element, AnyFloat):
        scalar = arith.ConstantOp(FloatAttr(float(number), element))
    else:
        assert isinstance(element, IntegerType | IndexType)
        scalar = arith.ConstantOp(IntegerAttr(int(number), element))
    if not is_long and np.isfinite(number):
        dense = DenseIntOrFPElementsAttr.from_list(type_, [number])
        op.properties["value"] = dense
        return
    empty = tensor.EmptyOp([], type_)
    fill = FillOp([scalar.result], [empty.tensor], [type_])
    Rewriter.insert_op([scalar, empty, fill], InsertPoint.before(op))
    op.result.replace_all_uses_with(fill.results[0])


def _literal(op: arith.ConstantOp, context: Context) -> Array | None:
    """The value of a constant tensor; ``None`` of a scalar."""
    match op.value:
        case DenseResourceAttr() as resource:
            return _resource_value(op, resource, context)
        case DenseIntOrFPElementsAttr() as dense:
            return constant_value(dense, Precision.DECLARED, op)
        case _:
            return None


def _resource_value(op: arith.ConstantOp, resource: DenseResourceAttr, context: Context) -> Array:
    """The blob of a ``dense_resource``: 4 bytes of alignment, then the little-endian elements."""
    builtin = context.get_dialect("builtin").get_interface(OpAsmDialectInterface)
    key = resource.resource_handle.data
    blob = builtin.lookup(key) if builtin is not None else None
    dtype = numpy_dtype(resource.type)
    if not blob or dtype is None:
        raise error_at(op, f"arith.constant: no data for dense_resource<{key}>", "")
    data = bytes.fromhex(blob.removeprefix("0x"))[4:]
    array = np.frombuffer(data, dtype.newbyteorder("<") if dtype != ml_dtypes.bfloat16 else dtype)
    shape = resource.type.get_shape()
    return array.reshape(shape).astype(dtype)


def _update_type(function: FuncOp) -> None:
    end = function.body.block.last_op
    assert isinstance(end, ReturnOp)
    inputs = [argument.type for argument in function.body.block.args]
    function.function_type = FunctionType.from_lists(inputs, [v.type for v in end.arguments])
    arguments = function.properties.get("arg_attrs")
    if arguments is not None:
        del function.properties["arg_attrs"]
