"""Where in its window each maximum of a pooling was found, as comparisons with the window."""

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from math import prod
from operator import and_
from typing import cast

import torch
from torch.fx import Node
from torch.fx.experimental.proxy_tensor import make_fx

from hawk_xdsl.frontend.embedding_bags import rename_result
from hawk_xdsl.frontend.placing import worst_of

_ATEN = torch.ops.aten

_POOLS = (_ATEN.max_pool2d_with_indices.default, _ATEN.max_pool3d_with_indices.default)

MOST_PLACES = 64
"""Windows of more elements are left to torch-mlir's lowering, which has no kernel."""


@dataclass(frozen=True)
class _PoolWindow:
    """A pooling along the trailing axes: one number an axis in each field, the results' extents."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    extents: tuple[int, ...]


def places_by_comparison(program: torch.export.ExportedProgram) -> None:
    """Computes the indices of max poolings that are asked for from the input and the maxima.

    Args:
        program: is changed in place: the pooling stays for the maxima alone.
    """
    for node in list(program.graph.nodes):
        if node.target not in _POOLS:
            continue
        results: dict[object, Node] = {user.args[1]: user for user in node.users}
        window, places = _window(node), results.get(1)
        if places is None or not places.users or prod(window.kernel) > MOST_PLACES:
            continue
        x, maxima = cast(Node, node.args[0]), results.get(0)
        if maxima is None:
            with program.graph.inserting_after(node):
                maxima = program.graph.call_function(operator.getitem, (node, 0))
            maxima.meta = {**node.meta, "val": node.meta["val"][0]}
        _replace(program, places, (x, maxima), window)


def _window(node: Node) -> _PoolWindow:
    values = cast(torch.Tensor, node.meta["val"][0])
    axes = 2 if node.target is _POOLS[0] else 3
    given = [cast(Sequence[int] | bool, argument) for argument in node.args[1:]]
    lists = [(each,) if isinstance(each, int) else tuple(each) for each in given[:4]]
    kernel = _wide(lists[0], axes)
    stride = _wide(lists[1], axes) if len(lists) > 1 and lists[1] else kernel
    padding = _wide(lists[2] if len(lists) > 2 else (0,), axes)
    dilation = _wide(lists[3] if len(lists) > 3 else (1,), axes)
    return _PoolWindow(kernel, stride, padding, dilation, tuple(values.shape[-axes:]))


def _wide(numbers: tuple[int, ...], axes: int) -> tuple[int, ...]:
    return numbers * axes if len(numbers) == 1 else numbers


def _replace(
    program: torch.export.ExportedProgram, old: Node, given: tuple[Node, Node], window: _PoolWindow
) -> None:
    """Puts what :func:`_places` does in the place of a node."""
    values = [node.meta["val"] for node in given]
    traced = make_fx(lambda x, best: _places(x, best, window))(*values).graph
    inner = [node for node in traced.nodes if node.op == "placeholder"]
    with program.graph.inserting_before(old):
        # The maxima may have been made after the indices were read.
        old.prepend(given[1])
        made = program.graph.graph_copy(traced, dict(zip(inner, given, strict=True)))
    made = cast(Node, made)
    name = old.name
    old.replace_all_uses_with(made)
    program.graph.erase_node(old)
    rename_result(program, name, made.name)


def _places(x: torch.Tensor, best: torch.Tensor, window: _PoolWindow) -> torch.Tensor:
    """The index of each maximum within the trailing axes of ``x``, as torch counts it.

    Of equal values the first counts, of several NaN the last. The place within a window is found
    as an offset, which a chain of selections chooses; where the window begins is added to it.
    """
    axes = len(window.kernel)
    extents = x.shape[-axes:]
    lines = [prod(extents[axis + 1 :]) for axis in range(axes)]
    padded = _padded(x, window)
    found = torch.zeros(best.shape, dtype=torch.int32)  # of 64 bits no table is known to fit 32
    every = list(product(*map(range, window.kernel)))
    for steps in reversed(every):
        taken = _taken(padded, steps, window) == best
        inside = list(_inside(steps, window, extents))
        if inside:  # of all axes together: as one table
            taken = taken & reduce(and_, inside, torch.ones(window.extents, dtype=torch.bool))
        found = torch.where(taken, _offset(steps, window, lines), found)
    if x.is_floating_point():
        for steps in every:
            element = _taken(padded, steps, window)
            found = torch.where(element != element, _offset(steps, window, lines), found)
    for axis, extent in enumerate(window.extents):
        start = torch.arange(extent, dtype=torch.int32) * window.stride[axis] - window.padding[axis]
        found = found + _along(start * lines[axis], axis, axes)
    return found.to(torch.int64)


def _padded(x: torch.Tensor, window: _PoolWindow) -> torch.Tensor:
    """``x`` with as much around it as windows reach beyond it."""
    sides: list[int] = []
    for axis in reversed(range(len(window.kernel))):
        extent = x.shape[axis - len(window.kernel)]
        reach = (window.extents[axis] - 1) * window.stride[axis]
        reach += (window.kernel[axis] - 1) * window.dilation[axis] + 1
        sides += [window.padding[axis], max(0, reach - window.padding[axis] - extent)]
    return torch.constant_pad_nd(x, sides, worst_of(x.dtype, True)) if any(sides) else x


def _taken(padded: torch.Tensor, steps: Sequence[int], window: _PoolWindow) -> torch.Tensor:
    """The element of each window at one place of it."""
    for axis, step in enumerate(steps):
        start = step * window.dilation[axis]
        end = start + (window.extents[axis] - 1) * window.stride[axis] + 1
        dim = axis - len(steps)
        padded = _ATEN.slice.Tensor(padded, dim, start, end, window.stride[axis])
    return padded


def _inside(
    steps: Sequence[int], window: _PoolWindow, extents: Sequence[int]
) -> Iterator[torch.Tensor]:
    """For each axis along which windows reach into the padding: which of them do not here."""
    for axis, step in enumerate(steps):
        first = step * window.dilation[axis] - window.padding[axis]
        last = first + (window.extents[axis] - 1) * window.stride[axis]
        if first < 0 or last >= extents[axis]:
            place = torch.arange(window.extents[axis]) * window.stride[axis] + first
            yield _along((place >= 0) & (place < extents[axis]), axis, len(steps))


def _along(numbers: torch.Tensor, axis: int, axes: int) -> torch.Tensor:
    shape = [1] * axes
    shape[axis] = numbers.shape[0]
    return numbers.reshape(shape)


def _offset(steps: Sequence[int], window: _PoolWindow, lines: Sequence[int]) -> int:
    """How far a place of a window is from the window's first, in elements of the trailing axes."""
    parts = zip(steps, window.dilation, lines, strict=True)
    return sum(step * dilation * line for step, dilation, line in parts)
