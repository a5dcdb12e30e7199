"""``hawk model get``, ``import``, ``list``, ``verify``, ``remove``: general models of others."""

from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from hawk_xdsl.cli.console import open_console
from hawk_xdsl.cli.model import kernel_model

NameArgument = Annotated[str, typer.Argument(help="An installed model's name.")]


def _say(line: str) -> None:
    open_console().print(line, markup=False, highlight=False)


@kernel_model.command("get")
def get_command(
    given: Annotated[
        str, typer.Argument(help="A hub's id, or a known name such as qwen2.5-coder-1.5b.")
    ],
) -> None:
    """Download a model from a hub, or go on with a download that was interrupted."""
    from hawk_xdsl.language_model.installed.download import get_model

    name, record = get_model(given, progress=_say)
    _say(f"installed: --model {name} ({len(record.files)} files, {record.origin})")


@kernel_model.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(help="A GGUF file.")],
    name: Annotated[
        str | None, typer.Option(help="What it is called; a known name asks for its checksum.")
    ] = None,
) -> None:
    """Convert a GGUF file, once, into a model that --model takes by its name."""
    from hawk_xdsl.language_model.installed.import_gguf import import_gguf

    record = import_gguf(file, name or file.stem.lower(), progress=_say)
    _say(f"installed: --model {name or file.stem.lower()} ({record.origin})")


@kernel_model.command("list")
def list_command() -> None:
    """List the models that were got or imported, and those that are known by name."""
    from hawk_xdsl.language_model.installed.installed_models import (
        installed_models,
        interrupted_models,
    )
    from hawk_xdsl.language_model.installed.known_models import known_models
    from hawk_xdsl.language_model.installed.space import as_size

    table = Table("model", "state", "size", "licence", "from", box=SIMPLE_HEAD)
    installed = installed_models()
    for name, record in installed.items():
        table.add_row(name, "installed", as_size(record.bytes), record.licence, record.origin)
    interrupted = [each for each in interrupted_models() if each not in installed]
    for name in interrupted:
        table.add_row(name, "interrupted", "", "", "'hawk model get' goes on")
    for name, known in known_models().items():
        if name not in installed and name not in interrupted:
            table.add_row(name, "known", as_size(2 * known.parameters), known.licence, known.hub)
    open_console().print(table)


@kernel_model.command("verify")
def verify_command(name: NameArgument) -> None:
    """Read all files of an installed model again and compare their checksums."""
    from hawk_xdsl.language_model.installed.installed_models import verify

    record = verify(name, progress=_say)
    _say(f"{name}: {len(record.files)} files are as they were installed")


@kernel_model.command("remove")
def remove_command(name: NameArgument) -> None:
    """Remove an installed model, or what an interrupted download left."""
    from hawk_xdsl.language_model.installed.installed_models import remove
    from hawk_xdsl.language_model.installed.space import as_size

    _say(f"{name} is removed: {as_size(remove(name))}")
