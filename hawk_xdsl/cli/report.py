"""``hawk report``: a compiled network as a page to look at, or as JSON."""

import json
from pathlib import Path
from typing import Annotated

import typer

from hawk_xdsl.cli.app import app
from hawk_xdsl.errors import OptionError


@app.command("report")
def report_command(
    directory: Annotated[Path, typer.Argument(help="What hawk compile wrote.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write there instead of report.html.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The same data as JSON, to standard output or -o.")
    ] = False,
) -> None:
    """Show a compiled network: launches, times, pipes, and why each kernel is as it is."""
    from hawk_xdsl.files.boundary import writing
    from hawk_xdsl.files.whole_file import write_whole
    from hawk_xdsl.inspection.collect import collect

    document = collect(directory)
    if not as_json:
        raise OptionError("only --json yet")
    text = json.dumps(document.json, indent=1, ensure_ascii=False) + "\n"
    if output is None:
        print(text, end="")
        return
    with writing(output, "the report"):
        write_whole(output, text)
