"""Kernels of matrix products, and of those that count, look up or mask by an index."""

from hawk_xdsl.dialects.npu import UndecidedOp
from mutation.references import Region

PRODUCT = "%1 = arith.mulf %a, %b : f32\n%y = arith.addf %o, %1 : f32"
WIDE = """%1 = arith.extf %a : f16 to f32
%2 = arith.extf %b : f16 to f32
%3 = arith.mulf %1, %2 : f32
%y = arith.addf %o, %3 : f32"""


def ragged() -> UndecidedOp:
    """A · Bᵀ in tiles that fit in neither direction."""
    region = Region(x=("f16", (50, 100)), w=("f16", (70, 100)))
    region.generic(
        "r", ("f32", (50, 70)), "i j k: i k, j k, i j", ["x", "w"], WIDE, start="0.0", loops="k"
    )
    return region.undecided("ragged", "r")


def batched() -> UndecidedOp:
    """A matrix product for each head."""
    region = Region(x=("f32", (28, 24, 16)), w=("f32", (28, 16, 24)))
    region.generic(
        "r", ("f32", (28, 24, 24)), "h i j k: h i k, h k j, h i j", ["x", "w"], PRODUCT,
        start="0.0", loops="k",
    )  # fmt: skip
    return region.undecided("batched", "r")


def stages() -> UndecidedOp:
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
    return region.undecided("linear relu", "r")


def scan() -> UndecidedOp:
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
    return region.undecided("scan", "r")


ROW = """%1 = arith.constant 300 : i32
%2 = arith.addi %a, %1 : i32
%3 = arith.index_cast %2 : i32 to index"""
"""The row that a number names: 300 further on."""


def embedding() -> UndecidedOp:
    """Rows of a table by number, read as scalars."""
    region = Region(n=("i32", (20,)), x=("f32", (601, 24)))
    region.generic(
        "r", ("f32", (20, 24)), "i j: i, i j", ["n"],
        f"{ROW}\n%4 = linalg.index 1 : index\n%y = tensor.extract %x[%3, %4] : tensor<601x24xf32>",
    )  # fmt: skip
    return region.undecided("embedding", "r")


def gather() -> UndecidedOp:
    """Elements by number, within a tile."""
    region = Region(n=("i32", (10, 24)), x=("f32", (601,)))
    region.generic(
        "r", ("f32", (10, 24)), "i j: i j, i j", ["n"],
        f"{ROW}\n%y = tensor.extract %x[%3] : tensor<601xf32>",
    )  # fmt: skip
    return region.undecided("gather", "r")


def mask() -> UndecidedOp:
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
    return region.undecided("mask", "r")
