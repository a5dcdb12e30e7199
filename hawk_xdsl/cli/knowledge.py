"""``hawk knowledge``: what the store holds."""

from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from hawk_xdsl.cli.app import StoreOption, knowledge
from hawk_xdsl.cli.console import open_console
from hawk_xdsl.errors import HawkError


@knowledge.command("list")
def list_command(
    kind: Annotated[
        str | None, typer.Option(help="Only: template, rewrite, instruction or rule.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """List the knowledge entries, and how often they were used, won and lost."""
    from hawk_xdsl.knowledge_store import Evidence, KnowledgeStore, load_seed_entries

    with KnowledgeStore(store) as opened:
        entries = [*load_seed_entries(), *opened.entries()]
        evidence = opened.evidence()
        disabled = opened.disabled()
    table = Table(box=SIMPLE_HEAD, expand=True)
    for heading in ("entry", "kind"):
        table.add_column(heading, no_wrap=True)
    for heading in ("uses", "wins", "losses"):
        table.add_column(heading, justify="right")
    table.add_column("says", no_wrap=True, overflow="ellipsis", ratio=1)
    for entry in entries:
        if kind is None or entry.kind == kind:
            shown = evidence.get(entry.name, Evidence())
            counts = (str(shown.uses), str(shown.wins), str(shown.losses))
            out = "out of use: " if entry.name in disabled else ""
            says = escape(out + " ".join(entry.rationale.split()))
            table.add_row(entry.name, str(entry.kind), *counts, says)
    open_console().print(table)


@knowledge.command("show")
def show_command(
    name: Annotated[str, typer.Argument(help="An entry's name, as hawk knowledge list prints it.")],
    store: StoreOption = None,
) -> None:
    """Show one knowledge entry."""
    from hawk_xdsl.knowledge_store import KnowledgeStore, format_entry, load_seed_entries

    with KnowledgeStore(store) as opened:
        found = [e for e in (*load_seed_entries(), *opened.entries()) if e.name == name]
    if not found:
        raise HawkError(f"no knowledge entry {name!r}; hawk knowledge list shows all")
    console = open_console()
    console.print(format_entry(found[0]), markup=False, highlight=False)
    if found[0].origin:
        console.print(f"from {found[0].origin}", style="dim")


@knowledge.command("add")
def add_command(
    file: Annotated[Path, typer.Argument(help="A TOML file of [[entry]] tables.")],
    store: StoreOption = None,
) -> None:
    """Add entries of your own to the store; an entry of the same name is replaced.

    A rewrite is measured first: one that is further off than it claims is refused. So is a template
    that names no strategy, or has tile sizes that its strategy would ignore.
    """
    from hawk_xdsl.codegen.select_instructions import Composer
    from hawk_xdsl.codegen.strategies import strategy_of
    from hawk_xdsl.entry_check import check_entry, contradiction
    from hawk_xdsl.knowledge_store import (
        EntryKind,
        KnowledgeStore,
        load_entries,
        load_seed_entries,
    )
    from hawk_xdsl.npu_target import load_target

    entries = load_entries([file])
    packaged = load_seed_entries()
    target = load_target("ascend910b1")
    composer = Composer.for_target([*packaged, *entries], target)  # tells what does not parse
    names = {entry.name for entry in packaged}
    for entry in entries:
        if entry.name in names:
            raise HawkError(f"the package has an entry {entry.name!r} already", file=str(file))
        if entry.kind is EntryKind.TEMPLATE:
            strategy_of(entry)
        wrong = contradiction(check_entry(entry, composer, target))
        if wrong is not None:
            raise HawkError(wrong, file=str(file))
    with KnowledgeStore(store) as opened:
        for entry in entries:
            opened.add_entry(entry)
    added = ", ".join(entry.name for entry in entries)
    open_console().print(f"added {added}", markup=False, highlight=False)
