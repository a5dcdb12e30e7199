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
            if Path(sys.argv[0] if sys.argv else "").stem == "xdsl-opt":
                line = property(lambda error: f"error: {error}")
                cls = type(cls.__name__, (cls, SystemExit), {"code": line})
            return super().__new__(cls)


NO_EXTENTS = "@{}: this form has no extents; give them numbers first, with npu-bind-extents"
"""What a translation says of a kernel of dynamic shapes."""
