"""Who rules on attacked kernels: the gate, or another judge of an op, its specification, a text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from hawk_xdsl.codegen.select_instructions import Composer
from hawk_xdsl.compiler import open_decider
from hawk_xdsl.dialects.npu import UndecidedOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.gate.certificate import Prover
from hawk_xdsl.gate.gate import Gate, signature_of
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.knowledge_store import Entry
from hawk_xdsl.npu_target import Target as NpuTarget
from hawk_xdsl.propose.settings import Settings
from hawk_xdsl.propose.witness import composed_witness
from hawk_xdsl.semantics.rewriting import Rule
from hawk_xdsl.semantics.specification import Specification
from mutation.attack_inputs import AttackInputs
from mutation.execution import Executable


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


@dataclass(frozen=True)
class _Knowledge:
    """What the gate of a decision is given of the package's knowledge."""

    rules: Sequence[Rule]
    composer: Composer
    entries: Sequence[Entry]


@cache
def _knowledge(target: str) -> _Knowledge:
    with (
        TemporaryDirectory() as directory,
        open_decider(target, Settings(), store=Path(directory) / "store.sqlite") as decider,
    ):
        return _Knowledge(decider.checked_rules, decider.composer, decider.entries)


def gate_judge(
    op: UndecidedOp, specification: Specification, target: NpuTarget, seed: int
) -> Judge:
    """The whole gate, as decisions ask it; of what it accepts it says why."""
    known = _knowledge(target.name)
    signature = signature_of(specification, "k", target.name)
    gate = Gate(
        op,
        specification,
        signature,
        target,
        seed,
        known.rules,
        lambda: composed_witness(known.composer, known.entries, specification, target),
    )

    def judge(op: UndecidedOp, specification: Specification, text: str) -> Said:
        verdict = gate.check(text)
        if verdict.accepted:
            return Said(Ruling.ACCEPTED, str(verdict.trust))
        return Said(Ruling.REFUSED, f"{verdict.trap_code}: {verdict.trap_message}")

    return judge


def certificate_judge(
    op: UndecidedOp, specification: Specification, target: NpuTarget, seed: int
) -> Judge:
    """The certificate alone: what it proves is accepted, all else that runs is unknown.

    Order (races, reads of what nobody wrote) is no matter of certificates: a kernel that traps on
    ordinary inputs is refused, whatever its values are.
    """
    sets = [inputs for _, inputs in islice(AttackInputs(op, specification).everywhere(), 4)]

    def indices(draw: int) -> Mapping[str, NDArray[np.int64]]:
        inputs = sets[draw % len(sets)]
        return {
            operand.name: inputs[operand.source].astype(np.int64).reshape(operand.shape)
            for operand in specification.operands
            if inputs[operand.source].dtype.kind in "biu"
        }

    prover = Prover(specification, _knowledge(target.name).rules, indices)

    def judge(op: UndecidedOp, specification: Specification, text: str) -> Said:
        try:
            kernel = Executable(specification, target, text)
            kernel.run(sets[0])
            program = kernel.program
        except HawkError as error:
            return Said(Ruling.REFUSED, str(error))
        found = prover.prove(program, [stage.op for stage in program.kernels])
        ruling = Ruling.UNKNOWN if found.trust is Trust.TRIED else Ruling.ACCEPTED
        return Said(ruling, found.reason or f"{found.trust} by {', '.join(found.rewrites)}")

    return judge
