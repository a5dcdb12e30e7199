"""Runs @main: tensor ops and undecided ops here on the host, kernels through a callback."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Operation
from xdsl.traits import SymbolTable

from hawk_xdsl.dialects.npu import KernelOp, LaunchOp, UndecidedOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.semantics.reference import evaluate_block, evaluate_region
from hawk_xdsl.semantics.reference_frame import Frame, Handler
from hawk_xdsl.semantics.reference_types import Array, Precision, UnsupportedOpError

Launch = Callable[[KernelOp, list[Array], list[Attribute]], Sequence[Array]]
"""Runs a kernel: the kernel, one array an input, the tensor types of the outputs → the outputs.

Arrays have the kernel's shapes; a tensor of i1 is passed, and expected back, as int8 of 0 and 1,
one of i64 as int32.
"""


def run_main(
    module: ModuleOp,
    arguments: Sequence[Array],
    launch: Launch | None = None,
    precision: Precision = Precision.DECLARED,
) -> list[Array]:
    """The results of ``func.func @main``.

    Args:
        module: @main on tensors, at any stage: linalg, ``npu.undecided`` or ``npu.launch``.
        arguments: one array an argument: ``Program.arguments(inputs)``.
        launch: runs the kernels; without it a launch is an error.
        precision: how the host's own ops compute floats.

    Raises:
        HawkError: there is no @main.
        UnsupportedOpError: an op that the host cannot run.
        ValueError: an argument has the wrong shape.
    """
    for op in module.ops:
        if isinstance(op, FuncOp) and op.sym_name.data == "main" and op.body.blocks:
            return evaluate_block(op.body.block, arguments, precision, _handlers(launch))
    raise HawkError("the module has no func.func @main")


def _handlers(launch: Launch | None) -> Mapping[type[Operation], Handler]:
    def launched(frame: Frame, op: Operation) -> list[Array]:
        assert isinstance(op, LaunchOp)
        kernel = SymbolTable.lookup_symbol(op, op.kernel)
        if launch is None or not isinstance(kernel, KernelOp) or not op.outputs:
            raise UnsupportedOpError(op, "no way to run this kernel on the host")
        inputs = [_stored(frame.get(value)) for value in op.arguments]
        outputs = launch(kernel, inputs, list(op.result_types))
        pairs = zip(outputs, op.outputs, strict=True)
        return [np.asarray(array).astype(frame.dtype(result)) for array, result in pairs]

    return {UndecidedOp: _undecided, LaunchOp: launched}


def _undecided(frame: Frame, op: Operation) -> list[Array]:
    assert isinstance(op, UndecidedOp)
    return evaluate_region(op.body, [frame.get(value) for value in op.inputs], frame.precision)


def _stored(array: Array) -> Array:
    """The array as a kernel stores it."""
    if array.dtype == np.bool_:
        return array.astype(np.int8)
    return array.astype(np.int32) if array.dtype == np.int64 else array
