"""The ``hawk`` command: each module of this package registers the commands it holds."""

import os
import sys
from collections.abc import Callable
from typing import cast

import typer

from hawk_xdsl.cli import (
    bench,
    check_vendor,
    compile,
    doctor,
    explain,
    import_source,
    installed_models,
    instructions,
    knowledge,
    knowledge_check,
    knowledge_learning,
    model,
    report,
    run,
)
from hawk_xdsl.cli.app import app
from hawk_xdsl.errors import HawkError, OptionError
from hawk_xdsl.files.boundary import reason_of

__all__ = [
    "app",
    "bench",
    "check_vendor",
    "compile",
    "doctor",
    "explain",
    "import_source",
    "installed_models",
    "instructions",
    "knowledge",
    "knowledge_check",
    "knowledge_learning",
    "main",
    "model",
    "report",
    "run",
]

DEBUG = "HAWK_DEBUG"
"""The variable of the environment that asks for the traceback of an error, too."""


LONGEST_LINE = 1000
"""Characters of an error that are shown; what it quotes may be of any length."""

_UsageError = cast(type[Exception], typer.BadParameter.__mro__[1])
_CommandError = cast(type[Exception], typer.BadParameter.__mro__[2])
"""What the parser of the command line raises. Whose classes they are depends on typer's version."""


def main() -> None:
    """Runs the command. An error of the user's is one line; the exit status is 1, of usage 2.

    So is what the machine has no room or right for. Anything else is a mistake of ours, and a
    traceback.
    """
    try:
        status: object = app(standalone_mode=False)
    except (HawkError, _CommandError, OSError, MemoryError) as error:
        if os.environ.get(DEBUG):
            raise
        usage = isinstance(error, OptionError | _UsageError)
        if said := _line_of(error):  # without arguments the help is the answer
            print(f"hawk: {said}", file=sys.stderr)
        sys.exit(2 if usage else 1)
    except (KeyboardInterrupt, typer.Abort):
        print("hawk: interrupted", file=sys.stderr)
        sys.exit(130)
    sys.exit(status if isinstance(status, int) else 0)


def _line_of(error: Exception) -> str:
    match error:
        case OSError():
            said = f"{error.filename}: {reason_of(error)}" if error.filename else reason_of(error)
        case MemoryError():
            said = f"too large for the memory here: {error}".rstrip(": ")
        case _:
            form = cast(Callable[[], str], getattr(error, "format_message", error.__str__))
            said = form()
    said = " ".join(said.split())
    return said if len(said) <= LONGEST_LINE else f"{said[:LONGEST_LINE]} …"
