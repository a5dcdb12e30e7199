"""``hawk doctor``: what this environment is like, for bug reports."""

import typer
from rich.table import Table
from rich.text import Text

from hawk_xdsl.cli.app import StoreOption, app
from hawk_xdsl.cli.console import open_console


@app.command("doctor")
def doctor_command(store: StoreOption = None) -> None:
    """Look at the environment: versions, models, the store, optional tools; exit with 1 if broken.

    The output belongs in a bug report. Nothing is installed, downloaded or changed.
    """
    from hawk_xdsl.inspection.environment import Health, checks

    colours = {Health.OK: "green", Health.ABSENT: "yellow", Health.BROKEN: "red"}
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    found = list(checks(store))
    for check in found:
        table.add_row(check.what, Text(check.health, colours[check.health]), Text(check.said))
    console = open_console()
    console.print(table)
    broken = [check.what for check in found if check.health is Health.BROKEN]
    console.print(f"Broken: {', '.join(broken)}" if broken else "Nothing is broken.")
    if broken:
        raise typer.Exit(1)
