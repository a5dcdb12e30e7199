"""Who rules on attacked kernels: the gate, or another judge of an op, its specification, a text."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.generation.judging.gate import Gate, signature_of
from hawk_xdsl.npu_target import Target as NpuTarget
from hawk_xdsl.passes.finishing import finish_kernel
from hawk_xdsl.semantics.specification import Specification


class Ruling(StrEnum):
    """What a judge says of a kernel text."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Said:
    """A judge's ruling and why."""

    ruling: Ruling
    why: str = ""


Judge = Callable[[UndecidedOp, Specification, str], Said]
"""Rules on a kernel text for an op."""

MakeJudge = Callable[[UndecidedOp, Specification, NpuTarget, int], Judge]
"""Opens a judge for one op, with a seed; it rules on many texts of that op."""


def gate_judge(
    op: UndecidedOp, specification: Specification, target: NpuTarget, seed: int
) -> Judge:
    """The whole gate, as decisions ask it."""
    signature = signature_of(specification, "k", target.name)
    gate = Gate(
        op, specification, signature, target, seed, lambda kernel: finish_kernel(kernel, target)
    )

    def judge(op: UndecidedOp, specification: Specification, text: str) -> Said:
        verdict = gate.check(text)
        if verdict.accepted:
            return Said(Ruling.ACCEPTED)
        return Said(Ruling.REFUSED, f"{verdict.trap_code}: {verdict.trap_message}")

    return judge
