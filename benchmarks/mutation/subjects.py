"""Verified kernels of every family, written by hand: an op, and its text in ``tests/kernels``."""

from collections.abc import Iterator
from dataclasses import dataclass

from kernel_files import read_kernel

from hawk_xdsl.dialects.npu import UndecidedOp
from mutation.references import Region
from mutation.subjects_indexed import batched, embedding, gather, mask, ragged, scan, stages


@dataclass(frozen=True)
class Subject:
    """A kernel text that the gate accepts for an op."""

    family: str
    op: UndecidedOp
    text: str


def _chain() -> UndecidedOp:
    region = Region(x=("f32", (60, 40)), z=("f32", (60, 40))).generic(
        "r", ("f32", (60, 40)), "i j: i j, i j, i j", ["x", "z"],
        """%1 = arith.constant 2.5 : f32
        %2 = arith.mulf %a, %1 : f32
        %3 = arith.subf %2, %b : f32
        %4 = math.exp %b : f32
        %5 = arith.addf %3, %4 : f32
        %y = arith.maximumf %5, %a : f32""",
    )  # fmt: skip
    return region.undecided("chain", "r")


def _softmax() -> UndecidedOp:
    region = Region(x=("f32", (64, 50)))
    region.reduce("m", "max", "f32", (64,), "i j: i j, i", "x", "j")
    region.generic(
        "e", ("f32", (64, 50)), "i j: i j, i, i j", ["x", "m"],
        "%1 = arith.subf %a, %b : f32\n%y = math.exp %1 : f32",
    )  # fmt: skip
    region.reduce("s", "sum", "f32", (64,), "i j: i j, i", "e", "j")
    region.generic(
        "r", ("f32", (64, 50)), "i j: i j, i, i j", ["e", "s"], "%y = arith.divf %a, %b : f32"
    )
    return region.undecided("softmax", "r")


def _layer_norm() -> UndecidedOp:
    shape, row = (50, 60), "i j: i j, i"
    both = "i j: i j, i j, i j"
    region = Region(x=("f32", shape), z=("f32", shape), g=("f32", (60,)), v=("f32", (60,)))
    region.generic("w", ("f32", shape), both, ["x", "z"], "%y = arith.addf %a, %b : f32")
    region.reduce("s", "sum", "f32", (50,), row, "w", "j")
    region.generic(
        "n", ("f32", shape), "i j: i j, i, i j", ["w", "s"],
        """%1 = arith.constant 60.0 : f32
        %2 = arith.divf %b, %1 : f32
        %y = arith.subf %a, %2 : f32""",
    )  # fmt: skip
    region.generic("q", ("f32", shape), "i j: i j, i j", ["n"], "%y = arith.mulf %a, %a : f32")
    region.reduce("t", "sum", "f32", (50,), row, "q", "j")
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
    return region.undecided("layer norm", "r")


def _columns() -> UndecidedOp:
    region = Region(x=("f32", (100, 72)))
    region.reduce("r", "sum", "f32", (72,), "i j: i j, j", "x", "i")
    return region.undecided("column sum", "r")


def _maxima() -> UndecidedOp:
    region = Region(x=("f32", (48, 200)))
    region.reduce("r", "max", "f32", (48,), "i j: i j, i", "x", "j")
    return region.undecided("row maximum", "r")


def _broadcast() -> UndecidedOp:
    region = Region(x=("f32", (40,)), z=("f32", (24,)))
    region.generic(
        "r", ("f32", (24, 40)), "i j: j, i, i j", ["x", "z"],
        "%1 = arith.mulf %a, %a : f32\n%y = arith.subf %1, %b : f32",
    )  # fmt: skip
    return region.undecided("broadcast", "r")


def _cast() -> UndecidedOp:
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
    return region.undecided("cast", "r", "h")


def _transposed() -> UndecidedOp:
    region = Region(x=("f16", (48, 33)))
    region.generic("r", ("f16", (33, 48)), "i j: j i, i j", ["x"], "%y = arith.addf %a, %a : f16")
    return region.undecided("transpose", "r")


def _strided() -> UndecidedOp:
    region = Region(x=("f32", (6, 62, 8)))
    types = "tensor<6x62x8xf32> to tensor<6x31x8xf32>"
    for name, start in (("even", 0), ("odd", 1)):
        cut = f"tensor.extract_slice %x[0, {start}, 0] [6, 31, 8] [1, 2, 1] : {types}"
        region.line(name, ("f32", (6, 31, 8)), cut)
    region.generic(
        "r", ("f32", (6, 31, 8)), "i j k: i j k, i j k, i j k", ["even", "odd"],
        "%y = arith.maximumf %a, %b : f32",
    )  # fmt: skip
    return region.undecided("strided", "r")


_OPS = {
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
    for family, op in _OPS.items():
        text = read_kernel(f"mutants/{family.replace(' ', '_')}").text
        yield Subject(family, op(), text)
