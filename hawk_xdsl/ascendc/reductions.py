"""Reductions and positions of an npu kernel in AscendC."""

from dataclasses import replace

from hawk_xdsl.ascendc.emission import AscendcEmission, AscendcView, plus, product
from hawk_xdsl.ascendc.instructions import BARRIER
from hawk_xdsl.ascendc.moves import loops, part
from hawk_xdsl.ascendc.names import BLOCK, FLOATS, INSTRUCTIONS, NUMBERS, REPEAT
from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.npu import VarangeOp, VectorOp, VreduceOp
from hawk_xdsl.dialects.npu.elementwise import element_of
from hawk_xdsl.npu_target.temporaries import temporary_bytes

_ROWS = {"sum": "Sum", "max": "Max", "min": "Min"}
"""Reductions along rows: what stands behind ``Reduce``."""

_COMBINED = {"sum": "vadd", "max": "vmax", "min": "vmin", "prod": "vmul"}
"""Reductions of rows: the instruction that takes one more."""


def emit_vreduce(at: AscendcEmission, op: VreduceOp) -> None:
    """Along rows by the reductions of AscendC, of rows by an instruction for each."""
    axes = sorted(int(axis) for axis in op.axes.get_values())
    source, out = at.views[op.input], at.views[op.out]
    kind, rank = str(op.kind.data), len(source.shape)
    kept = [source.shape[i] for i in range(rank) if i not in axes]
    if source.packed and all(extent == 1 for extent in kept):
        axes, rank = [1], 2
        source = replace(source, shape=(1, product(source.shape)), strides=(0, 1))
        out = replace(out, shape=(1, 1), strides=(0, 1))
    axes = [axis for axis in axes if source.shape[axis] != 1] or axes[-1:]
    if len(axes) != 1:
        raise at.fail(op, f"axes {axes} at once")
    _check_rows(at, op, source, out)
    if axes[0] == rank - 1:
        _along_rows(at, op, kind, source, out)
    else:
        _of_rows(at, op, kind, source, out, axes[0])


def _check_rows(at: AscendcEmission, op: VectorOp, *views: AscendcView) -> None:
    for view in views:
        size = DType(view.dtype).bytes
        rows = zip(view.shape[:-1], view.strides[:-1], strict=True)
        if any(extent != 1 and stride * size % BLOCK for extent, stride in rows):
            raise at.fail(op, "rows that do not start on a block")
        if view.shape[-1] != 1 and view.strides[-1] != 1:
            raise at.fail(op, "elements that do not lie side by side")


def _along_rows(
    at: AscendcEmission, op: VreduceOp, kind: str, source: AscendcView, out: AscendcView
) -> None:
    name, dtype, count = _ROWS.get(kind), source.dtype, source.shape[-1]
    if name is None or dtype not in FLOATS:
        raise at.fail(op, f"no {kind} along rows of {dtype}")
    if not isinstance(count, int):
        raise at.fail(op, "rows of a length that is not static")
    size = DType(dtype).bytes
    lanes = REPEAT // size
    if count <= lanes:
        order = "" if kind == "sum" else ", ReduceOrder::ORDER_ONLY_VALUE"
        with loops(at, source.shape[:-1]) as rows:
            ends = f"{part(out, rows)}, {part(source, rows)}"
            at.emit(f"WholeReduce{name}({ends}, {count}, 1, 1, 1, 8{order});")
        return
    # A result of each repeat, for the extrema with its place, in whole blocks.
    found = -(-count // lanes) * (1 if kind == "sum" else 2) * size
    needed = -(-found // BLOCK) * BLOCK
    have = temporary_bytes(op, at.target.vector)
    if op.temporary is None or have < needed:
        raise at.fail(op, f"Reduce{name} of {count} elements needs {needed} bytes, not {have}")
    cpp, room, work = at.type_of(op, dtype), have // size, at.name("work")
    with at.block(""):
        address = op.temporary.value.data
        at.emit(f"LocalTensor<{cpp}> {work}(TPosition::VECCALC, {address}, {room});")
        with loops(at, source.shape[:-1]) as rows:
            ends = f"{part(out, rows)}, {part(source, rows)}, {work}"
            at.emit(f"Reduce{name}<{cpp}>({ends}, {count});")
            if any(extent != 1 for extent in source.shape[:-1]):
                at.emit(BARRIER)


def _of_rows(
    at: AscendcEmission,
    op: VreduceOp,
    kind: str,
    source: AscendcView,
    out: AscendcView,
    axis: int,
) -> None:
    row = INSTRUCTIONS.get(_COMBINED.get(kind, ""))
    if row is None or source.dtype not in row.dtypes:
        raise at.fail(op, f"no {kind} of rows of {source.dtype}")
    one = f"static_cast<{at.type_of(op, source.dtype)}>(1)"
    count = source.shape[-1]
    outer = [1 if i == axis else extent for i, extent in enumerate(source.shape[:-1])]
    with loops(at, outer) as counters:
        dest = part(out, counters)
        at.emit(f"Muls({dest}, {part(source, counters)}, {one}, {count});")
        number = at.name("row")
        head = f"for (int64_t {number} = 1; {number} < {source.shape[axis]}; ++{number})"
        with at.block(head):
            at.emit(BARRIER)
            places = [*counters[:axis], number, *counters[axis + 1 :]]
            at.emit(f"{row.name}({dest}, {dest}, {part(source, places)}, {count});")


def emit_varange(at: AscendcEmission, op: VarangeOp) -> None:
    """Each element's index along an axis."""
    view, axis = at.views[op.out], op.axis.value.data
    dtype = str(element_of(op.out))
    if dtype not in NUMBERS:
        raise at.fail(op, f"CreateVecIndex is not taken for {dtype}")
    _check_rows(at, op, view)
    cpp = at.type_of(op, dtype)
    with loops(at, view.shape[:-1]) as rows:
        row, count = part(view, rows), view.shape[-1]
        if axis == len(view.shape) - 1:
            at.emit(f"CreateVecIndex({row}, static_cast<{cpp}>(0), {count});")
        else:
            at.emit(f"Duplicate({row}, static_cast<{cpp}>({plus(rows[axis])}), {count});")
