"""Verified kernels of every family, written by hand: what is computed and a text for it."""

from collections.abc import Iterator
from dataclasses import dataclass

from hawk_xdsl.dialects.npu import UndecidedOp
from mutation.references import Region
from mutation.subjects_indexed import batched, embedding, gather, mask, ragged, scan, stages


@dataclass(frozen=True)
class Subject:
    """A kernel text that the gate accepts for an op."""

    family: str
    op: UndecidedOp
    text: str


def _chain() -> tuple[UndecidedOp, str]:
    region = Region(x=("f32", (60, 40)), z=("f32", (60, 40))).generic(
        "r", ("f32", (60, 40)), "i j: i j, i j, i j", ["x", "z"],
        """%1 = arith.constant 2.5 : f32
        %2 = arith.mulf %a, %1 : f32
        %3 = arith.subf %2, %b : f32
        %4 = math.exp %b : f32
        %5 = arith.addf %3, %4 : f32
        %y = arith.maximumf %5, %a : f32""",
    )  # fmt: skip
    return (
        region.undecided("chain", "r"),
        """\
across i in 0..2400 step 40 {
a = load x0[i:40] into ub
b = load x1[i:40] into ub
c = vmul a, 2.5
c = vsub c, b
d = vexp b
c = vadd c, d
c = vmax c, a
store c into y0[i:40]
}
""",
    )


def _softmax() -> tuple[UndecidedOp, str]:
    region = Region(x=("f32", (64, 50)))
    region.fold("m", "max", "f32", (64,), "i j: i j, i", "x", "j")
    region.generic(
        "e", ("f32", (64, 50)), "i j: i j, i, i j", ["x", "m"],
        "%1 = arith.subf %a, %b : f32\n%y = math.exp %1 : f32",
    )  # fmt: skip
    region.fold("s", "sum", "f32", (64,), "i j: i j, i", "e", "j")
    region.generic(
        "r", ("f32", (64, 50)), "i j: i j, i, i j", ["e", "s"], "%y = arith.divf %a, %b : f32"
    )
    return (
        region.undecided("softmax", "r"),
        """\
across r in 0..64 step 8 {
a = load x0[r:8, 0:50] into ub
m = vreduce max a axis 1
d = vsub a, m
e = vexp d
s = vreduce sum e axis 1
o = vdiv e, s
store o into y0[r:8, 0:50]
}
""",
    )


def _layer_norm() -> tuple[UndecidedOp, str]:
    shape, row = (50, 60), "i j: i j, i"
    both = "i j: i j, i j, i j"
    region = Region(x=("f32", shape), z=("f32", shape), g=("f32", (60,)), v=("f32", (60,)))
    region.generic("w", ("f32", shape), both, ["x", "z"], "%y = arith.addf %a, %b : f32")
    region.fold("s", "sum", "f32", (50,), row, "w", "j")
    region.generic(
        "n", ("f32", shape), "i j: i j, i, i j", ["w", "s"],
        """%1 = arith.constant 60.0 : f32
        %2 = arith.divf %b, %1 : f32
        %y = arith.subf %a, %2 : f32""",
    )  # fmt: skip
    region.generic("q", ("f32", shape), "i j: i j, i j", ["n"], "%y = arith.mulf %a, %a : f32")
    region.fold("t", "sum", "f32", (50,), row, "q", "j")
    region.generic(
        "r", ("f32", shape), "i j: i j, i, j, j, i j", ["n", "t", "g", "v"],
        """%1 = arith.constant 60.0 : f32
        %2 = arith.divf %b, %1 : f32
        %3 = arith.constant 0.00001 : f32
        %4 = arith.addf %2, %3 : f32
        %5 = math.sqrt %4 : f32
        %6 = arith.divf %a, %5 : f32
        %7 = arith.mulf %6, %c : f32
        %y = arith.addf %7, %d : f32""",
    )  # fmt: skip
    return (
        region.undecided("layer norm", "r"),
        """\
w = load x2[0:60] into ub
c = load x3[0:60] into ub
across i in 0..50 step 16 {
a = load x0[i:16, 0:60] into ub
d = load x1[i:16, 0:60] into ub
a = vadd a, d
s = vreduce sum a axis 1
m = vdiv s, 60.0
d = vsub a, m
q = vmul d, d
v = vreduce sum q axis 1
v = vdiv v, 60.0
v = vadd v, 1e-05
v = vsqrt v
d = vdiv d, v
d = vmul d, w
d = vadd d, c
store d into y0[i:16, 0:60]
}
""",
    )


def _columns() -> tuple[UndecidedOp, str]:
    region = Region(x=("f32", (100, 72)))
    region.fold("r", "sum", "f32", (72,), "i j: i j, j", "x", "i")
    return (
        region.undecided("column sum", "r"),
        """\
across c in 0..72 step 24 {
s = fill 0.0 f32[1, 24] in ub
for r in 0..100 step 32 {
a = load x0[r:32, c:24] into ub pad 0.0
t = vreduce sum a axis 0
s = vadd s, t
}
store s into y0[c:24]
}
""",
    )


def _maxima() -> tuple[UndecidedOp, str]:
    region = Region(x=("f32", (48, 200)))
    region.fold("r", "max", "f32", (48,), "i j: i j, i", "x", "j")
    return (
        region.undecided("row maximum", "r"),
        """\
across r in 0..48 step 16 {
s = fill -inf f32[16, 1] in ub
for k in 0..200 step 64 {
a = load x0[r:16, k:64] into ub pad -inf
t = vreduce max a axis 1
s = vmax s, t
}
store s into y0[r:16, 0]
}
""",
    )


def _broadcast() -> tuple[UndecidedOp, str]:
    region = Region(x=("f32", (40,)), z=("f32", (24,)))
    region.generic(
        "r", ("f32", (24, 40)), "i j: j, i, i j", ["x", "z"],
        "%1 = arith.mulf %a, %a : f32\n%y = arith.subf %1, %b : f32",
    )  # fmt: skip
    return (
        region.undecided("broadcast", "r"),
        """\
a = load x0[0:40] into ub
b = vmul a, a
across i in 0..24 step 8 {
z = load x1[i:8, 0:1] into ub
w = vbrc b to [8, 40]
w = vsub w, z
store w into y0[i:8, 0:40]
}
""",
    )


def _cast() -> tuple[UndecidedOp, str]:
    region = Region(x=("f16", (1000,)), z=("bf16", (1000,)))
    region.generic(
        "r", ("f32", (1000,)), "i: i, i, i", ["x", "z"],
        """%1 = arith.extf %a : f16 to f32
        %2 = arith.extf %b : bf16 to f32
        %3 = arith.constant 0.3 : f32
        %4 = arith.mulf %1, %3 : f32
        %y = arith.addf %4, %2 : f32""",
    )  # fmt: skip
    region.generic("h", ("f16", (1000,)), "i: i, i", ["r"], "%y = arith.truncf %a : f32 to f16")
    return (
        region.undecided("cast", "r", "h"),
        """\
across i in 0..1000 step 128 {
a = load x0[i:128] into ub
b = load x1[i:128] into ub
c = vcast a to f32 round rint
d = vcast b to f32 round rint
c = vmul c, 0.3
c = vadd c, d
e = vcast c to f16 round rint
store c into y0[i:128]
store e into y1[i:128]
}
""",
    )


def _transposed() -> tuple[UndecidedOp, str]:
    region = Region(x=("f16", (48, 33)))
    region.generic("r", ("f16", (33, 48)), "i j: j i, i j", ["x"], "%y = arith.addf %a, %a : f16")
    return (
        region.undecided("transpose", "r"),
        """\
across r in 0..48 step 16 {
a = load x0[r:16, 0:33] into ub
b = vtranspose a perm [1, 0]
b = vadd b, b
store b into y0[0:33, r:16]
}
""",
    )


def _strided() -> tuple[UndecidedOp, str]:
    region = Region(x=("f32", (6, 62, 8)))
    types = "tensor<6x62x8xf32> to tensor<6x31x8xf32>"
    for name, start in (("even", 0), ("odd", 1)):
        cut = f"tensor.extract_slice %x[0, {start}, 0] [6, 31, 8] [1, 2, 1] : {types}"
        region.line(name, ("f32", (6, 31, 8)), cut)
    region.generic(
        "r", ("f32", (6, 31, 8)), "i j k: i j k, i j k, i j k", ["even", "odd"],
        "%y = arith.maximumf %a, %b : f32",
    )  # fmt: skip
    return (
        region.undecided("strided", "r"),
        """\
across r in 0..3 step 1 {
for i in 0..2 step 1 {
a = load x0[r*2+i, 0:31:2, 0:8] into ub
b = load x0[r*2+i, 1:31:2, 0:8] into ub
a = vmax a, b
store a into y0[r*2+i, 0:31, 0:8]
}
}
""",
    )


_WRITERS = {
    "elementwise": _chain,
    "softmax": _softmax,
    "layer norm": _layer_norm,
    "column reduction": _columns,
    "row reduction": _maxima,
    "broadcast": _broadcast,
    "cast": _cast,
    "transposed": _transposed,
    "strided": _strided,
    "ragged matmul": ragged,
    "batched matmul": batched,
    "two stages": stages,
    "scan": scan,
    "embedding": embedding,
    "gather": gather,
    "mask": mask,
}


def written_subjects() -> Iterator[Subject]:
    """The families with a kernel written by hand."""
    for family, write in _WRITERS.items():
        yield Subject(family, *write())
