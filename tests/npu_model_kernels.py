"""Kernels for the tests of the NPU simulator, written as text with little around them."""

from collections.abc import Sequence

import numpy as np
from xdsl.context import Context
from xdsl.dialects import affine, arith, builtin, func, memref, scf
from xdsl.parser import Parser

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.npu import NPU, KernelOp
from hawk_xdsl.npu_target import Simulation, Trap, load_target, simulate

TARGET = load_target("ascend910b1")


CONTEXT = Context()
for _dialect in (
    builtin.Builtin, func.Func, arith.Arith, affine.Affine, memref.MemRef, scf.Scf, NPU,
):  # fmt: skip
    CONTEXT.load_dialect(_dialect)


def parse(text: str) -> KernelOp:
    """The verified kernel of a text."""
    module = Parser(CONTEXT, text).parse_module()
    module.verify()
    (kernel,) = (op for op in module.walk() if isinstance(op, KernelOp))
    return kernel


def memref_type(shape: Sequence[int], dtype: str, scope: str, layout: str = "") -> str:
    """``memref<8x64xf32, #npu.scope<ub>>``."""
    extents = "".join(f"{extent}x" for extent in shape)
    return f"memref<{extents}{dtype}, {layout}{', ' if layout else ''}#npu.scope<{scope}>>"


def gm(*shape: int, dtype: str = "f32") -> str:
    """A global buffer type."""
    return memref_type(shape, dtype, "global")


def ub(*shape: int, dtype: str = "f32") -> str:
    """A buffer type in ub, rows padded to 32 bytes."""
    block = 32 // DType(dtype).bytes
    strides, running = [1], 1
    for extent in reversed(shape[1:]):
        running = running * extent if running > 1 else -(-extent // block) * block
        strides.insert(0, running)
    dense = len(shape) < 2 or shape[-1] % block == 0
    layout = "" if dense else f"strided<[{', '.join(map(str, strides))}]>"
    return memref_type(shape, dtype, "ub", layout)


def l1(*shape: int, dtype: str = "f32") -> str:
    """A matrix type in l1."""
    return memref_type(shape, dtype, "l1")


def l0c(*shape: int, dtype: str = "f32") -> str:
    """A matrix type in l0c."""
    return memref_type(shape, dtype, "l0c")


def view(source: str, name: str, type_: str, offsets: str, sizes: str, result: str) -> str:
    """A subview with unit strides: ``offsets`` and ``sizes`` as in the IR's brackets."""
    steps = ", ".join("1" for _ in sizes.split(","))
    return (
        f"%{name} = memref.subview %{source}[{offsets}] [{sizes}] [{steps}] : {type_} to {result}\n"
    )


def kernel(
    body: str,
    ins: dict[str, str],
    outs: dict[str, str],
    *,
    core: str = "vector",
    blocks: int = 1,
) -> KernelOp:
    """A kernel with a body; arguments as name → type."""

    def arguments(types: dict[str, str]) -> str:
        return ", ".join(f"%{name}: {type_}" for name, type_ in types.items())

    return parse(
        f"npu.kernel @k ins({arguments(ins)}) outs({arguments(outs)}) on <{core}> "
        f'blocks {blocks} target "ascend910b1" {{\n{body}\n}}'
    )


def flag(source: str, target: str, event: int = 0) -> str:
    """Set and wait, next to each other."""
    return set_flag(source, target, event) + wait_flag(source, target, event)


def set_flag(source: str, target: str, event: int = 0) -> str:
    """Only the set."""
    return f"npu.set_flag <{source}> to <{target}> event {event}\n"


def wait_flag(source: str, target: str, event: int = 0) -> str:
    """Only the wait."""
    return f"npu.wait_flag <{source}> to <{target}> event {event}\n"


def load(source: str, dest: str, from_: str, to: str) -> str:
    """``npu.load``."""
    return f"npu.load %{source} into %{dest} : {from_} into {to}\n"


def store(source: str, dest: str, from_: str, to: str) -> str:
    """``npu.store``."""
    return f"npu.store %{source} into %{dest} : {from_} into {to}\n"


def alloc(name: str, type_: str, address: int | None = None) -> str:
    """``npu.alloc``, with an address or without."""
    place = "" if address is None else f"at {address} "
    return f"%{name} = npu.alloc {place}: {type_}\n"


def unary(mnemonic: str, source: str, dest: str, type_: str) -> str:
    """A unary vector instruction."""
    return f"npu.{mnemonic} ins(%{source} : {type_}) outs(%{dest} : {type_})\n"


def trap_of(found: KernelOp, *inputs: np.ndarray, mode: str = "planned") -> Trap | None:
    """The trap that a run ends with, if it does."""
    try:
        run(found, *inputs, mode=mode)
    except Trap as trap:
        return trap
    return None


def run(found: KernelOp, *inputs: np.ndarray, mode: str = "planned") -> Simulation:
    """Simulate on the tests' target."""
    if mode == "planned":
        return simulate(found, inputs, TARGET)
    return simulate(found, inputs, TARGET, mode="program-order")


def randoms(*shape: int, dtype: str = "f32", seed: int = 0) -> np.ndarray:
    """Random values of a dtype, reproducible."""
    rng = np.random.default_rng(seed)
    if dtype.startswith("i"):
        return rng.integers(-50, 50, shape).astype(DType(dtype).numpy)
    return rng.standard_normal(shape).astype(np.float32).astype(DType(dtype).numpy)
