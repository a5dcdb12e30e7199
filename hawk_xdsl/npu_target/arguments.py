"""The arguments of a kernel as arrays of global memory."""

from collections.abc import Sequence

import numpy as np
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import BlockArgument

from hawk_xdsl.dialects.dtype import Array, DType
from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.npu_target.global_memory import AccessLog, GlobalArray
from hawk_xdsl.npu_target.traps import value_name


def arrays_of(kernel: KernelOp, inputs: Sequence[Array], log: AccessLog) -> list[GlobalArray]:
    """The kernel's arguments: the given inputs, then new outputs."""
    name = kernel.sym_name.data
    if len(inputs) != len(kernel.inputs):
        raise HawkError(f"@{name} has {len(kernel.inputs)} inputs, but {len(inputs)} were given")
    arrays: list[GlobalArray] = []
    for argument, given in zip(kernel.inputs, inputs, strict=True):
        shape, dtype = _type_of(argument)
        if given.shape != shape or given.dtype != dtype:
            raise HawkError(
                f"@{name}: input {value_name(argument)} is {list(shape)} of {dtype}, but "
                f"{list(given.shape)} of {given.dtype} was given"
            )
        data = np.asarray(given, order="C")
        arrays.append(GlobalArray(value_name(argument), data, log, output=False))
    for argument in kernel.outputs:
        data = np.empty(*_type_of(argument))
        arrays.append(GlobalArray(value_name(argument), data, log, output=True))
    return arrays


def untouched(arguments: Sequence[BlockArgument]) -> list[GlobalArray]:
    """Arrays whose elements nobody reads or writes."""
    log = AccessLog(())
    return [
        GlobalArray(value_name(argument), np.empty(*_type_of(argument)), log, output=False)
        for argument in arguments
    ]


def _type_of(argument: BlockArgument) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    type_ = argument.type
    assert isinstance(type_, MemRefType)
    return type_.get_shape(), DType.of(type_.element_type).numpy
