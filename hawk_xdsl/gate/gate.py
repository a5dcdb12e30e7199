"""The gate: a kernel text is believed only after it was built, checked, planned, synced and run."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import numpy as np
from xdsl.dialects.builtin import MemRefType

from hawk_xdsl.dialects.dtype import Array, DType
from hawk_xdsl.dialects.kernel_text import (
    GlobalOperand,
    KernelProgram,
    KernelTextError,
    Places,
    Signature,
    StageKernel,
    build,
)
from hawk_xdsl.dialects.npu import Core, KernelOp, Pipe, ScheduleAttr, UndecidedOp
from hawk_xdsl.errors import HawkError
from hawk_xdsl.gate.bound import bound_of
from hawk_xdsl.gate.certificate import Certificate, Integers, Prover
from hawk_xdsl.gate.limits import BLOCK_STEPS, Limits
from hawk_xdsl.gate.op_features import literals_of
from hawk_xdsl.gate.trials import Trial, Trials
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.npu_target import (
    Estimates,
    Performance,
    Simulation,
    StepCounter,
    Target,
    Trap,
    TrapCode,
    estimates_of,
    simulate,
    time_stages,
    total,
    traffic_of_stages,
    verify_kernel,
)
from hawk_xdsl.npu_target.l2.traffic import Traffic
from hawk_xdsl.semantics.rewriting import Rule
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.transforms.pipeline import finish_kernel

NO_CERTIFICATE = Certificate(Trust.TRIED, "nothing was proved")


@dataclass(frozen=True)
class Verdict:
    """What the gate found.

    ``cycles`` are simulated, summed over the kernels of the program. ``certificate`` is what could
    be proved of an accepted kernel.
    """

    text: str
    trap_code: str | None = None
    trap_message: str | None = None
    program: KernelProgram | None = None
    cycles: int = 0
    performance: Performance | None = None
    certificate: Certificate = NO_CERTIFICATE

    @property
    def trust(self) -> Trust:
        """Why the kernel is believed, if it is."""
        return self.certificate.trust

    @property
    def accepted(self) -> bool:
        """Whether the kernel may be used."""
        return self.trap_code is None

    @property
    def bottleneck(self) -> Pipe | None:
        """The pipe that is busy longest."""
        return None if self.performance is None else self.performance.bottleneck


def signature_of(
    specification: Specification, name: str, target: str, places: Places | None = None
) -> Signature:
    """The header of the kernels of a specification.

    Args:
        specification: whose operands and outputs they name.
        name: of the kernels.
        target: its name, or file.
        places: what the target calls its memory spaces and cores; ``None``: as the Ascend family.
    """
    return Signature(
        name,
        tuple(GlobalOperand(o.name, o.dtype, o.shape) for o in specification.operands),
        tuple(GlobalOperand(r.name, r.dtype, r.shape) for r in specification.outputs),
        target,
        places or Places(),
    )


MOST_POINTS_AGAIN = 1 << 27
"""Points of an op's loops above which a proved kernel runs on one set of inputs only.

And it keeps its certificate: what this verifier has proved is not proved anew.
"""


class WrongResultError(HawkError):
    """A kernel computes something else."""

    code = "wrong-result"


@dataclass(frozen=True)
class Witness:
    """A kernel text of an op, and the rewrites that it was made with."""

    text: str
    rewrites: tuple[str, ...]


def no_witness() -> Witness | None:
    """No kernel is known that shows whether the op can be proved."""
    return None


class Gate:
    """Checks kernel texts for one undecided op on one target.

    Certificates may use ``rules``.

    A kernel without a certificate is believed for its trials only where the op cannot be proved:
    trials are finitely many, and a constant for one rare value escapes them. An op can be proved if
    some kernel of it was: one that was checked before, or the ``witness``, which is asked for once.
    """

    def __init__(
        self,
        op: UndecidedOp,
        specification: Specification,
        signature: Signature,
        target: Target,
        seed: int,
        rules: Sequence[Rule] = (),
        witness: Callable[[], Witness | None] = no_witness,
    ) -> None:
        self._specification = specification
        self._signature = signature
        self._target = target
        self._trials = Trials(op, specification.digest, seed, specification.input_ranges)
        self._prover = Prover(specification, rules, self._index_values, self._witness_rewrites)
        self._limits = Limits.of(specification, bound_of(specification, target).cycles)
        self._points = prod(specification.axes.values())
        self._make_witness = witness
        self._provable = False
        self.checks = 0
        self.timings = 0

    def check(
        self,
        text: str,
        rewrites: Sequence[str] = (),
        schedule: ScheduleAttr | None = None,
        *,
        kept: Trust | None = None,
    ) -> Verdict:
        """The verdict on a kernel text; the cheapest checks come first.

        ``rewrites`` are names of rules that it was probably made with, ``schedule`` is what it was
        written for: the kernels have it as an attribute. One that this verifier has found right
        before is ``kept`` with its trust. It is proved anew, unless it is large, and runs once:
        further trials of a proved kernel would be the same.
        """

        def made() -> tuple[KernelProgram, Iterable[StageKernel]]:
            program = self.built(text, schedule)
            return program, self.finished(program)

        return self.check_kernels(text, made, rewrites, kept=kept)

    def check_kernels(
        self,
        text: str,
        made: Callable[[], tuple[KernelProgram, Iterable[StageKernel]]],
        rewrites: Sequence[str] = (),
        *,
        kept: Trust | None = None,
    ) -> Verdict:
        """The verdict on kernels that somebody has built.

        Args:
            text: of the kernels, for the verdict.
            made: gives the kernels as they were built, and planned and synchronised.
            rewrites: names of rules that they were probably made with.
            kept: why this verifier has believed them before, if it has.
        """
        self.checks += 1
        try:
            program, finished = made()
            self._limits.check_scratch(program)
            self._check_data_flow(program)
            stages = list(finished)
            traffic = traffic_of_stages(stages, self._target)
            steps = self._limits.steps_of(stages, traffic, self._target)
            kernel = _Kernel(stages, steps, traffic)
            ways = estimates_of(kernel.ops, self._target)
            first = self._trials[0]
            between = self._target.launch.between([op.core.data for op in kernel.ops])
            performance, *_ = [total(self._tried(kernel, first, way), between) for way in ways]
            certificate = None
            if kept is not None and self._points > MOST_POINTS_AGAIN:
                certificate = self._prover.kept(kept, rewrites)
            certificate = certificate or self._prover.prove(program, kernel.ops, rewrites)
            proved = certificate.trust is not Trust.TRIED
            self._provable = self._provable or proved
            for number, trial in self._further(kernel, certificate, kept is not None):
                self._tried(kernel, trial, ways[number % len(ways)])
            if (doubt := self._trials.doubt(proved=proved)) is not None:
                return Verdict(text, "unproven", doubt)
            if certificate.differs and self._can_be_proved:
                return Verdict(
                    text, "unproven", f"no proof, as other kernels have: {certificate.reason}"
                )
        except KernelTextError as error:
            return Verdict(text, "syntax", str(error))
        except Trap as trap:
            return Verdict(text, str(trap.code), str(trap))
        except HawkError as error:
            return Verdict(text, getattr(error, "code", "unplanned"), str(error))
        return Verdict(
            text,
            program=program,
            cycles=round(performance.cycles),
            performance=performance,
            certificate=certificate,
        )

    def time(
        self, text: str, limit: float, schedule: ScheduleAttr | None = None
    ) -> Performance | None:
        """How long a kernel text takes, without its values; ``None``: more than ``limit`` cycles.

        It is no verdict: what it takes milliseconds to time takes seconds to believe. Raises
        ``HawkError`` where the text is no kernel, or does not fit.
        """
        self.timings += 1
        limit = min(limit, self._limits.cycles)
        program = self.built(text, schedule)
        stages = self.finished(program)
        return time_stages(stages, self._target, limit=limit, block_steps=BLOCK_STEPS)

    @cached_property
    def _witness(self) -> Witness | None:
        return self._make_witness()

    def _witness_rewrites(self) -> tuple[str, ...]:
        return () if self._witness is None else self._witness.rewrites

    @cached_property
    def _witness_is_proved(self) -> bool:
        if self._witness is None:
            return False
        try:
            program = self.built(self._witness.text)
            finished = [stage.op for stage in self.finished(program)]
        except HawkError:
            return False
        found = self._prover.prove(program, finished, self._witness.rewrites)
        return found.trust is not Trust.TRIED

    @property
    def _can_be_proved(self) -> bool:
        return self._provable or self._witness_is_proved

    def built(self, text: str, schedule: ScheduleAttr | None = None) -> KernelProgram:
        """The program of a text. Raises ``KernelTextError``, or ``Trap`` for its temporaries."""
        program = build(text, self._signature, self._max_blocks)
        if schedule is not None:
            for stage in program.kernels:
                stage.op.schedule = schedule
        self._limits.check_scratch(program)
        return program

    def _index_values(self, draw: int) -> dict[str, Integers]:
        """Integer operands of a trial by name: values that are legal indices."""
        inputs = self._trials[draw % len(self._trials)].inputs
        return {
            operand.name: inputs[operand.source].astype(np.int64)
            for operand in self._specification.operands
            if inputs[operand.source].dtype.kind in "biu"
        }

    def _max_blocks(self, core: Core) -> int:
        return max(1, self._target.cores[core])

    def _check_data_flow(self, program: KernelProgram) -> None:
        """Raise ``Trap`` unless every stage reads what is there, and all results are written."""
        known = {operand.name for operand in self._specification.operands}
        for stage in program.kernels:
            for name in stage.reads:
                if name not in known:
                    raise Trap(
                        TrapCode.UNINITIALISED_READ,
                        f"reads {name}, which no earlier stage writes",
                        kernel=stage.op.sym_name.data,
                    )
            known.update(stage.writes)
        for result in self._specification.outputs:
            if result.name not in known:
                raise Trap(
                    TrapCode.UNWRITTEN_OUTPUT,
                    f"nothing is ever written to the output {result.name}",
                    kernel=self._signature.name,
                )

    def finished(self, program: KernelProgram) -> Iterator[StageKernel]:
        """The planned and synced stages that a check and a timing run."""
        return finished_stages(program, self._target)

    def _further(
        self, kernel: "_Kernel", certificate: Certificate, kept: bool
    ) -> Iterator[tuple[int, Trial]]:
        """The trials after the first, by number: what a certificate says needs no trial."""
        if certificate.trust is not Trust.TRIED:
            if self._points <= MOST_POINTS_AGAIN and not kept:
                yield from self._trials.beyond_proofs()
            return
        for number in range(1, len(self._trials)):
            yield number, self._trials[number]
        literals = set[float]().union(*(literals_of(kernel) for kernel in kernel.ops))
        yield from enumerate(self._trials.of_kernel(literals))

    def _tried(self, kernel: "_Kernel", trial: Trial, estimates: Estimates) -> list[Simulation]:
        """What running a trial took. Raises ``WrongResultError``, and ``Trap``."""
        tensors: dict[str, Array] = {}
        for operand in self._specification.operands:
            array = trial.inputs[operand.source].astype(DType(operand.dtype).numpy)
            tensors[operand.name] = np.ascontiguousarray(array).reshape(operand.shape)
        runs: list[Simulation] = []
        for stage, most, traffic in zip(kernel.stages, kernel.steps, kernel.traffic, strict=True):
            run = simulate(
                stage.op,
                [
                    tensors[name].reshape(shape)
                    for name, shape in zip(stage.reads, shapes_of_inputs(stage.op), strict=True)
                ],
                self._target,
                limit=self._limits.cycles,
                steps=StepCounter(most),
                estimates=estimates,
                traffic=traffic,
            )
            tensors.update(zip(stage.writes, run.outputs, strict=True))
            runs.append(run)
        mistake = trial.mistake([tensors[r.name] for r in self._specification.outputs])
        if mistake is not None:
            raise WrongResultError(mistake)
        return runs


def finished_stages(program: KernelProgram, target: Target) -> Iterator[StageKernel]:
    """The stages with planned and synced copies that can run, each when it is asked for."""
    for stage in program.kernels:
        verify_kernel(stage.op, target)
        copy = stage.op.clone()
        finish_kernel(copy, target)
        yield replace(stage, op=copy)


def shapes_of_inputs(kernel: KernelOp) -> Iterator[tuple[int, ...]]:
    """The shapes in which a kernel sees its inputs."""
    for argument in kernel.inputs:
        assert isinstance(argument.type, MemRefType)
        yield argument.type.get_shape()


@dataclass(frozen=True)
class _Kernel:
    """The stages of a program on their way through the gate, planned and synchronised.

    ``steps`` are how many each may take, ``traffic`` what it moves: the same in all trials.
    """

    stages: Sequence[StageKernel]
    steps: Sequence[int]
    traffic: Sequence[Traffic | None]

    @property
    def ops(self) -> list[KernelOp]:
        """The kernels themselves."""
        return [stage.op for stage in self.stages]
