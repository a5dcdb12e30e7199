"""Runs @main: tensor ops and undecided ops here on the host, kernels through a callback."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation
from xdsl.traits import SymbolTable

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.npu import KernelOp, LaunchOp, UndecidedOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.reference.evaluate import (
    Judged,
    evaluate_block,
    evaluate_region,
    evaluate_with_errors,
)
from hawk_xdsl.reference.frame import Frame, Handler
from hawk_xdsl.reference.signedness import as_declared
from hawk_xdsl.reference.value_types import Precision, UnsupportedOpError
from hawk_xdsl.semantics.specification_form import FULL_I32

Launch = Callable[[LaunchOp, KernelOp, list[Array]], Sequence[Array]]
"""Runs a launch: the op, its kernel, one array an input → the outputs.

Arrays have the kernel's shapes; a tensor of i1 is passed, and expected back, as int8 of 0 and 1,
one of i64 as int32.
"""


def run_main(
    module: ModuleOp,
    arguments: Sequence[Array],
    launch: Launch | None = None,
) -> list[Array]:
    """The results of ``func.func @main``.

    Args:
        module: @main on tensors, at any stage: linalg, ``npu.undecided`` or ``npu.launch``.
        arguments: one array an argument: ``Program.arguments(inputs)``.
        launch: runs the kernels; without it a launch is an error.

    Raises:
        HawkError: there is no @main.
        UnsupportedOpError: an op that the host cannot run.
        IntegerRangeError: an integer that a kernel does not take.
        ValueError: an argument has the wrong shape.
    """
    function = _main(module)
    results = evaluate_block(function.body.block, arguments, Precision.DECLARED, _handlers(launch))
    return as_declared(function, results)


def run_main_with_errors(module: ModuleOp, arguments: Sequence[Array]) -> list[Judged]:
    """The float64 results of @main's tensor ops, with what roundings of intermediates may change.

    Raises as ``run_main``; @main has no kernels and no undecided ops.
    """
    return evaluate_with_errors(_main(module).body.block, arguments)


def _main(module: ModuleOp) -> FuncOp:
    for op in module.ops:
        if isinstance(op, FuncOp) and op.sym_name.data == "main" and op.body.blocks:
            return op
    raise HawkError("the module has no func.func @main")


def _handlers(launch: Launch | None) -> Mapping[type[Operation], Handler]:
    def launched(frame: Frame, op: Operation) -> list[Array]:
        assert isinstance(op, LaunchOp)
        kernel = SymbolTable.lookup_symbol(op, op.kernel)
        if launch is None or not isinstance(kernel, KernelOp) or not op.outputs:
            raise UnsupportedOpError(op, "no way to run this kernel on the host")
        inputs = [
            _stored(frame.get(value), op, number, ends)
            for number, (value, ends) in enumerate(zip(op.arguments, op.ranges, strict=True))
        ]
        outputs = launch(op, kernel, inputs)
        pairs = zip(outputs, op.outputs, strict=True)
        return [np.asarray(array).astype(frame.dtype(result)) for array, result in pairs]

    return {UndecidedOp: _undecided, LaunchOp: launched}


def _undecided(frame: Frame, op: Operation) -> list[Array]:
    assert isinstance(op, UndecidedOp)
    return evaluate_region(op.body, [frame.get(value) for value in op.inputs], frame.precision)


class IntegerRangeError(HawkError):
    """An integer that a kernel would not compute with rightly: it takes fewer bits."""

    def __init__(self, op: LaunchOp, number: int, value: int, ends: tuple[int, int]) -> None:
        low, high = ends
        bits = "32 bits" if ends == FULL_I32 else f"{low}..{high}"
        super().__init__(
            f"npu.launch {op.kernel}: argument {number} has {value}, which is not within {bits}, "
            "where the kernel is exact; --host-fallback computes such ops on the host in 64 bits"
        )


def _stored(array: Array, op: LaunchOp, number: int, ends: tuple[int, int] | None) -> Array:
    """The array as a kernel stores it. Raises ``IntegerRangeError``."""
    if array.dtype == np.bool_:
        return array.astype(np.int8)
    wide = array.dtype == np.int64
    if array.size and (wide or ends is not None):
        low, high = ends or FULL_I32
        for value in (int(array.min()), int(array.max())):
            if not low <= value <= high:
                raise IntegerRangeError(op, number, value, (low, high))
    return array.astype(np.int32) if wide else array
