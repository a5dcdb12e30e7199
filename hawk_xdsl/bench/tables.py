"""Shows the figures of a run: tables in the terminal, and Markdown, CSV and JSON files."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from hawk_xdsl.bench.figures import ALL_FAMILIES, FigureRow, rows_of, traps_of, verdicts_of
from hawk_xdsl.bench.result import NEAR, CaseVerdict
from hawk_xdsl.bench.run_options import Options
from hawk_xdsl.bench.session import SessionResults
from hawk_xdsl.bench.statistics import Estimate
from hawk_xdsl.bench.suite import Split

QUALITY = (
    "cases",
    "first %",
    "right %",
    f"≤{NEAR:g}×bound %",
    "other shapes %",
    "cycles/bound",
    "cycles/templates",
)
EFFORT = (
    *("gate runs", "timings", "tokens", "lines taken back", "cut short", "seconds"),
    "accepted but wrong",
)
ESTIMATES = (
    *("first", "within", "near", "others", "over_bound", "over_templates"),
    *("tokens", "seconds", "gate_runs", "timings"),
)


def explanation(options: Options) -> str:
    """What the figures mean, in a few lines."""
    seeds = ", ".join(map(str, options.seeds))
    return (
        f"Target {options.target}, seeds {seeds}. Right: every op has a kernel that the gate "
        "accepted, none stays on the host, and after planning and synchronisation the whole case "
        "equals PyTorch in float64 on 3 sets of inputs that the gate never saw. Budget: "
        f"{options.attempts} attempts an op (complete bodies that enter the gate, whoever wrote "
        f"them), then {options.tuning} to make a right kernel faster; timings: bodies that the "
        "schedule search timed without values before it proposed one. Bound: the sum over the ops "
        "of a case of bytes and operations at full rate plus one load and one store latency. "
        "Cycles are simulated. Cycles/bound: geometric mean over right cases at large shapes; "
        "cycles/templates: over cases that are right under templates alone too. In brackets: "
        "95 % intervals, bootstrapped over operators. Other shapes: right at three shapes an "
        "operator that no entry names (primes, an extent of 1, a larger one); they count in no "
        "other column but the last."
    )


def print_figures(measured: SessionResults, options: Options, console: Console) -> None:
    """The totals, the families, why kernels were refused, and what is wrong, if anything is."""
    rows = rows_of(measured.results)
    console.print(explanation(options), highlight=False)
    totals = [row for row in rows if row.family == ALL_FAMILIES]
    both = ("condition", "split")
    console.print(_table("All families", both, QUALITY, totals, _quality))
    for condition in measured.conditions:
        own = [row for row in rows if row.condition == condition.name]
        families = [row for row in own if row.family != ALL_FAMILIES]
        families.sort(key=lambda row: (row.family, row.split))
        if families:
            title = f"Condition {condition.name}"
            console.print(_table(title, ("family", "split"), QUALITY, families, _quality))
    console.print(_table("What it took: means a case, and counts", both, EFFORT, totals, _effort))
    for what, counts in _counts(measured):
        console.print(f"{what}: {counts}", markup=False, highlight=False)
    wrong = [r for r in measured.results if r.verdict is CaseVerdict.WRONG]
    for result in wrong:
        line = f"accepted but wrong: {result.case} under {result.condition}: {result.reason}"
        console.print(line, markup=False, highlight=False)
    if measured.left:
        console.print(f"{measured.left} cases are left: the same command goes on with them")
    console.print(f"accepted but wrong: {len(wrong)}")


def print_failures(measured: SessionResults, console: Console) -> None:
    """Why cases of seen operators are not right. Those of unseen ones stay unlooked at."""
    for result in measured.results:
        if not result.right and result.split == Split.SEEN:
            line = f"{result.condition} {result.case}: {result.verdict}: {result.reason}"
            console.print(line, markup=False, highlight=False)


def write_figures(measured: SessionResults, options: Options) -> None:
    """Writes ``figures.md``, ``figures.csv`` and ``figures.json`` into the run's folder."""
    rows = rows_of(measured.results)
    (options.out / "figures.md").write_text(_markdown(measured, options, rows), encoding="utf-8")
    (options.out / "figures.csv").write_text(_csv(rows), encoding="utf-8")
    document = {
        "about": explanation(options),
        "left": measured.left,
        "rows": [asdict(row) for row in rows],
        "traps": {" ".join(key): counts for key, counts in traps_of(measured.results).items()},
        "verdicts": {
            " ".join(key): counts for key, counts in verdicts_of(measured.results).items()
        },
    }
    text = json.dumps(document, indent=2) + "\n"
    (options.out / "figures.json").write_text(text, encoding="utf-8")


def _table(
    title: str,
    names: tuple[str, ...],
    headings: tuple[str, ...],
    rows: Sequence[FigureRow],
    cells: Callable[[FigureRow], tuple[str, ...]],
) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in names:
        table.add_column(name, no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*(getattr(row, name) for name in names), *cells(row))
    return table


def _quality(row: FigureRow) -> tuple[str, ...]:
    return (
        f"{row.cases}",
        _percent(row.first),
        _percent(row.within),
        _percent(row.near),
        _percent(row.others),
        _times(row.over_bound),
        _times(row.over_templates),
    )


def _effort(row: FigureRow) -> tuple[str, ...]:
    return (
        _plain(row.gate_runs),
        _plain(row.timings),
        _plain(row.tokens),
        str(row.rejected_lines),
        str(row.cut_short),
        _plain(row.seconds),
        str(row.wrong),
    )


def _percent(given: Estimate | None) -> str:
    if given is None:
        return "-"
    return f"{100 * given.value:.0f} [{100 * given.low:.0f}–{100 * given.high:.0f}]"


def _times(given: Estimate | None) -> str:
    return "-" if given is None else f"{given.value:.2f} [{given.low:.2f}–{given.high:.2f}]"


def _plain(given: Estimate | None) -> str:
    return "-" if given is None else f"{given.value:.1f}"


def _counts(measured: SessionResults) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for named, counted in (
        ("cases", verdicts_of(measured.results)),
        ("refused by the gate", traps_of(measured.results)),
    ):
        for (condition, split), counts in counted.items():
            if counts:
                lines.append((f"{condition}, {split}, {named}", _listed(counts)))
    return lines


def _listed(counts: Mapping[str, int]) -> str:
    order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count}" for name, count in order)


def _markdown(measured: SessionResults, options: Options, rows: Sequence[FigureRow]) -> str:
    lines = [explanation(options), ""]
    names = ("condition", "split", "family")
    headings = (*names, *QUALITY, *EFFORT)
    lines.append("| " + " | ".join(headings) + " |")
    lines.append("|" + "---|" * len(headings))
    for row in rows:
        cells = (*(str(getattr(row, name)) for name in names), *_quality(row), *_effort(row))
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", *(f"- {what}: {counts}" for what, counts in _counts(measured))]
    wrong = sum(result.verdict is CaseVerdict.WRONG for result in measured.results)
    lines += [f"- accepted but wrong: {wrong}", ""]
    return "\n".join(lines)


def _csv(rows: Sequence[FigureRow]) -> str:
    stream = io.StringIO()
    table: list[dict[str, object]] = []
    for row in rows:
        flat: dict[str, object] = {
            name: value for name, value in asdict(row).items() if name not in ESTIMATES
        }
        for name in ESTIMATES:
            given: Estimate | None = getattr(row, name)
            for part in ("value", "low", "high"):
                flat[f"{name}_{part}"] = None if given is None else getattr(given, part)
        table.append(flat)
    if table:
        writer = csv.DictWriter(stream, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
    return stream.getvalue()
