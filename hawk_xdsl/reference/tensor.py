"""Tensor ops on numpy arrays: empty, reshapes, slices, pads, concatenation."""

from collections.abc import Sequence

import numpy as np
from xdsl.dialects import arith, tensor
from xdsl.dialects.builtin import DYNAMIC_INDEX, TensorType
from xdsl.dialects.utils import get_dynamic_index_list
from xdsl.ir import BlockArgument, Operation, SSAValue

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.reference.frame import Frame, Handler, constant_value
from hawk_xdsl.reference.value_types import UnsupportedOpError


def _shape(op: Operation, value: SSAValue) -> tuple[int, ...]:
    assert isinstance(value.type, TensorType)
    shape = tuple(value.type.get_shape())
    if DYNAMIC_INDEX in shape:
        raise UnsupportedOpError(op, f"the dynamic shape {value.type}")
    return shape


def _mixed(frame: Frame, static: Sequence[int], dynamic: Sequence[SSAValue]) -> list[int]:
    """Static numbers with the dynamic ones filled in."""
    places = get_dynamic_index_list(static, dynamic, DYNAMIC_INDEX)
    return [n if isinstance(n, int) else int(frame.get(n)) for n in places]


def _constant(frame: Frame, op: Operation) -> list[Array]:
    assert isinstance(op, arith.ConstantOp)
    return [constant_value(op.value, frame.precision, op)]


def _empty(frame: Frame, op: Operation) -> list[Array]:
    """Uninitialised: NaN, so that a value that depends on it shows; 0 for integers."""
    dtype = frame.dtype(op.results[0])
    shape = _shape(op, op.results[0])
    return [np.zeros(shape, dtype) if dtype.kind in "iub" else np.full(shape, np.nan, dtype)]


def _reshape(frame: Frame, op: Operation) -> list[Array]:
    return [frame.get(op.operands[0]).reshape(_shape(op, op.results[0]))]


def _cast(frame: Frame, op: Operation) -> list[Array]:
    return [frame.get(op.operands[0])]


def _slices(
    frame: Frame, op: tensor.ExtractSliceOp | tensor.InsertSliceOp
) -> tuple[tuple[slice, ...], list[int]]:
    offsets = _mixed(frame, op.static_offsets.get_values(), op.offsets)
    sizes = _mixed(frame, op.static_sizes.get_values(), op.sizes)
    strides = _mixed(frame, op.static_strides.get_values(), op.strides)
    places = zip(offsets, sizes, strides, strict=True)
    return tuple(slice(o, o + (n - 1) * s + 1 if n else o, s) for o, n, s in places), sizes


def _extract_slice(frame: Frame, op: Operation) -> list[Array]:
    assert isinstance(op, tensor.ExtractSliceOp)
    places, _ = _slices(frame, op)
    return [frame.get(op.source)[places].reshape(_shape(op, op.result))]


def _insert_slice(frame: Frame, op: Operation) -> list[Array]:
    assert isinstance(op, tensor.InsertSliceOp)
    places, sizes = _slices(frame, op)
    result = frame.get(op.dest).copy()
    result[places] = frame.get(op.source).reshape(sizes)
    return [result]


def _pad(frame: Frame, op: Operation) -> list[Array]:
    assert isinstance(op, tensor.PadOp)
    end = op.region.block.last_op
    assert end is not None
    if isinstance(end.operands[0], BlockArgument):
        raise UnsupportedOpError(op, "a padding value that depends on the place")
    source = frame.get(op.source)
    low = _mixed(frame, op.static_low.get_values(), op.low)
    high = _mixed(frame, op.static_high.get_values(), op.high)
    shape = [n + a + b for n, a, b in zip(source.shape, low, high, strict=True)]
    kept = zip(source.shape, low, high, strict=True)
    source = source[tuple(slice(max(-a, 0), n + min(b, 0)) for n, a, b in kept)]
    low = [max(a, 0) for a in low]
    result = np.full(shape, frame.get(end.operands[0]), source.dtype)
    result[tuple(slice(a, a + n) for a, n in zip(low, source.shape, strict=True))] = source
    return [result]


def _concat(frame: Frame, op: Operation) -> list[Array]:
    assert isinstance(op, tensor.ConcatOp)
    arrays = [frame.get(value) for value in op.inputs]
    return [np.concatenate(arrays, axis=op.dim.value.data)]


def _extract(frame: Frame, op: Operation) -> list[Array]:
    assert isinstance(op, tensor.ExtractOp)
    return [frame.extract(op)]


def _insert(frame: Frame, op: Operation) -> list[Array]:
    assert isinstance(op, tensor.InsertOp)
    result = frame.get(op.dest).copy()
    result[tuple(int(frame.get(index)) for index in op.indices)] = frame.get(op.scalar)
    return [result]


def _from_elements(frame: Frame, op: Operation) -> list[Array]:
    flat = np.array([frame.get(value) for value in op.operands])
    return [flat.reshape(_shape(op, op.results[0]))]


def _splat(frame: Frame, op: Operation) -> list[Array]:
    return [np.full(_shape(op, op.results[0]), frame.get(op.operands[0]))]


def _dim(frame: Frame, op: Operation) -> list[Array]:
    assert isinstance(op, tensor.DimOp)
    return [np.asarray(frame.get(op.source).shape[int(frame.get(op.index))])]


TENSOR_HANDLERS: dict[type[Operation], Handler] = {
    arith.ConstantOp: _constant,
    tensor.CastOp: _cast,
    tensor.CollapseShapeOp: _reshape,
    tensor.ConcatOp: _concat,
    tensor.DimOp: _dim,
    tensor.EmptyOp: _empty,
    tensor.ExpandShapeOp: _reshape,
    tensor.ExtractOp: _extract,
    tensor.ExtractSliceOp: _extract_slice,
    tensor.FromElementsOp: _from_elements,
    tensor.InsertOp: _insert,
    tensor.InsertSliceOp: _insert_slice,
    tensor.PadOp: _pad,
    tensor.ReshapeOp: _reshape,
    tensor.SplatOp: _splat,
}
"""What each op computes."""
