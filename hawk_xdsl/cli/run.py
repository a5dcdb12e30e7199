"""``hawk run``, ``hawk trace`` and ``hawk targets``: compiled models on the NPU simulator."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from hawk_xdsl.cli.app import app
from hawk_xdsl.cli.console import open_console
from hawk_xdsl.errors import HawkError, ReadError
from hawk_xdsl.files.boundary import FOREIGN_ERRORS, reading, writing

if TYPE_CHECKING:
    import numpy as np


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
    watch: Annotated[
        str | None,
        typer.Option(
            metavar="@KERNEL:BUFFER[:BLOCK]",
            help="Print what a buffer holds after each instruction that writes it, in the first "
            "block, another one, or 'all'; with -o save it, too.",
        ),
    ] = None,
) -> None:
    """Run a compiled model on the NPU simulator."""
    import numpy as np

    from hawk_xdsl.cli.watching import watching
    from hawk_xdsl.pipeline import load_compiled
    from hawk_xdsl.reference.difference import error_between
    from hawk_xdsl.report import print_performance, read_full_report, read_report
    from hawk_xdsl.saved import REPORT_FILE

    given = tuple(_array(path) for path in inputs) if inputs else None
    compiled, wanted = load_compiled(directory, given)
    arrays = compiled.program.example_inputs if given is None else given
    if given is not None:
        wanted = None
    console = open_console()
    shown = watched = None
    if watch is not None:
        rows = read_full_report(directory / REPORT_FILE).kernels
        keep = output is not None
        shown, watched = watching(compiled, rows, watch, console, keep=keep)
    with console.status("running"):
        result = compiled.run(arrays, watched=watched)
    if shown is None:
        shares = read_report(directory / REPORT_FILE).bound_shares
        print_performance(result.launches, result.time.gaps, shares, compiled.target, console)
        console.print(result.time.line(compiled.target), highlight=False)
    elif not shown.count:
        console.print("Nothing was written into it in that block.")
    if wanted is not None:
        for line in error_between(result.outputs, wanted).lines("the reference"):
            console.print(line)
    if output is not None:
        with writing(output, "the outputs"):
            output.mkdir(parents=True, exist_ok=True)
            for number, array in enumerate(result.outputs):
                np.save(output / f"output{number}.npy", array)
            if shown is not None:
                shown.save(output)
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
    """Run a compiled model's example; write a timeline, and print what made each launch slow."""
    from hawk_xdsl.npu_target.trace import write_trace
    from hawk_xdsl.pipeline import load_compiled
    from hawk_xdsl.report import print_performance, read_report
    from hawk_xdsl.saved import REPORT_FILE

    compiled, _ = load_compiled(directory)
    console = open_console()
    with console.status("running"):
        ran = compiled.run(compiled.program.example_inputs, trace=True)
    launches, gaps = ran.launches, ran.time.gaps
    if kernel is not None:
        wanted = kernel.removeprefix("@")
        chosen = tuple((name, run) for name, run in launches if name == wanted)
        if not chosen:
            known = ", ".join(dict.fromkeys(f"@{name}" for name, _ in launches)) or "none"
            raise HawkError(f"no launch of @{wanted}; launched: {known}", file=str(directory))
        gaps = tuple(g for g, (name, _) in zip(gaps, launches, strict=True) if name == wanted)
        launches = chosen
    with writing(output, "the trace"):
        write_trace(launches, gaps, compiled.target, output)
    shares = read_report(directory / REPORT_FILE).bound_shares
    print_performance(launches, gaps, shares, compiled.target, console)
    console.print(f"Timeline: {output} (open it in https://ui.perfetto.dev)")


@app.command("targets")
def targets_command() -> None:
    """List the targets that can be compiled for."""
    from hawk_xdsl.npu_target import available_targets, load_target

    table = Table(box=SIMPLE_HEAD)
    for heading in ("target", "cores", "clock", "scopes (KiB)", "calibrated", "summary"):
        table.add_column(heading)
    for name in available_targets():
        target = load_target(name)
        cores = ", ".join(f"{count} {core}" for core, count in target.cores.items())
        scopes = ", ".join(f"{s} {spec.bytes // 1024}" for s, spec in target.scopes.items())
        calibrated = "yes" if target.calibrated else "no"
        table.add_row(name, cores, f"{target.clock_ghz} GHz", scopes, calibrated, target.summary)
    open_console().print(table)


def _array(path: Path) -> "np.ndarray[tuple[int, ...], np.dtype[np.generic]]":
    import numpy as np

    with reading(path, "an array", errors=FOREIGN_ERRORS):
        array: object = np.load(path, allow_pickle=False)
        if not isinstance(array, np.ndarray):
            raise ReadError("expected one array, got an archive of several", file=str(path))
        return cast("np.ndarray[tuple[int, ...], np.dtype[np.generic]]", array)
