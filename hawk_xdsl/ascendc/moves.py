"""Loads and stores of an npu kernel as ``DataCopyPad``: rows with gaps between them."""

from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from hawk_xdsl.ascendc.emission import (
    AscendcEmission,
    AscendcView,
    IndexText,
    plus,
    product,
    times,
)
from hawk_xdsl.ascendc.names import BLOCK
from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.npu import LoadOp, StoreOp

MOST_ROWS = 4095
"""Rows of one ``DataCopyPad``: its ``blockCount`` has 12 bits."""


@contextmanager
def loops(at: AscendcEmission, extents: Sequence[IndexText]) -> Generator[tuple[IndexText, ...]]:
    """A loop for each extent but those of 1, and the counter of each, 0 without a loop."""
    counters: list[IndexText] = []
    with ExitStack() as stack:
        for extent in extents:
            if extent == 1:
                counters.append(0)
                continue
            name = at.name("row")
            head = f"for (int64_t {name} = 0; {name} < {extent}; ++{name})"
            stack.enter_context(at.block(head))
            counters.append(name)
        yield tuple(counters)


def part(view: AscendcView, counters: Sequence[IndexText]) -> str:
    """The tensor from the element on that the counters of its first dimensions name."""
    steps = (
        times(counter, stride) for counter, stride in zip(counters, view.strides, strict=False)
    )
    offset = plus(view.offset, *steps)
    return view.name if offset == 0 else f"{view.name}[{offset}]"


def emit_move(at: AscendcEmission, op: LoadOp | StoreOp) -> None:
    """Rows between global memory and ub; a loop for dimensions before the last two."""
    if isinstance(op, LoadOp) and op.pad is not None:
        raise at.fail(op, "a padded load")
    if isinstance(op, LoadOp) and op.past_l2 is not None:
        at.emit("// past L2, a hint that is not expressed here")
    source, dest = _squeezed(at.views[op.source]), _squeezed(at.views[op.dest])
    if source.shape != dest.shape:
        raise at.fail(op, f"shapes {list(source.shape)} and {list(dest.shape)}")
    if source.packed and dest.packed:
        count = product(source.shape)
        source, dest = (_rows(view, (1, count), (0, 1)) for view in (source, dest))
    else:
        source, dest = _with_single_elements(source, dest)
    if len(source.shape) < 2:
        source, dest = (
            _rows(view, (1, *view.shape), (0, *view.strides)) for view in (source, dest)
        )
    if source.strides[-1] != 1 or dest.strides[-1] != 1:
        raise at.fail(op, "elements that do not lie side by side")
    with loops(at, source.shape[:-2]) as counters:
        _copy(at, op, source, dest, counters)


def _copy(
    at: AscendcEmission,
    op: LoadOp | StoreOp,
    source: AscendcView,
    dest: AscendcView,
    counters: Sequence[IndexText],
) -> None:
    size = DType(source.dtype).bytes
    rows, width = source.shape[-2:]
    if isinstance(rows, int) and rows > MOST_ROWS:
        raise at.fail(op, f"{rows} rows, more than {MOST_ROWS}")
    local, world = (dest, source) if isinstance(op, LoadOp) else (source, dest)
    inner: IndexText = 0
    outer: IndexText = 0
    if rows != 1:
        if not isinstance(width, int):
            raise at.fail(op, "several rows of a length that is not static")
        outer = (world.strides[-2] - width) * size
        inner, odd = divmod(local.strides[-2] * size - -(-width * size // BLOCK) * BLOCK, BLOCK)
        if odd or inner < 0 or outer < 0:
            raise at.fail(op, "rows that overlap or are not in whole blocks")
    gaps = f"{outer}, {inner}" if isinstance(op, LoadOp) else f"{inner}, {outer}"
    shape = f"DataCopyExtParams{{{_u16(rows)}, {_u32(times(width, size))}, {gaps}, 0}}"
    ends = f"{part(dest, counters)}, {part(source, counters)}, {shape}"
    if isinstance(op, LoadOp):
        cpp = at.type_of(op, source.dtype)
        ends += f", DataCopyPadExtParams<{cpp}>{{false, 0, 0, 0}}"
    at.emit(f"DataCopyPad({ends});")


def _u16(value: IndexText) -> IndexText:
    return value if isinstance(value, int) else f"static_cast<uint16_t>({value})"


def _u32(value: IndexText) -> IndexText:
    return value if isinstance(value, int) else f"static_cast<uint32_t>({value})"


def _with_single_elements(
    source: AscendcView, dest: AscendcView
) -> tuple[AscendcView, AscendcView]:
    """Elements that do not lie side by side as rows of one element each."""
    if source.strides[-1] == dest.strides[-1] == 1:
        return source, dest
    first, second = (_rows(v, (*v.shape, 1), (*v.strides, 1)) for v in (source, dest))
    return first, second


def _squeezed(view: AscendcView) -> AscendcView:
    kept = [i for i, extent in enumerate(view.shape) if extent != 1]
    return _rows(view, [view.shape[i] for i in kept], [view.strides[i] for i in kept])


def _rows(view: AscendcView, shape: Sequence[IndexText], strides: Sequence[int]) -> AscendcView:
    return replace(view, shape=tuple(shape), strides=tuple(strides))
