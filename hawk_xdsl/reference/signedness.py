"""Which inputs and results of @main are unsigned bytes: torch-mlir says i8 of both kinds.

The function holds the positions as attributes, so that they go with the module wherever it goes.
What computes on the bytes says itself how it reads them (``arith.extui``, ``arith.divui``, …).
"""

from collections.abc import Sequence

import numpy as np
from xdsl.dialects.builtin import DenseArrayBase, i64
from xdsl.dialects.func import FuncOp

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.reference.value_types import numpy_dtype

INPUTS = "npu.unsigned_inputs"
RESULTS = "npu.unsigned_results"


def mark(function: FuncOp, inputs: Sequence[int], results: Sequence[int]) -> None:
    """Says which arguments and results, by their positions, are unsigned."""
    for name, positions in ((INPUTS, inputs), (RESULTS, results)):
        if positions:
            function.attributes[name] = DenseArrayBase.from_list(i64, list(positions))


def _marked(function: FuncOp, name: str) -> frozenset[int]:
    found = function.attributes.get(name)
    return frozenset(found.get_values()) if isinstance(found, DenseArrayBase) else frozenset()


def inserted(function: FuncOp, position: int, count: int) -> None:
    """Says that arguments were inserted at a position, or removed before it if ``count`` is less.

    Only arguments from the position on may be unsigned.
    """
    moved = [each + count for each in sorted(_marked(function, INPUTS)) if each >= position]
    if moved:
        function.attributes[INPUTS] = DenseArrayBase.from_list(i64, moved)


def input_dtypes(function: FuncOp) -> tuple[np.dtype[np.generic] | None, ...]:
    """The numpy type that each argument is given in; ``None`` where there is none."""
    unsigned = _marked(function, INPUTS)
    return tuple(
        np.dtype(np.uint8) if position in unsigned and dtype == np.int8 else dtype
        for position, dtype in enumerate(map(numpy_dtype, function.function_type.inputs.data))
    )


def signed(array: Array) -> Array:
    """Unsigned bytes as the i8 that the IR has them in, any other array as it is."""
    return array.view(np.int8) if array.dtype == np.uint8 else array


def as_declared(function: FuncOp, results: Sequence[Array]) -> list[Array]:
    """The results of a run, bytes as what they are declared."""
    unsigned = _marked(function, RESULTS)
    return [
        array.view(np.uint8) if position in unsigned and array.dtype == np.int8 else array
        for position, array in enumerate(results)
    ]
