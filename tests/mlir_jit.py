"""Runs a function on tensors natively through MLIR's execution engine: a second opinion."""

import ctypes
from collections.abc import Sequence

import numpy as np
import torch_mlir.dialects.torch as torch_dialect
from torch_mlir import ir, passmanager
from torch_mlir.execution_engine import ExecutionEngine
from torch_mlir.runtime import get_ranked_memref_descriptor

PIPELINE = """builtin.module(
  func.func(linalg-generalize-named-ops),
  one-shot-bufferize{bufferize-function-boundaries=true
    function-boundary-type-conversion=identity-layout-map},
  buffer-results-to-out-params{modify-public-functions=true},
  func.func(refback-munge-memref-copy,convert-linalg-to-loops),
  expand-strided-metadata,lower-affine,arith-expand,convert-math-to-libm,convert-scf-to-cf,
  convert-math-to-llvm,convert-arith-to-llvm,finalize-memref-to-llvm,convert-func-to-llvm,
  convert-cf-to-llvm,convert-index-to-llvm,reconcile-unrealized-casts)"""


def run(text: str, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> None:
    """Runs @main of the module in ``text``; ``outputs`` give shapes and types, and are filled."""
    context = ir.Context()  # pyright: ignore[reportAttributeAccessIssue]
    torch_dialect.register_dialect(context)
    with context:
        module = ir.Module.parse(text)  # pyright: ignore[reportAttributeAccessIssue]
        for function in module.body.operations:
            function.attributes["llvm.emit_c_interface"] = ir.UnitAttr.get()  # pyright: ignore[reportAttributeAccessIssue]
        passmanager.PassManager.parse(PIPELINE).run(module.operation)  # pyright: ignore[reportAttributeAccessIssue]
        engine = ExecutionEngine(module, opt_level=1)
        # Copies: bufferization may write into arguments.
        arrays = [np.array(array, order="C") for array in inputs] + list(outputs)
        descriptors = [get_ranked_memref_descriptor(array) for array in arrays]
        engine.invoke("main", *(ctypes.pointer(ctypes.pointer(d)) for d in descriptors))
