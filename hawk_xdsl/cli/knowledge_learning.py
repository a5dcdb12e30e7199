"""``hawk knowledge`` commands that learn: export."""

from pathlib import Path
from typing import Annotated

import typer

from hawk_xdsl.cli.app import StoreOption, knowledge
from hawk_xdsl.cli.console import open_console
from hawk_xdsl.errors import HawkError


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
