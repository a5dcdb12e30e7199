"""``hawk knowledge`` commands that learn from outcomes: synthesize, prune, log, undo, export."""

import tempfile
import time
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hawk_xdsl.cli.app import StoreOption, TargetOption, knowledge
from hawk_xdsl.cli.console import open_console
from hawk_xdsl.errors import HawkError

if TYPE_CHECKING:
    from hawk_xdsl.knowledge_store import Curation, StorePlace


@knowledge.command("export")
def export_command(
    output: Annotated[Path, typer.Option("--output", "-o", help="The JSONL file to write.")],
    form: Annotated[
        str, typer.Option("--format", "-f", help="sft (chats) or dpo (preferences).")
    ] = "sft",
    run: Annotated[str | None, typer.Option(help="Only the outcomes of this run.")] = None,
    target: Annotated[
        str | None, typer.Option("--target", "-t", help="Only the outcomes for this target.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """Write recorded outcomes as training data that Hugging Face datasets and TRL load."""
    from hawk_xdsl.knowledge_store import KnowledgeStore, load_seed_entries
    from hawk_xdsl.learning.export import Exporter, ExportFormat, write_rows

    if form not in tuple(ExportFormat):
        raise HawkError(f"--format {form}: expected one of {', '.join(ExportFormat)}")
    with KnowledgeStore(store) as opened:
        exporter = Exporter.of((*load_seed_entries(), *opened.entries()))
        outcomes = (o for o in opened.outcomes(run_id=run) if target in (None, o.target))
        count = write_rows(exporter.rows(outcomes, ExportFormat(form)), output)
    if not count:
        raise HawkError("no recorded outcome gives a row; compile something first")
    open_console().print(f"{count} rows: {output}", markup=False, highlight=False)


@knowledge.command("synthesize")
def synthesize_command(
    target: TargetOption = "ascend910b1",
    seconds: Annotated[float, typer.Option(help="Most seconds of replay.")] = 600.0,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run/--apply", help="Print what would be done; change nothing."),
    ] = False,
    store: StoreOption = None,
) -> None:
    """Make entries of what was recorded: kernels that beat composition, repairs that worked."""
    synthesize(open_console(), target, store, seconds=seconds, dry_run=dry_run)


def synthesize(
    console: Console,
    target: str,
    store: str | None,
    *,
    seconds: float = 600.0,
    dry_run: bool = False,
    digests: Collection[str] | None = None,
) -> None:
    """Makes entries of all ops recorded for a target, or of some, and tells each decision."""
    from hawk_xdsl.knowledge_store import Action, KnowledgeStore, load_seed_entries
    from hawk_xdsl.learning.replay import Replay
    from hawk_xdsl.learning.synthesis import Synthesizer
    from hawk_xdsl.npu_target import load_target

    load_target(target)
    with KnowledgeStore(store) as opened, console.status("reading the store") as status:
        done = Synthesizer(
            opened,
            load_seed_entries(),
            Replay(target),
            seconds,
            dry_run,
            lambda line: status.update(escape(line)),
            lambda curation: _log_curation(console, curation),
        ).run(digests)
    admitted = sum(curation.action is Action.ADMIT for curation in done)
    console.print(
        f"{admitted} entries learned, {len(done) - admitted} refused"
        + (" (dry run: nothing was changed)" if dry_run else "")
    )


@knowledge.command("prune")
def prune_command(
    target: TargetOption = "ascend910b1",
    operators: Annotated[
        Path | None,
        typer.Option(help="A suite (see hawk bench) to decide first, small and ragged shapes."),
    ] = None,
    ops: Annotated[int, typer.Option(help="Recorded ops that one entry is judged on.")] = 6,
    seconds: Annotated[float, typer.Option(help="Most seconds of replay.")] = 600.0,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run/--apply", help="Print what would be done; change nothing."),
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(
            help="The language model that decides where no recorded op does; default: SmolLM2.",
            envvar="HAWK_MODEL",
        ),
    ] = None,
    store: StoreOption = None,
) -> None:
    """Replay recorded ops with and without entries; prune and merge them. All can be undone."""
    from hawk_xdsl.knowledge_store import KnowledgeStore, default_store, load_seed_entries
    from hawk_xdsl.language_model.local_model import LocalModel
    from hawk_xdsl.language_model.model_files import SMOLLM, find_model
    from hawk_xdsl.learning.pruning import Pruner, ReplayLimits
    from hawk_xdsl.learning.replay import Replay
    from hawk_xdsl.npu_target import load_target

    load_target(target)
    console = open_console()
    if operators is not None:
        _decide_suite(operators, target, store or default_store(), console)
    with KnowledgeStore(store) as opened, console.status("reading the store") as status:
        before = len(opened.in_use(load_seed_entries()))
        pruner = Pruner(
            opened,
            load_seed_entries(),
            Replay(target),
            lambda: LocalModel.load(find_model(model or SMOLLM)),
            ReplayLimits(ops, seconds),
            dry_run,
            lambda line: status.update(escape(line)),
            lambda curation: _log_curation(console, curation),
        )
        done = pruner.run()
        out = sum(curation.takes_out for curation in done)
    console.print(
        f"{before} entries were in use, {before - out} are now; "
        f"{len(done)} judged, {pruner.replay.runs} ops decided again"
        + (" (dry run: nothing was changed)" if dry_run else "")
    )


@knowledge.command("log")
def log_command(store: StoreOption = None) -> None:
    """Show every decision about entries: synthesis and pruning, undone ones too."""
    from hawk_xdsl.knowledge_store import KnowledgeStore

    with KnowledgeStore(store) as opened:
        curations = opened.curations()
    table = Table(box=SIMPLE_HEAD, expand=True)
    table.add_column("id", justify="right")
    for heading in ("when", "done", "entry"):
        table.add_column(heading, no_wrap=True)
    table.add_column("why", ratio=1)
    for curation in curations:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(curation.time))
        action = f"{curation.action}" + (" (undone)" if curation.undone else "")
        table.add_row(str(curation.id), when, action, curation.entry, escape(curation.reason))
    open_console().print(table)


@knowledge.command("undo")
def undo_command(
    number: Annotated[
        int | None, typer.Argument(help="As hawk knowledge log prints it; else the last one.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """Undo a decision about an entry: a pruned one is in use again."""
    from hawk_xdsl.knowledge_store import KnowledgeStore

    with KnowledgeStore(store) as opened:
        undone = opened.undo(number)
    console = open_console()
    console.print(f"undone: {undone.action} {undone.entry}", markup=False, highlight=False)


def _log_curation(console: Console, curation: "Curation") -> None:
    line = f"{curation.action} {curation.entry}: {curation.reason}"
    console.print(line, markup=False, highlight=False)


def _decide_suite(operators: Path, target: str, store: "StorePlace", console: Console) -> None:
    """Decides a suite's small and ragged cases with the store, which remembers them."""
    from hawk_xdsl.bench.experience import experience
    from hawk_xdsl.bench.imports import Imports
    from hawk_xdsl.bench.suite import ShapeKind, load_suite

    cases = [c for c in load_suite(operators).cases() if c.shape is not ShapeKind.LARGE]
    with tempfile.TemporaryDirectory() as folder, console.status("deciding") as status:
        imports = Imports(Path(folder), operators)
        tried = experience(cases, imports, target, store, compare=False)
        for number, each in enumerate(tried, start=1):
            status.update(f"{number} of {len(cases)}: {each.case.name}")
