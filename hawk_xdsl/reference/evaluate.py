"""The reference: runs an undecided op's linalg-on-tensors region with numpy, whole arrays at once.

It knows nothing of the NPU, so that a kernel can be checked against it. ``Precision.DECLARED``
rounds as the IR says, ``Precision.FLOAT64`` is the oracle that tolerances are measured from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.dialects.linalg.abstract_ops import LinalgStructuredOperation
from xdsl.dialects.linalg.ops import BroadcastOp, ReduceOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.traits import IsTerminator

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.tm_tensor import ScanOp
from hawk_xdsl.reference.error import Error
from hawk_xdsl.reference.frame import Frame, Handler
from hawk_xdsl.reference.structured import evaluate_scan, evaluate_structured
from hawk_xdsl.reference.tensor import TENSOR_HANDLERS
from hawk_xdsl.reference.tracked import move_errors, track_scan, track_structured
from hawk_xdsl.reference.value_types import (
    IndexRangeError,
    Precision,
    UnsupportedOpError,
    numpy_dtype,
)

__all__ = [
    "Array",
    "IndexRangeError",
    "Judged",
    "Precision",
    "UnsupportedOpError",
    "evaluate_block",
    "evaluate_region",
    "evaluate_with_errors",
    "numpy_dtype",
]


def evaluate_region(
    region: Region, inputs: Sequence[Array], precision: Precision = Precision.DECLARED
) -> list[Array]:
    """The values that a region of one block yields.

    Args:
        region: linalg, tensor, arith and math ops on tensors of static shapes; its block's
            arguments are the inputs.
        inputs: one array an argument, of its shape; cast to its numpy type.
        precision: how floats are computed.

    Raises:
        UnsupportedOpError: an op has no meaning here; names it and its place.
        IndexRangeError: a ``tensor.extract`` at an index, read from data, out of range.
        ValueError: an input has the wrong shape, or there are too many or too few.
    """
    return evaluate_block(region.block, inputs, precision)


def evaluate_block(
    block: Block,
    inputs: Sequence[Array],
    precision: Precision = Precision.DECLARED,
    handlers: Mapping[type[Operation], Handler] | None = None,
) -> list[Array]:
    """As ``evaluate_region``; ``handlers`` adds meanings of further op classes."""
    frame = _entered(block, inputs, precision)
    with np.errstate(all="ignore"):
        for op in block.ops:
            if op.has_trait(IsTerminator):
                break
            _run(frame, op, handlers or {})
        assert block.last_op is not None
        return [frame.get(value) for value in block.last_op.operands]


def _entered(block: Block, inputs: Sequence[Array], precision: Precision) -> Frame:
    """A frame that holds the inputs."""
    frame = Frame(precision)
    for argument, array in zip(block.args, inputs, strict=True):
        value = np.asarray(array).astype(frame.dtype(argument), copy=False)
        shape = getattr(argument.type, "get_shape", tuple[int, ...])()
        if value.shape != tuple(shape):
            raise ValueError(f"input {argument.index} has shape {value.shape}, not {tuple(shape)}")
        frame.values[argument] = value
    return frame


@dataclass(frozen=True)
class Judged:
    """A float64 result, and how far a right result may be from it at each element.

    ``error`` is ``None`` where nothing was computed, so that the result must be the very same, and
    infinite at elements that have no right value.
    """

    value: Array
    error: Error


def evaluate_with_errors(
    block: Block, inputs: Sequence[Array], *, ends: bool = True
) -> list[Judged]:
    """As ``evaluate_block`` in float64, with what roundings of intermediates may change.

    Nothing is known (an infinite error) of what is computed from a value beyond the end of its
    dtype, unless dtypes are taken as ones without ``ends``.
    """
    frame = _entered(block, inputs, Precision.FLOAT64)
    frame.errors, frame.ends = {}, ends
    with np.errstate(all="ignore"):
        for op in block.ops:
            if op.has_trait(IsTerminator):
                break
            _run_tracked(frame, op)
        assert block.last_op is not None
        return [Judged(frame.get(value), _shaped(frame, value)) for value in block.last_op.operands]


def _shaped(frame: Frame, value: SSAValue) -> Error:
    error = frame.error(value)
    return None if error is None else np.broadcast_to(error, frame.get(value).shape)


def _run_tracked(frame: Frame, op: Operation) -> None:
    assert frame.errors is not None
    handler = TENSOR_HANDLERS.get(type(op))
    if handler is not None:
        values, errors = handler(frame, op), move_errors(frame, op, handler)
    elif isinstance(op, ScanOp):
        values, errors = track_scan(frame, op)
    elif isinstance(op, LinalgStructuredOperation | BroadcastOp | ReduceOp):
        values, errors = track_structured(frame, op)
    else:
        return _run(frame, op, {})
    frame.values.update(zip(op.results, values, strict=True))
    frame.errors.update(zip(op.results, errors, strict=True))


def _run(frame: Frame, op: Operation, handlers: Mapping[type[Operation], Handler]) -> None:
    """Evaluates an op now, except a scalar one, which waits until it is needed."""
    handler = handlers.get(type(op)) or TENSOR_HANDLERS.get(type(op))
    if handler is None and isinstance(op, ScanOp):
        handler = evaluate_scan
    if handler is None and isinstance(op, LinalgStructuredOperation | BroadcastOp | ReduceOp):
        handler = evaluate_structured
    if handler is not None:
        for result, value in zip(op.results, handler(frame, op), strict=True):
            frame.values[result] = value
    elif not op.results:
        raise UnsupportedOpError(op)
    else:
        for result in op.results:
            frame.get(result)
