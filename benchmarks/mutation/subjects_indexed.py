"""Kernels of matrix products, and of those that count, look up or mask by an index."""

from hawk_xdsl.dialects.npu import UndecidedOp
from mutation.references import Region

PRODUCT = "%1 = arith.mulf %a, %b : f32\n%y = arith.addf %o, %1 : f32"
WIDE = """%1 = arith.extf %a : f16 to f32
%2 = arith.extf %b : f16 to f32
%3 = arith.mulf %1, %2 : f32
%y = arith.addf %o, %3 : f32"""


def ragged() -> tuple[UndecidedOp, str]:
    """A · Bᵀ in tiles that fit in neither direction."""
    region = Region(x=("f16", (50, 100)), w=("f16", (70, 100)))
    region.generic(
        "r", ("f32", (50, 70)), "i j k: i k, j k, i j", ["x", "w"], WIDE, start="0.0", loops="k"
    )
    return (
        region.undecided("ragged", "r"),
        """\
on cube {
across m in 0..50 step 32, n in 0..70 step 32 {
c = fill 0.0 f32[32, 32] in l0c
for k in 0..100 step 48 {
a = load x0[m:32, k:48] into l1
b = load x1[n:32, k:48] into l1
c = mmad a, b.T, c
}
store c into y0[m:32, n:32]
}
}
""",
    )


def batched() -> tuple[UndecidedOp, str]:
    """A matrix product for each head."""
    region = Region(x=("f32", (28, 24, 16)), w=("f32", (28, 16, 24)))
    region.generic(
        "r", ("f32", (28, 24, 24)), "h i j k: h i k, h k j, h i j", ["x", "w"], PRODUCT,
        start="0.0", loops="k",
    )  # fmt: skip
    return (
        region.undecided("batched", "r"),
        """\
on cube {
across h in 0..28 step 1 {
a = load x0[h, 0:24, 0:16] into l1
b = load x1[h, 0:16, 0:24] into l1
c = fill 0.0 f32[24, 24] in l0c
c = mmad a, b, c
store c into y0[h, 0:24, 0:24]
}
}
""",
    )


def stages() -> tuple[UndecidedOp, str]:
    """A product on the cube, then bias and relu on the vector unit."""
    region = Region(x=("f32", (48, 64)), w=("f32", (64, 40)), v=("f32", (40,)))
    region.generic(
        "p", ("f32", (48, 40)), "i j k: i k, k j, i j", ["x", "w"], PRODUCT, start="0.0", loops="k"
    )
    region.generic(
        "r", ("f32", (48, 40)), "i j: i j, j, i j", ["p", "v"],
        """%1 = arith.addf %a, %b : f32
        %2 = arith.constant 0.0 : f32
        %y = arith.maximumf %1, %2 : f32""",
    )  # fmt: skip
    return (
        region.undecided("linear relu", "r"),
        """\
temp t f32[48, 40]
on cube {
across m in 0..48 step 16 {
c = fill 0.0 f32[16, 40] in l0c
a = load x0[m:16, 0:64] into l1
for k in 0..64 step 16 {
d = load x1[k:16, 0:40] into l1
c = mmad a[0:16, k:16], d, c
}
store c into t[m:16, 0:40]
}
}
on vector {
d = load x2[0:40] into ub
across m in 0..48 step 8 {
a = load t[m:8, 0:40] into ub
a = vadd a, d
a = vrelu a
store a into y0[m:8, 0:40]
}
}
""",
    )


def scan() -> tuple[UndecidedOp, str]:
    """Running sums, carried from tile to tile."""
    region = Region(x=("f32", (24, 100)))
    region.generic(
        "r", ("f32", (24, 100)), "i j k: i k, i j", ["x"],
        """%1 = linalg.index 1 : index
        %2 = linalg.index 2 : index
        %3 = arith.cmpi sle, %2, %1 : index
        %4 = arith.constant 0.0 : f32
        %5 = arith.select %3, %a, %4 : f32
        %y = arith.addf %o, %5 : f32""",
        start="0.0", loops="k",
    )  # fmt: skip
    return (
        region.undecided("scan", "r"),
        """\
across r in 0..24 step 8 {
s = fill 0.0 f32[8, 1] in ub
for k in 0..100 step 32 {
a = load x0[r:8, k:32] into ub pad 0.0
b = vcumulate sum a axis 1
b = vadd b, s
t = vreduce sum a axis 1
s = vadd s, t
store b into y0[r:8, k:32]
}
}
""",
    )


ROW = """%1 = arith.constant 300 : i32
%2 = arith.addi %a, %1 : i32
%3 = arith.index_cast %2 : i32 to index"""
"""The row that a number names: 300 further on."""


def embedding() -> tuple[UndecidedOp, str]:
    """Rows of a table by number, read as scalars."""
    region = Region(n=("i32", (20,)), x=("f32", (601, 24)))
    region.generic(
        "r", ("f32", (20, 24)), "i j: i, i j", ["n"],
        f"{ROW}\n%4 = linalg.index 1 : index\n%y = tensor.extract %x[%3, %4] : tensor<601x24xf32>",
    )  # fmt: skip
    return (
        region.undecided("embedding", "r"),
        """\
across i in 0..20 step 1 {
q = read x0[i]
a = load x1[q+300:1, 0:24] into ub
store a into y0[i:1, 0:24]
}
""",
    )


def gather() -> tuple[UndecidedOp, str]:
    """Elements by number, within a tile."""
    region = Region(n=("i32", (10, 24)), x=("f32", (601,)))
    region.generic(
        "r", ("f32", (10, 24)), "i j: i j, i j", ["n"],
        f"{ROW}\n%y = tensor.extract %x[%3] : tensor<601xf32>",
    )  # fmt: skip
    return (
        region.undecided("gather", "r"),
        """\
a = load x1[0:601] into ub
across i in 0..240 step 80 {
j = load x0[i:80] into ub
j = vadd j, 300
b = vgather a, j
store b into y0[i:80]
}
""",
    )


def mask() -> tuple[UndecidedOp, str]:
    """Minus infinity above the diagonal."""
    region = Region(x=("f32", (40, 40)))
    region.generic(
        "r", ("f32", (40, 40)), "i j: i j, i j", ["x"],
        """%1 = linalg.index 0 : index
        %2 = linalg.index 1 : index
        %3 = arith.cmpi sle, %2, %1 : index
        %4 = arith.constant 0xFF800000 : f32
        %y = arith.select %3, %a, %4 : f32""",
    )  # fmt: skip
    return (
        region.undecided("mask", "r"),
        """\
w = varange i32[1, 40] axis 1
across r in 0..40 step 4 {
for i in r..r+4 step 1 {
a = load x0[i:1, 0:40] into ub
p = vcmp le w, i
m = vsel p, a, -inf
store m into y0[i:1, 0:40]
}
}
""",
    )
