"""The application that the commands register with, and the options that they share."""

from typing import Annotated

import typer

from hawk_xdsl.cli.completions import complete_target

app = typer.Typer(
    help="Lower models to verified NPU kernels, and look at what is known and decided.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
knowledge = typer.Typer(help="What the knowledge store holds.", no_args_is_help=True)
app.add_typer(knowledge, name="knowledge")

TargetOption = Annotated[
    str,
    typer.Option(
        "--target",
        "-t",
        help="A target's name, or the path of its TOML file.",
        autocompletion=complete_target,
    ),
]
StoreOption = Annotated[
    str | None,
    typer.Option(
        metavar="PLACE",
        help="The knowledge store: a file, or postgresql://USER@HOST/NAME.",
        envvar="HAWK_STORE",
        show_default="yours",
        show_envvar=False,
    ),
]
ModelOption = Annotated[
    str | None,
    typer.Option(help="Hugging Face directory or id of the local model.", envvar="HAWK_MODEL"),
]
