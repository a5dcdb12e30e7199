"""Resizing and transposed convolution by whole factors, phase by phase.

Enlarged s times, every s-th element of the result is one weighted sum of neighbours: s sums of
shifted inputs, interleaved, and no element is addressed by another.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import floor, prod

import torch
from torch._ops import OpOverload

_ATEN = torch.ops.aten

Taps = Callable[[float], Sequence[tuple[int, float]]]
"""From a place between elements to the elements around it, with their weights."""


def _linear(place: float) -> Sequence[tuple[int, float]]:
    below = floor(place)
    return [(below, below + 1 - place), (below + 1, place - below)]


def _cubic(place: float) -> Sequence[tuple[int, float]]:
    """Keys' convolution with a = -0.75, as torch has it."""
    a, below = -0.75, floor(place)

    def weight(distance: float) -> float:
        if distance <= 1:
            return ((a + 2) * distance - (a + 3)) * distance * distance + 1
        return ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a

    return [(below + o, weight(abs(place - below - o))) for o in (-1, 0, 1, 2)]


def _shifted(x: torch.Tensor, dim: int, by: int) -> torch.Tensor:
    """Element i + by along an axis; beyond its ends the outermost one."""
    extent = x.shape[dim]
    by = max(-extent, min(extent, by))
    if by == 0:
        return x
    edge = x.narrow(dim, 0 if by < 0 else extent - 1, 1)
    edges = [edge] * abs(by)
    if by < 0:
        return torch.cat([*edges, x.narrow(dim, 0, extent + by)], dim)
    return torch.cat([x.narrow(dim, by, extent - by), *edges], dim)


def _interleaved(phases: Sequence[torch.Tensor], dim: int) -> torch.Tensor:
    shape = list(phases[0].shape)
    shape[dim] *= len(phases)
    return torch.stack(list(phases), dim + 1).reshape(shape)


def _enlarged(x: torch.Tensor, dim: int, factor: int, taps: Taps) -> torch.Tensor:
    phases: list[torch.Tensor] = []
    for phase in range(factor):
        weighted = [
            _shifted(x, dim, offset) * weight
            for offset, weight in taps((phase + 0.5) / factor - 0.5)
            if weight
        ]
        total = weighted[0]
        for term in weighted[1:]:
            total = total + term
        phases.append(total)
    return _interleaved(phases, dim)


def _factors(
    x: torch.Tensor, sizes: Sequence[int] | None, scales: Sequence[float | None] | None
) -> list[int] | None:
    """By how much each axis after the channels is enlarged; ``None`` unless by whole factors."""
    extents = x.shape[2:]
    if sizes is None:
        assert scales is not None
        sizes = [floor(n * (s or 1.0)) for n, s in zip(extents, scales, strict=True)]
    whole = all(size % extent == 0 for size, extent in zip(sizes, extents, strict=True))
    factors = [size // extent for size, extent in zip(sizes, extents, strict=True)]
    given = scales is None or all(s is None or s == f for s, f in zip(scales, factors, strict=True))
    return factors if whole and given else None


def _nearest(
    x: torch.Tensor, sizes: Sequence[int] | None, scales: Sequence[float | None] | None
) -> torch.Tensor:
    factors = _factors(x, sizes, scales)
    if factors is None:
        return NotImplemented
    split: list[int] = list(x.shape[:2])
    spread = list(split)
    for extent, factor in zip(x.shape[2:], factors, strict=True):
        split += [extent, 1]
        spread += [extent, factor]
    merged = [n * f for n, f in zip(x.shape[2:], factors, strict=True)]
    return x.reshape(split).expand(spread).reshape([*x.shape[:2], *merged])


def _nearest_to(x: torch.Tensor, output_size: Sequence[int], *scales: float | None) -> torch.Tensor:
    return _nearest(x, output_size, list(scales) or None)


def _smooth(
    x: torch.Tensor,
    sizes: Sequence[int] | None,
    scales: Sequence[float | None] | None,
    taps: Taps,
) -> torch.Tensor:
    factors = _factors(x, sizes, scales)
    if factors is None:
        return NotImplemented
    made = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    for axis, factor in enumerate(factors):
        if factor > 1:
            made = _enlarged(made, axis + 2, factor, taps)
    return made.to(x.dtype)


def _smooth_vec(taps: Taps) -> Callable[..., torch.Tensor]:
    def resized(
        x: torch.Tensor,
        output_size: Sequence[int] | None,
        align_corners: bool,
        scale_factors: Sequence[float] | None,
    ) -> torch.Tensor:
        if align_corners:
            return NotImplemented
        return _smooth(x, output_size, scale_factors, taps)

    return resized


def _smooth_to(taps: Taps) -> Callable[..., torch.Tensor]:
    def resized(
        x: torch.Tensor, output_size: Sequence[int], align_corners: bool, *scales: float | None
    ) -> torch.Tensor:
        if align_corners:
            return NotImplemented
        return _smooth(x, output_size, list(scales) or None, taps)

    return resized


def _convolution(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
) -> torch.Tensor:
    """A transposed convolution as one of the input for each phase of the result.

    Along an axis, element ``s q + r`` sums ``w[t] x[q + (r + p - t) / s]`` over the taps t that
    leave no remainder: those from ``(r + p) % s`` on, in steps of s.
    """
    stride, padding, dilation, output_padding = (
        tuple(given) * (weight.dim() - 2 if len(given) == 1 else 1)  # one number is for all axes
        for given in (stride, padding, dilation, output_padding)
    )
    axes = range(len(stride))
    strided = [axis for axis in axes if stride[axis] > 1]
    if not transposed or any(dilation[axis] > 1 for axis in strided) or x.dim() < len(stride) + 2:
        return NotImplemented
    kernel = weight.shape[2:]
    extents = [
        (x.shape[a + 2] - 1) * stride[a]
        - 2 * padding[a]
        + dilation[a] * (kernel[a] - 1)
        + output_padding[a]
        + 1
        for a in axes
    ]
    flipped = _as_forward(weight, groups)
    rows = [-(-extent // s) for extent, s in zip(extents, stride, strict=True)]
    phases: list[torch.Tensor] = []
    for remainders in product(*(range(s) for s in stride)):
        part, source = flipped, x
        for axis in axes:
            s, p, d = stride[axis], padding[axis], dilation[axis]
            first = (remainders[axis] + p) % s
            taps = range(first, kernel[axis], s)
            if not taps:
                part = part.narrow(axis + 2, 0, 1) * 0.0
                taps = range(first, first + 1)
            else:
                part = part[(slice(None),) * (axis + 2) + (slice(first, None, s),)]
                part = part.flip(axis + 2)
            before = d * (len(taps) - 1) - (remainders[axis] + p - first) // s
            source = _padded(source, axis + 2, before, rows[axis] + d * (len(taps) - 1))
        ones = [1] * len(stride)
        nothing = [0] * len(stride)
        phases.append(
            _ATEN.convolution(
                source, part, bias, ones, nothing, list(dilation), False, nothing, groups
            )
        )
    return _assembled(phases, stride, extents)


def _as_forward(weight: torch.Tensor, groups: int) -> torch.Tensor:
    """Weights [in, out / groups, …] as those of a forward convolution, [out, in / groups, …]."""
    inputs, outputs, *kernel = weight.shape
    split = weight.reshape(groups, inputs // groups, outputs, *kernel).transpose(1, 2)
    return split.reshape(groups * outputs, inputs // groups, *kernel)


def _padded(x: torch.Tensor, dim: int, before: int, extent: int) -> torch.Tensor:
    """``extent`` elements of an axis from ``-before`` on, zeros outside of it."""
    after = extent - before - x.shape[dim]
    pad = [0] * (2 * x.dim())
    pad[2 * (x.dim() - 1 - dim)], pad[2 * (x.dim() - 1 - dim) + 1] = max(before, 0), max(after, 0)
    start, stop = max(-before, 0), x.shape[dim] + min(after, 0)
    x = x.narrow(dim, start, stop - start) if (start, stop) != (0, x.shape[dim]) else x
    return _ATEN.constant_pad_nd(x, pad, 0.0) if any(pad) else x


def _assembled(
    phases: Sequence[torch.Tensor], stride: Sequence[int], extents: Sequence[int]
) -> torch.Tensor:
    """The phases interleaved along every axis, and cut where the last ones are too long."""
    made = list(phases)
    for axis in reversed(range(len(stride))):
        s = stride[axis]
        if s > 1:
            made = [_interleaved(made[i : i + s], axis + 2) for i in range(0, len(made), s)]
    [result] = made
    assert len(phases) == prod(stride)
    for axis, extent in enumerate(extents):
        if result.shape[axis + 2] != extent:
            result = result.narrow(axis + 2, 0, extent)
    return result


PHASES: Mapping[OpOverload, Callable[..., object]] = {
    _ATEN.convolution.default: _convolution,
    _ATEN.upsample_nearest1d.vec: _nearest,
    _ATEN.upsample_nearest2d.vec: _nearest,
    _ATEN.upsample_nearest1d.default: _nearest_to,
    _ATEN.upsample_nearest2d.default: _nearest_to,
    _ATEN.upsample_linear1d.vec: _smooth_vec(_linear),
    _ATEN.upsample_linear1d.default: _smooth_to(_linear),
    _ATEN.upsample_bilinear2d.vec: _smooth_vec(_linear),
    _ATEN.upsample_bilinear2d.default: _smooth_to(_linear),
    _ATEN.upsample_bicubic2d.vec: _smooth_vec(_cubic),
    _ATEN.upsample_bicubic2d.default: _smooth_to(_cubic),
}
"""Which function stands for which op, where the factors are whole."""
