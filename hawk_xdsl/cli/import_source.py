"""``hawk import``: a source as MLIR that xDSL reads, for ``xdsl-opt`` and its passes."""

from pathlib import Path
from typing import Annotated

import typer

from hawk_xdsl.cli.app import app


@app.command("import")
def import_command(
    source: Annotated[str, typer.Argument(help="FILE.py:factory, a .mlir or .onnx file.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file to write.", show_default="standard output"),
    ] = None,
) -> None:
    """Print a source as MLIR in generic form: hawk import f.mlir | xdsl-opt -p npu-outline.

    A .mlir file keeps all that is in it, as any syntax of upstream MLIR; only named linalg ops that
    xDSL lacks are generalized. Of a model its weights are arguments.
    """
    from hawk_xdsl.files.boundary import reading, writing
    from hawk_xdsl.files.whole_file import write_whole
    from hawk_xdsl.frontend.load import check_source, load_program
    from hawk_xdsl.frontend.upstream_mlir import read_upstream
    from hawk_xdsl.ir_text import generic_text
    from hawk_xdsl.universe import context

    named = check_source(source)
    if named.suffix == "mlir":
        with reading(named.path, "this file"):
            text = named.path.read_text(encoding="utf-8")
        module = read_upstream(text, context(), str(named.path))
    else:
        module = load_program(source).module
    made = generic_text(module)
    if output is None:
        typer.echo(made, nl=False)
        return
    with writing(output, "the module"):
        write_whole(output, made)
