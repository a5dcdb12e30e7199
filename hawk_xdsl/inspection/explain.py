"""Why a kernel is as it is, as text for the terminal: drafts, verdicts, repairs, schedules."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from hawk_xdsl.errors import HawkError
from hawk_xdsl.inspection.document import KernelFigures, NetworkDocument
from hawk_xdsl.inspection.indented import indented
from hawk_xdsl.inspection.repairs import repair_of
from hawk_xdsl.knowledge_store import AttemptVerdict
from hawk_xdsl.propose.history import AttemptRecord, Phase
from hawk_xdsl.report.rows import ReportRow

_PHASES = {
    Phase.KEPT: "kept in the store",
    Phase.SEARCH: "until the first right one",
    Phase.TUNING: "to be faster",
}

SCHEDULES_SHOWN = 12
"""Timed schedules of the explanation, the fastest."""


@dataclass(frozen=True)
class Explained:
    """A kernel and the decision that it is of."""

    kernel: KernelFigures
    row: ReportRow


def find_kernel(document: NetworkDocument, name: str) -> Explained:
    """A kernel by its symbol, with or without @. Raises ``HawkError`` with those that there are."""
    symbol = name.removeprefix("@")
    for kernel in document.kernels:
        if kernel.symbol == symbol and kernel.decision is not None:
            return Explained(kernel, document.decisions[kernel.decision])
    known = ", ".join(f"@{kernel.symbol}" for kernel in document.kernels) or "none"
    raise HawkError(f"no kernel @{symbol}; there are {known}")


def explanation(document: NetworkDocument, explained: Explained) -> RenderableType:
    """All about one kernel but its IR."""
    row = explained.row
    parts: list[RenderableType] = [*_summary(document, explained)]
    parts += [_heading("Specification"), _text(row.specification)]
    parts += [_heading("Drafts in order"), *_drafts(row)]
    if row.schedules_timed:
        parts += [_heading("Schedules timed, without values"), _schedules(row)]
    if row.entries:
        parts += [_heading("Knowledge in the kernel"), _text("\n".join(row.entries))]
    parts += [_heading("Kernel text"), _text(indented(row.text))]
    return Group(*parts)


def _summary(document: NetworkDocument, explained: Explained) -> Iterator[RenderableType]:
    kernel, row = explained.kernel, explained.row
    launches = [document.launches[number] for number in kernel.launches]
    time = sum(launch.microseconds or 0.0 for launch in launches)
    share = sum(launch.share or 0.0 for launch in launches)
    yield Text(f"@{kernel.symbol}  {row.computes}", style="bold")
    stages = f"stage {kernel.stage + 1} of {len(row.symbols)}, " if len(row.symbols) > 1 else ""
    yield Text(
        f"{stages}{len(launches)} × launched, {time:,.1f} of {document.network.microseconds:,.1f} "
        f"µs: {share:.1%}"
    )
    who = f"{row.source}: {row.origin}" if row.origin else row.source
    yield Text(f"decided by {who}, in {row.seconds:,.1f} s; {_trusted(row)}")
    if row.lengths:
        yield Text(f"{row.lengths}; the figures are those of the longest")
    if row.bound_share is not None and row.bound_cycles is not None:
        yield Text(
            f"{row.cycles:,} cycles, {row.bound_share:.0%} of its bound of {row.bound_cycles:,.0f} "
            f"({row.limited_by}); {row.bottleneck} works longest"
        )
    if kernel.schedule:
        yield Text(f"schedule {kernel.schedule}")
    sources = dict.fromkeys(launch.source for launch in launches if launch.source)
    if sources:
        yield Text(f"from {'; '.join(sources)}")
    for warning in row.warnings:
        yield Text(f"slow: {warning}")


def _trusted(row: ReportRow) -> str:
    if row.proof_error is not None:
        return f"{row.trust}: a wrong kernel would pass with probability {row.proof_error:.1e}"
    return f"{row.trust}: {row.unproved}"


def _drafts(row: ReportRow) -> Iterator[RenderableType]:
    if not row.attempts_made:
        yield Text(row.reason or "none was made in this compile")
    for number, attempt in enumerate(row.attempts_made, start=1):
        yield Text.assemble(
            (f"{number:3}  ", "dim"), *_verdict(attempt, row), f"  {attempt.seconds:.2f} s"
        )
        yield _indent(f"by {attempt.writer}, {_PHASES[attempt.phase]}")
        if about := attempt.schedule or attempt.about:
            yield _indent(about)
        if attempt.code is not None:
            yield _indent(f"why: {attempt.message} [{attempt.code}]")
            if repair := repair_of(attempt.code):
                yield _indent(f"repair: {repair}")


def _verdict(attempt: AttemptRecord, row: ReportRow) -> Sequence[tuple[str, str]]:
    if attempt.verdict is not AttemptVerdict.ACCEPTED:
        return [(str(attempt.verdict), "red")]
    chosen = ", chosen" if attempt.text == row.text else ""
    return [(f"accepted, {attempt.cycles:,} cycles{chosen}", "green")]


def _schedules(row: ReportRow) -> RenderableType:
    table = Table(box=SIMPLE_HEAD)
    table.add_column("cycles", justify="right", no_wrap=True)
    table.add_column("schedule", overflow="fold")
    order = sorted(row.schedules_timed, key=lambda timing: timing.cycles or float("inf"))
    for timing in order[:SCHEDULES_SHOWN]:
        cycles = "-" if timing.cycles is None else f"{timing.cycles:,.0f}"
        if timing.cycles is None and timing.limit is not None and not timing.reason:
            cycles = f"> {timing.limit:,.0f}"
        chosen = "  chosen" if timing.schedule == row.schedule else ""
        said = f"  {timing.reason}" if timing.reason else ""
        table.add_row(cycles, Text(timing.schedule + said + chosen))
    left = len(order) - SCHEDULES_SHOWN
    return Group(table, Text(f"and {left} more")) if left > 0 else table


def prompts(explained: Explained) -> RenderableType:
    """What a model was asked, draft by draft, and what it wrote. Raises ``HawkError`` for none."""
    asked = [
        (number, attempt)
        for number, attempt in enumerate(explained.row.attempts_made, start=1)
        if attempt.prompt
    ]
    if not asked:
        raise HawkError(f"no model was asked for @{explained.kernel.symbol} in this compile")
    parts: list[RenderableType] = []
    for number, attempt in asked:
        for message in attempt.prompt:
            parts += [Rule(f"draft {number}: {message.role}"), _text(message.content)]
        parts += [Rule(f"draft {number}: {attempt.writer} wrote"), _text(attempt.text)]
    return Group(*parts)


def draft_text(explained: Explained, number: int) -> RenderableType:
    """The kernel text of one draft. Raises ``HawkError`` if there is no such draft."""
    made = explained.row.attempts_made
    if not 1 <= number <= len(made):
        raise HawkError(f"no draft {number} of @{explained.kernel.symbol}: {len(made)} were made")
    return _text(indented(made[number - 1].text))


def overview(document: NetworkDocument) -> RenderableType:
    """The kernels by the time of all their launches, to choose one of."""
    table = Table(box=SIMPLE_HEAD)
    table.add_column("kernel", no_wrap=True)
    table.add_column("computes", overflow="fold")
    for heading in ("launches", "µs", "of time", "drafts"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("decided by", no_wrap=True)
    table.add_column("trust", no_wrap=True)

    def time(kernel: KernelFigures) -> float:
        return sum(document.launches[number].microseconds or 0.0 for number in kernel.launches)

    for kernel in sorted(document.kernels, key=time, reverse=True):
        row = None if kernel.decision is None else document.decisions[kernel.decision]
        table.add_row(
            f"@{kernel.symbol}",
            Text("-" if row is None else row.computes),
            str(len(kernel.launches)),
            f"{time(kernel):,.1f}",
            f"{time(kernel) / document.network.microseconds:.1%}",
            "-" if row is None else str(len(row.attempts_made)),
            "-" if row is None else row.source,
            "-" if row is None else row.trust or "-",
        )
    return table


def _heading(text: str) -> RenderableType:
    return Text(f"\n{text}", style="bold")


def _text(text: str) -> RenderableType:
    return _indent(text.rstrip("\n"))


def _indent(text: str) -> RenderableType:
    return Padding(Text(text), (0, 0, 0, 5), expand=False)
