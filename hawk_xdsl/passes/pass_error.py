"""The error a pass raises for its input: one line for ``hawk``, a diagnostic for ``xdsl-opt``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from xdsl.utils.exceptions import PassFailedException

from hawk_xdsl.errors import HawkError


class PassError(HawkError, PassFailedException):
    """A pass cannot handle the IR it was given; nothing in the module was changed.

    ``--verify-diagnostics`` prints it, as every diagnostic of xDSL. Without, the stock ``xdsl-opt``
    lets errors of passes through to Python, whose report is a traceback. So in that program, and
    in no other, the error also is a request to exit: Python prints its line, and the status is 1.
    """

    if not TYPE_CHECKING:  # it takes what __init__ takes, of every subclass

        def __new__(cls, *args: object, **kwargs: object) -> "PassError":
            """An error of this kind, as the program wants it."""
            return super().__new__(_ending(cls) if _in_xdsl_opt() else cls)


def _in_xdsl_opt() -> bool:
    return Path(sys.argv[0] if sys.argv else "").stem == "xdsl-opt"


def _ending(kind: type) -> type:
    """A kind of error that ends the program with its line, if nobody catches it."""
    return type(kind.__name__, (kind, SystemExit), {"code": property(lambda e: f"error: {e}")})
