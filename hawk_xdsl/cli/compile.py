"""``hawk compile``: from a model to verified kernels."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from hawk_xdsl.cli.app import ModelOption, StoreOption, TargetOption, app
from hawk_xdsl.cli.compile_dynamic import check_dynamic_options, finish_dynamic
from hawk_xdsl.cli.compile_progress import Verbosity, compile_progress
from hawk_xdsl.cli.console import open_console
from hawk_xdsl.cli.knowledge_learning import synthesize
from hawk_xdsl.cli.option_groups import grouped
from hawk_xdsl.cli.workplace import WorkplaceOptions

if TYPE_CHECKING:
    from hawk_xdsl.compiled import Compiled, Run
    from hawk_xdsl.frontend.program import Program
    from hawk_xdsl.propose.settings import Settings


SourceArgument = Annotated[
    str, typer.Argument(help="FILE.py:factory, a .mlir or .onnx file, or a plug-in's.")
]
FolderOption = Annotated[Path, typer.Option("--output", "-o", help="Where the files go.")]
DimensionOption = Annotated[
    str | None,
    typer.Option(
        "--dim",
        metavar="NAME=LOW..HIGH",
        help="What every ? in a .mlir file's arguments is, or a named dimension of an .onnx file: "
        "kernels for all lengths of a range.",
        show_default="shapes are static",
    ),
]


@dataclass(frozen=True)
class DecidingOptions:
    """How kernels are decided: who is asked, and within which budget."""

    sources: Annotated[
        str,
        typer.Option(
            help="Who decides: all, model, templates, composition (all that needs no model), or "
            "replay (store only)."
        ),
    ] = "all"
    attempts: Annotated[
        int, typer.Option(help="Kernels tried per op until the first correct one.")
    ] = 8
    tuning: Annotated[
        int,
        typer.Option(
            help="Kernels tried per op after that, for speed; also the patience of the schedule "
            "search."
        ),
    ] = 4
    retrieval: Annotated[
        str, typer.Option(help="Entries for the model: none, syntactic, semantic, or fused.")
    ] = "fused"
    seconds: Annotated[float, typer.Option(help="Seconds of the model per op: a safety stop.")] = (
        60.0
    )
    host_fallback: Annotated[
        bool, typer.Option("--host-fallback", help="Leave ops without a kernel on the host.")
    ] = False
    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="Ignore the store's kernels and failures: ask again."),
    ] = False
    seed: Annotated[int, typer.Option(help="Seeds the gate's inputs and the sampling.")] = 0
    merge_launches: Annotated[
        bool,
        typer.Option(help="Make kernels stages of one launch where the network is faster so."),
    ] = True
    join_rows: Annotated[
        bool,
        typer.Option(
            help="Decide what one mixed kernel can compute, such as an attention, as one op."
        ),
    ] = True

    def settings(self) -> "Settings":
        """The same as ``compile_program`` takes it. Raises ``OptionError`` for wrong values."""
        from hawk_xdsl.knowledge_store import RetrievalMode
        from hawk_xdsl.options import one_of
        from hawk_xdsl.propose.settings import Budget, Settings, Sources

        return Settings(
            one_of("--sources", self.sources, Sources),
            Budget(self.attempts, self.tuning, self.seconds, patience=self.tuning),
            self.host_fallback,
            self.seed,
            one_of("--retrieval", self.retrieval, RetrievalMode),
            self.fresh,
            self.merge_launches,
            self.join_rows,
        )


@dataclass(frozen=True)
class AfterwardsOptions:
    """What happens to the compiled program."""

    emit: Annotated[
        list[str] | None,
        typer.Option(
            help="What to write: model (all of it), ir, kernels, report, hivm (for the vendor's "
            "compiler), ascendc (C++ text), or the name of a "
            "plug-in; may be given several times.",
            show_default="model",
        ),
    ] = None
    planned: Annotated[
        bool,
        typer.Option(
            "--planned",
            help="With --emit hivm: our addresses and flags; else the vendor's compiler plans.",
        ),
    ] = False
    learn: Annotated[
        bool, typer.Option("--learn", help="Make entries of the kernels that were found.")
    ] = False
    run: Annotated[
        bool, typer.Option(help="Run the result on the NPU simulator and compare it.")
    ] = True

    def formats(self) -> tuple[str, ...]:
        """The export formats. Raises ``OptionError`` for ``--planned`` without ``--emit hivm``."""
        from hawk_xdsl.errors import OptionError
        from hawk_xdsl.exports import DEFAULT, HIVM, HIVM_PLANNED

        emit = self.emit or [DEFAULT]
        if self.planned and HIVM not in emit:
            raise OptionError("--planned: only with --emit hivm")
        return tuple(HIVM_PLANNED if self.planned and name == HIVM else name for name in emit)


@dataclass(frozen=True)
class ShowingOptions:
    """How much is shown meanwhile."""

    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log every attempt, also on a terminal.")
    ] = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False

    def verbosity(self) -> Verbosity:
        """Both as one. Raises ``OptionError`` for both together."""
        from hawk_xdsl.errors import OptionError

        if self.verbose and self.quiet:
            raise OptionError("--verbose and --quiet: only one of them")
        if self.quiet:
            return Verbosity.QUIET
        return Verbosity.VERBOSE if self.verbose else Verbosity.NORMAL


@app.command("compile")
@grouped
def compile_command(
    source: SourceArgument,
    *,
    target: TargetOption = "ascend910b1",
    output: FolderOption = Path("out"),
    deciding: DecidingOptions,
    f64_as_f32: Annotated[
        bool, typer.Option("--f64-as-f32", help="Compute in f32 what the model computes in f64.")
    ] = False,
    dim: DimensionOption = None,
    model: ModelOption = None,
    store: StoreOption = None,
    where: WorkplaceOptions,
    afterwards: AfterwardsOptions,
    showing: ShowingOptions,
) -> None:
    """Compile a model: a kernel for every op, verified, with a report of who decided what."""
    from hawk_xdsl.dynamic_model.compile import compile_dynamic
    from hawk_xdsl.frontend.dynamic_program import DynamicProgram
    from hawk_xdsl.frontend.load import load_source
    from hawk_xdsl.frontend.mlir_dynamic import parse_dimension
    from hawk_xdsl.pipeline import compile_program

    verbosity = showing.verbosity()
    dimension = None if dim is None else parse_dimension(dim)
    settings, formats = _checked(source, target, output, deciding, afterwards)
    console = open_console(quiet=verbosity is Verbosity.QUIET)
    with compile_progress(console, verbosity) as told:
        told.stage(f"reading {source}")
        program = load_source(source, told.stage, f64_as_f32=f64_as_f32, dimension=dimension)
        if isinstance(program, DynamicProgram):
            check_dynamic_options(program, formats, learn=afterwards.learn)
            dynamic = compile_dynamic(program, target, settings, store=store, progress=told.stage)
            finish_dynamic(dynamic, output, console, told, run=afterwards.run)
            return _print_files(console, output)
        compiled = compile_program(
            program,
            target,
            settings,
            store=store,
            model=model,
            workplace=where.asked(),
            progress=told.detail,
            on_stage=told.stage,
            on_outlined=told.total,
            on_decision=told.decided,
        )
        told.stage("writing the files")
        compiled.save(output, formats)
        result = None
        if afterwards.run:
            told.stage("running on the NPU simulator")
            result = compiled.run(program.example_inputs, told.detail)
        told.finished()
    _report(output, compiled, result, console, told.clock.seconds)
    if result is not None:
        _print_run(console, program, compiled, result)
    if afterwards.learn:
        synthesize(console, target, store, digests=_specifications(compiled))
    _print_files(console, output)


def _checked(
    source: str,
    target: str,
    output: Path,
    deciding: DecidingOptions,
    afterwards: AfterwardsOptions,
) -> "tuple[Settings, tuple[str, ...]]":
    """The settings and the export formats; what is wrong is said before anything takes time."""
    from hawk_xdsl.exports import check_exports
    from hawk_xdsl.frontend.load import check_source
    from hawk_xdsl.npu_target import load_target

    settings = deciding.settings()
    load_target(target)
    check_source(source)
    formats = afterwards.formats()
    check_exports(output, formats)
    return settings, formats


def _specifications(compiled: "Compiled") -> set[str]:
    """The digests of the specifications of all that was decided."""
    decisions = (placed.decision for placed in compiled.placed)
    return {each.specification.digest for each in decisions if each.specification is not None}


def _report(
    output: Path,
    compiled: "Compiled",
    result: "Run | None",
    console: Console,
    seconds: Mapping[str, float],
) -> None:
    """Prints the report; adds the run and the seconds of the stages to it, if it was written."""
    from hawk_xdsl.report import add_to_report, print_report
    from hawk_xdsl.saved import REPORT_FILE

    record = None if result is None else result.record
    if (output / REPORT_FILE).is_file():
        figures: dict[str, object] = {} if record is None else {"run": record.document}
        add_to_report(output / REPORT_FILE, stages=dict(seconds), **figures)
    print_report(compiled.report, console, compiled.target, record, seconds)


def _print_files(console: Console, output: Path) -> None:
    from hawk_xdsl.ascendc.ascendc_files import LEFT_OUT_FILE
    from hawk_xdsl.exports import ASCENDC
    from hawk_xdsl.saved import WEIGHTS_FILE

    written = ", ".join(sorted(f"{e.name}/" if e.is_dir() else e.name for e in output.iterdir()))
    console.print(f"Files: {output}/ ({written})")
    if (output / WEIGHTS_FILE).is_file():  # all of the model was written
        commands = f"hawk report {output}; why a kernel: hawk explain {output} @KERNEL"
        console.print(f"Look at it: {commands}", markup=False, highlight=False)
    file = output / ASCENDC / LEFT_OUT_FILE
    if file.is_file():
        for line in file.read_text(encoding="utf-8").splitlines():
            console.print(f"Left out: {line}", highlight=False, markup=False)


def _print_run(console: Console, program: "Program", compiled: "Compiled", result: "Run") -> None:
    from hawk_xdsl.reference.difference import error_between

    console.print(
        f"On the NPU simulator: {result.cycles:,.0f} cycles in {len(result.launches)} kernels"
    )
    console.print(result.time.line(compiled.target), highlight=False)
    if program.reference is not None:
        wanted = program.reference(program.example_inputs)
        for line in error_between(result.outputs, wanted).lines("PyTorch"):
            console.print(line)
