"""The parts of a kernel that does something with 8 rows of 64 floats."""

from npu_model_kernels import alloc, flag, gm, kernel, load, randoms, store, ub, unary

from hawk_xdsl.dialects.npu import KernelOp

U, G = ub(8, 64), gm(8, 64)
X = randoms(8, 64)
ALLOC, LOAD, STORE = alloc("a", U, 0), load("x", "a", G, U), store("a", "y", U, G)
EXP, BARRIER = unary("vexp", "a", "a", U), "npu.barrier <vector>\n"
LOADED, STORED = ALLOC + LOAD + flag("mte2", "vector"), flag("vector", "mte3") + STORE


def vector(body: str, *, y: str = G) -> KernelOp:
    return kernel(body, {"x": G}, {"y": y})
