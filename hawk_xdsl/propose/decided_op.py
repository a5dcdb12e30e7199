"""An op that was decided in another process: the task, and the decision as a value that is sent."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from hawk_xdsl.dialects.kernel_text import KernelProgram
from hawk_xdsl.dialects.npu import Pipe, ScheduleAttr
from hawk_xdsl.files.typed import typed
from hawk_xdsl.gate.certificate import Certificate
from hawk_xdsl.gate.gate import Verdict
from hawk_xdsl.npu_target import Performance
from hawk_xdsl.npu_target.performance import PerformanceWarning
from hawk_xdsl.propose.decision import Decision, Effort, Source
from hawk_xdsl.propose.history import AttemptRecord, TimingRecord
from hawk_xdsl.schedule.schedule import Schedule


@dataclass(frozen=True)
class OpTask:
    """An op to decide elsewhere: the digest of its specification, a symbol, its text."""

    digest: str
    name: str
    text: str


@dataclass(frozen=True)
class StallRecord:
    """How many cycles a pipe waits for another."""

    waits: str
    awaited: str
    cycles: float


@dataclass(frozen=True)
class AcceptedKernel:
    """A kernel that the gate accepted, and what it found; the IR is built of the text again."""

    text: str
    cycles: int
    certificate: Certificate
    total: float | None
    busy: Mapping[str, float]
    stalls: tuple[StallRecord, ...]
    bytes_moved: Mapping[str, int]
    warnings: tuple[PerformanceWarning, ...]

    @staticmethod
    def of(verdict: Verdict) -> "AcceptedKernel":
        """What of a verdict is no IR."""
        run = verdict.performance
        return AcceptedKernel(
            verdict.text,
            verdict.cycles,
            verdict.certificate,
            None if run is None else run.cycles,
            {} if run is None else {str(pipe): cycles for pipe, cycles in run.busy.items()},
            () if run is None else tuple(StallRecord(*k, v) for k, v in run.stalls.items()),
            {} if run is None else dict(run.bytes_moved),
            () if run is None else run.warnings,
        )

    def verdict(self, program: KernelProgram) -> Verdict:
        """The verdict, with a program that was built of the text."""
        run = self.total is not None and Performance(
            cycles=self.total,
            busy={Pipe(name): cycles for name, cycles in self.busy.items()},
            stalls={(Pipe(s.waits), Pipe(s.awaited)): s.cycles for s in self.stalls},
            bytes_moved=self.bytes_moved,
            warnings=self.warnings,
        )
        return Verdict(
            self.text,
            program=program,
            cycles=self.cycles,
            performance=run or None,
            certificate=self.certificate,
        )


@dataclass(frozen=True)
class DecidedOp:
    """A decision without IR: it can be kept as JSON, and becomes the decision again."""

    source: Source
    kernel: AcceptedKernel | None
    effort: Effort
    seconds: float
    entries: tuple[str, ...] = ()
    schedule: str = ""
    origin: str = ""
    reason: str = ""
    timed_out: bool = False
    remembered: bool = False
    attempts: tuple[AttemptRecord, ...] = ()
    timings: tuple[TimingRecord, ...] = ()

    @staticmethod
    def of(decision: Decision) -> "DecidedOp":
        """What of a decision is no IR."""
        accepted = decision.verdict
        return DecidedOp(
            decision.source,
            None if accepted is None else AcceptedKernel.of(accepted),
            decision.effort,
            decision.seconds,
            decision.entries,
            "" if decision.schedule is None else str(decision.schedule),
            decision.origin,
            decision.reason,
            decision.timed_out,
            decision.remembered,
            tuple(decision.history.attempts),
            tuple(decision.history.timings),
        )

    @staticmethod
    def failed(reason: str) -> "DecidedOp":
        """That an op ended the processes that were to decide it, or took too long."""
        return DecidedOp(Source.HOST, None, Effort(), 0.0, reason=reason, timed_out=True)

    @staticmethod
    def from_json(text: str) -> "DecidedOp":
        """Inverse of ``json``. Raises ``WrongValueError`` for what is none."""
        return typed(DecidedOp, json.loads(text), "answers.answer")

    @property
    def json(self) -> str:
        """The same as text."""
        return json.dumps(asdict(self))

    @property
    def parsed_schedule(self) -> Schedule | None:
        """What the kernel was written for, if a strategy wrote it."""
        return Schedule.parse(self.schedule) if self.schedule else None

    @property
    def attribute(self) -> ScheduleAttr | None:
        """The same as an attribute."""
        schedule = self.parsed_schedule
        return None if schedule is None else schedule.attribute


Elsewhere = Callable[[Sequence[OpTask]], Mapping[str, DecidedOp]]
"""Decides ops in other processes; the decisions by the digests of their specifications."""
