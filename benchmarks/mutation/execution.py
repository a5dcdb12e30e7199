"""Runs kernel texts on chosen inputs and says where they are wrong, without the gate's trials."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from hawk_xdsl.dialects.dtype import Array, DType
from hawk_xdsl.dialects.kernel_text import KernelProgram, build
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.gate.gate import signature_of
from hawk_xdsl.npu_target import Target, simulate, verify_kernel
from hawk_xdsl.reference.evaluate import Precision, evaluate_region, numpy_dtype
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.transforms.pipeline import finish_kernel

ULPS = 4.0
"""Units in the last place of the exact value that any kernel may be off."""

NOISE = 8.0
"""How many times the right kernel's error at an element a kernel may be off there."""

ROW_NOISE = 2.0
"""How many times the right kernel's largest error in a row: its error at one element is luck."""

DECLARED_NOISE = 4.0
"""How many times the largest error in a row of the op in its own dtypes.

That is evaluated with functions rounded to the nearest; the unit's are off by a few units.
"""


@dataclass(frozen=True)
class Executable:
    """A kernel text that was built, planned and synchronised for a specification."""

    specification: Specification
    target: Target
    text: str

    @cached_property
    def program(self) -> KernelProgram:
        """The built program, its kernels planned and synchronised. Raises ``HawkError``."""
        signature = signature_of(self.specification, "k", self.target.name)
        program = build(self.text, signature, lambda core: max(1, self.target.cores[core]))
        for stage in program.kernels:
            verify_kernel(stage.op, self.target)
            finish_kernel(stage.op, self.target)
        return program

    def run(self, inputs: Sequence[Array]) -> list[Array]:
        """The results for the op's inputs, in the shapes of kernel arguments.

        Raises ``HawkError`` for a text that is no kernel, does not fit, or traps.
        """
        arrays: dict[str, Array] = {}
        for operand in self.specification.operands:
            array = inputs[operand.source].astype(DType(operand.dtype).numpy)
            arrays[operand.name] = np.ascontiguousarray(array).reshape(operand.shape)
        for stage in self.program.kernels:
            run = simulate(stage.op, [arrays[name] for name in stage.reads], self.target)
            arrays.update(zip(stage.writes, run.outputs, strict=True))
        return [arrays[result.name] for result in self.specification.outputs]


def exact_results(op: UndecidedOp, inputs: Sequence[Array]) -> list[Array]:
    """What the op's region gives, floats in float64 and integers in their own width."""
    return evaluate_region(op.body, inputs, Precision.FLOAT64)


def declared_results(op: UndecidedOp, inputs: Sequence[Array]) -> list[Array]:
    """What the op's region gives if every operation rounds to its own dtype."""
    return evaluate_region(op.body, inputs, Precision.DECLARED)


def typed_inputs(op: UndecidedOp, by_source: Mapping[int, Array]) -> list[Array]:
    """The op's inputs; those that are not given are zeros."""
    arrays: list[Array] = []
    for number, value in enumerate(op.inputs):
        dtype = numpy_dtype(value.type)
        assert dtype is not None
        shape = value.type.get_shape()  # type: ignore[union-attr]
        given = by_source.get(number)
        arrays.append(np.zeros(shape, dtype) if given is None else given.reshape(shape))
    return arrays


def wrong_elements(
    given: Array,
    exact: Array,
    right: Array,
    ulps: float | None = None,
    declared: Array | None = None,
) -> NDArray[np.bool_]:
    """Where a result is wrong beyond any rounding.

    Integers must be equal where the right kernel's are. A float may be off by some units in the
    last place of its dtype, and by a multiple of what the right kernel, or the op in its own
    dtypes, is off on the very same input. Where the right kernel gives the exact result's infinity
    or NaN, or the infinity beyond the dtype's largest number, so must this one. Where the right
    kernel is wrong, nothing is said.

    Args:
        given: the result in question.
        exact: what the region gives in float64, or in exact integers; of the same size.
        right: the result of a kernel that is right.
        ulps: units in the last place that a float may be off, whatever the right kernel is.
        declared: what the region gives in its own dtypes: ``exp(x) - 1`` in f32 is right where the
            op says so, though a kernel may do better.
    """
    exact, right = exact.reshape(given.shape), right.reshape(given.shape)
    if given.dtype.kind in "biu":
        wanted = exact.astype(given.dtype)
        return (given != wanted) & (right.astype(given.dtype) == wanted)
    found, wanted, known = (a.astype(np.float64) for a in (given, exact, right))
    with np.errstate(invalid="ignore", over="ignore"):
        own = np.abs(known - wanted)
        usable = np.isfinite(own)
        own = np.where(usable, own, 0.0)
        unit = _ulp(wanted, given.dtype)
        noise = np.maximum(NOISE * own, ROW_NOISE * _of_row(own))
        if declared is not None:
            rounded = np.abs(declared.reshape(given.shape).astype(np.float64) - wanted)
            rounded = np.where(np.isfinite(rounded), rounded, 0.0)
            noise = np.maximum(
                noise, np.maximum(NOISE * rounded, DECLARED_NOISE * _of_row(rounded))
            )
        allowed = np.maximum(noise, ULPS * unit) if ulps is None else ulps * unit
        off = ~(np.abs(found - wanted) <= allowed)
        beyond = np.abs(wanted) > float(ml_dtypes.finfo(given.dtype).max)
        special = ~np.isfinite(wanted) | (beyond & np.isinf(known))
        wanted = np.where(beyond, np.copysign(np.inf, wanted), wanted)
        same = (np.isnan(wanted) & np.isnan(known)) | (wanted == known)
        differs = ~((np.isnan(wanted) & np.isnan(found)) | (wanted == found))
    return np.where(special, same & differs, usable & off)


def _of_row(errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest of each row."""
    return errors.max(axis=-1, keepdims=True) if errors.ndim else errors


def _ulp(values: NDArray[np.float64], dtype: np.dtype[np.generic]) -> NDArray[np.float64]:
    """The distance of neighbours of a dtype at each value, at least that of its denormals."""
    info = ml_dtypes.finfo(dtype)
    smallest = float(info.smallest_normal)
    size = np.where(np.isfinite(values), np.abs(values), 0.0)
    return float(info.eps) * 2.0 ** np.floor(np.log2(np.maximum(size, smallest)))
