"""Runs upstream modules on this machine's CPU, through MLIR's JIT: all cores of a launch."""

import ctypes
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from hawk_xdsl.dialects.dtype import Array
from hawk_xdsl.dialects.npu import Core
from hawk_xdsl.vendor.executable.cores import CoreMember, RunningCores
from hawk_xdsl.vendor.executable.meetings import SET, WAIT

PIPELINE = """builtin.module(
  func.func(refback-munge-memref-copy,convert-linalg-to-loops),
  expand-strided-metadata,lower-affine,convert-scf-to-cf,convert-cf-to-llvm,convert-math-to-llvm,
  convert-math-to-libm,arith-expand,convert-arith-to-llvm,finalize-memref-to-llvm,
  convert-index-to-llvm,convert-func-to-llvm,convert-cf-to-llvm,reconcile-unrealized-casts)"""

_OF_THE_DEVICE = re.compile(r", hacc\.\w+ = #hacc\.[^,}]*")


def load_jit() -> None:
    """Imports the bindings, so that children of this process need not."""
    for name in ("ir", "passmanager", "execution_engine", "runtime", "dialects.torch"):
        import_module(f"torch_mlir.{name}")


@dataclass(frozen=True)
class NativeProgram:
    """What the cores of one kind run.

    Attributes:
        text: an upstream module.
        name: of its function, which takes the buffers, the block and the core's number in it.
        core: the kind.
        cores: how many of the kind a block has.
    """

    text: str
    name: str
    core: Core = Core.VECTOR
    cores: int = 1


def run_blocks(
    programs: Sequence[NativeProgram], arrays: Sequence[Array], blocks: int, first: Core
) -> None:
    """Runs all cores of a launch; the arrays are its buffers, C-ordered, and are written.

    Args:
        programs: what each kind of core runs.
        arrays: the arguments of each.
        blocks: how many there are.
        first: the kind of core that goes on where several can.

    An error of the bindings comes as they raise it; what crashes ends the process.

    Raises:
        HawkError: the cores wait for each other, or a flag is left.
    """
    load_jit()  # registers the passes, too
    ir = import_module("torch_mlir.ir")
    passes = import_module("torch_mlir.passmanager")
    engines = import_module("torch_mlir.execution_engine")
    runtime = import_module("torch_mlir.runtime")
    by_core = {program.core: program for program in programs}
    members = [
        CoreMember(program.core, block, number)
        for program in sorted(programs, key=lambda program: program.core != first)
        for block in range(blocks)
        for number in range(program.cores)
    ]
    with ir.Context(), ir.Location.unknown():
        compiled: dict[Core, Any] = {}
        for program in programs:
            module = ir.Module.parse(_OF_THE_DEVICE.sub("", program.text))
            passes.PassManager.parse(PIPELINE).run(module.operation)
            compiled[program.core] = engines.ExecutionEngine(module, opt_level=2)
        descriptors = [runtime.get_ranked_memref_descriptor(array) for array in arrays]
        pointers = [ctypes.pointer(ctypes.pointer(each)) for each in descriptors]

        def work(member: CoreMember) -> None:
            numbers = map(ctypes.c_int64, (member.block, member.number))
            compiled[member.core].invoke(
                by_core[member.core].name, *pointers, *map(ctypes.pointer, numbers)
            )

        running = RunningCores(members, work)
        called = {
            SET: ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64)(running.set_flag),
            WAIT: ctypes.CFUNCTYPE(None, ctypes.c_int64)(running.wait_flag),
        }
        for engine in compiled.values():
            for name, function in called.items():
                engine.register_runtime(name, function)
        running.run()
