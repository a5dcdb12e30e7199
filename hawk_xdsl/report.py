"""The report of a compilation: per kernel what, who, how fast and how near the bound."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hawk_xdsl.dialects.npu import Pipe
from hawk_xdsl.files.boundary import reading, writing
from hawk_xdsl.files.typed import member, typed
from hawk_xdsl.files.whole_file import write_whole
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.npu_target import Simulation, Target, Units
from hawk_xdsl.passes.npu_decide import Placed
from hawk_xdsl.propose.decision import Decision, Source
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
    ``proof_rewrites`` which entries the proof takes to be right."""

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
        occupancy={} if run is None else _shares(run.occupancy),
        waiting={} if run is None else _shares(run.waiting),
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
    )


def _shares(shares: Mapping[Pipe, float]) -> dict[str, float]:
    return {str(pipe): round(share, 3) for pipe, share in shares.items()}


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


def print_report(rows: Sequence[ReportRow], console: Console) -> None:
    """The rows as a table, and how many kernels each source decided."""
    table = Table(
        title="Kernels (cycles and µs on the device are simulated)",
        title_justify="left",
        box=SIMPLE_HEAD,
    )
    table.add_column("kernel", no_wrap=True)
    table.add_column("computes", overflow="fold")
    table.add_column("decided by", no_wrap=True)
    table.add_column("trust", no_wrap=True)
    for heading in ("attempts", "tuning", "cycles", "µs"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("bottleneck", no_wrap=True)
    table.add_column("of bound", justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            row.kernel,
            escape(row.computes if row.cycles is not None else f"{row.computes} ({row.reason})"),
            row.source,
            row.trust or "-",
            str(row.attempts),
            str(row.tuning),
            "-" if row.cycles is None else f"{row.cycles:,}",
            "-" if row.microseconds is None else f"{row.microseconds:,.1f}",
            row.bottleneck or "-",
            "-" if row.bound_share is None else f"{row.bound_share:.0%}",
        )
    console.print(table)
    counts = _counted([row.source for row in rows], Source)
    believed = _counted([row.trust or "" for row in rows], Trust)
    console.print(
        f"{len(rows)} ops: {counts or 'nothing to decide'}" + (f"; {believed}" if believed else "")
    )
    if not all(row.reproducible for row in rows):
        console.print("The time limit ended the model's work on an op: not reproducible.")


def _counted(given: Sequence[str], kinds: Iterable[str]) -> str:
    """How many there are of each kind: ``1 reused, 12 template``."""
    return ", ".join(f"{count} {kind}" for kind in kinds if (count := given.count(kind)))


def device_time(cycles: float, target: Target) -> float:
    """Microseconds of a launch on the device, which has a least time, without those of the host."""
    return target.microseconds(cycles + target.launch.floor)


def print_performance(
    launches: Sequence[tuple[str, Simulation]],
    bound_shares: Mapping[str, float],
    target: Target,
    console: Console,
) -> None:
    """For each launch the time, which pipes worked and waited, bytes by path, and the warnings."""
    title = "Launches (cycles and µs on the device are simulated)"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    table.add_column("launch", no_wrap=True)
    for heading in ("cycles", "µs", "of bound", "L2 hits"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("pipes work", "and wait", "bytes"):
        table.add_column(heading, overflow="fold")
    for name, run in launches:
        share = bound_shares.get(name)
        table.add_row(
            f"@{name}",
            f"{run.cycles:,.0f}",
            f"{device_time(run.cycles, target):,.1f}",
            "-" if share is None else f"{share:.0%}",
            "-" if run.traffic is None else f"{run.traffic.hit_rate:.0%}",
            _listed(run.occupancy),
            _listed(run.waiting),
            ", ".join(f"{path} {size:,}" for path, size in run.bytes_moved.items()),
        )
    console.print(table)
    for name, run in dict(launches).items():
        for warning in run.warnings:
            console.print(f"@{name}: {warning}", markup=False, highlight=False)


def _listed(shares: Mapping[Pipe, float]) -> str:
    """Pipes and their shares, the largest first."""
    shown = [pipe for pipe in shares if round(shares[pipe], 2)]
    order = sorted(shown, key=lambda pipe: -shares[pipe])
    return ", ".join(f"{pipe} {shares[pipe]:.0%}" for pipe in order) or "-"


def write_report(rows: Sequence[ReportRow], path: Path, **figures: object) -> None:
    """The rows and further figures as JSON."""
    document = {**figures, "kernels": [asdict(row) for row in rows]}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def add_to_report(path: Path, **figures: object) -> None:
    """Adds figures to a written report, or replaces them. Raises ``ReadError``, ``WriteError``."""
    with reading(path, "the report", todo="compile it again"):
        document = typed(dict[str, object], json.loads(path.read_text(encoding="utf-8")))
    with writing(path, "the report"):
        write_whole(path, json.dumps({**document, **figures}, indent=2) + "\n")


@dataclass(frozen=True)
class Report:
    """What is read back of a written report.

    Attributes:
        model: what was compiled.
        target: for which target.
        bound_shares: the bound over the cycles, by kernel.
        units: what each op needs at least of the units; ``None`` if one is not known.
    """

    model: str
    target: str
    bound_shares: Mapping[str, float]
    units: tuple[Units, ...] | None


def read_report(path: Path) -> Report:
    """A report that :func:`write_report` wrote. Raises ``ReadError`` for any other file."""
    with reading(path, "the report", todo="compile it again"):
        document: object = json.loads(path.read_text(encoding="utf-8"))
        rows = member(tuple[dict[str, object], ...], document, "kernels")
        shares: dict[str, float] = {}
        units: list[Units] | None = []
        for number, row in enumerate(rows):
            place = f"kernels[{number}]"
            # A union is no type[T] for pyright: both are asked for one after the other.
            if row.get("bound_share") is not None:
                share = member(float, row, "bound_share", place)
                for name in member(str, row, "kernel", place).split(", "):
                    shares[name.removeprefix("@")] = share
            cycles = row.get("unit_cycles")
            if not cycles:
                units = None
            elif units is not None:
                own = (member(float, cycles, unit, place) for unit in ("cube", "vector"))
                units.append(Units(*own))
        model, target = (member(str, document, key) for key in ("model", "target"))
        return Report(model, target, shares, None if units is None else tuple(units))
