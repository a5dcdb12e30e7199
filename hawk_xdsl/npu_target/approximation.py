"""What the hardware leaves open: how far estimates are off, and what an undefined result is.

An estimate of ``bits`` good bits is off by at most 2^-bits of the result. By how much is a fixed
function of the input's bits, so that a run can be repeated; errors of mean zero would cancel in
sums, so the same kernel is also run with all of them up, and all of them down.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from xdsl.ir import Operation

from hawk_xdsl.dialects.dtype import Array, element_name
from hawk_xdsl.dialects.npu import KernelOp, VectorOp
from hawk_xdsl.npu_target.accuracy import Accuracy, Domain
from hawk_xdsl.npu_target.target import Target

Estimates = Literal["signed", "up", "down"]
"""Which way estimates are off: by a hash of the input, all larger, or all smaller in magnitude."""

EVERY_WAY: tuple[Estimates, ...] = get_args(Estimates)

FILLERS = (float("nan"), -1729.0)
"""What stands for an undefined result, one in each of two runs whose outputs must be the same."""

_DEFINED: dict[Domain, Callable[[Array], Array]] = {
    Domain.POSITIVE: lambda x: ~(x <= 0),
    Domain.NONZERO: lambda x: x != 0,
}
"""Whether a result is defined, element by element; NaN gives NaN everywhere."""

_GOLDEN = np.uint32(0x9E3779B1)


@dataclass(frozen=True)
class Undefined:
    """An instruction met an input outside of its domain."""

    op: Operation | None
    value: float


@dataclass
class Approximation:
    """How one run takes what is left open, and the first undefined result it met."""

    estimates: Estimates = "signed"
    filler: float = FILLERS[0]
    met: Undefined | None = field(default=None)

    def apply(self, op: Operation | None, accuracy: Accuracy, source: Array, out: Array) -> None:
        """Make an exact result what the instruction may give.

        Args:
            op: the instruction, if it is one of a kernel.
            accuracy: what the target says of it.
            source: a copy of its input.
            out: its exact result, changed in place.
        """
        if accuracy.bits is not None:
            wide = out.astype(np.float64)
            out[...] = wide * (1 + 2.0**-accuracy.bits * _shares(source, self.estimates))
        if accuracy.domain is not None:
            undefined = ~_DEFINED[accuracy.domain](source)
            if undefined.any():
                self.met = self.met or Undefined(op, float(source[undefined][0]))
                out[undefined] = self.filler


def accuracy_of(op: Operation, target: Target) -> Accuracy | None:
    """What the target says of a vector instruction; ``None``: correctly rounded everywhere."""
    rows = target.vector.accuracy.get(op.ROW.mnemonic) if isinstance(op, VectorOp) else None
    return rows.get(element_name(op.operands[0].type)) if rows and op.operands else None


def estimates_of(kernels: Iterable[KernelOp], target: Target) -> tuple[Estimates, ...]:
    """The ways to run kernels: every one where they have estimates, else the first alone."""
    for kernel in kernels:
        for op in kernel.walk():
            if isinstance(op, VectorOp):
                accuracy = accuracy_of(op, target)
                if accuracy is not None and accuracy.bits is not None:
                    return EVERY_WAY
    return EVERY_WAY[:1]


def _shares(source: Array, estimates: Estimates) -> Array:
    """For each input the part of the largest error that it has: 0.5 to 1, with the sign."""
    unsigned = np.uint32 if source.itemsize == 4 else np.uint16
    bits = np.asarray(source, order="C").view(unsigned).astype(np.uint32)
    mixed = (bits ^ (bits >> np.uint32(15))) * _GOLDEN
    mixed ^= mixed >> np.uint32(16)
    mixed *= _GOLDEN
    sizes = 0.5 + (mixed >> np.uint32(8)) / 2.0**25
    if estimates == "up":
        return sizes
    if estimates == "down":
        return -sizes
    return np.where(mixed & np.uint32(128), sizes, -sizes)
