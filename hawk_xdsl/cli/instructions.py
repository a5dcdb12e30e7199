"""``hawk instructions``: the page of all instructions."""

from typing import Annotated

import typer

from hawk_xdsl.cli.app import app


@app.command("instructions")
def instructions_command(
    target: Annotated[
        list[str] | None,
        typer.Option("--target", "-t", help="A target's name or file; else those of the package."),
    ] = None,
) -> None:
    """Print all instructions in Markdown: how they are written, and which dtypes a target has."""
    from hawk_xdsl.npu_target import available_targets, load_target
    from hawk_xdsl.npu_target.instruction_page import instruction_page

    chosen = [load_target(name) for name in target or available_targets()]
    typer.echo(instruction_page(chosen), nl=False)
