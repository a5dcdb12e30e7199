"""Operators of integers and truth values, of which the suite has few."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F

I8, I16, I32, BOOL, F32, F16 = (
    torch.int8, torch.int16, torch.int32, torch.bool, torch.float32, torch.float16,
)  # fmt: skip


@dataclass(frozen=True)
class NarrowOperator:
    """A function of zeros of the given dtypes and shapes: only these matter to a compile."""

    name: str
    family: str
    function: Callable[..., torch.Tensor]
    inputs: tuple[tuple[torch.dtype, tuple[int, ...]], ...]

    def tensors(self) -> tuple[torch.Tensor, ...]:
        """Example inputs."""
        return tuple(torch.zeros(shape, dtype=dtype) for dtype, shape in self.inputs)


def _pair(dtype: torch.dtype, *shape: int) -> tuple[tuple[torch.dtype, tuple[int, ...]], ...]:
    return ((dtype, shape), (dtype, shape))


def _one(dtype: torch.dtype, *shape: int) -> tuple[tuple[torch.dtype, tuple[int, ...]], ...]:
    return ((dtype, shape),)


_S = (8, 50)

NARROW = tuple(
    NarrowOperator(name, family, function, inputs)
    for name, family, function, inputs in (
        ("add_i32", "elementwise", lambda x, y: x + y, _pair(I32, *_S)),
        ("subtract_i32", "elementwise", lambda x, y: x - y, _pair(I32, *_S)),
        ("multiply_i32", "elementwise", lambda x, y: x * y, _pair(I32, *_S)),
        ("maximum_i32", "elementwise", torch.maximum, _pair(I32, *_S)),
        ("minimum_i16", "elementwise", torch.minimum, _pair(I16, *_S)),
        ("add_i16", "elementwise", lambda x, y: x + y, _pair(I16, *_S)),
        ("multiply_i16", "elementwise", lambda x, y: x * y, _pair(I16, *_S)),
        ("add_i8", "elementwise", lambda x, y: x + y, _pair(I8, *_S)),
        ("subtract_i8", "elementwise", lambda x, y: x - y, _pair(I8, *_S)),
        ("negate_i32", "elementwise", lambda x: -x, _one(I32, *_S)),
        ("absolute_i32", "elementwise", torch.abs, _one(I32, *_S)),
        ("remainder_i32", "elementwise", lambda x: x % 7, _one(I32, *_S)),
        ("floor_divide_i32", "elementwise", lambda x: x // 41, _one(I32, *_S)),
        ("clamp_i32", "activation", lambda x: torch.clamp(x, -1000, 1000), _one(I32, *_S)),
        ("relu_i32", "activation", F.relu, _one(I32, *_S)),
        ("equal_i32", "elementwise", torch.eq, _pair(I32, *_S)),
        ("less_i32", "elementwise", torch.lt, _pair(I32, *_S)),
        ("where_i32", "elementwise", torch.where, (*_one(BOOL, *_S), *_pair(I32, *_S))),
        ("and_bool", "elementwise", torch.logical_and, _pair(BOOL, *_S)),
        ("xor_bool", "elementwise", torch.logical_xor, _pair(BOOL, *_S)),
        ("not_bool", "elementwise", torch.logical_not, _one(BOOL, *_S)),
        ("isnan", "elementwise", torch.isnan, _one(F32, *_S)),
        ("isinf_f16", "elementwise", torch.isinf, _one(F16, *_S)),
        ("above_1000", "elementwise", lambda x: x > 1000.0, _one(F32, *_S)),
        ("wide_to_i16", "cast", lambda x: x.to(I16), _one(I32, *_S)),
        ("wide_to_i8", "cast", lambda x: x.to(I8), _one(I32, *_S)),
        ("widened_i8", "cast", lambda x: x.to(I32), _one(I8, *_S)),
        ("i32_to_f32", "cast", lambda x: x.to(F32), _one(I32, *_S)),
        ("f32_to_i32", "cast", lambda x: x.to(I32), _one(F32, *_S)),
        ("bool_to_f32", "cast", lambda x: x.to(F32), _one(BOOL, *_S)),
        ("f16_to_bool", "cast", lambda x: x != 0, _one(F16, *_S)),
        ("sum_i32", "reduction", lambda x: x.sum(1, dtype=I32), _one(I32, 8, 300)),
        ("maximum_of_i32", "reduction", lambda x: x.amax(1), _one(I32, 8, 300)),
        ("minimum_of_i8", "reduction", lambda x: x.amin(1), _one(I8, 8, 300)),
        ("any", "reduction", lambda x: x.any(1), _one(BOOL, 8, 70)),
        ("all", "reduction", lambda x: x.all(1), _one(BOOL, 8, 70)),
        ("count", "reduction", lambda x: x.sum(1, dtype=I32), _one(BOOL, 8, 300)),
        ("argmax_i32", "arg-reduction", lambda x: x.argmax(1), _one(I32, 8, 300)),
        ("argmin_i8", "arg-reduction", lambda x: x.argmin(1), _one(I8, 8, 300)),
        ("cumsum_i32", "scan", lambda x: x.cumsum(1, dtype=I32), _one(I32, 8, 70)),
        ("rows_i32", "gather", F.embedding, (*_one(I32, 9), (I32, (33, 16)))),
        ("rows_i8", "gather", lambda k, x: x[k], (*_one(I32, 9), (I8, (33, 64)))),
        ("transpose_i32", "layout", lambda x: x.transpose(0, 1), _one(I32, 24, 40)),
        ("flip_i16", "layout", lambda x: x.flip(1), _one(I16, 8, 50)),
        ("join_i32", "layout", lambda x, y: torch.cat([x, y], 1), _pair(I32, *_S)),
        ("add_row_i32", "broadcast", lambda x, y: x + y, (*_one(I32, *_S), (I32, (50,)))),
        (
            "matmul_i8",
            "matmul",
            lambda x, y: torch.matmul(x.to(I32), y.to(I32)),
            (*_one(I8, 19, 40), (I8, (40, 23))),
        ),
        ("matmul_i32", "matmul", torch.matmul, (*_one(I32, 5, 12), (I32, (12, 7)))),
    )
)
"""Each at one small shape; the families are those of the suite."""
