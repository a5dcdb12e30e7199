"""How long and how large a kernel may be before it is refused instead of tried."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from hawk_xdsl.dialects.dtype import DType
from hawk_xdsl.dialects.kernel_text import KernelProgram, StageKernel
from hawk_xdsl.npu_target import RunawayError, StepCounter, Target, Trap, TrapCode, time_kernel
from hawk_xdsl.npu_target.l2.traffic import Traffic
from hawk_xdsl.semantics.specification import Specification

PATIENCE = 500.0
"""Times the bound that a block may take before the kernel is not even tried."""

PATIENCE_CYCLES = 1e6
"""Cycles that it may take on top of that."""

BLOCK_STEPS = 1_000_000
"""Steps of one block: seconds, without values. The suite's longest block takes some thousands."""

STEPS_FACTOR = 4
"""Times the steps of the first block that all blocks may take on average: data may steer them."""

STEPS = 100_000
"""Steps that a kernel may take on top of that: seconds, with values."""

SCRATCH_FACTOR = 16
"""Times the bytes of its operands and results that a kernel's temporaries may take."""

SCRATCH_BYTES = 1 << 28
"""Bytes that they may take on top of that."""


@dataclass(frozen=True)
class Limits:
    """What the kernels of one op may take: ``cycles`` a block, ``scratch`` bytes of temporaries."""

    cycles: float
    scratch: int

    @staticmethod
    def of(specification: Specification, bound_cycles: float) -> "Limits":
        """The limits for an op whose roofline bound is ``bound_cycles``."""
        arrays = [(o.shape, o.dtype) for o in (*specification.operands, *specification.outputs)]
        operand_bytes = sum(prod(shape) * DType(dtype).bytes for shape, dtype in arrays)
        cycles = PATIENCE * bound_cycles + PATIENCE_CYCLES
        return Limits(cycles, SCRATCH_FACTOR * operand_bytes + SCRATCH_BYTES)

    def check_scratch(self, program: KernelProgram) -> None:
        """Raise ``Trap`` for temporaries that are larger than anything the op could need."""
        taken = sum(prod(t.shape) * DType(t.dtype).bytes for t in program.temps)
        if taken > self.scratch:
            raise Trap(
                TrapCode.CAPACITY,
                f"its temporaries take {taken:,} bytes of global memory, and may take "
                f"{self.scratch:,}",
                kernel=program.kernels[0].op.sym_name.data,
                facts={"bytes": taken, "capacity": self.scratch},
            )

    def steps_of(
        self, stages: Sequence[StageKernel], traffic: Sequence[Traffic | None], target: Target
    ) -> list[int]:
        """The steps that each kernel may take over all its blocks, as its first block tells.

        Args:
            stages: the kernels, planned and synchronised.
            traffic: what each of them moves.
            target: where they run.

        Raises:
            RunawayError: the first block of one takes longer than it may.
        """
        allowed: list[int] = []
        for stage, moved in zip(stages, traffic, strict=True):
            steps = StepCounter(BLOCK_STEPS)
            if time_kernel(stage.op, target, self.cycles, steps, moved) is None:
                raise RunawayError(
                    f"@{stage.op.sym_name.data} takes more than {self.cycles:,.0f} cycles or "
                    f"{BLOCK_STEPS:,} steps in its first block, {PATIENCE:.0f} times what is "
                    "possible and more; shorten its loops"
                )
            blocks = stage.op.blocks.value.data
            allowed.append(STEPS + STEPS_FACTOR * blocks * steps.taken)
        return allowed
