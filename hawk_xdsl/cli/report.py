"""``hawk report``: a compiled network as a page to look at, or as JSON."""

import json
from pathlib import Path
from typing import Annotated

import typer

from hawk_xdsl.cli.app import app
from hawk_xdsl.cli.console import open_console


@app.command("report")
def report_command(
    directory: Annotated[Path, typer.Argument(help="What hawk compile wrote.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file to write.", show_default="report.html"),
    ] = None,
    other: Annotated[
        Path | None,
        typer.Option("--compare", help="Another compile: ops are matched by what they compute."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The same data as JSON, to standard output or -o.")
    ] = False,
) -> None:
    """Show a compiled network as one HTML file: launches, times, and why each kernel is as it is.

    The page needs no server and no network. With --compare it says what changed against another
    compile; with --json the data is written instead.
    """
    from hawk_xdsl.files.boundary import writing
    from hawk_xdsl.files.whole_file import write_whole
    from hawk_xdsl.inspection.collect import collect
    from hawk_xdsl.inspection.compare import compare
    from hawk_xdsl.inspection.page import page_of

    document = collect(directory)
    comparison = None if other is None else compare(document, collect(other))
    if as_json:
        data = document.json if comparison is None else comparison.json
        text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
        if output is None:
            print(text, end="")
            return
    else:
        text = page_of(document, comparison)
    file = output or Path("report.html")
    with writing(file, "the report"):
        write_whole(file, text)
    open_console().print(f"Report: {file} ({len(text.encode()) // 1000} kB)", highlight=False)
