"""The ``hawk`` command."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from hawk_xdsl.errors import HawkError

if TYPE_CHECKING:
    from hawk_xdsl.passes.npu_decide import Placed

app = typer.Typer(
    help="Lower models to verified NPU kernels, and look at what is known and decided.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
knowledge = typer.Typer(help="What the knowledge store holds.", no_args_is_help=True)
app.add_typer(knowledge, name="knowledge")

NO_TERMINAL_WIDTH = 120
"""Characters of a line where the output is no terminal."""

_Tell = Callable[[str], None]
_Total = Callable[[int], None]
_Decided = Callable[["Placed"], None]

TargetOption = Annotated[
    str, typer.Option("--target", "-t", help="A target's name, or the path of its TOML file.")
]
StoreOption = Annotated[
    Path | None,
    typer.Option(help="The knowledge store's file.", envvar="HAWK_STORE", show_default="yours"),
]


@app.command("compile")
def compile_command(
    source: Annotated[str, typer.Argument(help="FILE.py:factory, or a .mlir file.")],
    target: TargetOption = "ascend910b1",
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the files go.")] = Path(
        "out"
    ),
    sources: Annotated[
        str, typer.Option(help="Who decides: all, templates, model, or replay (store only).")
    ] = "all",
    attempts: Annotated[int, typer.Option(help="Kernel texts of the model an op.")] = 8,
    seconds: Annotated[float, typer.Option(help="Seconds of the model an op; a stop.")] = 60.0,
    host_fallback: Annotated[
        bool, typer.Option("--host-fallback", help="Leave ops without a kernel on the host.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seeds the gate's inputs and the sampling.")] = 0,
    model: Annotated[
        str | None,
        typer.Option(help="Hugging Face directory or id of the local model.", envvar="HAWK_MODEL"),
    ] = None,
    store: StoreOption = None,
    run: Annotated[
        bool, typer.Option(help="Run the result on the NPU model and compare it.")
    ] = True,
) -> None:
    """Compile a model: a kernel for every op, verified, with a report of who decided what."""
    from hawk_xdsl.frontend.load import load_program
    from hawk_xdsl.generation.decide import Settings
    from hawk_xdsl.generation.decision import Budget, Sources
    from hawk_xdsl.npu_target import load_target
    from hawk_xdsl.pipeline import compile_program, error_between
    from hawk_xdsl.report import print_report

    if sources not in tuple(Sources):
        raise HawkError(f"--sources {sources}: expected one of {', '.join(Sources)}")
    settings = Settings(
        Sources(sources), Budget(attempts=attempts, seconds=seconds), host_fallback, seed
    )
    load_target(target)  # a wrong name is told before anything takes time
    console = _console()
    with _progress(console) as (tell, total, decided):
        tell(f"reading {source}")
        program = load_program(source)
        compiled = compile_program(
            program,
            target,
            settings,
            store=store,
            model=model,
            progress=tell,
            on_outlined=total,
            on_decision=decided,
        )
        compiled.save(output)
        result = compiled.run(program.example_inputs, tell) if run else None
    print_report(compiled.report, console)
    if result is not None:
        microseconds = compiled.target.microseconds(result.cycles)
        console.print(
            f"On the NPU model: {result.cycles:,.0f} cycles in {len(result.launches)} launches "
            f"({microseconds:,.1f} µs of {compiled.target.name}, simulated)"
        )
        if program.reference is not None:
            wanted = program.reference(program.example_inputs)
            error = error_between(result.outputs, wanted)
            console.print(
                f"Error against PyTorch: ‖y−ŷ‖₂/‖ŷ‖₂ = {error.relative:.2e}, "
                f"max|y−ŷ|/max|ŷ| = {error.maximum:.2e}"
            )
    console.print(f"Files: {output}/ (main.mlir, kernels/, report.json, weights.safetensors)")


@app.command("run")
def run_command(
    directory: Annotated[Path, typer.Argument(help="What hawk compile wrote.")],
    inputs: Annotated[
        list[Path] | None,
        typer.Option("--input", "-i", help="A .npy file for each input; default: the example."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the outputs as .npy files there.")
    ] = None,
) -> None:
    """Run a compiled model on the NPU model."""
    from hawk_xdsl.pipeline import REPORT_FILE, error_between, load_compiled
    from hawk_xdsl.report import print_performance, read_bound_shares

    compiled, wanted = load_compiled(directory)
    arrays = compiled.program.example_inputs
    if inputs:
        arrays = tuple(_array(path) for path in inputs)
        wanted = None
    console = _console()
    with console.status("running"):
        result = compiled.run(arrays)
    print_performance(result.launches, read_bound_shares(directory / REPORT_FILE), console)
    console.print(f"{result.cycles:,.0f} simulated cycles")
    if wanted is not None:
        error = error_between(result.outputs, wanted)
        console.print(
            f"Error against the reference: {error.relative:.2e} (norm), {error.maximum:.2e} (max)"
        )
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        for number, array in enumerate(result.outputs):
            np.save(output / f"output{number}.npy", array)
        console.print(f"Outputs: {output}/")


@app.command("trace")
def trace_command(
    directory: Annotated[Path, typer.Argument(help="What hawk compile wrote.")],
    kernel: Annotated[
        str | None, typer.Option("--kernel", "-k", help="Only the launches of this kernel.")
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The trace, for Perfetto or chrome://tracing.")
    ] = Path("trace.json"),
) -> None:
    """Run a compiled model's example; write a timeline and tell what made each launch slow."""
    from hawk_xdsl.npu_target.trace import write_trace
    from hawk_xdsl.pipeline import REPORT_FILE, load_compiled
    from hawk_xdsl.report import print_performance, read_bound_shares

    compiled, _ = load_compiled(directory)
    console = _console()
    with console.status("running"):
        launches = compiled.run(compiled.program.example_inputs, trace=True).launches
    if kernel is not None:
        wanted = kernel.removeprefix("@")
        chosen = tuple((name, run) for name, run in launches if name == wanted)
        if not chosen:
            known = ", ".join(dict.fromkeys(f"@{name}" for name, _ in launches)) or "none"
            raise HawkError(f"no launch of @{wanted}; launched: {known}", file=str(directory))
        launches = chosen
    write_trace(launches, compiled.target, output)
    print_performance(launches, read_bound_shares(directory / REPORT_FILE), console)
    console.print(f"Timeline: {output} (open it in https://ui.perfetto.dev)")


@app.command("targets")
def targets_command() -> None:
    """List the targets that can be compiled for."""
    from hawk_xdsl.dialects.npu import Core, Scope
    from hawk_xdsl.npu_target import available_targets, load_target

    table = Table(box=SIMPLE_HEAD)
    for heading in ("target", "cores", "clock", "scopes (KiB)", "calibrated", "summary"):
        table.add_column(heading)
    for name in available_targets():
        target = load_target(name)
        cores = f"{target.cores[Core.CUBE]} cube, {target.cores[Core.VECTOR]} vector"
        scopes = ", ".join(
            f"{scope} {spec.bytes // 1024}"
            for scope, spec in target.scopes.items()
            if scope is not Scope.GLOBAL
        )
        calibrated = "yes" if target.calibrated else "no"
        table.add_row(name, cores, f"{target.clock_ghz} GHz", scopes, calibrated, target.summary)
    _console().print(table)


@knowledge.command("list")
def list_command(
    kind: Annotated[
        str | None, typer.Option(help="Only: template, rewrite, instruction or rule.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """List the knowledge entries, and what using them has brought."""
    from hawk_xdsl.knowledge_store import Evidence, KnowledgeStore, load_seed_entries

    with KnowledgeStore(store) as opened:
        entries = [*load_seed_entries(), *opened.entries()]
        evidence = opened.evidence()
    table = Table(box=SIMPLE_HEAD, expand=True)
    for heading in ("entry", "kind"):
        table.add_column(heading, no_wrap=True)
    for heading in ("uses", "wins", "losses"):
        table.add_column(heading, justify="right")
    table.add_column("says", no_wrap=True, overflow="ellipsis", ratio=1)
    for entry in entries:
        if kind is None or entry.kind == kind:
            shown = evidence.get(entry.name, Evidence())
            counts = (str(shown.uses), str(shown.wins), str(shown.losses))
            says = escape(" ".join(entry.rationale.split()))
            table.add_row(entry.name, str(entry.kind), *counts, says)
    _console().print(table)


@knowledge.command("show")
def show_command(
    name: Annotated[str, typer.Argument(help="An entry's name, as hawk knowledge list prints it.")],
    store: StoreOption = None,
) -> None:
    """Show one knowledge entry."""
    from hawk_xdsl.knowledge_store import KnowledgeStore, format_entry, load_seed_entries

    with KnowledgeStore(store) as opened:
        found = [e for e in (*load_seed_entries(), *opened.entries()) if e.name == name]
    if not found:
        raise HawkError(f"no knowledge entry {name!r}; hawk knowledge list shows all")
    console = _console()
    console.print(format_entry(found[0]), markup=False, highlight=False)
    if found[0].origin:
        console.print(f"from {found[0].origin}", style="dim")


@knowledge.command("add")
def add_command(
    file: Annotated[Path, typer.Argument(help="A TOML file of [[entry]] tables.")],
    store: StoreOption = None,
) -> None:
    """Add entries of your own to the store; an entry of the same name is replaced."""
    from hawk_xdsl.generation.composition import Composer
    from hawk_xdsl.knowledge_store import KnowledgeStore, load_entries, load_seed_entries

    entries = load_entries([file])
    Composer.of(entries, lambda mnemonic, dtype: True)  # patterns that do not parse are told here
    packaged = {entry.name for entry in load_seed_entries()}
    for entry in entries:
        if entry.name in packaged:
            raise HawkError(f"the package has an entry {entry.name!r} already", file=str(file))
    with KnowledgeStore(store) as opened:
        for entry in entries:
            opened.add_entry(entry)
    names = ", ".join(entry.name for entry in entries)
    _console().print(f"added {names}", markup=False, highlight=False)


def _console() -> Console:
    """The terminal; what is written to a file or a pipe gets lines long enough for the tables."""
    console = Console()
    return console if console.is_terminal else Console(width=NO_TERMINAL_WIDTH)


def _array(path: Path) -> "np.ndarray[tuple[int, ...], np.dtype[np.generic]]":
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise HawkError(f"cannot read an array: {error}", file=str(path)) from None


@contextmanager
def _progress(console: Console) -> Generator[tuple[_Tell, _Total, _Decided]]:
    """A progress bar on a terminal; elsewhere a line for each decision."""
    if not console.is_terminal:
        yield _progress_lines(console)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None)
        yield (
            lambda line: bar.update(task, description=line),
            lambda count: bar.update(task, total=count),
            lambda placed: bar.advance(task),
        )


def _progress_lines(console: Console) -> tuple[_Tell, _Total, _Decided]:
    total = 0
    done = 0

    def found(count: int) -> None:
        nonlocal total
        total = count
        console.print(f"{count} ops to decide")

    def decided(placed: "Placed") -> None:
        nonlocal done
        done += 1
        decision = placed.decision
        by = "reused" if placed.repeated else decision.source
        console.print(f"[{done}/{total}] {decision.label}: {by}", markup=False, highlight=False)

    return (lambda line: None), found, decided


def main() -> None:
    """Runs the command; an error of the user's is one line and exit status 1."""
    try:
        app()
    except HawkError as error:
        print(f"hawk: {error}", file=sys.stderr)
        sys.exit(1)
