"""PyTorch ops in terms of others, where torch-mlir has no lowering for them."""

from collections.abc import Callable, Collection, Mapping, Sequence

import torch
from torch._decomp import decomposition_table
from torch._ops import OperatorBase, OpOverload

from hawk_xdsl.frontend.embedding_bags import BAGS
from hawk_xdsl.frontend.fused_attention import FUSED_ATTENTION
from hawk_xdsl.frontend.phases import PHASES
from hawk_xdsl.frontend.placing import PLACING

Table = Mapping[OperatorBase, Callable[..., object]]
"""Which function stands for which op."""

_ATEN = torch.ops.aten


def _fmod(a: torch.Tensor, b: torch.Tensor | float) -> torch.Tensor:
    return a - torch.div(a, b, rounding_mode="trunc") * b


def _isfinite(x: torch.Tensor) -> torch.Tensor:
    return (x - x) == 0


def _copysign(a: torch.Tensor, b: torch.Tensor | float) -> torch.Tensor:
    sign = torch.as_tensor(b)
    negative = (sign < 0) | ((sign == 0) & (1 / sign < 0))
    return torch.where(negative, -torch.abs(a), torch.abs(a))


def _mean(
    x: torch.Tensor,
    dim: list[int] | None = None,
    keepdim: bool = False,
    *,
    dtype: torch.dtype | None = None,
) -> torch.Tensor:
    """The mean of narrow floats in f32, as torch computes it: their sum would overflow."""
    if x.dtype not in (torch.float16, torch.bfloat16):
        return NotImplemented
    return torch.mean(x.float(), dim, keepdim).to(dtype or x.dtype)


def _xor(a: torch.Tensor, b: int | bool) -> torch.Tensor:
    return torch.bitwise_xor(a, torch.full_like(a, b))


def _reflected(x: torch.Tensor, padding: Sequence[int]) -> torch.Tensor:
    """A padding by what is mirrored at the ends, one axis after the other: the last comes first."""
    sides = [(low, high) for low, high in zip(padding[::2], padding[1::2], strict=True)]
    if min(padding) < 0 or sum(map(any, sides)) < 2:  # one axis torch-mlir mirrors in one op
        return NotImplemented
    for position, (low, high) in enumerate(sides):
        dim = x.dim() - 1 - position
        parts = [x]
        if low:
            parts.insert(0, x.narrow(dim, 1, low).flip(dim))
        if high:
            parts.append(x.narrow(dim, x.shape[dim] - 1 - high, high).flip(dim))
        x = torch.cat(parts, dim) if len(parts) > 1 else x
    return x


def _running(x: torch.Tensor, dim: int, largest: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Running maxima or minima, and where each was last found, as reductions under a mask."""
    if x.dim() == 0:
        return x.clone(), torch.zeros_like(x, dtype=torch.int64)
    dim = dim % x.dim()
    rows = x.movedim(dim, -1)
    places = torch.arange(rows.shape[-1], device=x.device)
    reached = places[None, :] <= places[:, None]
    worst = float("-inf") if largest else float("inf")
    if not x.is_floating_point():
        worst = torch.iinfo(x.dtype).min if largest else torch.iinfo(x.dtype).max
    masked = torch.where(reached, rows.unsqueeze(-2), worst)
    best = masked.amax(-1) if largest else masked.amin(-1)
    here = reached & (rows.unsqueeze(-2) == best.unsqueeze(-1))
    place = torch.where(here, places, 0).amax(-1)
    return best.movedim(-1, dim), place.movedim(-1, dim)


def _with_an_axis(op: OpOverload) -> Callable[..., object]:
    """The op of a tensor without axes as that of one element: torch-mlir may not even end on it."""

    def applied(x: torch.Tensor, *args: object, **options: object) -> object:
        return NotImplemented if x.dim() else op(x.reshape(1), *args, **options).reshape(())

    return applied


def _cummax(x: torch.Tensor, dim: int) -> tuple[torch.Tensor, torch.Tensor]:
    return _running(x, dim, True)


def _cummin(x: torch.Tensor, dim: int) -> tuple[torch.Tensor, torch.Tensor]:
    return _running(x, dim, False)


_OF_AXES = (
    _ATEN._softmax.default,
    _ATEN._log_softmax.default,
    _ATEN.amax.default,
    _ATEN.amin.default,
    _ATEN.argmax.default,
    _ATEN.argmin.default,
    _ATEN.cumsum.default,
    _ATEN.cumprod.default,
    _ATEN.flip.default,
)
"""Ops that torch lets run along the axis that a number does not have."""

OWN: Table = {
    _ATEN.fmod.Tensor: _fmod,
    _ATEN.fmod.Scalar: _fmod,
    _ATEN.isfinite.default: _isfinite,
    _ATEN.mean.default: _mean,
    _ATEN.mean.dim: _mean,
    _ATEN.copysign.Tensor: _copysign,
    _ATEN.bitwise_xor.Scalar: _xor,
    _ATEN.reflection_pad2d.default: _reflected,
    _ATEN.reflection_pad3d.default: _reflected,
    _ATEN.cummax.default: _cummax,
    _ATEN.cummin.default: _cummin,
    **{op: _with_an_axis(op) for op in _OF_AXES},
    **BAGS,
    **FUSED_ATTENTION,
    **PLACING,
    **PHASES,
}
"""Ops that torch-mlir lowers not at all, or not as torch computes them."""


def torch_mlir_table() -> Table:
    """What torch-mlir wants taken apart, and the ops of ``OWN``: they come first."""
    from torch_mlir.extras.fx_decomp_util import get_decomposition_table

    usual: Table = get_decomposition_table()
    own = {op: _or_else(way, usual[op]) if op in usual else way for op, way in OWN.items()}
    return {**usual, **own}


def _or_else(own: Callable[..., object], usual: Callable[..., object]) -> Callable[..., object]:
    """A way that has another one for what it does not take."""

    def applied(*args: object, **options: object) -> object:
        found = own(*args, **options)
        return usual(*args, **options) if found is NotImplemented else found

    return applied


def wider_table(table: Table, operators: Collection[OpOverload]) -> Table | None:
    """The table with torch's own ways for those of a graph's ops that are no core ones, if any."""
    more = {
        op: decomposition_table[op]
        for op in operators
        if op in decomposition_table and torch.Tag.core not in op.tags
    }
    return {**table, **more} if more else None


def is_importable(operators: Collection[OpOverload]) -> bool:
    """Whether torch-mlir knows the namespaces of all ops: of prims it has but the conversions."""
    prims = {op for op in operators if op.namespace == "prims"}
    return prims <= {torch.ops.prims.convert_element_type.default}
