"""Takes mutants of a verified kernel through the gate, and judges those that it accepts."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from xdsl.utils.exceptions import VerifyException

from hawk_xdsl.dialects.kernel_text import KernelProgram, StageKernel
from hawk_xdsl.dialects.npu import KernelOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.gate.gate import Gate, signature_of
from hawk_xdsl.gate.trials import Trials
from hawk_xdsl.npu_target import Target, simulate
from hawk_xdsl.semantics.specification import specify
from mutation.attack import Attack
from mutation.attack_judge import AttackJudge
from mutation.damage import Damage, damages
from mutation.judge import Judge, Stage, stages_of
from mutation.rewording import Rewording, rewordings
from mutation.subjects import Subject

NUMBER = re.compile(r"(?<![\w.])-?\d+\.?\d*(?:e[+-]?\d+)?(?![\w.])")
"""A number in the words that say what was changed: exact evaluation looks near to it."""

Mutant = Damage | Rewording


class MalformedError(HawkError):
    """The dialect's verifiers refuse a damaged kernel."""

    code = "verifier"


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: killed by a trap, equivalent, as exact, or accepted wrong.

    Exactly one of ``trap``, ``rounding`` and ``difference`` is given, or none for an equivalent
    mutant. ``rounding`` says where a mutant gives other bits though it is as exact as its kernel.
    """

    family: str
    mutant: str
    kind: str
    trap: str | None = None
    difference: str | None = None
    rounding: str | None = None


class _DamagingGate(Gate):
    """A gate whose kernels are damaged after they were planned and synchronised."""

    _damage: Damage | None = None
    seen: tuple[KernelOp, ...] = ()

    def damage(self, damage: Damage | None) -> None:
        """What befalls the kernels of the next text."""
        self._damage, self.seen = damage, ()

    def finished(self, program: KernelProgram) -> Iterator[StageKernel]:
        """As always, then the stage that is to be damaged is damaged."""
        for stage in super().finished(program):
            damage, number = self._damage, len(self.seen)
            self.seen += (stage.op,)
            if damage is not None and damage.stage == number:
                damage.apply(list(stage.op.walk()))
                try:
                    stage.op.verify()
                except VerifyException as error:
                    raise MalformedError(str(error)) from error
            yield stage


class Bench:
    """One subject with its gate, its judge and its mutants.

    ``stages`` are the finished kernels of the subject as it is.

    Raises:
        HawkError: the gate refuses it, or the judge's own machine gives other values than the
            NPU model.
    """

    def __init__(self, subject: Subject, target: Target, seed: int) -> None:
        self.subject = subject
        self._target = target
        self._specification = specify(subject.op)
        self._signature = signature_of(self._specification, "k", target.name)
        self._gate = _DamagingGate(subject.op, self._specification, self._signature, target, seed)
        verdict, self.stages = self._check(subject.text, None)
        if verdict is not None:
            raise HawkError(f"the gate refuses the kernel of {subject.family}: {verdict}")
        results = [operand.name for operand in self._signature.outputs]
        self.judge = Judge(self.stages, self._signature.inputs, results, target, seed)
        self._check_judge(results)
        self._seed = seed

    def _check(self, text: str, damage: Damage | None) -> tuple[str | None, tuple[Stage, ...]]:
        self._gate.damage(damage)
        verdict = self._gate.check(text)
        if verdict.program is None:
            return f"{verdict.trap_code}: {verdict.trap_message}", ()
        return None, stages_of(verdict.program, self._gate.seen)

    def _check_judge(self, results: Sequence[str]) -> None:
        """The judge's own machine must agree with the NPU model on the kernel itself."""
        for number, expected in enumerate(self.judge.expected):
            arrays = dict(self.judge.inputs(number))
            for stage in self.stages:
                run = simulate(stage.kernel, [arrays[n] for n in stage.reads], self._target)
                arrays.update(zip(stage.writes, run.outputs, strict=True))
            for name, wanted in zip(results, expected, strict=True):
                if arrays[name].tobytes() != wanted.tobytes():
                    raise HawkError(f"judge and model differ on {self.subject.family}")

    def mutants(self) -> Iterator[Mutant]:
        """Every mutant that there is, each text once."""
        seen = {self.subject.text}
        for rewording in rewordings(self.subject.text, self._constants()):
            if rewording.text not in seen:
                seen.add(rewording.text)
                yield rewording
        for number, stage in enumerate(self.stages):
            yield from damages(stage.kernel, number)

    def _constants(self) -> dict[str, list[float]]:
        """What one could have computed from the gate's first trial, for each float operand."""
        first = next(iter(Trials(self.subject.op, self._specification.digest, self._seed)))
        given = {o.name: first.inputs[o.source] for o in self._specification.operands}
        given |= {
            r.name: e.exact
            for r, e in zip(self._specification.results, first.expected, strict=True)
        }
        found: dict[str, list[float]] = {}
        for name, array in given.items():
            if array.dtype.kind not in "biu":
                exact = array.astype(np.float64)
                finite = exact[np.isfinite(exact)]
                numbers = (finite.flat[0], finite.max(), finite.min(), finite.mean(), finite.std())
                found[name] = [round(float(n), 6) for n in numbers]
        return found

    def outcome(self, mutant: Mutant) -> Outcome:
        """The mutant through the gate, and past it to the judge."""
        damaged = isinstance(mutant, Damage)
        text = self.subject.text if damaged else mutant.text
        trap, stages = self._check(text, mutant if damaged else None)
        family = self.subject.family
        if trap is not None:
            return Outcome(family, mutant.what, mutant.kind, trap=trap.split(":")[0])
        difference = self.judge.difference(stages)
        if difference is None:
            return Outcome(family, mutant.what, mutant.kind)
        wrong = difference.why
        if difference.values and isinstance(mutant, Rewording):
            exact = self.exactly(mutant)
            if exact is None:
                return Outcome(family, mutant.what, mutant.kind, rounding=wrong)
            wrong = f"{wrong}; {exact}"
        return Outcome(family, mutant.what, mutant.kind, difference=wrong)

    def exactly(self, mutant: Rewording) -> str | None:
        """Where a reworded kernel is wrong by exact evaluation, as attacks are judged."""
        values = tuple(float(n) for n in dict.fromkeys(NUMBER.findall(mutant.what)))
        attack = Attack(mutant.kind, mutant.what, mutant.text, values=values)
        return self._exact_judge.difference(attack)

    @cached_property
    def _exact_judge(self) -> AttackJudge:
        return AttackJudge(self.subject.op, self._specification, self._target, self.subject.text)
