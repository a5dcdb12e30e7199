"""The terminal that commands print to."""

import sys

from rich.console import Console

NO_TERMINAL_WIDTH = 120
"""Characters of a line where the output is no terminal."""


def open_console(*, quiet: bool = False) -> Console:
    """The terminal; what is written to a file or a pipe gets lines long enough for the tables.

    Without colours where ``NO_COLOR`` is set; with ``quiet`` nothing is shown.
    """
    out = sys.stdout  # as it is now: the front end keeps what torch prints from the user
    console = Console(file=out, quiet=quiet)
    if console.is_terminal:
        return console
    return Console(file=out, width=NO_TERMINAL_WIDTH, quiet=quiet)
