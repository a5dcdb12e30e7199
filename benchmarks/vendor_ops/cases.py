"""What is compared: an instruction of the npu dialect on tiles, and the HIVM that is the same.

A case is data. Its ``npu`` and ``hivm`` texts name the operands ``a``, ``b`` … (tiles of inputs),
``o`` (the result) and numbers by their values; ``{a}`` stands for an operand with its type.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hawk_xdsl.dialects.dtype import DType

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Operand:
    """A tile: its extents, and its dtype in MLIR's words."""

    shape: Shape
    dtype: str

    @property
    def numpy(self) -> np.dtype:
        """The dtype in numpy."""
        return np.dtype(DType(_OURS.get(self.dtype, self.dtype)).numpy)


_OURS = {"i1": "i8"}


@dataclass(frozen=True)
class Case:
    """An instruction and its operands.

    Attributes:
        name: the instruction, with its kind: ``vreduce sum``.
        what: shapes and dtypes, for the table.
        inputs: the tiles that are read.
        out: the tile that is written.
        npu: our op: what is before ``ins``, and what comes after ``outs``.
        hivm: lines of HIVM; the first operands are loaded, the last is stored.
        numbers: operands that are numbers, after the tiles of ``ins`` in our op.
        locals: tiles of HIVM alone, such as truth values.
        make: random values of the inputs.
        aside: prefixes of library functions that only bring operands in or results out.
        as_bits: the result is the last tile of truth values; nothing is stored.
    """

    name: str
    what: str
    inputs: tuple[Operand, ...]
    out: Operand
    npu: tuple[str, str]
    hivm: tuple[str, ...]
    numbers: tuple[tuple[str, str], ...] = ()
    locals: tuple[tuple[str, Operand], ...] = ()
    make: Callable[[np.random.Generator, Operand, int], NDArray] | None = None
    aside: tuple[str, ...] = ()
    as_bits: bool = False

    @property
    def key(self) -> str:
        """What names it in a file of rows."""
        return f"{self.name} {self.what}"


LETTERS = "abcdefgh"


def values(rng: np.random.Generator, operand: Operand, index: int) -> NDArray:
    """Values of an input: floats around 0, integers over a part of their width."""
    dtype = operand.numpy
    if dtype.kind == "f":
        return (rng.standard_normal(operand.shape) * 4).astype(dtype)
    reach = {1: 100, 2: 150, 4: 30000}[dtype.itemsize]
    return rng.integers(-reach, reach, operand.shape).astype(dtype)


def _positive(rng: np.random.Generator, operand: Operand, index: int) -> NDArray:
    return (np.abs(rng.standard_normal(operand.shape)) + 0.05).astype(operand.numpy)


def _truths(rng: np.random.Generator, operand: Operand, index: int) -> NDArray:
    if operand.dtype == "i8" and index == 0:
        return rng.integers(0, 2, operand.shape).astype(np.int8)
    return values(rng, operand, index)


def _tied(rng: np.random.Generator, operand: Operand, index: int) -> NDArray:
    """Few values, so that extremes are met several times."""
    return rng.integers(-9, 9, operand.shape).astype(operand.numpy)


def _small_factors(rng: np.random.Generator, operand: Operand, index: int) -> NDArray:
    return (1 + rng.standard_normal(operand.shape) / 64).astype(operand.numpy)


def _indices(rng: np.random.Generator, operand: Operand, index: int) -> NDArray:
    if index == 1:
        return rng.integers(0, 1024, operand.shape).astype(np.int32)
    return values(rng, operand, index)


def _what(*operands: Operand) -> str:
    shown: list[str] = []
    for operand in operands:
        text = "×".join(map(str, operand.shape)) + f" {operand.dtype}"
        if text not in shown:
            shown.append(text)
    return " → ".join((", ".join(shown[:-1]), shown[-1])) if len(shown) > 1 else shown[0]


def _case(
    name: str,
    inputs: Sequence[Operand],
    out: Operand,
    npu: tuple[str, str],
    *hivm: str,
    **more: object,
) -> Case:
    return Case(name, _what(*inputs, out), tuple(inputs), out, npu, hivm, **more)  # type: ignore[arg-type]


SHAPES: tuple[Shape, ...] = ((1024,), (1000,), (16, 64), (5, 100), (100, 3))
"""Aligned, ragged, rows of a repeat, ragged rows, many short rows."""

WIDE: tuple[Shape, ...] = ((8, 1024), (64, 64), (5, 100), (100, 3), (3, 1000))
"""Tiles that are reduced or scanned."""

FLOATS, NUMBERS = ("f32", "f16"), ("f32", "f16", "i32", "i16")


def elementwise() -> Iterator[Case]:
    """One function of each element."""
    for name, dtypes in _UNARY.items():
        for dtype in dtypes:
            for shape in SHAPES:
                tile = Operand(shape, dtype)
                make = _positive if name in ("vln", "vsqrt", "vrsqrt", "vrec") else None
                yield _case(name, [tile], tile, (name, ""),
                            f"hivm.hir.{name} ins({{a}}) outs({{o}})", make=make)  # fmt: skip
    for name, dtypes in _BINARY.items():
        for dtype in dtypes:
            for shape in SHAPES:
                tile = Operand(shape, dtype)
                yield _case(name, [tile, tile], tile, (name, ""),
                            f"hivm.hir.{name} ins({{a}}, {{b}}) outs({{o}})")  # fmt: skip


_UNARY = {
    "vexp": FLOATS, "vln": FLOATS, "vabs": FLOATS, "vsqrt": FLOATS, "vrsqrt": FLOATS,
    "vrec": FLOATS, "vrelu": (*FLOATS, "i32"), "vnot": ("i16", "i32", "i8"),
}  # fmt: skip
_BINARY = {
    "vadd": NUMBERS, "vsub": NUMBERS, "vmul": NUMBERS, "vdiv": FLOATS, "vmax": NUMBERS,
    "vmin": NUMBERS, "vand": ("i16", "i32", "i8"), "vor": ("i16", "i32", "i8"),
}  # fmt: skip


def with_numbers() -> Iterator[Case]:
    """A tile and a number."""
    for name, dtypes in (*_BINARY.items(), *_SHIFTS.items()):
        for dtype in dtypes:
            for shape in ((1024,), (5, 100)):
                tile = Operand(shape, dtype)
                number = "3.0" if dtype[0] in "fb" else "3"
                lines: tuple[str, ...] = (
                    f"hivm.hir.{name} ins({{a}}, %n0 : {{A}}, {dtype}) outs({{o}})",
                )
                filled: tuple[tuple[str, Operand], ...] = ()
                if name in ("vand", "vor"):  # there is no form with a number
                    filled = (("f", tile),)
                    lines = (f"hivm.hir.vbrc ins(%n0 : {dtype}) outs({{f}})",
                             f"hivm.hir.{name} ins({{a}}, {{f}}) outs({{o}})")  # fmt: skip
                yield _case(f"{name} number", [tile], tile, (name, ""), *lines,
                            numbers=((number, dtype),), locals=filled)  # fmt: skip


_SHIFTS = {"vshl": ("i16", "i32"), "vshr": ("i16", "i32")}


def broadcasts() -> Iterator[Case]:
    """An operand that broadcasts, and copies of a column or a row."""
    for dtype in FLOATS:
        for rows, columns in ((16, 64), (8, 1024), (100, 64), (5, 100)):
            tile = Operand((rows, columns), dtype)
            column, row = Operand((rows, 1), dtype), Operand((1, columns), dtype)
            yield _case("vsub column", [tile, column], tile, ("vsub", ""),
                        "hivm.hir.vsub ins({a}, {b}) outs({o}) broadcast = [1]")  # fmt: skip
            yield _case("vmul row", [tile, row], tile, ("vmul", ""),
                        "hivm.hir.vmul ins({a}, {b}) outs({o}) broadcast = [0]")  # fmt: skip
            yield _case("vbrc column", [column], tile, ("vbrc", ""),
                        "hivm.hir.vbrc ins({a}) outs({o}) broadcast_dims = [1]")  # fmt: skip
            yield _case("vbrc row", [row], tile, ("vbrc", ""),
                        "hivm.hir.vbrc ins({a}) outs({o}) broadcast_dims = [0]")  # fmt: skip
    for dtype, number in (("f32", "3.0"), ("f16", "3.0"), ("i32", "3"), ("i16", "3"), ("i8", "3")):
        for shape in ((1024,), (5, 100)):
            yield _case("vbrc number", [], Operand(shape, dtype), ("vbrc", ""),
                        f"hivm.hir.vbrc ins(%n0 : {dtype}) outs({{o}})",
                        numbers=((number, dtype),))  # fmt: skip


RELATIONS = ("eq", "ne", "lt", "le", "gt", "ge")


def truths() -> Iterator[Case]:
    """Comparisons and selections; truth values are bits, and as i8 with the casts around them."""
    for dtype, relations in (("f32", RELATIONS), ("f16", ("lt", "ne")), ("i32", RELATIONS)):
        for relation in relations:
            for shape in ((1024,), (1000,)) if relation in ("lt", "eq") else ((1024,),):
                tile, mask = Operand(shape, dtype), Operand(shape, "i8")
                ours = (f"vcmp <{relation}>", "")
                mode = f"compare_mode = <{relation}>"
                line = f"hivm.hir.vcmp ins({{a}}, {{b}}) outs({{m}}) {mode}"
                bits = (("m", Operand(shape, "i1")),)
                make = _tied if dtype == "i32" else None
                yield _case(f"vcmp {relation} bits", [tile, tile], mask, ours, line,
                            locals=bits, as_bits=True, make=make)  # fmt: skip
                number = "0.0" if dtype[0] == "f" else "0"
                yield _case(f"vcmp {relation} number bits", [tile], mask, ours,
                            f"hivm.hir.vcmp ins({{a}}, %n0 : {{A}}, {dtype}) outs({{m}}) {mode}",
                            numbers=((number, dtype),), locals=bits, as_bits=True,
                            make=make)  # fmt: skip
    for dtype in FLOATS:
        tile, mask = Operand((1024,), dtype), Operand((1024,), "i8")
        half = Operand((1024,), "f16")
        yield _case("vcmp lt as i8", [tile, tile], mask, ("vcmp <lt>", ""),
                    "hivm.hir.vcmp ins({a}, {b}) outs({m}) compare_mode = <lt>",
                    "hivm.hir.vcast ins({m}) outs({h}) round_mode = <rint>",
                    "hivm.hir.vcast ins({h}) outs({o}) round_mode = <rint>",
                    locals=(("m", Operand((1024,), "i1")), ("h", half)))  # fmt: skip
    for dtype in ("f32", "f16", "i32", "i16"):
        for shape in ((1024,), (1000,)):
            tile, mask = Operand(shape, dtype), Operand(shape, "i8")
            locals_ = (("h", Operand(shape, "f16")), ("m", Operand(shape, "i1")))
            into = (
                "hivm.hir.vcast ins({a}) outs({h}) round_mode = <rint>",
                "hivm.hir.vcmp ins({h}, %zero : {H}, f16) outs({m}) compare_mode = <ne>",
            )
            for suffix, aside in (("bits", ("vcast", "vcmp")), ("by i8", ())):
                yield _case(f"vsel {suffix}", [mask, tile, tile], tile, ("vsel", ""), *into,
                            "hivm.hir.vsel ins({m}, {b}, {c}) outs({o})",
                            locals=locals_, aside=aside, make=_truths)  # fmt: skip
            number = "2.0" if dtype[0] == "f" else "2"
            yield _case("vsel number bits", [mask, tile], tile, ("vsel", ""), *into,
                        f"hivm.hir.vsel ins({{m}}, {{b}}, %n0 : {{M}}, {{B}}, {dtype}) outs({{o}})",
                        locals=locals_, aside=("vcast", "vcmp"), make=_truths,
                        numbers=((number, dtype),))  # fmt: skip
            yield _case("vsel numbers bits", [mask], tile, ("vsel", ""), *into,
                        f"hivm.hir.vsel ins({{m}}, %n0, %n1 : {{M}}, {dtype}, {dtype}) outs({{o}})",
                        locals=locals_, aside=("vcast", "vcmp"), make=_truths,
                        numbers=((number, dtype), (number.replace("2", "5"), dtype)))  # fmt: skip


CASTS = (
    ("f32", "f16"), ("f16", "f32"), ("f32", "i32"), ("i32", "f32"), ("f16", "i8"), ("i8", "f16"),
    ("f32", "i16"), ("f16", "i16"), ("i16", "f16"), ("i16", "f32"), ("f16", "i32"), ("i32", "i16"),
    ("f32", "bf16"), ("bf16", "f32"), ("i32", "f16"), ("f32", "i8"), ("i8", "f32"), ("i32", "i8"),
    ("i16", "i32"), ("i8", "i32"),
)  # fmt: skip
MODES = ("rint", "floor", "ceil", "round", "trunc")


def casts() -> Iterator[Case]:
    """Casts of every pair of dtypes, with every rounding that can matter."""
    for source, dest in CASTS:
        rounds = source[0] in "fb" and (dest[0] == "i" or (source, dest) == ("f32", "f16"))
        for mode in MODES if rounds or (source, dest) == ("f32", "bf16") else MODES[:1]:
            for shape in ((1024,), (5, 100)) if mode == "rint" else ((1000,),):
                a, o = Operand(shape, source), Operand(shape, dest)
                narrows = "f" not in source + dest and a.numpy.itemsize > o.numpy.itemsize
                theirs = "truncwithoverflow" if narrows else mode  # rint would saturate
                yield _case(f"vcast {mode}", [a], o, (f"vcast <{mode}>", ""),
                            f"hivm.hir.vcast ins({{a}}) outs({{o}}) round_mode = <{theirs}>",
                            make=_halves)  # fmt: skip


def _halves(rng: np.random.Generator, operand: Operand, index: int) -> NDArray:
    """Floats with ties, out of range too; integers over their width."""
    dtype = operand.numpy
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return rng.integers(limits.min, limits.max, operand.shape, endpoint=True).astype(dtype)
    found = rng.standard_normal(operand.shape) * 40
    found = np.where(rng.random(operand.shape) < 0.3, np.round(found) + 0.5, found)
    far = rng.random(operand.shape) < 0.05
    with np.errstate(over="ignore"):
        return np.where(far, found * 1000, found).astype(dtype)


KINDS = ("sum", "max", "min", "prod")


def reductions() -> Iterator[Case]:
    """Reductions along rows and of rows, and positions."""
    for dtype in NUMBERS:
        for kind in KINDS:
            for shape in WIDE if kind in ("sum", "max") else WIDE[:3]:
                for axis in (1, 0):
                    a, o = Operand(shape, dtype), Operand(_without(shape, axis), dtype)
                    yield _case(f"vreduce {kind} axis {axis}", [a], o,
                                (f"vreduce <{kind}>", f"axes [{axis}]"),
                                f"hivm.hir.vreduce <{kind}> ins({{a}}) outs({{o}}) "
                                f"reduce_dims = [{axis}]",
                                make=_small_factors if kind == "prod" else None)  # fmt: skip
    for dtype in FLOATS:
        a, o = Operand((4096,), dtype), Operand((1,), dtype)
        for kind in KINDS:
            yield _case(f"vreduce {kind} axis 0", [a], o, (f"vreduce <{kind}>", "axes [0]"),
                        f"hivm.hir.vreduce <{kind}> ins({{a}}) outs({{o}}) reduce_dims = [0]",
                        make=_small_factors if kind == "prod" else None)  # fmt: skip
        for kind in ("max", "min"):
            for shape in WIDE:
                for axis in (1, 0):
                    a, o = Operand(shape, dtype), Operand(_without(shape, axis), "i32")
                    yield _case(f"vreduce arg{kind} axis {axis}", [a], o,
                                (f"vreduce <arg{kind}>", f"axes [{axis}]"),
                                f"hivm.hir.vreduce <{kind}_with_index_left> ins({{a}}) "
                                f"outs({{v}}, {{o}}) reduce_dims = [{axis}]",
                                locals=(("v", Operand(o.shape, dtype)),), make=_tied)  # fmt: skip


def _without(shape: Shape, axis: int) -> Shape:
    return tuple(1 if i == axis else n for i, n in enumerate(shape))


def others() -> Iterator[Case]:
    """Scans, transposes, indices, gathers."""
    for dtype in ("f32", "f16", "i32"):
        for kind in ("sum", "prod"):
            for shape in ((8, 1024), (5, 100), (64, 64)):
                for axis in (0, 1):
                    a = Operand(shape, dtype)
                    yield _case(f"vcumulate {kind} axis {axis}", [a], a,
                                (f"vcumulate <{kind}>", f"axis {axis}"),
                                f"hivm.hir.vcum{kind} ins({{a}}) outs({{o}}) "
                                f"cum_dims = [{axis}] reverse = false",
                                make=_small_factors if kind == "prod" else None)  # fmt: skip
    for dtype in ("f32", "f16", "i32", "i16", "i8"):
        for shape in ((16, 64), (64, 64), (128, 128), (8, 1024), (5, 100)):
            a, o = Operand(shape, dtype), Operand(shape[::-1], dtype)
            yield _case("vtranspose", [a], o, ("vtranspose", "permutation [1, 0]"),
                        "hivm.hir.vtranspose ins({a}) outs({o}) permutation = [1, 0]")  # fmt: skip
    for dtype in ("f32", "f16", "i32", "i16"):
        for shape, axis, steps in (((64,), 0, "%c1"), ((1024,), 0, "%c1"), ((4096,), 0, "%c1"),
                                   ((16, 64), 1, "%c0, %c1"), ((16, 64), 0, "%c1, %c0"),
                                   ((5, 100), 1, "%c0, %c1")):  # fmt: skip
            yield _case(f"varange axis {axis}", [], Operand(shape, dtype),
                        ("varange", f"axis {axis}"),
                        f"hivm.hir.varange offset[%c0] strides[{steps}] outs({{o}})")  # fmt: skip
    for dtype in ("f32", "f16", "i32", "i16"):
        for count in (4, 32, 1000, 1024, 4096):
            a, index = Operand((1024,), dtype), Operand((count,), "i32")
            yield _case("vgather", [a, index], Operand((count,), dtype), ("vgather", ""),
                        "hivm.hir.vgather ins({a}) indices({b}) outs({o})",
                        make=_indices)  # fmt: skip


def all_cases() -> list[Case]:
    """Every case, in the table's order."""
    groups = (elementwise, with_numbers, broadcasts, truths, casts, reductions, others)
    return [case for group in groups for case in group()]
