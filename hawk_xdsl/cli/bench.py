"""``hawk bench``: how many operators get right kernels, and how fast those are."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from hawk_xdsl.cli.app import ModelOption, TargetOption, app
from hawk_xdsl.cli.console import open_console
from hawk_xdsl.cli.option_groups import grouped
from hawk_xdsl.cli.workplace import WorkplaceOptions

if TYPE_CHECKING:
    from hawk_xdsl.bench.run_options import Options
    from hawk_xdsl.bench.session import SessionResults


@dataclass(frozen=True)
class CasesOptions:
    """Which cases are measured, under which conditions."""

    conditions: Annotated[
        str,
        typer.Option(
            "--conditions",
            "--condition",
            help="SOURCES\\[/RETRIEVAL][+synthesis], with commas: model, templates, composition, "
            "all; none, syntactic, semantic, fused. Default: those of docs/benchmarks.md.",
        ),
    ] = ""
    cases: Annotated[
        int | None, typer.Option(help="Cases of each condition: a stratified sample.")
    ] = None
    model_cases: Annotated[
        int | None, typer.Option(help="Cases of the conditions that ask only the model.")
    ] = None
    everything: Annotated[bool, typer.Option("--all", help="All cases.")] = False
    seeds: Annotated[
        str, typer.Option("--seeds", "--seed", help="Seeds of all inputs, with commas.")
    ] = "0"
    only: Annotated[
        str,
        typer.Option(
            help="Only some cases, such as 'softmax,/seen/ ragged': those whose "
            "/family/split/operator/shape/dtype/ contains all words of one of these."
        ),
    ] = ""
    other_shapes: Annotated[
        bool,
        typer.Option(
            "--other-shapes", help="Also each operator at three shapes that no entry names."
        ),
    ] = False


@dataclass(frozen=True)
class BudgetOptions:
    """What a case may take, and the whole run."""

    attempts: Annotated[int, typer.Option(help="Kernels tried per op until one is correct.")] = 8
    tuning: Annotated[int, typer.Option(help="Kernels tried per op after that, for speed.")] = 4
    minutes: Annotated[
        float | None,
        typer.Option(
            help="Start no case after them; the same command goes on with the rest.",
            show_default="60, without --all",
        ),
    ] = None
    model_seconds: Annotated[
        float, typer.Option(help="Most seconds of the model per op; a safety stop, counted.")
    ] = 60.0
    case_seconds: Annotated[float, typer.Option(help="Most seconds a case may take.")] = 300.0


SharedStoreOption = Annotated[
    str | None,
    typer.Option(
        metavar="PLACE",
        help="Share what comes of cases with other runs: a file, or postgresql://USER@HOST/NAME.",
    ),
]


@app.command("bench")
@grouped
def bench_command(
    operators: Annotated[
        Path, typer.Option(help="The suite: a Python file that leaves a list OPERATORS.")
    ],
    *,
    target: TargetOption = "ascend910b1",
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where results go; a run goes on from there.")
    ] = Path("out/bench"),
    chosen: CasesOptions,
    budget: BudgetOptions,
    where: WorkplaceOptions,
    store: SharedStoreOption = None,
    model: ModelOption = None,
    failures: Annotated[
        bool, typer.Option("--failures", help="List why cases of seen operators are not correct.")
    ] = False,
) -> None:
    """Measure how many operators of a suite get correct kernels, and how fast those are."""
    from hawk_xdsl.bench.conditions import DEFAULT_CONDITIONS
    from hawk_xdsl.bench.run_options import CASES, MINUTES, MODEL_CASES, Options
    from hawk_xdsl.bench.tables import print_failures, print_figures, write_figures

    every = chosen.everything
    options = Options(
        operators=operators,
        out=output,
        conditions=_parts(chosen.conditions) or DEFAULT_CONDITIONS,
        target=target,
        model=model,
        cases=None if every else CASES if chosen.cases is None else chosen.cases,
        model_cases=(
            None if every else MODEL_CASES if chosen.model_cases is None else chosen.model_cases
        ),
        seeds=_numbers(chosen.seeds),
        attempts=budget.attempts,
        tuning=budget.tuning,
        model_seconds=budget.model_seconds,
        case_seconds=budget.case_seconds,
        minutes=budget.minutes if every or budget.minutes is not None else MINUTES,
        workplace=where.workplace(),
        store=store,
        only=_parts(chosen.only),
        other_shapes=chosen.other_shapes,
    )
    console = open_console()
    measured = _measured(options, console)
    write_figures(measured, options)
    print_figures(measured, options, console)
    if failures:
        print_failures(measured, console)
    console.print(f"Files: {output}/ (figures.md, figures.csv, figures.json, results.jsonl)")
    if any(result.verdict == "wrong" for result in measured.results):
        raise typer.Exit(1)


def _measured(options: "Options", console: Console) -> "SessionResults":
    """Runs with a progress bar on a terminal; elsewhere with a line every fifty cases."""
    from hawk_xdsl.bench.session import measure

    if not console.is_terminal:

        def line(done: int, total: int, last: str) -> None:
            if not last or done % 50 == 0 or done == total:
                console.print(f"{done} of {total} cases {last}", markup=False, highlight=False)

        return measure(options, line)
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        shown = bar.add_task("", total=None)
        return measure(
            options,
            lambda done, total, last: bar.update(
                shown, completed=done, total=total, description=last
            ),
        )


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _numbers(text: str) -> tuple[int, ...]:
    from hawk_xdsl.errors import HawkError

    parts = _parts(text)
    if not parts or not all(part.isdigit() for part in parts):
        raise HawkError(f"--seeds {text}: expected numbers with commas")
    return tuple(int(part) for part in parts)
