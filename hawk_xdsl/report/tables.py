"""The report of a compile, and of a run, as tables on the terminal."""

from collections.abc import Iterable, Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hawk_xdsl.dialects.npu import Pipe
from hawk_xdsl.gate.trust import Trust
from hawk_xdsl.npu_target import Gap, Simulation, Target
from hawk_xdsl.propose.decision import Source
from hawk_xdsl.report.rows import ReportRow, device_time


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
