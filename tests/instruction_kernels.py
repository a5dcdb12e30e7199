"""Small kernels, one for each instruction in each dtype and form, for the vendor's tools."""

from collections.abc import Iterator

import ml_dtypes
import numpy as np
from kernel_files import Kernel, signature
from kernel_text_corpus import max_blocks

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.kernel_text import build
from hawk_xdsl.dialects.npu import KINDS, ROWS, KernelOp, OpForm, rows_of
from hawk_xdsl.npu_target import Target, simulate
from hawk_xdsl.transforms.device_launch import DeviceLaunch
from hawk_xdsl.transforms.pipeline import finish_kernel
from hawk_xdsl.vendor.recording import Recorded

DTYPES = {
    "f16": np.float16,
    "f32": np.float32,
    "bf16": ml_dtypes.bfloat16,
    "i32": np.int32,
    "i16": np.int16,
    "i8": np.int8,
}
ROWS_OF_TILE, COLUMNS = 6, 19
TILE = f"[{ROWS_OF_TILE},{COLUMNS}]"
LOAD = "{0} = load {0}0[0:6, 0:19] into ub\n"


def kernel(name: str, ins: dict[str, str], outs: dict[str, str], text: str) -> Kernel:
    """A kernel of a text."""
    return Kernel(signature(name, ins, outs), text)


def instruction_kernels(target: Target) -> Iterator[Kernel]:
    """Every instruction of a target, but those on truth values, and gathers."""
    ops = target.vector.ops
    for row in rows_of(OpForm.UNARY, OpForm.BINARY):
        for dtype in ops.get(row.mnemonic, ops.get(row.cost_row(scalar=True), {})):
            if dtype == "i8":
                continue
            yield from _elementwise(row.mnemonic, dtype, row.mnemonic in ops)
    for form, name in ((OpForm.REDUCE, "vreduce"), (OpForm.CUMULATE, "vcumulate")):
        for kind in KINDS[form]:
            for dtype in ops.get(ROWS[name].cost_row(str(kind)), {}):
                yield from _folds(name, str(kind), dtype)
    for dtype in ops["vtranspose"]:
        yield _moved("vtranspose", dtype, "[19,6]", "b = vtranspose x perm [1, 0]\n", "0:19, 0:6")
    for dtype in ops["vbrc"]:
        if dtype != "i8":
            yield _moved(
                "vbrc", dtype, TILE, "c = load x0[0:6, 0:1] into ub\nb = vbrc c to [6, 19]\n"
            )
    for dtype in ops["varange"]:
        text = f"b = varange {dtype}[6, 19] axis 1\n"
        yield kernel(f"varange_{dtype}", {"x0": "f32[8]"}, {"y": dtype + TILE}, text + STORE)
    for pair in ops["vcast"]:
        yield from _casts(*pair.split("-"))


STORE = "store b into y[0:6, 0:19]\n"


def _moved(name: str, dtype: str, out: str, body: str, place: str = "0:6, 0:19") -> Kernel:
    text = LOAD.format("x") + body + f"store b into y[{place}]\n"
    return kernel(f"{name}_{dtype}", {"x0": dtype + TILE}, {"y": dtype + out}, text)


def _elementwise(name: str, dtype: str, of_tiles: bool) -> Iterator[Kernel]:
    number = "2" if dtype.startswith("i") else "1.5"
    if ROWS[name].form is OpForm.UNARY:
        text = LOAD.format("x") + f"b = {name} x\n" + STORE
        yield kernel(f"{name}_{dtype}", {"x0": dtype + TILE}, {"y": dtype + TILE}, text)
        return
    text = LOAD.format("x") + f"b = {name} x, {number}\n" + STORE
    yield kernel(f"{name}_{dtype}_scalar", {"x0": dtype + TILE}, {"y": dtype + TILE}, text)
    if not of_tiles:
        return
    for form, places in (("tiles", "0:6, 0:19"), ("column", "0:6, 0:1"), ("row", "0:1, 0:19")):
        text = LOAD.format("x") + f"z = load z0[{places}] into ub\nb = {name} x, z\n" + STORE
        ins = {"x0": dtype + TILE, "z0": dtype + TILE}
        yield kernel(f"{name}_{dtype}_{form}", ins, {"y": dtype + TILE}, text)


def _folds(name: str, kind: str, dtype: str) -> Iterator[Kernel]:
    for axis, shape, place in (
        (1, "[6,1]", "0:6, 0:1"),
        (0, "[1,19]", "0:1, 0:19"),
    ):
        if name == "vcumulate":
            shape, place = TILE, "0:6, 0:19"
        out = "i32" if kind.startswith("arg") else dtype
        text = LOAD.format("x") + f"b = {name} {kind} x axis {axis}\nstore b into y[{place}]\n"
        ins = {"x0": dtype + TILE}
        yield kernel(f"{name}_{kind}_{dtype}_axis{axis}", ins, {"y": out + shape}, text)


def _casts(source: str, to: str) -> Iterator[Kernel]:
    whole = source.startswith(("f", "b")) and (to.startswith("i") or to == "f32")
    modes = KINDS[OpForm.CAST] if whole else ["rint"]
    for mode in modes:
        text = LOAD.format("x") + f"b = vcast x to {to} round {mode}\n" + STORE
        name = f"vcast_{source}_{to}_{mode}"
        yield kernel(name, {"x0": source + TILE}, {"y": to + TILE}, text)


def recorded(case: Kernel, target: Target) -> Recorded:
    """A kernel, planned, with inputs that its instructions are defined for, and what it gives."""
    program = build(case.text, case.signature, max_blocks)
    (stage,) = program.kernels
    finished: KernelOp = stage.op
    finish_kernel(finished, target)
    given = [each for each in case.signature.inputs if each.name in stage.reads]
    inputs = [data(dtype, shape, name) for name, dtype, shape in given]
    outputs = simulate(finished, inputs, target).outputs
    return Recorded(DeviceLaunch.of(finished), tuple(inputs), outputs)


def data(dtype: str, shape: tuple[int, ...], name: str) -> Array:
    """Numbers near 1 for floats; small ones with a sign for integers, none of them 0."""
    random = np.random.default_rng([7, *map(ord, name)])
    if name.startswith("m"):
        return random.integers(0, 2, shape).astype(DTYPES[dtype])
    if dtype.startswith("i"):
        return random.integers(1, 9, shape).astype(DTYPES[dtype]) * random.choice(
            np.array([-1, 1], DTYPES[dtype]), shape
        )
    return (0.5 + random.random(shape)).astype(DTYPES[dtype])
