"""Copies between memory spaces, and the matrix product, in HIVM."""

from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType
from xdsl.ir import Operation, SSAValue

from hawk_xdsl.dialects.hivm import (
    HivmCopyOp,
    HivmFixpipeOp,
    HivmLoadOp,
    HivmMmadL1Op,
    HivmNd2nzOp,
    HivmStoreOp,
)
from hawk_xdsl.dialects.npu import (
    CopyOp,
    FixpipeOp,
    LoadOp,
    MmadOp,
    StoreOp,
    Subview,
    scope_of,
)
from hawk_xdsl.hivm.emission import Extent, HivmEmission, memref_type
from hawk_xdsl.transforms.buffers import root_of


def emit_load(at: HivmEmission, op: LoadOp) -> None:
    """Rows into ub as they are, a matrix into L1 in fractals, a row that is a bias as it is."""
    if op.pad is not None:
        raise at.fail(op, "the vendor's compiler moves the rows of a padded load")
    source, dest = at.of(op.source), at.of(op.dest)
    if root_of(op.dest) in at.rows:
        at.emit(HivmLoadOp(*alike(at, source, dest)))
    elif scope_of(op.dest).by_fractals:
        at.emit(HivmNd2nzOp(matrix(at, op, source, memref_type(op.dest)), dest))
    else:
        at.emit(HivmLoadOp(*alike(at, source, dest)))


def emit_store(at: HivmEmission, op: StoreOp) -> None:
    """ub to global memory."""
    at.emit(HivmStoreOp(*alike(at, at.of(op.source), at.of(op.dest))))


def emit_copy(at: HivmEmission, op: CopyOp) -> None:
    """Within ub."""
    at.emit(HivmCopyOp(*alike(at, at.of(op.source), at.of(op.dest))))


def emit_fixpipe(at: HivmEmission, op: FixpipeOp) -> None:
    """The accumulator to global memory."""
    if not scope_of(op.dest).is_global:
        raise at.fail(op, f"no path from {scope_of(op.source)} to {scope_of(op.dest)}")
    dest = matrix(at, op, at.of(op.dest), memref_type(op.source))
    at.emit(HivmFixpipeOp(at.of(op.source), dest, relu=op.relu is not None))


def emit_mmad(at: HivmEmission, op: MmadOp) -> None:
    """The product of fractals, with the extents that count."""
    left, right = extents_of(at, op.lhs), extents_of(at, op.rhs)
    m, k = left[::-1] if op.transpose_lhs is not None else left
    n = right[0] if op.transpose_rhs is not None else right[1]
    new = HivmMmadL1Op(
        at.of(op.lhs),
        at.of(op.rhs),
        at.of(op.acc),
        at.of(op.init),
        (at.index(m), at.index(k), at.index(n)),
        a_transpose=op.transpose_lhs is not None,
        b_transpose=op.transpose_rhs is not None,
        per_channel_bias=None if op.bias is None else at.of(op.bias),
    )
    at.emit(new)


def alike(at: HivmEmission, source: SSAValue, dest: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Both ends of a copy with the same dimensions: unit ones are dropped where they differ."""
    if memref_type(source).get_shape() == memref_type(dest).get_shape():
        return source, dest
    if memref_type(source).get_num_dims() == memref_type(dest).get_num_dims() and all(
        a == b or DYNAMIC_INDEX in (a, b)
        for a, b in zip(memref_type(source).get_shape(), memref_type(dest).get_shape(), strict=True)
    ):
        return source, dest
    return at.squeezed(source), at.squeezed(dest)


def matrix(at: HivmEmission, op: Operation, value: SSAValue, like: MemRefType) -> SSAValue:
    """The global end of a matrix move as two dimensions, with those of extent 1 that it has."""
    shape, wanted = memref_type(value).get_shape(), like.get_shape()
    if len(shape) <= 2:
        return at.raised(value, 2)
    dropped = [False] * len(shape)
    surplus = len(shape) - 2
    # Of [1, 1, 16] into a row the first two may go, of [16, 1, 1] into a column the last.
    order = range(len(shape)) if wanted[0] == 1 else reversed(range(len(shape)))
    for axis in order:
        if surplus and shape[axis] == 1:
            dropped[axis], surplus = True, surplus - 1
    if surplus:
        raise at.fail(op, f"{list(shape)} is no matrix")
    return at.without(value, dropped)


def extents_of(at: HivmEmission, value: SSAValue) -> tuple[Extent, Extent]:
    """Rows and columns of a matrix of the npu kernel, for its fractals do not say them."""
    shape = memref_type(value).get_shape()
    if DYNAMIC_INDEX not in shape:
        return shape[0], shape[1]
    view = Subview.of(value.owner)  # pyright: ignore[reportArgumentType]
    sizes = [size for size, dropped in zip(view.sizes, view.dropped, strict=True) if not dropped]
    first, second = (at.of(size) if isinstance(size, SSAValue) else size for size in sizes)
    return first, second
