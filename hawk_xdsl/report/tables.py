"""The report of a compile, and of a run, as tables on the terminal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hawk_xdsl.dialects.npu import Pipe
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.npu_target import Gap, Simulation, Target
from hawk_xdsl.propose.decision import Source
from hawk_xdsl.report.rows import ReportRow, device_time
from hawk_xdsl.report.run_record import RunRecord


@dataclass(frozen=True)
class _Line:
    """The ops that share kernels: the first of them, how many, and what all their launches take."""

    row: ReportRow
    ops: int
    microseconds: float | None


def print_report(
    rows: Sequence[ReportRow],
    console: Console,
    target: Target,
    run: RunRecord | None = None,
    seconds: Mapping[str, float] | None = None,
) -> None:
    """A line for each kernel with what all its launches take, and how many each source decided.

    Args:
        rows: of all ops, those that are equal to earlier ones too.
        console: where to print.
        target: whose clock gives microseconds.
        run: a run of the network; without it each launch is timed as if it were alone.
        seconds: of the stages of the compile.
    """
    title = "Kernels (cycles and µs are simulated; µs are of all launches)"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    table.add_column("kernel", no_wrap=True)
    table.add_column("computes", overflow="fold")
    table.add_column("decided by", no_wrap=True)
    table.add_column("trust", no_wrap=True)
    for heading in ("drafts", "ops", "cycles", "µs", "of time"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("bottleneck", no_wrap=True)
    table.add_column("of bound", justify="right", no_wrap=True)
    lines = _lines(rows, target, run)
    total = sum(line.microseconds or 0.0 for line in lines)
    for line in lines:
        _add(table, line, total)
    console.print(table)
    counts = _counted([row.source for row in rows], Source)
    believed = _counted([row.trust or "" for row in rows], Trust)
    console.print(
        f"{len(rows)} ops: {counts or 'nothing to decide'}" + (f"; {believed}" if believed else "")
    )
    if seconds:
        console.print(f"Seconds: {_listed_seconds(seconds)}", highlight=False)
    if not all(row.reproducible for row in rows):
        console.print("The time limit ended the model's work on an op: not reproducible.")


def _add(table: Table, line: _Line, total: float) -> None:
    row, time = line.row, line.microseconds
    table.add_row(
        row.kernel,
        escape(row.computes if row.cycles is not None else f"{row.computes} ({row.reason})"),
        row.source,
        row.trust or "-",
        str(row.attempts + row.tuning),
        str(line.ops),
        "-" if row.cycles is None else f"{row.cycles:,}",
        "-" if time is None else f"{time:,.1f}",
        "-" if time is None or not total else f"{time / total:.0%}",
        row.bottleneck or "-",
        "-" if row.bound_share is None else f"{row.bound_share:.0%}",
    )


def _lines(rows: Sequence[ReportRow], target: Target, run: RunRecord | None) -> list[_Line]:
    """The rows by their kernels, those of the host each for itself."""
    groups: dict[str, list[ReportRow]] = {}
    for number, row in enumerate(rows):
        groups.setdefault(row.kernel if row.symbols else f"{number}", []).append(row)
    cycles: dict[str, float] = {}
    for launch in () if run is None else run.launches:
        cycles[launch.kernel] = cycles.get(launch.kernel, 0.0) + launch.cycles + launch.gap
    found: list[_Line] = []
    for group in groups.values():
        alone = group[0].microseconds
        time = None if alone is None else alone * len(group)
        if run is not None and group[0].symbols:
            time = target.microseconds(sum(cycles.get(name, 0.0) for name in group[0].symbols))
        found.append(_Line(group[0], len(group), time))
    return found


def _listed_seconds(seconds: Mapping[str, float]) -> str:
    """``12.7 deciding, 4.5 reading m.py, 0.4 the rest``: what takes less than 0.1 s is the rest."""
    long = {stage: took for stage, took in seconds.items() if took >= 0.1}
    rest = sum(seconds.values()) - sum(long.values())
    parts = [f"{took:,.1f} {stage}" for stage, took in long.items()]
    return ", ".join([*parts, f"{rest:.1f} the rest"])


def _counted(given: Sequence[str], kinds: Iterable[str]) -> str:
    """How many there are of each kind: ``1 reused, 12 template``."""
    return ", ".join(f"{count} {kind}" for kind in kinds if (count := given.count(kind)))


def print_performance(
    launches: Sequence[tuple[str, Simulation]],
    gaps: Sequence[Gap],
    bound_shares: Mapping[str, float],
    target: Target,
    console: Console,
) -> None:
    """For each kernel the time, which pipes worked and waited, bytes by path, and the warnings.

    A stage that joins the launch before it is indented, and says behind what it comes.
    """
    title = "Launches (cycles and µs on the device are simulated)"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    table.add_column("launch", no_wrap=True)
    for heading in ("cycles", "µs", "of bound", "L2 hits"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("pipes work", "and wait", "bytes"):
        table.add_column(heading, overflow="fold")
    for (name, run), gap in zip(launches, gaps, strict=True):
        share = bound_shares.get(name)
        table.add_row(
            f"@{name}" if gap.what is None else f"  {gap.what}: @{name}",
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
