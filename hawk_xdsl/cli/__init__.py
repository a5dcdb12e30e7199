"""The ``hawk`` command: each module of this package registers the commands it holds."""

import os
import sys
from collections.abc import Callable
from typing import cast

import typer

from hawk_xdsl.cli import bench, compile, distill, knowledge, knowledge_learning, run
from hawk_xdsl.cli.app import app
from hawk_xdsl.errors import HawkError, OptionError

__all__ = ["app", "bench", "compile", "distill", "knowledge", "knowledge_learning", "main", "run"]

DEBUG = "HAWK_DEBUG"
"""The variable of the environment that asks for the traceback of an error, too."""


LONGEST_LINE = 1000
"""Characters of an error that are shown; what it quotes may be of any length."""

_UsageError = cast(type[Exception], typer.BadParameter.__mro__[1])
_CommandError = cast(type[Exception], typer.BadParameter.__mro__[2])
"""What the parser of the command line raises. Whose classes they are depends on typer's version."""


def main() -> None:
    """Runs the command. An error of the user's is one line; the exit status is 1, of usage 2.

    What is no error of the user's is a mistake of ours, and a traceback.
    """
    try:
        status: object = app(standalone_mode=False)
    except (HawkError, _CommandError) as error:
        if os.environ.get(DEBUG):
            raise
        usage = isinstance(error, OptionError | _UsageError)
        if said := _line_of(error):  # without arguments the help is the answer
            print(f"hawk: {said}", file=sys.stderr)
        sys.exit(2 if usage else 1)
    except MemoryError as error:
        if os.environ.get(DEBUG):
            raise
        print(
            f"hawk: too large for the memory here: {_line_of(error)}".rstrip(": "), file=sys.stderr
        )
        sys.exit(1)
    except (KeyboardInterrupt, typer.Abort):
        print("hawk: interrupted", file=sys.stderr)
        sys.exit(130)
    sys.exit(status if isinstance(status, int) else 0)


def _line_of(error: Exception) -> str:
    form = cast(Callable[[], str], getattr(error, "format_message", error.__str__))
    said = " ".join(form().split())
    return said if len(said) <= LONGEST_LINE else f"{said[:LONGEST_LINE]} …"
