"""Runs an upstream module on this machine's CPU, through MLIR's JIT, block by block."""

import ctypes
import re
from collections.abc import Sequence
from importlib import import_module

from hawk_xdsl.dialects.dtype import Array

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


def run_blocks(text: str, name: str, arrays: Sequence[Array], blocks: int) -> None:
    """Calls a kernel once a block; the arrays are its arguments, C-ordered, and are written.

    An error of the bindings comes as they raise it; what crashes ends the process.
    """
    load_jit()  # registers the passes, too
    ir = import_module("torch_mlir.ir")
    passes = import_module("torch_mlir.passmanager")
    engines = import_module("torch_mlir.execution_engine")
    runtime = import_module("torch_mlir.runtime")
    with ir.Context(), ir.Location.unknown():
        module = ir.Module.parse(_OF_THE_DEVICE.sub("", text))
        passes.PassManager.parse(PIPELINE).run(module.operation)
        engine = engines.ExecutionEngine(module, opt_level=2)
        descriptors = [runtime.get_ranked_memref_descriptor(array) for array in arrays]
        pointers = [ctypes.pointer(ctypes.pointer(each)) for each in descriptors]
        for block in range(blocks):
            engine.invoke(name, *pointers, ctypes.pointer(ctypes.c_int64(block)))
