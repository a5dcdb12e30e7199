"""Realistic kernels in kernel text, with the signatures they are written for."""

from dataclasses import dataclass

from hawk_xdsl.dialects.kernel_text import GlobalOperand, Signature
from hawk_xdsl.dialects.npu import Core


def max_blocks(core: Core) -> int:
    """As many blocks as ascend910b1 has cores."""
    return {Core.CUBE: 24, Core.VECTOR: 48}[core]


def signature(name: str, inputs: dict[str, str], outputs: dict[str, str]) -> Signature:
    """``{"x": "f32[8, 64]"}`` as operands."""

    def operands(types: dict[str, str]) -> tuple[GlobalOperand, ...]:
        result: list[GlobalOperand] = []
        for operand, type_ in types.items():
            dtype, shape = type_.rstrip("]").split("[")
            result.append(GlobalOperand(operand, dtype, tuple(int(n) for n in shape.split(","))))
        return tuple(result)

    return Signature(name, operands(inputs), operands(outputs), "ascend910b1")


@dataclass(frozen=True)
class Kernel:
    """A canonical text and its signature."""

    signature: Signature
    text: str


SOFTMAX = Kernel(
    signature("softmax", {"x": "f32[2048,1024]"}, {"y": "f32[2048,1024]"}),
    """\
across r in 0..2048 step 8 {
a = load x[r:8, 0:1024] into ub
m = vreduce max a axis 1
d = vsub a, m
e = vexp d
s = vreduce sum e axis 1
o = vdiv e, s
store o into y[r:8, 0:1024]
}
""",
)

LAYER_NORM = Kernel(
    signature(
        "layer_norm",
        {"x": "f32[100,60]", "r": "f32[100,60]", "g": "f32[60]", "b": "f32[60]"},
        {"y": "f32[100,60]"},
    ),
    """\
w = load g[0:60] into ub
c = load b[0:60] into ub
across i in 0..100 step 16 {
a = load x[i:16, 0:60] into ub
d = load r[i:16, 0:60] into ub
a = vadd a, d
s = vreduce sum a axis 1
m = vmul s, 0.016666668
d = vsub a, m
q = vmul d, d
v = vreduce sum q axis 1
v = vmul v, 0.016666668
v = vadd v, 1e-05
v = vsqrt v
d = vdiv d, v
d = vmul d, w
d = vadd d, c
store d into y[i:16, 0:60]
}
""",
)

GELU = Kernel(
    signature("gelu", {"x": "f32[512,2048]", "b": "f32[2048]"}, {"y": "f32[512,2048]"}),
    """\
across i in 0..512 step 8, j in 0..2048 step 512 {
a = load x[i:8, j:512] into ub
c = load b[j:512] into ub
a = vadd a, c
z = vmul a, 0.70710677
s = vabs z
t = vmul s, 0.3275911
t = vadd t, 1.0
t = vrec t
p = vmul t, 1.0614054
p = vadd p, -1.4531521
p = vmul p, t
p = vadd p, 1.4214138
p = vmul p, t
p = vadd p, -0.28449672
p = vmul p, t
p = vadd p, 0.2548296
p = vmul p, t
q = vmul s, s
q = vneg q
q = vexp q
p = vmul p, q
p = vneg p
p = vadd p, 1.0
n = vneg p
k = vcmp lt z, 0.0
e = vsel k, n, p
e = vadd e, 1.0
h = vmul a, 0.5
o = vmul h, e
store o into y[i:8, j:512]
}
""",
)

MATMUL = Kernel(
    signature("matmul", {"A": "f16[512,1024]", "B": "f16[768,1024]"}, {"y": "f32[512,768]"}),
    """\
on cube {
across m in 0..512 step 128, n in 0..768 step 256 {
c = fill 0.0 f32[128, 256] in l0c
for k in 0..1024 step 64 {
a = load A[m:128, k:64] into l1
b = load B[n:256, k:64] into l1
c = mmad a, b.T, c
}
store c into y[m:128, n:256]
}
}
""",
)

RAGGED_MATMUL = Kernel(
    signature("ragged", {"A": "f16[500,1000]", "B": "f16[700,1000]"}, {"y": "f16[500,700]"}),
    """\
on cube {
across m in 0..500 step 128, n in 0..700 step 256 {
c = fill 0.0 f32[128, 256] in l0c
for k in 0..1000 step 64 {
a = load A[m:128, k:64] into l1
b = load B[n:256, k:64] into l1
c = mmad a, b.T, c
}
store relu c into y[m:128, n:256]
}
}
""",
)

LINEAR_RELU = Kernel(
    signature(
        "linear", {"x": "f32[64,96]", "w": "f32[96,80]", "b": "f32[80]"}, {"y": "f32[64,80]"}
    ),
    """\
temp t f32[64, 80]
on cube {
across m in 0..64 step 32 {
c = fill 0.0 f32[32, 80] in l0c
a = load x[m:32, 0:96] into l1
for k in 0..96 step 32 {
d = load w[k:32, 0:80] into l1
c = mmad a[0:32, k:32], d, c
}
store c into t[m:32, 0:80]
}
}
on vector {
d = load b[0:80] into ub
across m in 0..64 step 8 {
a = load t[m:8, 0:80] into ub
a = vadd a, d
a = vrelu a
store a into y[m:8, 0:80]
}
}
""",
)

BATCHED_MATMUL = Kernel(
    signature("batched", {"q": "f32[2,4,64,32]", "k": "f32[2,4,64,32]"}, {"s": "f32[8,64,64]"}),
    """\
on cube {
across b in 0..2 step 1, h in 0..4 step 1 {
a = load q[b, h, 0:64, 0:32] into l1
d = load k[b, h, 0:64, 0:32] into l1
c = fill 0.0 f32[64, 64] in l0c
c = mmad a, d.T, c
store c into s[b*4+h, 0:64, 0:64]
}
}
""",
)

ATTENTION_VALUES = Kernel(
    signature("values", {"p": "f32[8,50,50]", "v": "f32[8,50,32]"}, {"o": "f32[2,50,4,32]"}),
    """\
on cube {
across i in 0..8 step 1 {
c = fill 0.0 f32[50, 32] in l0c
for j in 0..2 step 1 {
for k in 0..25 step 5 {
a = load p[i, 0:50, j*25+k:5] into l1
b = load v[i, j*25+k:5, 0:32] into l1
c = mmad a, b, c
}
}
store c into o[i//4, 0:50, i%4, 0:32]
}
}
""",
)

TRANSPOSE = Kernel(
    signature("transpose", {"x": "f16[96,33]"}, {"y": "f16[33,96]"}),
    """\
across r in 0..96 step 32 {
a = load x[r:32, 0:33] into ub
b = vtranspose a perm [1, 0]
store b into y[0:33, r:32]
}
""",
)

EMBEDDING = Kernel(
    signature("embedding", {"table": "f32[1000,64]", "ids": "i32[128]"}, {"y": "f32[128,64]"}),
    """\
across i in 0..128 step 1 {
q = read ids[i]
a = load table[q:1, 0:64] into ub
store a into y[i:1, 0:64]
}
""",
)

GATHER = Kernel(
    signature("gather", {"x": "f32[256]", "i": "i32[4,64]"}, {"y": "f32[4,64]"}),
    """\
a = load x[0:256] into ub
j = load i[0:4, 0:64] into ub
b = vgather a, j
store b into y[0:4, 0:64]
""",
)

SCAN = Kernel(
    signature("scan", {"x": "f32[64,100]"}, {"y": "f32[64,100]"}),
    """\
across r in 0..64 step 8 {
s = fill 0.0 f32[8, 1] in ub
for k in 0..100 step 32 {
a = load x[r:8, k:32] into ub pad 0.0
b = vcumulate sum a axis 1
b = vadd b, s
t = vreduce sum a axis 1
s = vadd s, t
store b into y[r:8, k:32]
}
}
""",
)

COLUMN_SUM = Kernel(
    signature("columns", {"x": "f32[1000,300]"}, {"y": "f32[300]"}),
    """\
across c in 0..300 step 64 {
s = fill 0.0 f32[1, 64] in ub
for r in 0..1000 step 64 {
a = load x[r:64, c:64] into ub pad 0.0
t = vreduce sum a axis 0
s = vadd s, t
}
store s into y[c:64]
}
""",
)

ELEMENTWISE = Kernel(
    signature("axpy", {"x": "bf16[10000]", "y": "bf16[10000]"}, {"z": "f32[10000]"}),
    """\
across i in 0..10000 step 1024 {
a = load x[i:1024] into ub
b = load y[i:1024] into ub
c = vcast a to f32 round rint
d = vcast b to f32 round rint
c = vmul c, 2.5
c = vadd c, d
store c into z[i:1024]
}
""",
)

STRIDED = Kernel(
    signature("pool", {"x": "f32[6,62,8]"}, {"y": "f32[6,31,8]", "z": "f32[3,62,8]"}),
    """\
across r in 0..3 step 1 {
for i in 0..2 step 1 {
a = load x[r*2+i, 0:31:2, 0:8] into ub
b = load x[r*2+i, 1:31:2, 0:8] into ub
a = vmax a, b
store a into y[r*2+i, 0:31, 0:8]
}
d = load x[r:2:3, 0:62, 0:8] into ub
e = vmax d[0:1, 0:62, 0:8], d[1, 0:62, 0:8]
store e into z[r:1, 0:62, 0:8]
}
""",
)

CAUSAL_MASK = Kernel(
    signature("mask", {"x": "f32[4,40,40]"}, {"y": "f32[4,40,40]", "n": "i32[4,40]"}),
    """\
w = varange f32[1, 40] axis 1
across b in 0..4 step 1, r in 0..40 step 1 {
if r >= b*2+1 {
a = load x[b, r:1, 0:40] into ub
p = vcmp le w, r
m = vsel p, a, -inf
i = vreduce argmax m axis 1
store m into y[b, r:1, 0:40]
store i into n[b, r:1]
}
}
""",
)

RESHAPE = Kernel(
    signature("heads", {"x": "f32[50,64]"}, {"y": "f32[4,50,16]"}),
    """\
across r in 0..50 step 16 {
a = load x[r:16, 0:64] into ub pad 0.0
b = view a as [16, 4, 16]
c = vtranspose b perm [1, 0, 2]
store c into y[0:4, r:16, 0:16]
}
""",
)

FLATTENED = Kernel(
    signature("flattened", {"w": "f32[20,12]", "x": "f32[12,5,7]"}, {"y": "f32[20,5,7]"}),
    """\
on cube {
across p in 0..35 step 16 {
c = fill 0.0 f32[20, 16] in l0c
a = load w[0:20, 0:12] into l1
b = load x[0:12, p:16] into l1
c = mmad a, b, c
store c into y[0:20, p:16]
}
}
""",
)
"""Fewer slices than dimensions: the last ones are one."""

CORPUS = (
    SOFTMAX, LAYER_NORM, GELU, MATMUL, RAGGED_MATMUL, LINEAR_RELU, BATCHED_MATMUL,
    ATTENTION_VALUES, TRANSPOSE, EMBEDDING, GATHER, SCAN, COLUMN_SUM, ELEMENTWISE, STRIDED,
    CAUSAL_MASK, RESHAPE, FLATTENED,
)  # fmt: skip
