"""PyTorch ops that put values at places, or order them, as comparisons, selections and reductions.

An index read from data becomes a comparison with every place, so that no element is addressed by
another: ``scatter`` of J values into rows of P places is ``where(place == index[j], value[j], x)``.
"""

from collections.abc import Callable, Mapping, Sequence
from math import prod

import torch
from torch._ops import OpOverload

MOST_STEPS = 16
"""Up to so many values are put, or found, one after the other; more of them by one reduction."""

_ATEN = torch.ops.aten


def _places(x: torch.Tensor, dim: int, dtype: torch.dtype = torch.int64) -> torch.Tensor:
    """0, 1, … along an axis, with unit axes around it."""
    shape = [1] * x.dim()
    shape[dim] = x.shape[dim]
    return torch.arange(x.shape[dim], dtype=dtype, device=x.device).reshape(shape)


def _whole(index: torch.Tensor, extent: int) -> torch.Tensor:
    """Indices counted from the start."""
    return torch.where(index < 0, index + extent, index)


def _put(x: torch.Tensor, dim: int, index: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
    """``x`` with ``source`` at the places ``index`` along an axis: of several the last one counts.

    Args:
        x: [… P …].
        dim: the axis of P places.
        index: [… J …], broadcast along other axes.
        source: [… J …], broadcast along other axes.
    """
    count = index.shape[dim]
    if count <= MOST_STEPS:
        for j in range(count):
            here = index.narrow(dim, j, 1) == _places(x, dim)
            x = torch.where(here, source.narrow(dim, min(j, source.shape[dim] - 1), 1), x)
        return x
    here = index.unsqueeze(dim) == _places(x, dim).unsqueeze(dim + 1)
    order = _places(index, dim).unsqueeze(dim)
    last = torch.where(here, order, -1).amax(dim + 1)
    chosen = here & (order == last.unsqueeze(dim + 1))
    found = torch.where(chosen, source.unsqueeze(dim), 0).sum(dim + 1, dtype=x.dtype)
    return torch.where(last >= 0, found, x)


def _added(x: torch.Tensor, dim: int, index: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
    """``x`` plus all of ``source`` that belongs to a place; shapes as in ``_put``."""
    here = index.unsqueeze(dim) == _places(x, dim).unsqueeze(dim + 1)
    return x + torch.where(here, source.unsqueeze(dim), 0).sum(dim + 1, dtype=x.dtype)


def _reducing(kind: str, include_self: bool) -> "_Put":
    """What reduces all of ``source`` that belongs to a place, with what was there or without."""

    def reduced(
        x: torch.Tensor, dim: int, index: torch.Tensor, source: torch.Tensor
    ) -> torch.Tensor:
        here = index.unsqueeze(dim) == _places(x, dim).unsqueeze(dim + 1)
        values = torch.where(here, source.unsqueeze(dim), _neutral(kind, x.dtype))
        count = here.sum(dim + 1)
        match kind:
            case "amax":
                found = values.amax(dim + 1)
                joined = torch.maximum(x, found)
            case "amin":
                found = values.amin(dim + 1)
                joined = torch.minimum(x, found)
            case "prod":
                found = values.prod(dim + 1, dtype=x.dtype)
                joined = x * found
            case _:
                found = values.sum(dim + 1, dtype=x.dtype)
                joined = x + found
        if kind == "mean":
            found, joined = _shared(found, count.clamp(1)), _shared(joined, count + 1)
        return joined if include_self else torch.where(count > 0, found, x)

    return reduced


def _shared(total: torch.Tensor, count: torch.Tensor) -> torch.Tensor:
    if total.is_floating_point():
        return total / count
    return torch.div(total, count.to(total.dtype), rounding_mode="floor")


def _neutral(kind: str, dtype: torch.dtype) -> float:
    if kind in ("amax", "amin"):
        return worst_of(dtype, kind == "amax")
    return 1 if kind == "prod" else 0


_Put = Callable[[torch.Tensor, int, torch.Tensor, torch.Tensor], torch.Tensor]


def _within(
    put: _Put, x: torch.Tensor, dim: int, index: torch.Tensor, source: torch.Tensor
) -> torch.Tensor:
    """``put`` on the part of ``x`` that ``index`` spans in the other axes; the rest stays."""
    for axis in range(x.dim()):
        extent = index.shape[axis]
        if axis != dim and extent < x.shape[axis]:
            inner = _within(put, x.narrow(axis, 0, extent), dim, index, source)
            rest = x.narrow(axis, extent, x.shape[axis] - extent)
            return torch.cat([inner, rest], axis)
    return put(x, dim, index, source)


def _scattered(
    put: _Put, x: torch.Tensor, dim: int, index: torch.Tensor, source: torch.Tensor
) -> torch.Tensor:
    if x.dim() == 0:
        return _scattered(put, x.reshape(1), 0, index.reshape(1), source.reshape(1)).reshape(())
    extents = zip(index.shape, source.shape, strict=True)
    if any(extent < other for extent, other in extents):
        for axis, extent in enumerate(index.shape):
            source = source.narrow(axis, 0, extent)
    return _within(put, x, dim % x.dim(), index, source)


def _scatter(x: torch.Tensor, dim: int, index: torch.Tensor, src: torch.Tensor) -> torch.Tensor:
    return _scattered(_put, x, dim, index, src)


def _scatter_value(x: torch.Tensor, dim: int, index: torch.Tensor, value: float) -> torch.Tensor:
    return _scattered(_put, x, dim, index, torch.full_like(index, value, dtype=x.dtype))


def _scatter_add(x: torch.Tensor, dim: int, index: torch.Tensor, src: torch.Tensor) -> torch.Tensor:
    return _scattered(_added, x, dim, index, src)


def _scatter_reduce(
    x: torch.Tensor,
    dim: int,
    index: torch.Tensor,
    src: torch.Tensor,
    reduce: str,
    *,
    include_self: bool = True,
) -> torch.Tensor:
    return _scattered(_reducing(reduce, include_self), x, dim, index, src)


def _along(x: torch.Tensor, dim: int, index: torch.Tensor) -> torch.Tensor:
    """Indices of one axis with unit axes around it."""
    shape = [1] * x.dim()
    shape[dim] = index.numel()
    return index.reshape(shape)


def _index_copy(
    x: torch.Tensor, dim: int, index: torch.Tensor, source: torch.Tensor
) -> torch.Tensor:
    if x.dim() == 0:
        return source.reshape(())
    dim = dim % x.dim()
    return _put(x, dim, _along(x, dim, index), source)


def _index_fill(x: torch.Tensor, dim: int, index: torch.Tensor, value: float) -> torch.Tensor:
    dim = dim % x.dim()
    along = _along(x, dim, index)
    return _put(x, dim, along, torch.full_like(along, value, dtype=x.dtype))


def _index_add(
    x: torch.Tensor, dim: int, index: torch.Tensor, source: torch.Tensor, *, alpha: float = 1
) -> torch.Tensor:
    dim = dim % x.dim()
    scaled = source if alpha == 1 else source * alpha
    return _added(x, dim, _along(x, dim, index), scaled)


def _index_put(
    x: torch.Tensor,
    indices: Sequence[torch.Tensor | None],
    values: torch.Tensor,
    accumulate: bool = False,
) -> torch.Tensor:
    """Indexed axes become one axis in front, whose places are put one by one."""
    given = [index for index in indices if index is not None]
    axes = [axis for axis, index in enumerate(indices) if index is not None]
    if any(index.dtype == torch.bool for index in given):
        return _masked_put(x, indices, values, accumulate)
    spread = torch.broadcast_tensors(*given)
    extents = [x.shape[axis] for axis in axes]
    linear = spread[0] * 0
    for index, extent in zip(spread, extents, strict=True):
        linear = linear * extent + _whole(index, extent)
    others = [axis for axis in range(x.dim()) if axis not in axes]
    rest = [x.shape[axis] for axis in others]
    order = [*axes, *others]
    rows = x.permute(order).reshape(prod(extents), *rest)
    source = _values(values, linear, axes, others, rest).reshape(linear.numel(), *rest)
    put = _added if accumulate else _put
    places = linear.reshape(linear.numel(), *[1] * len(rest))
    done = put(rows, 0, places, source).reshape([*extents, *rest])
    return done.permute([order.index(axis) for axis in range(x.dim())])


def _values(
    values: torch.Tensor,
    linear: torch.Tensor,
    axes: Sequence[int],
    others: Sequence[int],
    rest: Sequence[int],
) -> torch.Tensor:
    """What is put, with the axes of the indices in front of the others."""
    first = axes[0] if list(axes) == list(range(axes[0], axes[-1] + 1)) else 0
    before = sum(axis < first for axis in others)
    shape = [*rest[:before], *linear.shape, *rest[before:]]
    spread = values.expand(shape)
    moved = list(range(before, before + linear.dim()))
    return spread.permute([*moved, *(a for a in range(len(shape)) if a not in moved)])


def _masked_put(
    x: torch.Tensor,
    indices: Sequence[torch.Tensor | None],
    values: torch.Tensor,
    accumulate: bool,
) -> torch.Tensor:
    """Wherever a mask says so one number, or one value after the other."""
    [mask, *others] = [index for index in indices if index is not None]
    if others or indices[0] is not mask:
        return NotImplemented
    if not values.numel():
        return x.clone()
    rest = x.shape[mask.dim() :]
    if values.numel() == 1:
        value = values.reshape([1] * x.dim()).to(x.dtype)
    else:
        count = values.shape[0] if values.dim() > len(rest) else 1
        before = torch.cumsum(mask.reshape(-1).to(torch.int32), 0) - 1
        turn = before.clamp(0, count - 1)
        value = values.expand(count, *rest).index_select(0, turn).reshape(x.shape)
    mask = mask.reshape([*mask.shape, *[1] * len(rest)])
    return torch.where(mask, x + value if accumulate else value, x)


def _index_put_impl(
    x: torch.Tensor,
    indices: Sequence[torch.Tensor | None],
    values: torch.Tensor,
    accumulate: bool = False,
    unsafe: bool = False,
) -> torch.Tensor:
    return _index_put(x, indices, values, accumulate)


def worst_of(dtype: torch.dtype, largest: bool) -> float:
    """The value that no other is worse than where the largest, or the smallest, is wanted."""
    if dtype.is_floating_point:
        return float("-inf") if largest else float("inf")
    return torch.iinfo(dtype).min if largest else torch.iinfo(dtype).max


def _ordered(
    x: torch.Tensor, count: int, dim: int, largest: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """The ``count`` best of an axis and their places: of equal ones the first. NaN is largest."""
    if x.dim() == 0:
        return x.clone(), torch.zeros_like(x, dtype=torch.int64)
    dim = dim % x.dim()
    find = _repeated if count <= MOST_STEPS else _ranked
    values, places = find(x, count, dim, largest)
    # The bounds are said where a later op, which knows none of this, takes places for indices.
    return values, places.clamp(0, x.shape[dim] - 1).to(torch.int64)


def _repeated(
    x: torch.Tensor, count: int, dim: int, largest: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """The best, then the best of the others, and so on."""
    extent = x.shape[dim]
    # What is left counts from the end, 0 is taken: the largest count is the first place.
    left = (extent - _places(x, dim, torch.float32)).expand(x.shape)
    values: list[torch.Tensor] = []
    places: list[torch.Tensor] = []
    for _ in range(count):
        best, first = _best(x, left, dim) if largest else _least(x, left, dim)
        left = torch.where(left == first, 0.0, left)
        values.append(best)
        places.append(extent - first)
    return torch.cat(values, dim), torch.cat(places, dim)


def _best(x: torch.Tensor, left: torch.Tensor, dim: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The largest of what is left, NaN before all, and its count."""
    best = torch.where(left > 0, x, worst_of(x.dtype, True)).amax(dim, keepdim=True)
    score = torch.where(x == best, left, 0.0)
    if x.is_floating_point():
        score = torch.where(best == best, score, torch.where(x == x, 0.0, left))
    return best, score.amax(dim, keepdim=True)


def _least(x: torch.Tensor, left: torch.Tensor, dim: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The smallest of what is left, NaN after all, and its count."""
    highest, extent = worst_of(x.dtype, False), x.shape[dim]
    numbers = torch.where(left > 0, x, highest)
    if not x.is_floating_point():
        best = numbers.amin(dim, keepdim=True)
        return best, torch.where(x == best, left, 0.0).amax(dim, keepdim=True)
    best = torch.where(x == x, numbers, highest).amin(dim, keepdim=True)
    number = torch.where(left > 0, left + extent, 0.0)
    score = torch.where(x == best, number, torch.where(x == x, 0.0, left)).amax(dim, keepdim=True)
    best = torch.where(score > extent, best, float("nan"))
    return best, torch.where(score > extent, score - extent, score)


def _ranked(
    x: torch.Tensor, count: int, dim: int, largest: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Each element's rank is how many come before it; then each rank's element is summed up."""
    mine, other = x.unsqueeze(dim + 1), x.unsqueeze(dim)
    before, equal = (other > mine) if largest else (other < mine), other == mine
    if x.is_floating_point():
        nan, others_nan = mine != mine, other != other
        before = before | (others_nan & ~nan) if largest else before | (nan & ~others_nan)
        equal = equal | (nan & others_nan)
    places = _places(x, dim, torch.float32)
    earlier = places.unsqueeze(dim) < places.unsqueeze(dim + 1)
    rank = torch.where(before | (equal & earlier), 1.0, 0.0).sum(dim + 1)
    here = rank.unsqueeze(dim) == places.narrow(dim, 0, count).unsqueeze(dim + 1)
    values = torch.where(here, x.unsqueeze(dim), 0).sum(dim + 1, dtype=x.dtype)
    return values, torch.where(here, places.unsqueeze(dim), 0.0).sum(dim + 1)


def _topk(
    x: torch.Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True
) -> tuple[torch.Tensor, torch.Tensor]:
    return _ordered(x, k, dim, largest)


def _sort(
    x: torch.Tensor, dim: int = -1, descending: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    return _ordered(x, x.shape[dim] if x.dim() else 1, dim, descending)


def _kthvalue(
    x: torch.Tensor, k: int, dim: int = -1, keepdim: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    values, places = _ordered(x, k, dim, False)
    if x.dim() == 0:
        return values, places
    values, places = (each.narrow(dim, k - 1, 1) for each in (values, places))
    return (values, places) if keepdim else (values.squeeze(dim), places.squeeze(dim))


def _sort_stable(
    x: torch.Tensor, *, stable: bool | None, dim: int = -1, descending: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    return _sort(x, dim, descending)


PLACING: Mapping[OpOverload, Callable[..., object]] = {
    _ATEN.scatter.src: _scatter,
    _ATEN.scatter.value: _scatter_value,
    _ATEN.scatter_add.default: _scatter_add,
    _ATEN.scatter_reduce.two: _scatter_reduce,
    _ATEN.index_copy.default: _index_copy,
    _ATEN.index_fill.int_Scalar: _index_fill,
    _ATEN.index_add.default: _index_add,
    _ATEN.index_put.default: _index_put,
    _ATEN._unsafe_index_put.default: _index_put,
    _ATEN.index_put.hacked_twin: _index_put,
    _ATEN._index_put_impl.default: _index_put_impl,
    _ATEN.topk.default: _topk,
    _ATEN.kthvalue.default: _kthvalue,
    _ATEN.sort.default: _sort,
    _ATEN.sort.stable: _sort_stable,
}
"""Which function stands for which op."""
