"""``hawk explain``: why a kernel is as it is."""

from pathlib import Path
from typing import Annotated

import typer

from hawk_xdsl.cli.app import app
from hawk_xdsl.cli.completions import complete_kernel
from hawk_xdsl.cli.console import open_console
from hawk_xdsl.errors import OptionError


@app.command("explain")
def explain_command(
    directory: Annotated[Path, typer.Argument(help="What hawk compile wrote.")],
    kernel: Annotated[
        str | None,
        typer.Argument(
            help="A kernel, such as @rows_0; without one all are listed.",
            autocompletion=complete_kernel,
        ),
    ] = None,
    prompt: Annotated[
        bool, typer.Option("--prompt", help="Show what a model was asked, and what it wrote.")
    ] = False,
    draft: Annotated[
        int | None, typer.Option(help="Show the kernel text of this draft, from 1.")
    ] = None,
) -> None:
    """Tell why a kernel is as it is: drafts in order, who wrote them, traps and their repair."""
    from hawk_xdsl.inspection.collect import collect
    from hawk_xdsl.inspection.explain import (
        draft_text,
        explanation,
        find_kernel,
        overview,
        prompts,
    )

    if kernel is None and (prompt or draft is not None):
        raise OptionError("--prompt and --draft need a kernel: hawk explain OUT @KERNEL --prompt")
    document = collect(directory)
    console = open_console()
    if kernel is None:
        console.print(overview(document))
        console.print(f"Why one is as it is: hawk explain {directory} @KERNEL", highlight=False)
        return
    explained = find_kernel(document, kernel)
    if prompt:
        console.print(prompts(explained))
    elif draft is not None:
        console.print(draft_text(explained, draft))
    else:
        console.print(explanation(document, explained))
