"""``hawk knowledge check``: what rewrites claim, and what was measured of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from hawk_xdsl.cli.app import StoreOption, knowledge
from hawk_xdsl.cli.console import open_console
from hawk_xdsl.errors import HawkError

if TYPE_CHECKING:
    from hawk_xdsl.entry_check import Finding
    from hawk_xdsl.knowledge_store import Artifact


@knowledge.command("check")
def check_command(
    file: Annotated[
        Path | None, typer.Argument(help="A TOML file of [[entry]] tables; else those in use.")
    ] = None,
    entry: Annotated[str | None, typer.Option(help="Only the entry of this name.")] = None,
    target: Annotated[str, typer.Option(help="Whose instructions compute.")] = "ascend910b1",
    thorough: Annotated[
        bool, typer.Option(help="A million values of f32 instead of 4096.")
    ] = False,
    store: StoreOption = None,
) -> None:
    """Measure the error of each rewrite, and where it is worst.

    Fails if one is further off than it claims.
    """
    from hawk_xdsl.codegen.select_instructions import Composer
    from hawk_xdsl.entry_check import QUICK, THOROUGH, check_entry
    from hawk_xdsl.knowledge_store import EntryKind, KnowledgeStore, load_entries, load_seed_entries
    from hawk_xdsl.npu_target import load_target

    machine = load_target(target)
    with KnowledgeStore(store) as opened:
        known = list(opened.in_use(load_seed_entries()))
    given = list(load_entries([file])) if file is not None else known
    chosen = [e for e in given if e.kind is EntryKind.REWRITE and entry in (None, e.name)]
    if not chosen:
        raise HawkError(f"no rewrite {entry!r}" if entry else "no rewrite to check")
    composer = Composer.for_target([*known, *(given if file is not None else [])], machine)
    size = THOROUGH if thorough else QUICK
    table = _table()
    wrong: list[str] = []
    for each in chosen:
        found = check_entry(each, composer, machine, size)
        _add(table, found)
        if found.contradicted:
            wrong.append(each.name)
    open_console().print(table)
    if wrong:
        raise HawkError(f"{len(wrong)} of {len(chosen)} off their claim: {', '.join(wrong)}")


def _table() -> Table:
    table = Table(box=SIMPLE_HEAD, expand=True)
    table.add_column("entry", no_wrap=True)
    for heading in ("domain", "claims", "measured", "worst at"):
        table.add_column(heading, overflow="fold")
    return table


def _add(table: Table, found: "Finding") -> None:
    worst = found.worst
    claimed = found.entry.artifact.error
    if found.unlike:
        shown = ("no identity", escape(found.unlike))
    elif worst is None:
        shown = (escape(found.unchecked), "")
    elif worst.absolute == 0:
        shown = ("exact", "")
    else:
        size = f"{worst.absolute:.2g}, {worst.relative:.2g} relative, {worst.ulp:.3g} ulp"
        where = f"{worst.dtype}: {worst.inputs} gives {worst.given:.9g} for {worst.right:.9g}"
        shown = (size, escape(where))
    style = "bold red" if found.contradicted else None
    claims = "exact" if claimed is None else str(claimed)
    claims += ", identity" if found.entry.artifact.identity else ""
    table.add_row(
        found.entry.name, escape(_domain(found.entry.artifact)), claims, *shown, style=style
    )


def _domain(artifact: "Artifact") -> str:
    ranges = [f"{low:g} ≤ {name} ≤ {high:g}" for name, (low, high) in artifact.domain]
    if artifact.nan:
        ranges.append(f"or NaN of {', '.join(artifact.nan)}")
    return ", ".join(ranges) or "all"
