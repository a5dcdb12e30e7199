"""Tensors in and out of PyTorch: which ones can be inputs, and their numpy forms."""

from collections.abc import Sequence

import ml_dtypes
import numpy as np
import torch

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.errors import HawkError

DTYPES = frozenset(
    {
        torch.float32,
        torch.float16,
        torch.bfloat16,
        torch.int8,
        torch.int16,
        torch.int32,
        torch.int64,
        torch.uint8,
        torch.bool,
    }
)
"""What inputs, weights and results may be made of."""


def unsupported(
    dtype: torch.dtype, *, result: bool = False, f64_as_f32: bool = False
) -> str | None:
    """Why a tensor of this type can be no input (or no result), and what to do; else ``None``."""
    if dtype in DTYPES or (f64_as_f32 and dtype == torch.float64):
        return None
    name = str(dtype).removeprefix("torch.")
    if dtype == torch.float64:
        todo = "convert it with .float(), or ask for f32 with --f64-as-f32 or f64_as_f32=True"
        return f"{name} is not supported: kernels compute in f32 at most; {todo}"
    if dtype.is_complex:
        todo = "" if result else "; pass real and imaginary part as two tensors"
        return f"{name} is not supported: there are no complex numbers on the NPU{todo}"
    known = ", ".join(sorted(str(one).removeprefix("torch.") for one in DTYPES))
    return f"{name} is not supported: expected one of {known}"


def checked_inputs(
    inputs: object, file: str, *, f64_as_f32: bool = False
) -> tuple[torch.Tensor, ...]:
    """Copies of the example inputs, no two of which share memory with each other or the module.

    An object that is given twice would be one input for ``torch.export``, and the compiled model
    would compute ``a - b`` as ``a - a``.

    Raises:
        HawkError: they are no sequence of dense tensors on the CPU of types in ``DTYPES``.
    """
    if isinstance(inputs, torch.Tensor):
        inputs = (inputs,)
    if not isinstance(inputs, Sequence) or isinstance(inputs, str):
        kind = type(inputs).__name__
        raise HawkError(f"example inputs must be a tuple of tensors, not {kind}", file=file)
    return tuple(
        _copy(value, f"example input {i}", file, f64_as_f32) for i, value in enumerate(inputs)
    )


def _copy(value: object, what: str, file: str, f64_as_f32: bool) -> torch.Tensor:
    if not isinstance(value, torch.Tensor):
        kind = type(value).__name__
        todo = "wrap it in a module that takes the tensors one by one"
        if isinstance(value, bool | int | float | str | None):
            todo = "fix it in the module, or pass torch.tensor(…)"
        raise HawkError(f"{what} must be a tensor, not {kind}: {todo}", file=file)
    if value.layout != torch.strided or value.device.type != "cpu" or value.is_quantized:
        kind = f"{str(value.layout).removeprefix('torch.')}, {value.device}"
        raise HawkError(f"{what} must be a dense tensor on the CPU, not {kind}", file=file)
    reason = unsupported(value.dtype, f64_as_f32=f64_as_f32)
    if reason is not None:
        raise HawkError(f"{what}: {reason}", file=file)
    return value.detach().clone()


def to_numpy(tensor: torch.Tensor) -> Array:
    """A copy of a tensor; bf16 becomes ``ml_dtypes.bfloat16``."""
    plain = tensor.detach().cpu().contiguous()
    if plain.dtype == torch.bfloat16:
        return plain.view(torch.int16).numpy().view(ml_dtypes.bfloat16).copy()
    return plain.numpy().copy()


def to_torch(array: Array, dtype: torch.dtype) -> torch.Tensor:
    """A tensor of the given type with a copy of the array."""
    if array.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(array.astype(np.float32)).to(dtype)
    return torch.from_numpy(np.array(array)).to(dtype)
