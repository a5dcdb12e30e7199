"""One decided op as a row of report.json: what, who, how fast, how near the bound, and why."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from hawk_xdsl.gate.bound import Work
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.npu_target import Target
from hawk_xdsl.passes.npu_decide import Placed
from hawk_xdsl.propose.decision import Decision, Source
from hawk_xdsl.propose.history import AttemptRecord, TimingRecord
from hawk_xdsl.report.run_record import shares
from hawk_xdsl.semantics.specification import Specification
from hawk_xdsl.semantics.spelling import formula

LONGEST_SUMMARY = 40
"""Characters of a formula that is shown without its indices; a longer one becomes its functions."""


@dataclass(frozen=True)
class ReportRow:
    """One undecided op of the model. Cycles are simulated; host regions have none.

    ``microseconds`` are those on the device, where a launch has its least time.
    ``attempts`` were made until the first right kernel (the ``first_right``-th) or in vain, and
    ``tuning`` after it; ``tokens`` are the model's, ``rejected_lines`` those taken back by it.
    ``occupancy`` and ``waiting`` are the shares of the cycles in which each pipe works, and in
    which it waits for another pipe's flag; ``bytes_moved`` is by path. Empty for a host region.
    ``unit_cycles`` is what the op needs at least of each unit on all cores, whatever it moves.
    ``reproducible`` is false where the time limit ended the model's work.
    ``trust`` is why the kernel is believed: proved, bounded or tried. ``unproved`` says why it has
    no certificate, ``proof_error`` how probable it was that a wrong kernel got one, and
    ``proof_rewrites`` which entries the proof takes to be right.
    ``text`` is the kernel text, ``work`` what the bound is made of. ``attempts_made`` are the
    drafts in order and ``schedules_timed`` what the search has timed. An op that is the same as an
    earlier one shares its kernels: these fields and the text stand with the first only.
    ``lengths`` is of a kernel for a range of lengths: at which it was judged. The other figures are
    those of the longest then."""

    kernel: str
    computes: str
    source: str
    trust: str | None
    unproved: str
    proof_error: float | None
    proof_rewrites: tuple[str, ...]
    origin: str
    attempts: int
    first_right: int | None
    tuning: int
    tokens: int
    rejected_lines: int
    cycles: int | None
    microseconds: float | None
    bottleneck: str | None
    occupancy: Mapping[str, float]
    waiting: Mapping[str, float]
    bytes_moved: Mapping[str, int]
    bound_cycles: float | None
    bound_share: float | None
    unit_cycles: Mapping[str, float]
    limited_by: str | None
    warnings: tuple[str, ...]
    seconds: float
    reproducible: bool
    reason: str
    entries: tuple[str, ...]
    schedule: str
    specification: str
    text: str
    work: Work | None
    attempts_made: tuple[AttemptRecord, ...]
    schedules_timed: tuple[TimingRecord, ...]
    lengths: str = ""

    @property
    def symbols(self) -> tuple[str, ...]:
        """The kernels, in the order of their launches; none on the host."""
        if not self.kernel.startswith("@"):
            return ()
        return tuple(name.removeprefix("@") for name in self.kernel.split(", "))


def row_of(placed: Placed, target: Target) -> ReportRow:
    """The row of one decision."""
    decision = placed.decision
    verdict, bound = decision.verdict, decision.bound
    run = None if verdict is None else verdict.performance
    trust = decision.trust
    certificate = None if verdict is None or trust is Trust.TRIED else verdict.certificate
    source = decision.source
    if placed.repeated and source is not Source.HOST:
        source = Source.REUSED
    return ReportRow(
        kernel=", ".join(f"@{symbol}" for symbol in placed.symbols) or decision.label,
        computes=_summary(decision),
        source=str(source),
        trust=None if trust is None else str(trust),
        unproved=verdict.certificate.reason if verdict is not None else "",
        proof_error=None if certificate is None else 2.0**certificate.error,
        proof_rewrites=() if certificate is None else certificate.rewrites,
        origin=decision.origin,
        attempts=0 if placed.repeated else decision.attempts,
        first_right=decision.first_right,
        tuning=0 if placed.repeated else decision.effort.tuning,
        tokens=0 if placed.repeated else decision.effort.tokens,
        rejected_lines=0 if placed.repeated else decision.effort.rejected_lines,
        cycles=decision.cycles,
        microseconds=None if decision.cycles is None else device_time(decision.cycles, target),
        bottleneck=None if run is None else str(run.bottleneck),
        occupancy={} if run is None else shares(run.occupancy),
        waiting={} if run is None else shares(run.waiting),
        bytes_moved={} if run is None else run.bytes_moved,
        bound_cycles=None if bound is None else round(bound.cycles, 1),
        bound_share=decision.bound_share,
        unit_cycles={} if bound is None else asdict(bound.units),
        limited_by=None if bound is None else str(bound.limiting),
        warnings=() if run is None else tuple(map(str, run.warnings)),
        seconds=round(decision.seconds, 3),
        reproducible=not decision.timed_out,
        reason=decision.reason,
        entries=decision.entries,
        schedule="" if decision.schedule is None else str(decision.schedule),
        specification="" if decision.specification is None else decision.specification.text,
        text="" if verdict is None or placed.repeated else verdict.text,
        work=decision.work,
        attempts_made=() if placed.repeated else tuple(decision.history.attempts),
        schedules_timed=() if placed.repeated else tuple(decision.history.timings),
    )


def _summary(decision: Decision) -> str:
    specification = decision.specification
    if specification is None:
        return decision.label
    shown = "" if specification.shares else formula(specification.roots[-1])
    if not shown or len(shown) > LONGEST_SUMMARY:
        shown = " ".join(name.removeprefix("reduce_") for name in specification.functions())
    return f"{_extents(specification)}: {shown}"


def _extents(specification: Specification) -> str:
    return "×".join(str(size) for size in specification.axes.values())


def device_time(cycles: float, target: Target) -> float:
    """Microseconds of a launch on the device, which has a least time, without those of the host."""
    return target.microseconds(cycles + target.launch.floor)
